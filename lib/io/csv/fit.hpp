#pragma once
#include "io/csv/header.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace clprobe {

/// The series that a file holds, without points, and which of its columns hold what.
struct CsvFit {
    Series layout;
    SeriesColumns columns;
};

/// For a file that clprobe wrote, whose columns are all known. `line` is that of the header, for
/// messages. Throws InputError.
[[nodiscard]] CsvFit fit_of_own(const std::string &file, std::size_t line,
                                const std::vector<CsvColumn> &header, const Series &layout);

/// For other files: the first layout whose columns are all that there are, by their names, else by
/// their units; else the one that the fewest are passed over for. Where there is none, the one that
/// the header is most like says what is wrong. Throws InputError.
[[nodiscard]] CsvFit fit_of_others(const std::string &file, std::size_t line,
                                   const std::vector<CsvColumn> &header,
                                   std::span<const Series> layouts);

} // namespace clprobe
