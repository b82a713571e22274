#pragma once
#include <clprobe/units.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clprobe {

/// An enumeration's values with the words that reports use for them.
template <typename Enum, std::size_t Count>
using Names = std::array<std::pair<Enum, std::string_view>, Count>;

template <typename Enum, std::size_t Count>
constexpr std::string_view word_of(const Names<Enum, Count> &names, Enum value) {
    for (const auto &[candidate, word] : names)
        if (candidate == value)
            return word;
    return {};
}

template <typename Enum, std::size_t Count>
constexpr std::optional<Enum> value_of(const Names<Enum, Count> &names, std::string_view word) {
    for (const auto &[value, candidate] : names)
        if (candidate == word)
            return value;
    return std::nullopt;
}

/// The first whose member has that value; null where there is none.
template <typename Range, typename Value, typename Member>
auto pointer_to(Range &range, const Value &value, Member member) -> decltype(&*std::begin(range)) {
    const auto found = std::ranges::find(range, value, member);
    return found == std::end(range) ? nullptr : &*found;
}

/// The number that the whole text is; nothing where it is none, or one that is too large.
template <typename Number>
[[nodiscard]] std::optional<Number> number_in(std::string_view text) {
    Number number{};
    const char *const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    return error == std::errc{} && stop == end ? std::optional{number} : std::nullopt;
}

/// The text in lower case.
[[nodiscard]] inline std::string lower(std::string_view text) {
    std::string result(text);
    std::ranges::transform(result, result.begin(), [](unsigned char letter) {
        return static_cast<char>(std::tolower(letter));
    });
    return result;
}

/// The beginning of a text that is longer than that.
[[nodiscard]] inline std::string shortened(std::string_view text, std::size_t most) {
    return std::string(text.substr(0, most)) + (text.size() > most ? " ..." : "");
}

/// Puts `by` in the place of each `old`.
inline void replace_all(std::string &text, std::string_view old, std::string_view by) {
    for (auto at = text.find(old); at != text.npos; at = text.find(old, at + by.size()))
        text.replace(at, old.size(), by);
}

/// What stands between the separators; nothing behind one at the end.
[[nodiscard]] inline std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    while (!text.empty()) {
        parts.push_back(text.substr(0, text.find(separator)));
        text.remove_prefix(std::min(parts.back().size() + 1, text.size()));
    }
    return parts;
}

/// The text without blanks at its ends.
[[nodiscard]] inline std::string_view trimmed(std::string_view text) {
    constexpr std::string_view blanks = " \t\r";
    const std::size_t first = std::min(text.find_first_not_of(blanks), text.size());
    return text.substr(first, text.find_last_not_of(blanks) + 1 - first);
}

// Units and names as people and other tools write them; docs/csv.md lists the spellings.

/// A unit as it is written in a file: from its numbers to unscaled ones. One of the two factors is
/// 1, so that 3 ns become exactly 3e-9 s.
struct ScaledUnit {
    Unit unit = Unit::one;
    double multiply = 1;
    double divide = 1;
};
/// Of "KiB", say; nothing where the text is no unit.
[[nodiscard]] std::optional<ScaledUnit> spelled_unit(std::string_view text);

/// A number and the unit behind it, which may be missing.
struct SpelledNumber {
    double value = 0;
    std::optional<ScaledUnit> unit;
};
/// Nothing where the cell holds something else.
[[nodiscard]] std::optional<SpelledNumber> spelled_number(std::string_view cell);

/// In lower case, "_" for what is neither letter nor digit: "region_size" of "Region Size".
[[nodiscard]] std::string plain_name(std::string_view text);

/// The unit's first spelling, behind the name of a column; empty for none.
[[nodiscard]] std::string_view spelling_of(Unit unit);

} // namespace clprobe
