#pragma once
#include "io/csv.hpp"
#include "io/csv_text.hpp"

namespace clprobe {

/// Starts the comment line that says where a CSV comes from.
inline constexpr std::string_view origin_mark = "# clprobe ";
inline constexpr std::string_view block_column = "block";

/// A column of a file: by its header, or as the user chose it for an axis.
struct CsvColumn {
    static constexpr std::size_t by_name = static_cast<std::size_t>(-1);

    std::string text;                  ///< in the header, or its number
    std::string name;                  ///< plainly, without the unit
    std::size_t cell = 0;              ///< in a row; `by_name` before the header is read
    std::optional<CsvUnit> unit;       ///< of the cells that have none themselves
    std::optional<Unit> unit_of_cells; ///< of the first that has one, where `unit` is missing
    std::string before;                ///< fixed text before the number
    std::string after;                 ///< and behind it
    bool chosen = false;

    /// What stands between the fixed texts; nothing in a row that has no such cell.
    [[nodiscard]] std::optional<std::string_view> text_in(const CsvRow &row) const;
};

/// The series that a file holds, without points, the columns that hold it, and the rows.
struct CsvTable {
    Series layout;
    std::vector<CsvColumn> axes;
    CsvColumn measure;
    std::optional<CsvColumn> block;
    std::vector<std::string> passed_over; ///< the columns that are none of these
    bool all_by_name = true;              ///< no column by a synonym or by its unit alone
    std::vector<CsvRow> rows;             ///< without the header
    std::size_t cells = 0;                ///< in the header
};

/// By the names and units in the first row, or by what `options` choose: the series of which the
/// fewest columns are passed over, the first of these. Throws InputError, naming file and line,
/// where there is none, with the `--columns` that would read the file.
[[nodiscard]] CsvTable csv_table(std::string_view text, std::string_view separators,
                                 std::span<const Series> layouts, const CsvOptions &options,
                                 const std::string &file);

} // namespace clprobe
