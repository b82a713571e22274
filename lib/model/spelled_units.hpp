#pragma once
#include <clprobe/units.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace clprobe {

// Units and names as people and other tools write them (docs/csv.md lists the spellings).

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
