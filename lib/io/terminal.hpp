#pragma once
#include <clprobe/device.hpp>
#include <clprobe/finding.hpp>
#include <clprobe/report.hpp>
#include <clprobe/series.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace clprobe {

/// What a terminal can show. Nothing here looks at the real one: the caller says.
struct TextStyle {
    std::size_t width = 80; ///< columns; less than 40 counts as 40
    bool utf8 = false;
    bool colour = false; ///< ANSI escape sequences
};

/// Of a terminal: the lines of a summary are counted there.
inline constexpr std::size_t usual_width = 100;
/// Of the column that marks a status.
inline constexpr std::size_t mark_width = 1;

enum class Colour { none, bold, dim, yellow, red };

/// A line of a table; a table is as many columns wide as its longest row.
struct TableRow {
    std::vector<std::string> cells;
    Colour colour = Colour::none;
};

/// How a status is marked in tables: " " measured, "!" suspect, "?" inconclusive, "-" unsupported,
/// "x" failed.
[[nodiscard]] std::string mark_of(Status status);
[[nodiscard]] Colour colour_of(Status status);

/// The text on one line, without anything that a terminal would act on: what is no printable
/// character, and without UTF-8 what is not ASCII, becomes "?".
[[nodiscard]] std::string printable(std::string_view text, const TextStyle &style);

/// The rows in aligned columns, two blanks apart, the last column wrapped at the style's width, or
/// below the row where it has no room for words, and each line ended. `widths` are what the first
/// columns have at least, so that tables printed one after the other can line up. What a terminal
/// would take for a command, and without UTF-8 what is not ASCII, is shown as "?".
[[nodiscard]] std::string render_table(const std::vector<TableRow> &rows, const TextStyle &style,
                                       const std::vector<std::size_t> &widths = {});

/// The value with the interval, at the precision of the interval: "66.41 ± 0.06 Tflop/s",
/// "96 [80, 128] KiB" where the value is not in its middle, "64 B" where the interval is the value
/// itself. Interval ends are rounded outwards. Empty for a finding without a value.
[[nodiscard]] std::string value_text(const Finding &finding, const TextStyle &style);

/// The heading of a device's part of the summary.
[[nodiscard]] std::string device_text(const DeviceInfo &device, const TextStyle &style);

/// One probe's part of the summary: a heading with the status, the time and the clock, and a row a
/// finding with its mark (none for measured, "!" suspect, "?" inconclusive, "-" unsupported,
/// "x" failed), its value or status, and its method or reason. Findings that only repeat the
/// probe's own reason are left out.
[[nodiscard]] std::string probe_text(const ProbeRecord &record, const TextStyle &style);

/// The curve as a small plot, both axes logarithmic, with the findings marked that
/// its `marks` name and that were made of its series, and named below. Empty
/// where fewer than two points are positive.
[[nodiscard]] std::string plot_text(const Curve &curve, const std::vector<Finding> &findings,
                                    const TextStyle &style);

/// The map as a table of numbers and shades, x to the right and y upwards, at each pair of
/// coordinates that is there. Where there are too many for the style's width, shades alone. Empty
/// where fewer than two pairs have a positive value.
[[nodiscard]] std::string heat_map_text(const HeatMap &map, const TextStyle &style);

/// The line under a summary: probes, devices, time, the harness's share of it, findings by status.
[[nodiscard]] std::string footer_text(const Report &report, const TextStyle &style);

/// A count with its noun: "1 kernel", "3 kernels".
[[nodiscard]] std::string counted(std::size_t count, std::string_view noun);

} // namespace clprobe
