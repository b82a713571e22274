#pragma once
#include "io/csv/header.hpp"
#include "io/csv/rows.hpp"

#include <span>
#include <string>
#include <vector>

namespace clprobe {

/// Throws InputError where a column that is passed over parts the rows into several curves, as a
/// device or a stride does: some place has rows of two of its values, and both come at other places
/// too. The number of a run or sample does not, nor does what was measured.
void check_is_one_curve(const std::string &file, const std::vector<CsvColumn> &header,
                        const SeriesColumns &columns, std::span<const CsvRow> rows);

} // namespace clprobe
