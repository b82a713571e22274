#include "io/csv_header.hpp"
#include "io/csv_number.hpp"
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

/// Reads the rows of one file into a series.
class Reader {
public:
    Reader(const std::string &file, const std::vector<CsvColumn> &header, const Series &layout,
           ToldBy told_by)
        : file_(file), header_(header), columns_(columns_of(layout, header, told_by)),
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
        point.samples.push_back(number(row, columns_.measure, series_.measure.unit));
        if (block)
            point.block.push_back(*block);
    }

    Series take() { return std::move(series_); }

    /// What only the units told.
    [[nodiscard]] std::vector<std::string> notes() const {
        std::vector<std::string> notes;
        const auto note = [&](const Axis &axis, const SeriesColumns::Number &column) {
            if (!scale_of(axis, header_[column.cell]))
                notes.push_back(fmt::format("column '{}' is taken for {} by its unit",
                                            header_[column.cell].name, axis.name));
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
            at.push_back(coordinate(row, columns_.axes[i], series_.axes[i]));
        const auto [place, is_new] = places_.emplace(at, series_.points.size());
        if (is_new)
            series_.points.push_back({std::move(at), {}, {}});
        return series_.points[place->second];
    }

    double coordinate(const CsvRow &row, const SeriesColumns::Number &column, const Axis &axis) {
        if (axis.labels.empty())
            return number(row, column, axis.unit);
        const auto &word = row.cells[column.cell];
        const auto found = std::ranges::find(axis.labels, word);
        if (found == axis.labels.end())
            fail(row, column.cell,
                 fmt::format("'{}' is none of {}", word, fmt::join(axis.labels, ", ")));
        return static_cast<double>(found - axis.labels.begin());
    }

    /// In the unit that stands behind it, or else in that of its column.
    [[nodiscard]] double number(const CsvRow &row, const SeriesColumns::Number &column,
                                Unit unit) const {
        const std::string &text = row.cells[column.cell];
        const auto number = number_in(text);
        const auto own = number ? unit_of_cell(number->unit) : std::nullopt;
        if (!number || (own ? own->unit != unit : !number->unit.empty()))
            fail(row, column.cell, no_number(text));
        if (!own && column.scale.in_cells && unit != Unit::byte) // but a plain size is in bytes
            fail(row, column.cell, fmt::format("'{}' has no unit, as others have", text));
        const ColumnScale &scale = own ? own->scale : column.scale;
        const double value = number->value * scale.multiply / scale.divide;
        if (const auto problem = problem_of(value); !problem.empty())
            fail(row, column.cell, problem);
        return value;
    }

    [[nodiscard]] std::optional<int> block_of(const CsvRow &row) const {
        if (!columns_.block || row.cells[*columns_.block].empty())
            return std::nullopt;
        const std::string &text = row.cells[*columns_.block];
        const char *end = text.data() + text.size();
        int block = 0;
        if (const auto [at, error] = std::from_chars(text.data(), end, block);
            error != std::errc{} || at != end)
            fail(row, *columns_.block, no_number(text));
        return block;
    }

    static std::string no_number(const std::string &text) {
        return fmt::format("expected a number{}, found '{}'",
                           text.find(',') == std::string::npos ? "" : " as in 1234.5", text);
    }

    [[noreturn]] void fail(const CsvRow &row, std::size_t cell, const std::string &problem) const {
        fail_at(file_, row.line, fmt::format("column {}: {}", header_[cell].name, problem));
    }

    const std::string &file_;
    const std::vector<CsvColumn> &header_;
    SeriesColumns columns_;
    Series series_;
    std::map<std::vector<double>, std::size_t> places_;
};

bool is_number(const std::string &cell) {
    const auto number = number_in(cell);
    return number && (number->unit.empty() || unit_of_cell(number->unit));
}

/// The columns of the first row, and the units that the cells below them bear.
std::vector<CsvColumn> header_of(const std::string &file, const std::vector<CsvRow> &rows) {
    if (rows.empty())
        throw InputError(file + ": no header");
    const std::vector<std::string> &names = rows.front().cells;
    if (std::ranges::all_of(names, is_number))
        fail_at(file, rows.front().line,
                "no header: the first row has to name the columns, each with its unit");
    std::vector<CsvColumn> header;
    for (const std::string &name : names)
        header.push_back({name, std::nullopt});
    for (const CsvRow &row : std::span(rows).subspan(1))
        for (std::size_t i = 0; i < std::min(row.cells.size(), header.size()); ++i)
            if (const auto number = number_in(row.cells[i]); number && !header[i].unit_of_cells)
                if (const auto unit = unit_of_cell(number->unit))
                    header[i].unit_of_cells = unit->unit;
    return header;
}

/// A reader for the first layout that the header fits by its names, else by its units. Where there
/// is none, the one that it is most like says what is wrong.
Reader choose_reader(const std::string &file, std::size_t line,
                     const std::vector<CsvColumn> &header, std::span<const Series> layouts) {
    if (layouts.empty())
        fail_at(file, line,
                "no probe is named that this series could be of: say which with --probe");
    std::string problem;
    std::size_t most = 0;
    for (const ToldBy told_by : {ToldBy::name, ToldBy::unit})
        for (const Series &layout : layouts) {
            try {
                return {file, header, layout, told_by};
            } catch (const InputError &error) {
                const std::size_t like = likeness(layout, header, told_by) + 1;
                if (like > most)
                    problem = fmt::format("{}; series '{}' takes the columns {}", error.what(),
                                          layout.name, expected_columns(layout));
                most = std::max(most, like);
            }
        }
    fail_at(file, line, "these columns are no series of the probe: " + problem);
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
    const auto header = header_of(file, rows);
    auto reader = choose_reader(file, rows.front().line, header,
                                origin ? std::span(&origin->series, 1) : layouts);
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
