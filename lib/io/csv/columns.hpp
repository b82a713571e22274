#pragma once
#include <clprobe/series.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace clprobe {

/// Starts the comment line that says where a CSV comes from.
inline constexpr std::string_view origin_mark = "# clprobe ";
inline constexpr std::string_view block_column = "block";

/// From the numbers of a column to unscaled ones: one of the two is 1, so that a number in base
/// units stays what it is, and 3 ns become exactly 3e-9 s.
struct ColumnScale {
    double multiply = 1;
    double divide = 1;
    bool in_cells = false; ///< the column names no unit: that is for its cells
};

/// A column of a file: its name, the unit that its cells bear themselves ("32 KiB"), if any do, and
/// whether they are not all the same.
struct CsvColumn {
    std::string name;
    std::optional<Unit> unit_of_cells;
    bool varies = false;
};

/// What a unit behind a number says, "KiB", "ns" or "GB/s"; K, M and G alone are of bytes.
struct UnitOfCell {
    Unit unit = Unit::one;
    ColumnScale scale;
};
[[nodiscard]] std::optional<UnitOfCell> unit_of_cell(std::string_view text);

/// The scale where `column` is the name of this axis with a spelling of its unit, "footprint_kib"
/// or "Footprint (KiB)", or without one where its cells bear it; nothing where it is another
/// column.
[[nodiscard]] std::optional<ColumnScale> scale_of(const Axis &axis, const CsvColumn &column);

/// The same where `column` has another name too, if that ends with a unit of this axis, "Test size
/// (KB)", or with none where its cells bear one. A deviation or an error is none.
[[nodiscard]] std::optional<ColumnScale> scale_by_unit(const Axis &axis, const CsvColumn &column);

/// The name in lower case, word by word, with one word for each unit: "rate", "gb", "per", "s" of
/// "Rate (GB/sec)".
[[nodiscard]] std::vector<std::string> words_of(const std::string &column);

/// The name without the unit at its end and what stands behind that: "size" of "Size (KiB)".
[[nodiscard]] std::string without_unit(const std::string &column);

/// Whether a column that has no scale nevertheless bears the name of this axis.
[[nodiscard]] bool is_named_as(const Axis &axis, const std::string &column);

/// How the column of this axis may be spelt, for messages: "latency_s (or _ms, _us, _ns)".
[[nodiscard]] std::string column_spellings(const Axis &axis);

} // namespace clprobe
