#include "io/csv/curves.hpp"
#include "io/csv/fit.hpp"
#include "io/csv/header.hpp"
#include "io/csv/mending.hpp"
#include "io/csv/number.hpp"
#include "io/csv/rows.hpp"
#include "io/csv/text.hpp"
#include "io/invariants.hpp"

#include <clprobe/csv.hpp>
#include <clprobe/error.hpp>
#include <clprobe/json.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <map>
#include <utility>

namespace clprobe {
namespace {

/// Reads the rows of one file into a series.
class Reader {
public:
    Reader(const std::string &file, const std::vector<CsvColumn> &header, const CsvFit &fit)
        : file_(file), header_(header), columns_(fit.columns), series_(fit.layout) {
        series_.points.clear();
    }

    void add(const CsvRow &row) {
        check_length(row);
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

    /// The same of a file that clprobe has not written, where a row without a value tells nothing.
    void add_if_measured(const CsvRow &row) {
        check_length(row);
        if (is_missing(row.cells[columns_.measure.cell]))
            ++without_value_;
        else
            add(row);
    }

    /// Throws InputError where no row had a value.
    void check_any_is_measured() const {
        if (without_value_ > 0 && series_.points.empty())
            throw InputError(fmt::format("{}: no row has a number in column {}", file_,
                                         header_[columns_.measure.cell].name));
    }

    Series take() { return std::move(series_); }

    /// What was taken for what, where names alone did not tell, and what was passed over.
    [[nodiscard]] std::vector<std::string> notes() const {
        auto notes =
            columns_.passed_over.empty() ? told_by_units() : std::vector{taken_among_others()};
        if (without_value_ > 0)
            notes.push_back(fmt::format(
                "{} without a number in column '{}' passed over",
                without_value_ == 1 ? "one row" : fmt::format("{} rows", without_value_),
                header_[columns_.measure.cell].name));
        return notes;
    }

private:
    void check_length(const CsvRow &row) const {
        if (row.cells.size() != header_.size())
            fail_at(file_, row.line,
                    fmt::format("{} cells for {} columns", row.cells.size(), header_.size()));
    }

    [[nodiscard]] std::string taken_among_others() const {
        std::vector<std::string> taken;
        for (std::size_t i = 0; i < columns_.axes.size(); ++i)
            taken.push_back(fmt::format("'{}' for {}", header_[columns_.axes[i].cell].name,
                                        series_.axes[i].name));
        std::vector<std::string> others;
        for (const std::size_t cell : columns_.passed_over)
            others.push_back(fmt::format("'{}'", header_[cell].name));
        return fmt::format("taken are the columns {} and '{}' for {}; passed over: {}",
                           fmt::join(taken, ", "), header_[columns_.measure.cell].name,
                           series_.measure.name, fmt::join(others, ", "));
    }

    [[nodiscard]] std::vector<std::string> told_by_units() const {
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
    std::size_t without_value_ = 0; ///< rows
};

bool is_number(const std::string &cell) {
    const auto number = number_in(cell);
    return number && (number->unit.empty() || unit_of_cell(number->unit));
}

/// The columns of the first row, and what the cells below them tell of them.
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
        for (std::size_t i = 0; i < std::min(row.cells.size(), header.size()); ++i) {
            const std::vector<std::string> &first = rows[1].cells;
            if (i < first.size() && row.cells[i] != first[i])
                header[i].varies = true;
            if (const auto number = number_in(row.cells[i]); number && !header[i].unit_of_cells)
                if (const auto unit = unit_of_cell(number->unit))
                    header[i].unit_of_cells = unit->unit;
        }
    return header;
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

CsvSeries series_from_csv(std::string_view as_written, const std::string &file,
                          std::span<const Series> layouts) {
    const std::string text = plain_text(as_written);
    auto origin = origin_in(text, file);
    auto rows = csv_rows(text, file);
    CsvSeries csv;
    if (!origin) {
        csv.notes = drop_ragged_rows(file, rows);
        mend_decimal_commas(rows);
    }
    const auto header = header_of(file, rows);
    const auto line = rows.front().line;
    const CsvFit fit = origin ? fit_of_own(file, line, header, origin->series)
                              : fit_of_others(file, line, header, layouts);
    Reader reader(file, header, fit);
    const auto samples = std::span(rows).subspan(1);
    if (origin) {
        std::ranges::for_each(samples, [&](const CsvRow &row) { reader.add(row); });
    } else {
        std::ranges::for_each(samples, [&](const CsvRow &row) { reader.add_if_measured(row); });
        reader.check_any_is_measured();
        check_is_one_curve(file, header, fit.columns, samples);
    }
    std::ranges::move(reader.notes(), std::back_inserter(csv.notes));
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
