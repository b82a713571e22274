#include "io/csv_number.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

namespace clprobe {
namespace {

bool is_digit(char letter) {
    return std::isdigit(static_cast<unsigned char>(letter)) != 0;
}

/// The cell with a point for a decimal comma: "0,5" and "12,25", but neither "1,024", which is a
/// thousand to some, nor "1,024.5".
std::string with_point(std::string_view cell) {
    std::string text(cell);
    const auto comma = text.find(',');
    if (comma == std::string::npos || text.find_first_of(",.", comma + 1) != std::string::npos)
        return text;
    const auto decimals = std::find_if_not(text.begin() + static_cast<std::ptrdiff_t>(comma) + 1,
                                           text.end(), is_digit) -
                          text.begin() - static_cast<std::ptrdiff_t>(comma) - 1;
    const bool below_one =
        comma > 0 && text[comma - 1] == '0' && (comma == 1 || !is_digit(text[comma - 2]));
    constexpr std::ptrdiff_t of_thousands = 3;
    if (decimals != of_thousands || below_one)
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
    constexpr std::array<std::string_view, 10> words = {"",  "nan", "-nan", "na",   "n/a",
                                                        "-", "--",  "null", "none", "?"};
    std::string plain = cell;
    std::ranges::transform(plain, plain.begin(), [](char letter) {
        return static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
    });
    return std::ranges::find(words, std::string_view(plain)) != words.end();
}

} // namespace clprobe
