#include "io/expectations.hpp"
#include "io/markup.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

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

/// What the claims rest on, each once: a claim has its number.
std::vector<std::string> sources_of(std::span<const CheckedExpectation> all) {
    std::vector<std::string> sources;
    for (const CheckedExpectation &checked : all)
        if (std::ranges::find(sources, checked.expectation.source) == sources.end())
            sources.push_back(checked.expectation.source);
    return sources;
}

/// "the second level: 128 kB [1]".
std::string claim_text(const Expectation &expectation, const std::vector<std::string> &sources) {
    const auto source = std::ranges::find(sources, expectation.source);
    return fmt::format("{} [{}]", expectation.claim, source - sources.begin() + 1);
}

} // namespace

std::string key_of(const CheckedExpectation &checked) {
    return checked.finding ? checked.finding->key : checked.expectation.key;
}

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
    const std::vector<std::string> sources = sources_of(all);
    std::vector<TableRow> rows = {{{"verdict", "key", "found", "asked", "claim"}, Colour::dim}};
    std::vector<std::string> missing;
    for (const CheckedExpectation &checked : all) {
        if (!checked.finding) {
            missing.push_back(checked.expectation.key);
            continue;
        }
        const std::string reason = checked.reason.empty() ? "" : ": " + checked.reason;
        rows.push_back(
            {{std::string(name(checked.verdict)), key_of(checked), found_text(checked, style),
              asked_text(checked.expectation), claim_text(checked.expectation, sources) + reason},
             colour_of(checked.verdict)});
    }
    if (rows.size() == 1)
        rows.clear(); // its head needs no showing
    std::vector<TableRow> below;
    if (!missing.empty())
        below.push_back({{"untestable", fmt::format("{} not measured: {}", missing.size(),
                                                    fmt::join(missing, ", "))},
                         Colour::yellow});
    for (std::size_t i = 0; i < sources.size(); ++i)
        below.push_back({{fmt::format("[{}]", i + 1), sources[i]}, Colour::dim});
    return render_table(rows, style) + render_table(below, style);
}

std::string checked_markdown(std::span<const CheckedExpectation> all) {
    const std::vector<std::string> sources = sources_of(all);
    std::vector<std::vector<std::string>> rows = {{"claim", "key", "asked", "found", "verdict"}};
    for (const CheckedExpectation &checked : all) {
        std::vector<std::string> &row = rows.emplace_back();
        for (const std::string &cell : {claim_text(checked.expectation, sources), key_of(checked),
                                        asked_text(checked.expectation),
                                        found_text(checked, {.utf8 = true}), verdict_text(checked)})
            row.push_back(markdown_text(cell));
    }
    std::string text = markdown_table(rows) + "\n";
    for (std::size_t i = 0; i < sources.size(); ++i)
        text += fmt::format("{}. {}\n", i + 1, markdown_text(sources[i]));
    return text;
}

} // namespace clprobe
