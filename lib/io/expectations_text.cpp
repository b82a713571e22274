#include "io/expectations.hpp"
#include "io/markup.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace clprobe {
namespace {

Colour colour_of(ExpectationVerdict verdict) {
    switch (verdict) {
    case ExpectationVerdict::refuted:
        return Colour::red;
    case ExpectationVerdict::untestable:
        return Colour::yellow;
    case ExpectationVerdict::confirmed:
        break;
    }
    return Colour::none;
}

std::string key_of(const CheckedExpectation &checked) {
    return checked.finding ? checked.finding->key : checked.expectation.key;
}

std::string found_text(const CheckedExpectation &checked, const TextStyle &style) {
    return checked.finding ? value_text(*checked.finding, style) : std::string();
}

/// "untestable: the interval is too wide to tell".
std::string verdict_text(const CheckedExpectation &checked) {
    std::string text(name(checked.verdict));
    if (!checked.reason.empty())
        text += ": " + checked.reason;
    return text;
}

} // namespace

std::string verdicts_text(std::span<const CheckedExpectation> all) {
    std::string text = counted(all.size(), "expectation");
    std::string separator = ": ";
    for (const auto verdict : {ExpectationVerdict::confirmed, ExpectationVerdict::refuted,
                               ExpectationVerdict::untestable})
        if (const auto count = std::ranges::count(all, verdict, &CheckedExpectation::verdict)) {
            text += fmt::format("{}{} {}", separator, count, name(verdict));
            separator = ", ";
        }
    return text;
}

std::string checked_text(std::span<const CheckedExpectation> all, const TextStyle &style) {
    std::vector<TableRow> rows = {{{"verdict", "key", "found", "asked", "claim"}, Colour::dim}};
    for (const CheckedExpectation &checked : all) {
        const std::string reason = checked.reason.empty() ? "" : "; " + checked.reason;
        rows.push_back({{std::string(name(checked.verdict)), key_of(checked),
                         found_text(checked, style), asked_text(checked.expectation),
                         fmt::format("{} ({}){}", checked.expectation.claim,
                                     checked.expectation.source, reason)},
                        colour_of(checked.verdict)});
    }
    return render_table(rows, style);
}

std::string checked_markdown(std::span<const CheckedExpectation> all) {
    std::vector<std::vector<std::string>> rows = {
        {"claim", "key", "asked", "found", "verdict", "source"}};
    for (const CheckedExpectation &checked : all) {
        std::vector<std::string> &row = rows.emplace_back();
        for (const std::string &cell :
             {checked.expectation.claim, key_of(checked), asked_text(checked.expectation),
              found_text(checked, {.utf8 = true}), verdict_text(checked),
              checked.expectation.source})
            row.push_back(markdown_text(cell));
    }
    return markdown_table(rows);
}

} // namespace clprobe
