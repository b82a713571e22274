#pragma once
#include "io/csv/rows.hpp"

#include <string>
#include <vector>

namespace clprobe {

/// Puts a point for the comma in all numbers where one cell shows that it is a decimal comma,
/// "1,41406" for "20,259", and no number has a point.
void mend_decimal_commas(std::vector<CsvRow> &rows);

/// Removes the rows that have more or fewer cells than the first one, as one that was cut off has,
/// and says so; nothing where there are none. Throws InputError where it would be more than a tenth
/// of them, or all.
[[nodiscard]] std::vector<std::string> drop_ragged_rows(const std::string &file,
                                                        std::vector<CsvRow> &rows);

} // namespace clprobe
