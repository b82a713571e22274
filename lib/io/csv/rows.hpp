#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace clprobe {

/// A line of a CSV that is neither empty nor a comment.
struct CsvRow {
    std::size_t line = 0;
    std::vector<std::string> cells;
};

/// The rows of a CSV (RFC 4180, with `#` comments; line ends and a byte-order mark of any system;
/// semicolons or tabs between cells where the first row has no comma). A comment right above rows
/// of nothing but numbers is their header if it has as many cells, "# size_bytes,latency_ns" as
/// NumPy writes it.
/// Throws InputError, naming file and line, for a quote that is not closed as it should be.
[[nodiscard]] std::vector<CsvRow> csv_rows(std::string_view text, const std::string &file);

/// The text as a cell, in quotes where it needs them.
[[nodiscard]] std::string csv_cell(const std::string &text);

/// Throws InputError for a place in a file.
[[noreturn]] void fail_at(const std::string &file, std::size_t line, const std::string &problem);

} // namespace clprobe
