#include "model/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <span>
#include <utility>

namespace clprobe {
namespace {

constexpr Names<Unit, 11> symbols = {{{Unit::one, "1"},
                                      {Unit::second, "s"},
                                      {Unit::cycle, "cycle"},
                                      {Unit::byte, "B"},
                                      {Unit::byte_per_second, "B/s"},
                                      {Unit::flop_per_second, "flop/s"},
                                      {Unit::op_per_second, "op/s"},
                                      {Unit::texel_per_second, "texel/s"},
                                      {Unit::flop_per_byte, "flop/B"},
                                      {Unit::hertz, "Hz"},
                                      {Unit::joule, "J"}}};

using Spelling = std::pair<std::string_view, ScaledUnit>;

/// Units as `plain_name` makes them: the first text of the first of a unit is the one written.
constexpr std::array spellings = {
    Spelling{" s sec second seconds ", {Unit::second}},
    Spelling{" ms msec milliseconds ", {Unit::second, 1, 1e3}},
    Spelling{" us usec microseconds ", {Unit::second, 1, 1e6}},
    Spelling{" ns nsec nanoseconds ", {Unit::second, 1, 1e9}},
    Spelling{" cycles cycle clocks clk ", {Unit::cycle}},
    Spelling{" bytes byte b ", {Unit::byte}},
    Spelling{" kib kb kbytes k ", {Unit::byte, 0x1p10}}, // a KB of a cache is 1024 bytes
    Spelling{" mib mb mbytes m ", {Unit::byte, 0x1p20}},
    Spelling{" gib gb gbytes g ", {Unit::byte, 0x1p30}},
    Spelling{" bytes_per_s b_per_s ", {Unit::byte_per_second}},
    Spelling{" kb_per_s ", {Unit::byte_per_second, 1e3}},
    Spelling{" mb_per_s mb_per_sec mbytes_per_s ", {Unit::byte_per_second, 1e6}},
    Spelling{" gb_per_s gb_per_sec gbytes_per_s ", {Unit::byte_per_second, 1e9}},
    Spelling{" tb_per_s ", {Unit::byte_per_second, 1e12}},
    Spelling{" kib_per_s ", {Unit::byte_per_second, 0x1p10}},
    Spelling{" mib_per_s ", {Unit::byte_per_second, 0x1p20}},
    Spelling{" gib_per_s ", {Unit::byte_per_second, 0x1p30}},
    Spelling{" flop_per_s ", {Unit::flop_per_second}},
    Spelling{" mflop_per_s mflops ", {Unit::flop_per_second, 1e6}},
    Spelling{" gflop_per_s gflops ", {Unit::flop_per_second, 1e9}},
    Spelling{" tflop_per_s tflops ", {Unit::flop_per_second, 1e12}},
    Spelling{" op_per_s ", {Unit::op_per_second}},
    Spelling{" mop_per_s mops ", {Unit::op_per_second, 1e6}},
    Spelling{" gop_per_s gops ", {Unit::op_per_second, 1e9}},
    Spelling{" top_per_s tops ", {Unit::op_per_second, 1e12}},
    Spelling{" texel_per_s ", {Unit::texel_per_second}},
    Spelling{" mtexel_per_s ", {Unit::texel_per_second, 1e6}},
    Spelling{" gtexel_per_s ", {Unit::texel_per_second, 1e9}},
    Spelling{" ttexel_per_s ", {Unit::texel_per_second, 1e12}},
    Spelling{" flop_per_byte flop_per_b ", {Unit::flop_per_byte}},
    Spelling{" hz ", {Unit::hertz}},
    Spelling{" khz ", {Unit::hertz, 1e3}},
    Spelling{" mhz ", {Unit::hertz, 1e6}},
    Spelling{" ghz ", {Unit::hertz, 1e9}},
    Spelling{" j ", {Unit::joule}},
    Spelling{" mj ", {Unit::joule, 1, 1e3}},
    Spelling{" uj ", {Unit::joule, 1, 1e6}},
    Spelling{" nj ", {Unit::joule, 1, 1e9}},
    Spelling{" pj ", {Unit::joule, 1, 1e12}},
};

/// The number with that many significant digits and no exponent, for numbers from 1 to below 1024.
std::string digits_of(double value, int digits) {
    const int before =
        value == 0 ? 1 : static_cast<int>(std::floor(std::log10(std::abs(value)))) + 1;
    std::string text = fmt::format("{:.{}f}", value, std::max(0, digits - before));
    if (text.find('.') == std::string::npos)
        return text;
    text.resize(text.find_last_not_of('0') + 1);
    text.resize(text.find_last_not_of('.') + 1);
    return text;
}

/// Whether the value is at the next prefix, or is once rounded: 999.96 k is 1 M at three digits.
bool reaches(double value, double next, int decimals) {
    return std::abs(value) >= next - 0.5 * std::pow(10.0, -std::max(0, decimals));
}

} // namespace

std::string_view symbol(Unit unit) {
    return word_of(symbols, unit);
}

std::optional<Unit> parse_unit(std::string_view text) {
    return value_of(symbols, text);
}

DisplayScale display_scale(const Quantity &quantity, int digits) {
    constexpr std::array binary = {"", "Ki", "Mi", "Gi", "Ti", "Pi"};
    constexpr std::array decimal = {"", "k", "M", "G", "T", "P", "E"};
    constexpr std::array below = {"", "m", "u", "n", "p", "f"};
    if (quantity.unit == Unit::one)
        return {};
    if (quantity.unit == Unit::cycle)
        return {1, "cycles"};
    const bool is_size = quantity.unit == Unit::byte;
    const double step = is_size ? 1024 : 1000;
    const int decimals = digits - (is_size ? 4 : 3);
    const std::span<const char *const> above =
        is_size ? std::span<const char *const>(binary) : decimal;
    const std::string unit(symbol(quantity.unit));
    double divisor = 1;
    std::size_t i = 0;
    for (; reaches(quantity.value / divisor, step, decimals) && i + 1 < above.size(); ++i)
        divisor *= step;
    if (i > 0 || is_size || quantity.value == 0)
        return {divisor, above[i] + unit};
    for (; !reaches(quantity.value / divisor * 1000, 1000, decimals) && i + 1 < below.size(); ++i)
        divisor /= 1000;
    return {divisor, below[i] + unit};
}

std::string format(const Quantity &quantity, int digits) {
    const auto [divisor, unit] = display_scale(quantity, digits);
    const std::string number = digits_of(quantity.value / divisor, digits);
    return unit.empty() ? number : number + " " + unit;
}

std::string_view spelling_of(Unit unit) {
    const auto first =
        std::ranges::find(spellings, unit, [](auto &each) { return each.second.unit; });
    return first == spellings.end() ? "" : first->first.substr(1, first->first.find(' ', 1) - 1);
}

std::string plain_name(std::string_view text) {
    std::string spelled(text);
    for (const std::string_view micro : {"\xc2\xb5", "\xce\xbc"})
        replace_all(spelled, micro, "u");
    replace_all(spelled, "/", " per ");
    std::string plain;
    for (const char letter : spelled) {
        const auto code = static_cast<unsigned char>(letter);
        if (std::isalnum(code) != 0 || code >= 0x80)
            plain += static_cast<char>(std::tolower(code));
        else if (!plain.empty() && plain.back() != '_')
            plain += '_';
    }
    plain.resize(plain.find_last_not_of('_') + 1);
    return plain;
}

std::optional<ScaledUnit> spelled_unit(std::string_view text) {
    if (text.size() > 1 && text[1] == 'b' &&
        std::isupper(static_cast<unsigned char>(text[0])) != 0 &&
        (text.size() == 2 || std::isalpha(static_cast<unsigned char>(text[2])) == 0))
        return std::nullopt; // "Kb" and "Gb/s" are of bits
    std::string spelled(text);
    replace_all(spelled, "Bps", "B/s");
    spelled = plain_name(spelled);
    for (const std::string_view of_one : {"_per_access", "_per_load", "_per_hop", "_per_read"})
        if (spelled.ends_with(of_one)) // as every latency is
            spelled.resize(spelled.size() - of_one.size());
    for (const auto &[texts, unit] : spellings)
        if (!spelled.empty() && texts.find(" " + spelled + " ") != std::string_view::npos)
            return unit;
    return std::nullopt;
}

std::optional<SpelledNumber> spelled_number(std::string_view cell) {
    SpelledNumber number;
    const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), number.value);
    cell.remove_prefix(static_cast<std::size_t>(end - cell.data()));
    cell.remove_prefix(std::min(cell.find_first_not_of(' '), cell.size()));
    number.unit = spelled_unit(cell);
    return error == std::errc{} && (cell.empty() || number.unit) ? std::optional(number)
                                                                 : std::nullopt;
}

} // namespace clprobe
