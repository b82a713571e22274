#pragma once
#include "io/csv/header.hpp"

#include <array>
#include <vector>

namespace clprobe {

/// How well a column suits, by one thing after the other; less is better.
using ColumnRank = std::array<int, 4>;

/// Columns chosen among more than a series takes.
struct ColumnChoice {
    SeriesColumns columns;
    ColumnRank of_measure{};
};

/// The columns of such a series among others, told by names and units. Of several the place is the
/// one with the axis's name, then one that varies, then one whose name has a unit. The value is
/// never a deviation; least and most come last; first comes what is said to be of one access, then
/// what is nothing but a unit, and of these no statistic, a median and a mean, in this order. Of
/// one name in two units the finer is taken. Throws InputError, without a place, where two suit
/// alike, and where what would be taken is likely something else.
[[nodiscard]] ColumnChoice choose_columns(const Series &layout,
                                          const std::vector<CsvColumn> &header);

} // namespace clprobe
