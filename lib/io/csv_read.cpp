#include "io/csv.hpp"
#include "io/csv_columns.hpp"
#include "model/invariants.hpp"

#include <clprobe/error.hpp>
#include <clprobe/json.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <map>
#include <utility>

namespace clprobe {
namespace {

bool is_missing(std::string_view cell) {
    std::string plain(cell);
    for (char &letter : plain)
        letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
    constexpr std::string_view words = " nan -nan na n/a - -- null none ? inf +inf -inf infinity ";
    return plain.empty() || words.find(" " + plain + " ") != std::string_view::npos;
}

/// What is wrong with a cell.
struct Misfit {
    const CsvColumn &column;
    std::string problem;
};

double number_in(std::string_view text, const CsvColumn &column, const Axis &axis) {
    const auto label = std::ranges::find(axis.labels, text);
    if (label != axis.labels.end())
        return static_cast<double>(label - axis.labels.begin());
    const auto number = csv_number(text);
    const auto unit = number && number->unit ? number->unit : column.unit;
    std::string problem;
    if (!axis.labels.empty())
        problem = fmt::format("{} is none of {}", in_quotes(text), fmt::join(axis.labels, ", "));
    else if (!number || (number->unit && number->unit->unit != axis.unit))
        problem = fmt::format("expected a number{}, found {}",
                              text.find(',') == text.npos ? "" : " as in 1234.5", in_quotes(text));
    else if (!unit)
        problem = in_quotes(text) + " has no unit, as others have";
    else if (problem = problem_of(number->value * unit->multiply / unit->divide); problem.empty())
        return number->value * unit->multiply / unit->divide;
    throw Misfit{column, problem};
}

std::string_view cell_of(const CsvRow &row, const CsvColumn &column) {
    if (const auto text = column.text_in(row))
        return *text;
    throw Misfit{column, "no such cell"};
}

std::string named(const CsvColumn &column) {
    const bool in_text = !column.before.empty() || !column.after.empty();
    return "column " + in_quotes(column.text) +
           (in_text ? fmt::format(" as '{}{{}}{}'", column.before, column.after) : "");
}

/// Reads the rows of a table into its series.
class Reader {
public:
    /// `is_own`: clprobe wrote the file, and nothing in it is passed over.
    Reader(const CsvTable &table, const std::string &file, bool is_own)
        : table_(table), file_(file), is_own_(is_own), series_(table.layout) {
        series_.points.clear();
    }

    Series series() {
        for (const CsvRow &row : table_.rows)
            try {
                add(row);
            } catch (const Misfit &misfit) {
                if (!misfit.column.chosen)
                    fail_at(file_, row.line, named(misfit.column) + ": " + misfit.problem);
                pass_over(row, named(misfit.column) + " holds no " + misfit.column.name);
            }
        if (series_.points.empty() && (!passed_over_.empty() || table_.measure.chosen))
            throw InputError(fmt::format("{}: no row has what the series takes{}{}", file_,
                                         passed_over_.empty() ? "" : ": ",
                                         fmt::join(rows_passed_over(), "; ")));
        return std::move(series_);
    }

    /// What was read as what where names alone do not decide, and what was passed over.
    [[nodiscard]] std::vector<std::string> notes() const {
        std::vector<std::string> notes = rows_passed_over();
        if (table_.all_by_name && table_.passed_over.empty())
            return notes;
        std::string note;
        for (std::size_t i = 0; i < table_.axes.size(); ++i)
            note += table_.layout.axes[i].name + " is read from " + in_quotes(table_.axes[i].text) +
                    ", ";
        note += table_.layout.measure.name + " from " + in_quotes(table_.measure.text);
        if (!table_.passed_over.empty())
            note += fmt::format("; columns passed over, so that rows which differ only there are "
                                "repeated samples: '{}'",
                                fmt::join(table_.passed_over, "', '"));
        notes.insert(notes.begin(), note);
        return notes;
    }

private:
    void pass_over(const CsvRow &row, const std::string &why) {
        passed_over_.try_emplace(why, row.line, 0).first->second.second += 1;
    }

    [[nodiscard]] std::vector<std::string> rows_passed_over() const {
        std::vector<std::string> notes;
        for (const auto &[why, rows] : passed_over_)
            notes.push_back(rows.second == 1
                                ? fmt::format("line {} is passed over: {}", rows.first, why)
                                : fmt::format("{} rows from line {} on are passed over: {}",
                                              rows.second, rows.first, why));
        return notes;
    }

    void add(const CsvRow &row) {
        const CsvColumn &measure = table_.measure;
        if (!measure.chosen && row.cells.size() != table_.cells) {
            const auto problem =
                fmt::format("{} cells for {} columns", row.cells.size(), table_.cells);
            if (is_own_ || &row != &table_.rows.back() || row.cells.size() > table_.cells)
                fail_at(file_, row.line, problem);
            return pass_over(row, problem + ", as of a file that was cut off");
        }
        if (!is_own_ && is_missing(measure.text_in(row).value_or("0")))
            return pass_over(row, named(measure) + " has no value");
        std::vector<double> at;
        for (std::size_t i = 0; i < table_.axes.size(); ++i)
            at.push_back(number_in(cell_of(row, table_.axes[i]), table_.axes[i], series_.axes[i]));
        const std::string_view value = cell_of(row, measure);
        const double sample = value.empty() ? 1 : number_in(value, measure, series_.measure);
        if (!is_own_ && series_.measure.unit != Unit::one && sample <= 0)
            return pass_over(row, named(measure) + (sample < 0 ? " is below 0" : " is 0") +
                                      ", which is no measurement");
        const auto [index, is_new] = indices_.emplace(at, series_.points.size());
        if (is_new)
            series_.points.push_back({std::move(at), {}, {}});
        if (!value.empty())
            add_sample(row, series_.points[index->second], sample);
    }

    void add_sample(const CsvRow &row, Point &point, double sample) const {
        const auto text = table_.block ? table_.block->text_in(row).value_or("") : "";
        const char *end = text.data() + text.size();
        int block = 0;
        if (const auto [stop, error] = std::from_chars(text.data(), end, block);
            !text.empty() && (error != std::errc{} || stop != end))
            throw Misfit{*table_.block, "expected a number, found " + in_quotes(text)};
        if (point.block.size() != (text.empty() ? 0 : point.samples.size()))
            throw Misfit{*table_.block, "some samples of a point have a block, others none"};
        point.samples.push_back(sample);
        point.block.resize(text.empty() ? 0 : point.samples.size(), block);
    }

    const CsvTable &table_;
    const std::string &file_;
    bool is_own_;
    Series series_;
    std::map<std::vector<double>, std::size_t> indices_;                     ///< of the points
    std::map<std::string, std::pair<std::size_t, std::size_t>> passed_over_; ///< first line, rows
};

/// The report that the first line holds; nothing where there is none.
std::optional<Report> origin_in(std::string_view text, const std::string &file) {
    if (!text.starts_with(origin_mark))
        return std::nullopt;
    try {
        Report origin = report_from_json(
            parse_json(text.substr(0, text.find('\n')).substr(origin_mark.size())));
        if (origin.devices.size() != 1 || origin.devices[0].probes.size() != 1 ||
            origin.devices[0].probes[0].data.series.size() != 1)
            throw InputError("expected a report of one device, one probe and one series");
        return origin;
    } catch (const InputError &error) {
        fail_at(file, 1, error.what());
    }
}

} // namespace

CsvSeries series_from_csv(std::string_view as_written, const std::string &file,
                          std::span<const Series> layouts, const CsvOptions &options) {
    const std::string text = plain_csv(as_written);
    CsvSeries csv;
    csv.origin = origin_in(text, file);
    if (!csv.origin && layouts.empty())
        throw InputError(file + ": say which probe this series is for, with --probe");
    std::vector<Series> own;
    if (csv.origin)
        std::swap(own, csv.origin->devices[0].probes[0].data.series);
    const CsvTable table = csv.origin ? csv_table(text, ",", own, {}, file)
                                      : csv_table(text, "\t;, ", layouts, options, file);
    if (csv.origin && !table.passed_over.empty())
        throw InputError(file + ": unknown column " + in_quotes(table.passed_over.front()));
    Reader reader(table, file, csv.origin.has_value());
    csv.series = reader.series();
    if (!csv.origin)
        csv.notes = reader.notes();
    return csv;
}

std::vector<Report> reports_from_csv(std::span<const CsvSeries> files) {
    std::vector<Report> origins;
    std::vector<Report> reports;
    for (const CsvSeries &file : files) {
        const Report &origin = file.origin.value();
        const auto index =
            static_cast<std::size_t>(std::ranges::find(origins, origin) - origins.begin());
        if (index == origins.size()) {
            origins.push_back(origin);
            reports.push_back(origin);
        }
        ProbeRecord &record = reports[index].devices.at(0).probes.at(0);
        if (record.data.find(file.series.name) != nullptr)
            throw InputError(
                fmt::format("series '{}' of {} is given twice", file.series.name, record.probe));
        record.data.series.push_back(file.series);
    }
    return reports;
}

} // namespace clprobe
