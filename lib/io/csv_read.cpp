#include "io/csv_columns.hpp"
#include "io/csv_rows.hpp"
#include "io/invariants.hpp"

#include <clprobe/csv.hpp>
#include <clprobe/error.hpp>
#include <clprobe/json.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <utility>

namespace clprobe {
namespace {

/// Which column of the file holds what of the series.
struct Columns {
    struct Number {
        std::size_t cell = 0;
        ColumnScale scale;
    };
    std::vector<Number> axes;
    Number measure;
    std::optional<std::size_t> block;
};

std::string expected_columns(const Series &layout) {
    std::string columns;
    for (const Axis &axis : layout.axes)
        columns += column_spellings(axis) + ", ";
    return columns + column_spellings(layout.measure);
}

/// Why no column is this axis: the nearest one may be in another unit.
std::string missing(const Axis &axis, const std::vector<std::string> &header) {
    const auto near = std::find_if(header.begin(), header.end(), [&](const std::string &column) {
        return is_named_as(axis, column);
    });
    if (near == header.end())
        return fmt::format("no column '{}' among '{}'", csv_column(axis),
                           fmt::join(header, "', '"));
    return fmt::format("no column '{}', and '{}' names none of its units: scale or rename it",
                       csv_column(axis), *near);
}

/// What tells which column an axis is: its name with a unit, or nothing but a unit.
using ScaleOf = std::optional<ColumnScale> (*)(const Axis &, const std::string &);

/// The one column that is this axis; throws where there is none or another.
Columns::Number find_column(const Axis &axis, const std::vector<std::string> &header,
                            ScaleOf scale_of_column) {
    std::optional<Columns::Number> found;
    for (std::size_t i = 0; i < header.size(); ++i) {
        const auto scale = scale_of_column(axis, header[i]);
        if (scale && found)
            throw InputError(fmt::format("two columns for '{}'", csv_column(axis)));
        if (scale)
            found = {i, *scale};
    }
    if (!found)
        throw InputError(missing(axis, header));
    return *found;
}

/// Throws InputError, without a place, where the header is not that of the layout.
Columns columns_of(const std::vector<std::string> &header, const Series &layout,
                   ScaleOf scale_of_column) {
    Columns columns;
    std::vector<bool> used(header.size());
    const auto use = [&](const Axis &axis) {
        const auto column = find_column(axis, header, scale_of_column);
        used[column.cell] = true;
        return column;
    };
    for (const Axis &axis : layout.axes)
        columns.axes.push_back(use(axis));
    columns.measure = use(layout.measure);
    for (std::size_t i = 0; i < header.size(); ++i) {
        if (used[i] || header[i].empty()) // as of row numbers, or behind a last comma
            continue;
        if (header[i] != block_column || columns.block)
            throw InputError(fmt::format("unknown column '{}': leave it out", header[i]));
        columns.block = i;
    }
    return columns;
}

/// Reads the rows of one file into a series.
class Reader {
public:
    Reader(const std::string &file, const std::vector<std::string> &header, const Series &layout,
           ScaleOf scale_of_column)
        : file_(file), header_(header), columns_(columns_of(header, layout, scale_of_column)),
          series_(layout) {
        series_.points.clear();
    }

    void add(const CsvRow &row) {
        if (row.cells.size() != header_.size())
            fail_at(file_, row.line,
                    fmt::format("{} cells for {} columns", row.cells.size(), header_.size()));
        Point &point = point_of(row);
        if (row.cells[columns_.measure.cell].empty())
            return;
        const auto block = block_of(row);
        if (point.block.size() != (block ? point.samples.size() : 0))
            fail(row, *columns_.block, "some samples of a point have a block, others none");
        point.samples.push_back(number(row, columns_.measure));
        if (block)
            point.block.push_back(*block);
    }

    Series take() { return std::move(series_); }

    /// What only the units told.
    [[nodiscard]] std::vector<std::string> notes() const {
        std::vector<std::string> notes;
        const auto note = [&](const Axis &axis, const Columns::Number &column) {
            const std::string &name = header_[column.cell];
            if (!scale_of(axis, name))
                notes.push_back(
                    fmt::format("column '{}' is taken for {} by its unit", name, axis.name));
        };
        for (std::size_t i = 0; i < columns_.axes.size(); ++i)
            note(series_.axes[i], columns_.axes[i]);
        note(series_.measure, columns_.measure);
        return notes;
    }

private:
    Point &point_of(const CsvRow &row) {
        std::vector<double> at;
        for (std::size_t i = 0; i < columns_.axes.size(); ++i)
            at.push_back(coordinate(row, columns_.axes[i], series_.axes[i].labels));
        const auto [place, is_new] = places_.emplace(at, series_.points.size());
        if (is_new)
            series_.points.push_back({std::move(at), {}, {}});
        return series_.points[place->second];
    }

    double coordinate(const CsvRow &row, const Columns::Number &column,
                      const std::vector<std::string> &labels) {
        if (labels.empty())
            return number(row, column);
        const auto &word = row.cells[column.cell];
        const auto found = std::find(labels.begin(), labels.end(), word);
        if (found == labels.end())
            fail(row, column.cell,
                 fmt::format("'{}' is none of {}", word, fmt::join(labels, ", ")));
        return static_cast<double>(found - labels.begin());
    }

    [[nodiscard]] double number(const CsvRow &row, const Columns::Number &column) const {
        const double value =
            parse<double>(row, column.cell) * column.scale.multiply / column.scale.divide;
        if (const auto problem = problem_of(value); !problem.empty())
            fail(row, column.cell, problem);
        return value;
    }

    [[nodiscard]] std::optional<int> block_of(const CsvRow &row) const {
        if (!columns_.block || row.cells[*columns_.block].empty())
            return std::nullopt;
        return parse<int>(row, *columns_.block);
    }

    template <typename T>
    [[nodiscard]] T parse(const CsvRow &row, std::size_t cell) const {
        const auto &text = row.cells[cell];
        T value = 0;
        const auto *end = text.data() + text.size();
        if (const auto [at, error] = std::from_chars(text.data(), end, value);
            error != std::errc{} || at != end)
            fail(row, cell,
                 fmt::format("expected a number{}, found '{}'",
                             text.find(',') == std::string::npos ? "" : " as in 1234.5", text));
        return value;
    }

    [[noreturn]] void fail(const CsvRow &row, std::size_t cell, const std::string &problem) const {
        fail_at(file_, row.line, fmt::format("column {}: {}", header_[cell], problem));
    }

    const std::string &file_;
    const std::vector<std::string> &header_;
    Columns columns_;
    Series series_;
    std::map<std::vector<double>, std::size_t> places_;
};

/// How many of the layout's columns the header has, in per cent.
std::size_t likeness(const Series &layout, const std::vector<std::string> &header) {
    const auto is_there = [&](const Axis &axis) {
        return std::any_of(header.begin(), header.end(), [&](const std::string &column) {
            return scale_of(axis, column) || is_named_as(axis, column);
        });
    };
    const auto found = std::count_if(layout.axes.begin(), layout.axes.end(), is_there) +
                       (is_there(layout.measure) ? 1 : 0);
    return 100 * static_cast<std::size_t>(found) / (layout.axes.size() + 1);
}

/// A reader for the first layout that the header fits by its names, else by its units. Where there
/// is none, the one that it is most like says what is wrong.
Reader choose_reader(const std::string &file, const CsvRow &header,
                     std::span<const Series> layouts) {
    if (layouts.empty())
        fail_at(file, header.line,
                "no probe is named that this series could be of: say which with --probe");
    std::string problem;
    std::size_t most = 0;
    for (const ScaleOf scale_of_column : {scale_of, scale_by_unit})
        for (const Series &layout : layouts) {
            try {
                return {file, header.cells, layout, scale_of_column};
            } catch (const InputError &error) {
                const std::size_t like = likeness(layout, header.cells) + 1;
                if (like > most)
                    problem = fmt::format("{}; series '{}' takes the columns {}", error.what(),
                                          layout.name, expected_columns(layout));
                most = std::max(most, like);
            }
        }
    fail_at(file, header.line, "these columns are no series of the probe: " + problem);
}

/// The report that the comment line holds, and its series, which it then lacks.
struct Origin {
    Report report;
    Series series;
};

Origin read_origin(std::string_view json) {
    Origin origin{report_from_json(parse_json(json)), {}};
    auto &devices = origin.report.devices;
    if (devices.size() != 1 || devices[0].probes.size() != 1 ||
        devices[0].probes[0].data.series.size() != 1)
        throw InputError("expected a report of one device, one probe and one series");
    auto &series = devices[0].probes[0].data.series;
    origin.series = std::move(series[0]);
    series.clear();
    return origin;
}

std::optional<Origin> origin_in(std::string_view text, const std::string &file) {
    if (!text.starts_with(origin_mark))
        return std::nullopt;
    try {
        return read_origin(text.substr(0, text.find('\n')).substr(origin_mark.size()));
    } catch (const InputError &error) {
        fail_at(file, 1, error.what());
    }
}

} // namespace

CsvSeries series_from_csv(std::string_view text, const std::string &file,
                          std::span<const Series> layouts) {
    auto origin = origin_in(text, file);
    const auto rows = csv_rows(text, file);
    if (rows.empty())
        throw InputError(file + ": no header");
    auto reader =
        choose_reader(file, rows.front(), origin ? std::span(&origin->series, 1) : layouts);
    for (const CsvRow &row : std::span(rows).subspan(1))
        reader.add(row);
    CsvSeries csv{{}, std::nullopt, reader.notes()};
    csv.series = reader.take();
    if (origin)
        csv.origin = std::move(origin->report);
    return csv;
}

std::vector<Report> reports_from_csv(std::span<const CsvSeries> files) {
    std::vector<Report> origins;
    std::vector<Report> reports;
    for (const CsvSeries &file : files) {
        const Report &origin = file.origin.value();
        const auto place = static_cast<std::size_t>(
            std::find(origins.begin(), origins.end(), origin) - origins.begin());
        if (place == origins.size()) {
            origins.push_back(origin);
            reports.push_back(origin);
        }
        ProbeRecord &record = reports[place].devices.at(0).probes.at(0);
        if (record.data.find(file.series.name) != nullptr)
            throw InputError(
                fmt::format("series '{}' of {} is given twice", file.series.name, record.probe));
        record.data.series.push_back(file.series);
    }
    return reports;
}

} // namespace clprobe
