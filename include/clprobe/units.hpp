#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace clprobe {

/// The unit of a number. Numbers are held unscaled (seconds, bytes, operations a second) and are
/// scaled only when a person reads them. A cycle is that of a clock that is not known.
enum class Unit {
    one,
    second,
    cycle,
    byte,
    byte_per_second,
    flop_per_second,
    op_per_second,
    texel_per_second,
    flop_per_byte,
    hertz,
    joule,
};

/// The unit as reports spell it: "1", "s", "cycle", "B", "B/s", "flop/s", "op/s", "texel/s",
/// "flop/B", "Hz", "J".
[[nodiscard]] std::string_view symbol(Unit unit);

/// The unit that `symbol` spells so; nothing where no unit is spelled like that.
[[nodiscard]] std::optional<Unit> parse_unit(std::string_view text);

/// A number with its unit, unscaled.
struct Quantity {
    double value = 0;
    Unit unit = Unit::one;

    bool operator==(const Quantity &) const = default;
};

/// How a number is shown to people: divided by `divisor`, followed by the prefixed unit ("Tflop/s",
/// "KiB", "ns"; empty for plain numbers).
struct DisplayScale {
    double divisor = 1;
    std::string unit;
};

/// The scale at which this quantity has one to three digits before the point; the prefixes are
/// powers of 1024 for a size in bytes, of 1000 for everything else. `digits` is how many it is
/// rounded to, since that may lift it to the next prefix.
[[nodiscard]] DisplayScale display_scale(const Quantity &quantity, int digits = 3);

/// The quantity for people, with `digits` significant digits and a prefix: "66.4 Tflop/s",
/// "128 KiB", "3.2 ns".
[[nodiscard]] std::string format(const Quantity &quantity, int digits = 3);

} // namespace clprobe
