#pragma once
#include <clprobe/report.hpp>
#include <clprobe/series.hpp>

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace clprobe {

/// The column that an axis or a measure has in a CSV: its name with its unit, "footprint_bytes",
/// "latency_s", "trips".
[[nodiscard]] std::string csv_column(const Axis &axis);

/// A file to be written.
struct CsvFile {
    std::string name;
    std::string text;
};

/// One file a series, "<probe, its / as _>.<series>.csv": a comment line `# clprobe {...}` that
/// holds the report without samples and findings, a header, and a row a sample: the axes (names as
/// words), `block` where the samples have one, and the measure, empty for a point without samples.
/// Throws Error for a number that is not finite and for two columns of one name.
[[nodiscard]] std::vector<CsvFile> to_csv(const Report &report, const DeviceRecord &device,
                                          const ProbeRecord &record);

/// What a CSV holds. `origin`, of a file that `to_csv` made, is the report with the one device and
/// the one probe that the series belongs to, without any series; a file of another tool has none.
struct CsvSeries {
    Series series;
    std::optional<Report> origin;
    /// Of a file of another tool: which columns were read where their names alone do not decide,
    /// and which columns, how many rows and why were passed over; a line each.
    std::vector<std::string> notes;
};

/// How to read a file whose header does not say it, as docs/csv.md explains.
struct CsvOptions {
    std::string columns;  ///< which is what, "footprint=1@BM_read/{}:B,latency=2:ns"
    std::size_t skip = 0; ///< lines before the header, or before the rows where there is none
};

/// Reads one CSV by the grammar of docs/csv.md; `file` is its name, for messages. One that has no
/// origin becomes that of `layouts` (series without points) whose axes and measure its columns are.
/// Throws InputError, naming file, line and column, and the `options` that would read the file.
[[nodiscard]] CsvSeries series_from_csv(std::string_view as_written, const std::string &file,
                                        std::span<const Series> layouts,
                                        const CsvOptions &options = {});

/// Puts series with an origin back where they came from: one report for each device and probe, with
/// its series in the order of the files. Throws InputError for a series that is given twice.
[[nodiscard]] std::vector<Report> reports_from_csv(std::span<const CsvSeries> files);

// What writing and reading share.

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
/// which they fit, else the last; decimal commas are points where docs/csv.md says so. Throws
/// InputError, naming file and line, for a quote that is not closed as it should be.
[[nodiscard]] std::vector<CsvRow>
csv_rows(std::string_view text, std::string_view separators, std::size_t skip,
         const std::string &file, const std::function<bool(std::span<const CsvRow>)> &fits);

/// The text in quotes for a message, cut where it is long.
[[nodiscard]] std::string in_quotes(std::string_view text);

/// Throws InputError for a line of a file.
[[noreturn]] void fail_at(const std::string &file, std::size_t line, const std::string &problem);

} // namespace clprobe
