#pragma once
#include <clprobe/series.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace clprobe {

/// Starts the comment line that says where a CSV comes from.
inline constexpr std::string_view origin_mark = "# clprobe ";
inline constexpr std::string_view block_column = "block";

/// From the numbers of a column to unscaled ones: one of the two is 1, so that a number in base
/// units stays what it is, and 3 ns become exactly 3e-9 s.
struct ColumnScale {
    double multiply = 1;
    double divide = 1;
};

/// The scale where `column` is the name of this axis with a spelling of its unit, "footprint_kib"
/// or "Footprint (KiB)"; nothing where it is another column.
[[nodiscard]] std::optional<ColumnScale> scale_of(const Axis &axis, const std::string &column);

/// The same where `column` has another name too, if it ends with a unit of this axis: "Test size
/// (KB)".
[[nodiscard]] std::optional<ColumnScale> scale_by_unit(const Axis &axis, const std::string &column);

/// Whether a column that has no scale nevertheless bears the name of this axis.
[[nodiscard]] bool is_named_as(const Axis &axis, const std::string &column);

/// How the column of this axis may be spelt, for messages: "latency_s (or _ms, _us, _ns)".
[[nodiscard]] std::string column_spellings(const Axis &axis);

} // namespace clprobe
