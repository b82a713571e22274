#include "io/csv/number.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

namespace clprobe {
namespace {

bool is_digit(char letter) {
    return std::isdigit(static_cast<unsigned char>(letter)) != 0;
}

bool is_of_thousands(std::string_view text, std::size_t mark) {
    constexpr std::size_t in_group = 3;
    const auto end = text.find_first_not_of("0123456789", mark + 1);
    return std::min(end, text.size()) == mark + 1 + in_group;
}

/// Takes a mark out that surely parts thousands, as it comes more than once or before the decimal
/// one: "1,048,576" or "1,024.5". Whether it has.
bool without_groups(std::string &text, char mark, char point) {
    const auto last = text.rfind(mark);
    const auto decimals = text.find(point);
    if (last == std::string::npos || (decimals == std::string::npos && text.find(mark) == last) ||
        (decimals != std::string::npos && decimals < last))
        return false;
    for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at + 1))
        if (at == 0 || !is_digit(text[at - 1]) || !is_of_thousands(text, at))
            return false;
    std::erase(text, mark);
    return true;
}

/// The cell with a point for a decimal comma, "0,5" and "12,25", but not "1,024", which is a
/// thousand to some; without what parts thousands for sure.
std::string with_point(std::string_view cell) {
    std::string text(cell);
    if (without_groups(text, ',', '.'))
        return text;
    const bool point_is_no_decimal = without_groups(text, '.', ',');
    const auto comma = text.find(',');
    if (comma == std::string::npos || text.find_first_of(",.", comma + 1) != std::string::npos)
        return text;
    const bool below_one =
        comma > 0 && text[comma - 1] == '0' && (comma == 1 || !is_digit(text[comma - 2]));
    if (point_is_no_decimal || below_one || !is_of_thousands(text, comma))
        text[comma] = '.';
    return text;
}

} // namespace

std::optional<CellNumber> number_in(std::string_view cell) {
    const std::string text = with_point(cell);
    CellNumber number;
    const char *end = text.data() + text.size();
    const auto [behind, error] = std::from_chars(text.data(), end, number.value);
    if (error != std::errc{})
        return std::nullopt;
    number.unit = std::string(behind, end);
    number.unit.erase(0, number.unit.find_first_not_of(' '));
    return number;
}

bool is_missing(const std::string &cell) {
    constexpr std::array<std::string_view, 14> words = {"inf", "+inf", "-inf", "infinity", "",
                                                        "nan", "-nan", "na",   "n/a",      "-",
                                                        "--",  "null", "none", "?"};
    std::string plain = cell;
    std::ranges::transform(plain, plain.begin(), [](char letter) {
        return static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
    });
    return std::ranges::find(words, std::string_view(plain)) != words.end();
}

} // namespace clprobe
