#pragma once
#include "io/terminal.hpp"

#include <clprobe/expectations.hpp>
#include <clprobe/json.hpp>

#include <span>
#include <string>

namespace clprobe {

/// The version of the format of expectation files (docs/expectations.schema.json).
inline constexpr std::string_view expectations_version = "1.0.0";

/// What was asked, what was found and the verdict, as data.
[[nodiscard]] Json to_json(const CheckedExpectation &checked);

/// Of the finding; of one that is not there, as it was asked for.
[[nodiscard]] std::string key_of(const CheckedExpectation &checked);

/// How many of each: "3 expectations: 2 confirmed, 1 untestable".
[[nodiscard]] std::string verdicts_text(std::span<const CheckedExpectation> all);

/// A row an expectation for a terminal: verdict, key, found, asked, and the words of the claim with
/// the number of its source. What was not measured and the sources follow.
[[nodiscard]] std::string checked_text(std::span<const CheckedExpectation> all,
                                       const TextStyle &style);

/// The same as a table in Markdown.
[[nodiscard]] std::string checked_markdown(std::span<const CheckedExpectation> all);

} // namespace clprobe
