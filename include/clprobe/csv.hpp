#pragma once
#include <clprobe/report.hpp>
#include <clprobe/series.hpp>

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
/// the one probe that the series belongs to, without any series; a bare file has none.
struct CsvSeries {
    Series series;
    std::optional<Report> origin;
    /// Which columns of a bare file were taken for what where names alone did not tell, and which
    /// columns and how many rows were passed over: a line each, in words.
    std::vector<std::string> notes;
};

/// Reads one CSV; `file` is its name, for messages. A bare one becomes the first of `layouts`
/// (series without points) whose columns it has by their names, else by their units alone. Columns
/// and rows come in any order; sizes may be in _bytes, _b, _kib to _gib or, the same, _kb to _gb,
/// times in _s, _ms, _us or _ns, cycles in _cycles, _clocks or _clk, bandwidths in _bytes_per_s,
/// _b_per_s, _kb_per_s to _tb_per_s or _kib_per_s to _gib_per_s, also written as "Footprint (KiB)"
/// or "bandwidth [GB/s]", or behind each number, "32K" or "28 ns". Semicolons, tabs or blanks may
/// stand for the commas, one comma in a number for its point where it cannot part thousands.
/// Columns that the series does not take are passed over where it is clear which it takes, and rows
/// whose value is missing ("", "N/A", "NaN", "-") or that have another number of cells, if these
/// are few; of a file that `to_csv` made nothing is. The text may be in UTF-16. Throws InputError,
/// naming file, line and column.
[[nodiscard]] CsvSeries series_from_csv(std::string_view as_written, const std::string &file,
                                        std::span<const Series> layouts);

/// Puts series with an origin back where they came from: one report for each device and probe, with
/// its series in the order of the files. Throws InputError for a series that is given twice.
[[nodiscard]] std::vector<Report> reports_from_csv(std::span<const CsvSeries> files);

} // namespace clprobe
