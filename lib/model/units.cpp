#include <clprobe/units.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace clprobe {
namespace {

constexpr std::array symbols = {
    std::pair{Unit::one, std::string_view{"1"}},
    std::pair{Unit::second, std::string_view{"s"}},
    std::pair{Unit::cycle, std::string_view{"cycle"}},
    std::pair{Unit::byte, std::string_view{"B"}},
    std::pair{Unit::byte_per_second, std::string_view{"B/s"}},
    std::pair{Unit::flop_per_second, std::string_view{"flop/s"}},
    std::pair{Unit::op_per_second, std::string_view{"op/s"}},
    std::pair{Unit::texel_per_second, std::string_view{"texel/s"}},
    std::pair{Unit::flop_per_byte, std::string_view{"flop/B"}},
    std::pair{Unit::hertz, std::string_view{"Hz"}},
    std::pair{Unit::joule, std::string_view{"J"}},
};

/// The number with that many significant digits and no exponent, for numbers from 1 to below 1024.
std::string digits_of(double value, int digits) {
    const int before =
        value == 0 ? 1 : static_cast<int>(std::floor(std::log10(std::abs(value)))) + 1;
    std::string text = fmt::format("{:.{}f}", value, std::max(0, digits - before));
    if (text.find('.') != std::string::npos) {
        text.erase(text.find_last_not_of('0') + 1);
        if (text.back() == '.')
            text.pop_back();
    }
    return text;
}

/// Whether the value is at the next prefix, or is once rounded: 999.96 k is 1 M at three digits.
bool reaches(double value, double next, int decimals) {
    return std::abs(value) >= next - 0.5 * std::pow(10.0, -std::max(0, decimals));
}

} // namespace

std::string_view symbol(Unit unit) {
    for (const auto &[candidate, text] : symbols)
        if (candidate == unit)
            return text;
    return "1";
}

std::optional<Unit> parse_unit(std::string_view text) {
    for (const auto &[unit, candidate] : symbols)
        if (candidate == text)
            return unit;
    return std::nullopt;
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
