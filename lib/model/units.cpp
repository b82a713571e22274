#include "model/names.hpp"

#include <clprobe/units.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

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
    constexpr std::array above = {"", "k", "M", "G", "T", "P", "E"};
    constexpr std::array below = {"", "m", "u", "n", "p", "f"};
    if (quantity.unit == Unit::one)
        return {};
    if (quantity.unit == Unit::cycle)
        return {1, "cycles"};
    double divisor = 1;
    std::size_t i = 0;
    const auto rises = [&](double step, int places, std::size_t prefixes) {
        for (; reaches(quantity.value / divisor, step, places) && i + 1 < prefixes; ++i)
            divisor *= step;
    };
    const char *prefix = "";
    if (quantity.unit == Unit::byte) {
        rises(1024, digits - 4, binary.size());
        prefix = binary[i];
    } else {
        rises(1000, digits - 3, above.size());
        prefix = above[i];
        if (i == 0 && quantity.value != 0) {
            for (; !reaches(quantity.value / divisor * 1000, 1000, digits - 3) &&
                   i + 1 < below.size();
                 ++i)
                divisor /= 1000;
            prefix = below[i];
        }
    }
    return {divisor, prefix + std::string(symbol(quantity.unit))};
}

std::string format(const Quantity &quantity, int digits) {
    const auto [divisor, unit] = display_scale(quantity, digits);
    const std::string number = digits_of(quantity.value / divisor, digits);
    return unit.empty() ? number : number + " " + unit;
}

} // namespace clprobe
