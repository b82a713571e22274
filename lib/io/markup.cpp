#include "io/markup.hpp"
#include "io/terminal.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace clprobe {
namespace {

std::string junit_case(const JunitCase &test) {
    const std::string head = fmt::format(R"(  <testcase classname="{}" name="{}" time="{:.3f}")",
                                         xml_text(test.group), xml_text(test.name), test.seconds);
    const std::string message = xml_text(test.message);
    switch (test.outcome) {
    case JunitCase::Outcome::failed:
        return fmt::format("{}><failure message=\"{}\"/></testcase>\n", head, message);
    case JunitCase::Outcome::skipped:
        return fmt::format("{}><skipped message=\"{}\"/></testcase>\n", head, message);
    case JunitCase::Outcome::passed:
        break;
    }
    if (message.empty())
        return head + "/>\n";
    return fmt::format("{}><system-out>{}</system-out></testcase>\n", head, message);
}

} // namespace

std::string markdown_text(std::string_view text) {
    constexpr std::string_view special = "\\`*_{}[]()<>#|~!&";
    std::string shown;
    for (const char c : printable(text, {.utf8 = true})) {
        if (special.find(c) != std::string_view::npos)
            shown += '\\';
        shown += c;
    }
    return shown;
}

std::string markdown_table(std::span<const std::vector<std::string>> rows) {
    std::string text;
    for (const std::vector<std::string> &row : rows) {
        text += fmt::format("| {} |\n", fmt::join(row, " | "));
        if (&row == rows.data()) {
            for (std::size_t i = 0; i < row.size(); ++i)
                text += "|---";
            text += "|\n";
        }
    }
    return text;
}

std::string xml_text(std::string_view text) {
    std::string shown;
    for (const char c : printable(text, {.utf8 = true}))
        switch (c) {
        case '&':
            shown += "&amp;";
            break;
        case '<':
            shown += "&lt;";
            break;
        case '>':
            shown += "&gt;";
            break;
        case '"':
            shown += "&quot;";
            break;
        case '\'':
            shown += "&#39;";
            break;
        default:
            shown += c;
        }
    return shown;
}

std::string to_junit(std::string_view suite, std::span<const JunitCase> cases) {
    const auto count = [&](JunitCase::Outcome outcome) {
        return std::ranges::count(cases, outcome, &JunitCase::outcome);
    };
    std::string text = fmt::format("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                                   "<testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" "
                                   "skipped=\"{}\">\n",
                                   xml_text(suite), cases.size(), count(JunitCase::Outcome::failed),
                                   count(JunitCase::Outcome::skipped));
    for (const JunitCase &test : cases)
        text += junit_case(test);
    return text + "</testsuite>\n";
}

} // namespace clprobe
