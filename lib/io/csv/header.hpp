#pragma once
#include "io/csv/columns.hpp"

#include <clprobe/series.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace clprobe {

/// Which column of a file holds what of a series.
struct SeriesColumns {
    struct Number {
        std::size_t cell = 0;
        ColumnScale scale;
    };
    std::vector<Number> axes;
    Number measure;
    std::optional<std::size_t> block;
    std::vector<std::size_t> passed_over; ///< those with a name that are none of these
};

/// What tells which column an axis is: its name, or nothing but a unit where no name does.
enum class ToldBy { name, unit };

/// The columns of such a series, which are all that have a name; throws InputError, without a
/// place, where the header is another one's.
[[nodiscard]] SeriesColumns columns_of(const Series &layout, const std::vector<CsvColumn> &header,
                                       ToldBy told_by);

/// The block and the columns passed over, where the others are known.
void add_the_rest(SeriesColumns &columns, const std::vector<CsvColumn> &header);

/// Why no column of the header is this axis, for messages.
[[nodiscard]] std::string missing_column(const Axis &axis, const std::vector<CsvColumn> &header);

/// That two columns may be this axis, for messages.
[[nodiscard]] std::string two_columns(const Axis &axis, const CsvColumn &one,
                                      const CsvColumn &other);

/// How many of the layout's columns the header seems to have, in per cent.
[[nodiscard]] std::size_t likeness(const Series &layout, const std::vector<CsvColumn> &header,
                                   ToldBy told_by);

/// The columns that a series takes, for messages.
[[nodiscard]] std::string expected_columns(const Series &layout);

} // namespace clprobe
