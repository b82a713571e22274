#pragma once
#include "io/csv.hpp"
#include "model/text.hpp"

#include <functional>

namespace clprobe {

/// Starts the comment line that says where a CSV comes from.
inline constexpr std::string_view origin_mark = "# clprobe ";
inline constexpr std::string_view block_column = "block";

/// A line of a CSV that is neither empty nor a comment.
struct CsvRow {
    std::size_t line = 0;
    std::vector<std::string> cells;
};

/// The text of a CSV in UTF-8, without a byte-order mark and with lines that end in a line feed:
/// UTF-16 with such a mark is decoded, and Excel's first line `sep=;` becomes a comment.
[[nodiscard]] std::string plain_csv(std::string_view text);

/// The rows behind `skip` lines with the first of the separators (' ' for any number of blanks) by
/// which they fit, else the last; decimal commas are points then. Throws InputError, naming file
/// and line, for a quote that is not closed as it should be.
[[nodiscard]] std::vector<CsvRow>
csv_rows(std::string_view text, std::string_view separators, std::size_t skip,
         const std::string &file, const std::function<bool(std::span<const CsvRow>)> &fits);

/// The text in quotes for a message, cut where it is long.
[[nodiscard]] std::string in_quotes(std::string_view text);

/// Throws InputError for a line of a file.
[[noreturn]] void fail_at(const std::string &file, std::size_t line, const std::string &problem);

} // namespace clprobe
