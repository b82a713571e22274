#include "io/csv.hpp"
#include "model/invariants.hpp"
#include "model/text.hpp"

#include <clprobe/error.hpp>
#include <clprobe/json.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <tuple>
#include <utility>

namespace clprobe {
namespace {

/// A column of a file: by its header, or as the user chose it for an axis.
struct Column {
    static constexpr std::size_t by_name = static_cast<std::size_t>(-1);

    std::string text;                  ///< in the header, or its number
    std::string name;                  ///< plainly, without the unit
    std::size_t cell = 0;              ///< in a row; `by_name` before the header is read
    std::optional<ScaledUnit> unit;    ///< of the cells that have none themselves
    std::optional<Unit> unit_of_cells; ///< of the first that has one, where `unit` is missing
    std::string before;                ///< fixed text before the number
    std::string after;                 ///< and behind it
    bool chosen = false;

    /// What stands between the fixed texts; nothing in a row that has no such cell.
    [[nodiscard]] std::optional<std::string_view> text_in(const CsvRow &row) const {
        const std::string_view whole =
            cell < row.cells.size() ? row.cells[cell] : std::string_view();
        if (cell >= row.cells.size() || whole.size() < before.size() + after.size() ||
            !whole.starts_with(before) || !whole.ends_with(after))
            return std::nullopt;
        return whole.substr(before.size(), whole.size() - before.size() - after.size());
    }
    [[nodiscard]] std::string named() const {
        const bool in_text = !before.empty() || !after.empty();
        return "column " + in_quotes(text) +
               (in_text ? fmt::format(" as '{}{{}}{}'", before, after) : "");
    }
};

/// What the columns of a file are to a series, and its rows.
struct Table {
    Series layout;               ///< the series without points
    std::vector<Axis> axes;      ///< its axes, and its measure for the last
    std::vector<Column> columns; ///< that hold them
    std::optional<Column> block;
    std::vector<std::string> passed_over; ///< the columns that are none of these
    bool all_by_name = true;              ///< no column by a synonym or by its unit alone
    bool two_measures = false;
    std::size_t found = 0;    ///< of its axes and its measure, those that have a column
    std::string problem;      ///< empty where the columns are those of the series
    std::vector<CsvRow> rows; ///< without the header
    std::size_t cells = 0;    ///< in the header
};

/// Other names of axes and measures, as docs/csv.md lists them.
constexpr std::array<std::pair<std::string_view, std::string_view>, 3> synonyms = {{
    {"footprint", " size region region_size test_size block_size buffer_size array_size "},
    {"latency", " access_time load_latency time_per_access "},
    {"bandwidth", " rate throughput read_bandwidth "},
}};

/// How a column names an axis; what comes first goes before.
enum class Match { exact, name, synonym, unit_alone, none };

Match match_of(const Axis &axis, const Column &column) {
    const Unit unit = column.unit ? column.unit->unit : column.unit_of_cells.value_or(Unit::one);
    if (!column.chosen && column.text == csv_column(axis))
        return Match::exact;
    if (unit != axis.unit && axis.labels.empty())
        return Match::none;
    if (column.name == plain_name(axis.name))
        return Match::name;
    for (const auto &[name, others] : synonyms)
        if (name == axis.name && others.find(" " + column.name + " ") != std::string_view::npos)
            return Match::synonym;
    return column.name.empty() && axis.unit != Unit::one ? Match::unit_alone : Match::none;
}

/// A name and a unit, behind it or in brackets, either of which may be missing.
Column column_of(const std::string &text, std::size_t cell) {
    Column column;
    column.text = text;
    column.name = plain_name(text);
    column.cell = cell;
    const auto split = [&](std::size_t end_of_name, const std::string &unit) {
        if (column.unit = spelled_unit(unit); column.unit)
            column.name = plain_name(text.substr(0, end_of_name));
    };
    const auto open = text.find_last_of("([");
    if (open != text.npos && (text.ends_with(')') || text.ends_with(']'))) {
        split(open, text.substr(open + 1, text.size() - open - 2));
    } else if (text.size() > 1) { // "k" alone is a name
        split(0, text);
        for (auto at = text.find_first_of("_ "); at != text.npos && !column.unit;
             at = text.find_first_of("_ ", at + 1))
            split(at, text.substr(at + 1));
    }
    return column;
}

/// A measure in two columns is never decided by how well they match, unless one has the very name
/// that clprobe writes.
Column take_column(Table &fit, const Axis &axis, const std::vector<Column> &columns) {
    std::vector<std::pair<Match, const Column *>> found;
    for (const Column &column : columns)
        if (const Match match = match_of(axis, column); match != Match::none)
            found.emplace_back(match, &column);
    if (found.empty()) {
        fit.problem = fmt::format("no column is {}{}", axis.name,
                                  axis.unit == Unit::one ? "" : " in one of its units");
        return {};
    }
    std::ranges::stable_sort(found, {}, [](const auto &each) { return each.first; });
    const auto [match, column] = found.front();
    const bool is_measure = &axis == &fit.axes.back();
    if (found.size() > 1 && (found[1].first == match || (is_measure && match != Match::exact))) {
        fit.two_measures = is_measure && fit.problem.empty();
        fit.problem = fmt::format("columns {} and {} may both be {}", in_quotes(column->text),
                                  in_quotes(found[1].second->text), axis.name);
    }
    ++fit.found;
    fit.all_by_name = fit.all_by_name && match <= Match::name;
    Column taken = *column;
    if (axis.unit == Unit::one || match == Match::exact || taken.unit_of_cells == Unit::byte)
        taken.unit = ScaledUnit{axis.unit}; // a plain size among "4K" and "1M" is in bytes
    return taken;
}

Table fit_of(const Series &layout, const std::vector<Column> &columns) {
    Table fit;
    fit.layout = {layout.name, layout.axes, layout.measure, {}};
    fit.axes = layout.axes;
    fit.axes.push_back(layout.measure);
    for (const Axis &axis : fit.axes)
        fit.columns.push_back(take_column(fit, axis, columns));
    std::set<std::size_t> used;
    for (const Column &column : fit.columns)
        if (!used.insert(column.cell).second && fit.problem.empty())
            fit.problem = in_quotes(column.text) + " may be more than one of its columns";
    for (const Column &column : columns)
        if (column.name == block_column && !used.contains(column.cell) && !fit.block)
            fit.block = column;
        else if (!used.contains(column.cell) && !column.text.empty()) // as of row numbers
            fit.passed_over.push_back(column.text);
    return fit;
}

std::string list_of(const std::vector<Column> &columns) {
    std::string list;
    for (const Column &column : columns)
        list += (list.empty() ? "" : ", ") + in_quotes(column.text);
    return list;
}

/// What reads a file with these columns, as an example: for an axis without one that at its
/// position, and a usual unit for one that has none.
std::string example(const Series &layout, const std::vector<Column> &columns) {
    std::vector<std::string> entries;
    for (const Axis &axis : fit_of(layout, columns).axes) {
        const auto found = std::ranges::find_if(
            columns, [&](auto &each) { return match_of(axis, each) < Match::none; });
        const Column column = found != columns.end()            ? *found
                              : entries.size() < columns.size() ? columns[entries.size()]
                                                                : column_of("", entries.size());
        const bool by_name = !column.text.empty() && !spelled_number(column.text) &&
                             column.text.find_first_of(",:@'") == std::string::npos;
        const bool has_unit =
            axis.unit == Unit::one || (by_name && column.unit && column.unit->unit == axis.unit);
        const std::string_view usual = axis.unit == Unit::byte     ? "KiB"
                                       : axis.unit == Unit::second ? "ns"
                                                                   : spelling_of(axis.unit);
        entries.push_back(fmt::format("{}={}{}{}", axis.name,
                                      by_name ? column.text : std::to_string(column.cell + 1),
                                      has_unit ? "" : ":", has_unit ? "" : usual));
    }
    return fmt::format("--columns '{}'", fmt::join(entries, ","));
}

/// The series that fits, the one of which the fewest columns are passed over; `where` is the file,
/// and what is meant in it, for messages.
Table best_table(std::span<const Series> layouts, std::vector<Column> columns,
                 std::vector<CsvRow> rows, const std::string &where) {
    for (Column &column : columns)
        for (std::size_t i = 0; i < rows.size() && !column.unit && !column.unit_of_cells; ++i)
            if (const auto number = spelled_number(column.text_in(rows[i]).value_or("")))
                if (number->unit)
                    column.unit_of_cells = number->unit->unit;
    std::vector<Table> fits;
    for (const Series &layout : layouts)
        fits.push_back(fit_of(layout, columns));
    const auto best = std::ranges::min_element(fits, {}, [](const Table &fit) {
        const bool fits_not = !fit.problem.empty();
        return std::tuple(!fit.two_measures, fits_not, fits_not ? 0 : fit.passed_over.size(),
                          fit.two_measures ? 0 : ~fit.found);
    });
    if (best->problem.empty() && columns.front().chosen &&
        columns.size() > best->axes.size() + (best->block ? 1 : 0))
        best->problem = "more is chosen than there is";
    if (!best->problem.empty())
        throw InputError(fmt::format("{}{} for the series '{}' among {}: say which column is "
                                     "what, as in {}",
                                     where, best->problem, best->layout.name, list_of(columns),
                                     example(best->layout, columns)));
    best->rows = std::move(rows);
    best->cells = columns.size();
    return std::move(*best);
}

/// One NAME=COLUMN[@TEXT][:UNIT].
Column choice_in(const std::string &entry) {
    const auto check = [&](bool holds, const std::string &problem) {
        if (!holds)
            throw InputError(fmt::format("--columns: {} in {}: expected NAME=COLUMN[@TEXT][:UNIT], "
                                         "as in footprint=1:KiB or footprint=1@read/{{}}:B",
                                         problem, in_quotes(entry)));
    };
    Column choice;
    choice.chosen = true;
    const auto equals = entry.find('=');
    check(equals != entry.npos, "no name");
    choice.name = plain_name(entry.substr(0, equals));
    std::string &text = choice.text = entry.substr(equals + 1);
    if (const auto colon = text.rfind(':'); colon != text.npos) {
        choice.unit = spelled_unit(text.substr(colon + 1));
        check(choice.unit.has_value(), in_quotes(text.substr(colon + 1)) + " is no unit");
        text.resize(colon);
    }
    if (const auto at = text.find('@'); at != text.npos) {
        const auto number = text.find("{}", at);
        check(number != text.npos && text.rfind("{}") == number, "not one {} for the number");
        choice.before = text.substr(at + 1, number - at - 1);
        choice.after = text.substr(number + 2);
        text.resize(at);
    }
    const auto number = number_in<std::size_t>(text);
    check(!text.empty() && number != 0U, "no column, which are counted from 1,");
    choice.cell = number ? *number - 1 : Column::by_name;
    return choice;
}

/// Fills in what the header says of a column that is chosen by its name.
void look_up(Column &choice, const std::vector<Column> &header, const std::string &where) {
    if (choice.cell != Column::by_name)
        return;
    const auto found = std::ranges::find(header, choice.text, &Column::text);
    if (found == header.end())
        throw InputError(
            fmt::format("{}no column {} among {}: --skip N passes over the lines above "
                        "the header, and columns may be counted from 1",
                        where, in_quotes(choice.text), list_of(header)));
    choice.cell = found->cell;
    choice.unit = choice.unit ? choice.unit : found->unit;
}

/// By the names and units in the first row, or by what `options` choose: the series of which the
/// fewest columns are passed over, the first of these. Throws InputError, naming file and line,
/// where there is none, with the `--columns` that would read the file.
Table table_of(std::string_view csv, std::string_view separators, std::span<const Series> layouts,
               const CsvOptions &options, const std::string &file) {
    std::vector<Column> columns;
    for (const std::string_view choice : split(options.columns, ','))
        columns.push_back(choice_in(std::string(choice)));
    const bool chosen = !columns.empty();
    const bool has_header =
        !chosen || std::ranges::find(columns, Column::by_name, &Column::cell) != columns.end();
    const auto holds_all = [&](const CsvRow &row) {
        return std::ranges::all_of(columns, [&](const Column &column) {
            const std::string_view cell = column.text_in(row).value_or("");
            return column.unit ? spelled_number(cell).has_value() : !cell.empty();
        });
    };
    auto rows = csv_rows(csv, separators, options.skip, file, [&](std::span<const CsvRow> some) {
        return has_header ? !some.empty() && some.front().cells.size() > 1
                          : std::ranges::any_of(some, holds_all);
    });
    if (rows.empty())
        throw InputError(file + ": no header and no rows");
    const auto where = fmt::format("{}:{}: ", file, rows.front().line);
    if (has_header) {
        std::vector<Column> header;
        for (const std::string &text : rows.front().cells)
            header.push_back(column_of(text, header.size()));
        if (!chosen && std::ranges::all_of(header, [](auto &each) {
                return spelled_number(each.text).has_value();
            }))
            throw InputError(where + "no header: say which column is what, as in " +
                             example(layouts.front(), header));
        rows.erase(rows.begin());
        for (Column &column : columns)
            look_up(column, header, where);
        if (!chosen)
            columns = std::move(header);
    }
    return best_table(layouts, std::move(columns), std::move(rows),
                      chosen ? file + ": --columns: " : where);
}

bool is_missing(std::string_view cell) {
    constexpr std::string_view words = " nan -nan na n/a - -- null none ? inf +inf -inf infinity ";
    return cell.empty() || words.find(" " + lower(cell) + " ") != std::string_view::npos;
}

/// Why a row's sample is not taken.
struct PassedOver {
    std::string why;
};

/// Reads the rows of a table into its series.
struct Reader {
    const Table &table;
    const std::string &file;
    bool is_own; ///< clprobe wrote the file, and nothing in it is passed over
    Series series = table.layout;
    std::map<std::vector<double>, std::size_t> indices = {}; ///< of the points

    /// With notes of what was read as what where names alone do not decide, and what was passed
    /// over.
    CsvSeries read() {
        std::map<std::string, std::pair<std::size_t, std::size_t>> passed_over; // first line, rows
        for (const CsvRow &row : table.rows)
            try {
                add(row);
            } catch (const PassedOver &row_is) {
                passed_over.try_emplace(row_is.why, row.line, 0).first->second.second += 1;
            }
        std::vector<std::string> notes;
        for (const auto &[why, rows] : passed_over)
            notes.push_back(rows.second == 1
                                ? fmt::format("line {} is passed over: {}", rows.first, why)
                                : fmt::format("{} rows from line {} on are passed over: {}",
                                              rows.second, rows.first, why));
        if (series.points.empty() && (!notes.empty() || table.columns.back().chosen))
            throw InputError(fmt::format("{}: no row has what the series takes{}{}", file,
                                         notes.empty() ? "" : ": ", fmt::join(notes, "; ")));
        if (!table.all_by_name || !table.passed_over.empty())
            notes.insert(notes.begin(), columns_read());
        return {std::move(series), {}, std::move(notes)};
    }

    [[nodiscard]] std::string columns_read() const {
        std::string note;
        for (std::size_t i = 0; i < table.axes.size(); ++i)
            note += fmt::format("{}{}{} from {}", i == 0 ? "" : ", ", table.axes[i].name,
                                i == 0 ? " is read" : "", in_quotes(table.columns[i].text));
        if (!table.passed_over.empty())
            note += fmt::format("; columns passed over, so that rows which differ only there are "
                                "repeated samples: '{}'",
                                fmt::join(table.passed_over, "', '"));
        return note;
    }

    void add(const CsvRow &row) {
        const Column &measure = table.columns.back();
        if (!measure.chosen && row.cells.size() != table.cells) {
            const auto problem =
                fmt::format("{} cells for {} columns", row.cells.size(), table.cells);
            if (is_own || &row != &table.rows.back() || row.cells.size() > table.cells)
                fail_at(file, row.line, problem);
            throw PassedOver{problem + ", as of a file that was cut off"};
        }
        if (!is_own && is_missing(measure.text_in(row).value_or("0")))
            throw PassedOver{measure.named() + " has no value"};
        std::vector<double> at;
        for (std::size_t i = 0; i < series.axes.size(); ++i)
            at.push_back(number_of(row, i));
        const bool has_sample = measure.text_in(row) != "";
        const double sample = has_sample ? number_of(row, series.axes.size()) : 1;
        if (!is_own && series.measure.unit != Unit::one && sample <= 0)
            throw PassedOver{measure.named() + (sample < 0 ? " is below 0" : " is 0") +
                             ", which is no measurement"};
        const auto [index, is_new] = indices.emplace(at, series.points.size());
        if (is_new)
            series.points.push_back({std::move(at), {}, {}});
        if (has_sample)
            add_sample(row, series.points[index->second], sample);
    }

    /// Of one of the axes, or of the measure behind them.
    [[nodiscard]] double number_of(const CsvRow &row, std::size_t which) const {
        const Column &column = table.columns[which];
        const Axis &axis = table.axes[which];
        const auto cell = column.text_in(row);
        if (!cell)
            refuse(row, column, "no such cell");
        if (!axis.labels.empty()) {
            const auto label = std::ranges::find(axis.labels, *cell);
            if (label == axis.labels.end())
                refuse(row, column,
                       fmt::format("{} is none of {}", in_quotes(*cell),
                                   fmt::join(axis.labels, ", ")));
            return static_cast<double>(label - axis.labels.begin());
        }
        const auto number = spelled_number(*cell);
        if (!number || (number->unit && number->unit->unit != axis.unit))
            refuse(row, column,
                   fmt::format("expected a number{}, found {}",
                               cell->find(',') == cell->npos ? "" : " as in 1234.5",
                               in_quotes(*cell)));
        const auto unit = number->unit ? number->unit : column.unit;
        if (!unit)
            refuse(row, column, in_quotes(*cell) + " has no unit, as others have");
        const double value = number->value * unit->multiply / unit->divide;
        if (const auto problem = problem_of(value); !problem.empty())
            refuse(row, column, problem);
        return value;
    }

    void add_sample(const CsvRow &row, Point &point, double sample) const {
        const auto text = table.block ? table.block->text_in(row).value_or("") : "";
        const auto block = number_in<int>(text.empty() ? "0" : text);
        if (!block)
            refuse(row, *table.block, "expected a number, found " + in_quotes(text));
        if (point.block.size() != (text.empty() ? 0 : point.samples.size()))
            refuse(row, *table.block, "some samples of a point have a block, others none");
        point.samples.push_back(sample);
        point.block.resize(text.empty() ? 0 : point.samples.size(), *block);
    }

    /// A cell that does not fit costs the row where its column was chosen, else the file.
    [[noreturn]] void refuse(const CsvRow &row, const Column &column,
                             const std::string &problem) const {
        if (!column.chosen)
            fail_at(file, row.line, column.named() + ": " + problem);
        throw PassedOver{column.named() + " holds no " + column.name};
    }
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
    std::optional<Report> origin = origin_in(text, file);
    if (!origin && layouts.empty())
        throw InputError(file + ": say which probe this series is for, with --probe");
    std::vector<Series> own;
    if (origin)
        std::swap(own, origin->devices[0].probes[0].data.series);
    const Table table = origin ? table_of(text, ",", own, {}, file)
                               : table_of(text, "\t;, ", layouts, options, file);
    if (origin && !table.passed_over.empty())
        throw InputError(file + ": unknown column " + in_quotes(table.passed_over.front()));
    CsvSeries csv = Reader{table, file, origin.has_value()}.read();
    csv.origin = std::move(origin);
    return csv;
}

std::vector<Report> reports_from_csv(std::span<const CsvSeries> files) {
    std::vector<Report> origins; // of the reports, which gain series
    std::vector<Report> reports;
    for (const CsvSeries &file : files) {
        const Report &origin = file.origin.value();
        const auto known = std::ranges::find(origins, origin);
        const auto index = static_cast<std::size_t>(known - origins.begin());
        if (known == origins.end()) {
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
