#include "io/csv.hpp"
#include "io/csv_columns.hpp"

#include <clprobe/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <set>
#include <sstream>
#include <tuple>
#include <utility>

namespace clprobe {
namespace {

/// Other names of axes and measures, as docs/csv.md lists them.
constexpr std::array<std::pair<std::string_view, std::string_view>, 3> synonyms = {{
    {"footprint", " size region region_size test_size block_size buffer_size array_size "},
    {"latency", " access_time load_latency time_per_access "},
    {"bandwidth", " rate throughput read_bandwidth "},
}};

/// How a column names an axis; what comes first goes before.
enum class Match { exact, name, synonym, unit_alone, none };

Match match_of(const Axis &axis, const CsvColumn &column) {
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
CsvColumn column_of(const std::string &text, std::size_t cell) {
    CsvColumn column;
    column.text = text;
    column.cell = cell;
    const std::string_view whole = text;
    const auto split = [&](std::size_t end_of_name, std::string_view unit) {
        column.unit = csv_unit(unit);
        column.name = plain_name(whole.substr(0, column.unit ? end_of_name : whole.size()));
        return column.unit.has_value();
    };
    const auto open = text.find_last_of("([");
    if (open != text.npos && (text.ends_with(')') || text.ends_with(']'))) {
        split(open, whole.substr(open + 1, text.size() - open - 2));
        return column;
    }
    if (split(0, text.size() > 1 ? whole : "")) // "k" alone is a name
        return column;
    for (auto at = text.find_first_of("_ "); at != std::string::npos && !column.unit;
         at = text.find_first_of("_ ", at + 1))
        split(at, whole.substr(at + 1));
    return column;
}

std::vector<CsvColumn> columns_of(const CsvRow &header) {
    std::vector<CsvColumn> columns;
    for (const std::string &text : header.cells)
        columns.push_back(column_of(text, columns.size()));
    return columns;
}

/// What columns are to a series.
struct Fit : CsvTable {
    std::size_t found = 0; ///< axes that have a column, and the measure
    bool two_measures = false;
    std::string problem; ///< empty where it fits
};

/// A measure in two columns is never decided by how well they match, unless one has the very name
/// that clprobe writes.
CsvColumn take_column(Fit &fit, const Axis &axis, const std::vector<CsvColumn> &columns) {
    std::vector<std::pair<Match, const CsvColumn *>> found;
    for (const CsvColumn &column : columns)
        if (const Match match = match_of(axis, column); match != Match::none)
            found.emplace_back(match, &column);
    if (found.empty()) {
        fit.problem = fmt::format("no column is {}{}", axis.name,
                                  axis.unit == Unit::one ? "" : " in one of its units");
        return {};
    }
    std::ranges::stable_sort(found, {}, [](const auto &each) { return each.first; });
    const auto [match, column] = found.front();
    const bool is_measure = &axis == &fit.layout.measure;
    if (found.size() > 1 && (found[1].first == match || (is_measure && match != Match::exact))) {
        fit.two_measures = is_measure && fit.problem.empty();
        fit.problem = fmt::format("columns {} and {} may both be {}", in_quotes(column->text),
                                  in_quotes(found[1].second->text), axis.name);
    }
    fit.all_by_name = fit.all_by_name && match <= Match::name;
    ++fit.found;
    CsvColumn taken = *column;
    if (axis.unit == Unit::one || match == Match::exact || taken.unit_of_cells == Unit::byte)
        taken.unit = CsvUnit{axis.unit}; // a plain size among "4K" and "1M" is in bytes
    return taken;
}

Fit fit_of(const Series &layout, const std::vector<CsvColumn> &columns) {
    Fit fit;
    fit.layout = layout;
    for (const Axis &axis : fit.layout.axes)
        fit.axes.push_back(take_column(fit, axis, columns));
    fit.measure = take_column(fit, fit.layout.measure, columns);
    std::set<std::size_t> used = {fit.measure.cell};
    for (const CsvColumn &column : fit.axes)
        if (!used.insert(column.cell).second && fit.problem.empty())
            fit.problem = in_quotes(column.text) + " may be more than one of its columns";
    for (const CsvColumn &column : columns)
        if (column.name == block_column && !used.contains(column.cell) && !fit.block)
            fit.block = column;
        else if (!used.contains(column.cell) && !column.text.empty()) // as of row numbers
            fit.passed_over.push_back(column.text);
    return fit;
}

std::string list_of(const std::vector<CsvColumn> &columns) {
    std::string list;
    for (const CsvColumn &column : columns)
        list += (list.empty() ? "" : ", ") + in_quotes(column.text);
    return list;
}

/// What reads a file with these columns, as an example: for an axis without one that at its
/// position, and a usual unit for one that has none.
std::string example(const Series &layout, const std::vector<CsvColumn> &columns) {
    std::vector<Axis> axes = layout.axes;
    axes.push_back(layout.measure);
    std::string entries;
    for (std::size_t i = 0; i < axes.size(); ++i) {
        const auto found = std::ranges::find_if(
            columns, [&](auto &each) { return match_of(axes[i], each) < Match::none; });
        const CsvColumn column = found != columns.end() ? *found
                                 : i < columns.size()   ? columns[i]
                                                        : column_of("", i);
        const bool by_name = !column.text.empty() && !csv_number(column.text) &&
                             column.text.find_first_of(",:@'") == std::string::npos;
        const Unit unit = axes[i].unit;
        const bool has_unit =
            unit == Unit::one || (by_name && column.unit && column.unit->unit == unit);
        const std::string usual = unit == Unit::byte     ? "_KiB"
                                  : unit == Unit::second ? "_ns"
                                                         : csv_column({"", unit, {}});
        entries += (i > 0 ? "," : "") + axes[i].name + "=" +
                   (by_name ? column.text : std::to_string(column.cell + 1)) +
                   (has_unit ? "" : ":" + usual.substr(1));
    }
    return fmt::format("--columns '{}'", entries);
}

/// The series that fits, the one of which the fewest columns are passed over; `where` is the file,
/// and what is meant in it, for messages.
CsvTable best_table(std::span<const Series> layouts, std::vector<CsvColumn> columns,
                    std::vector<CsvRow> rows, const std::string &where) {
    for (CsvColumn &column : columns)
        for (std::size_t i = 0; i < rows.size() && !column.unit && !column.unit_of_cells; ++i)
            if (const auto number = csv_number(column.text_in(rows[i]).value_or("")))
                if (number->unit)
                    column.unit_of_cells = number->unit->unit;
    std::vector<Fit> fits;
    for (const Series &layout : layouts)
        fits.push_back(fit_of(layout, columns));
    auto best = std::ranges::find_if(fits, &Fit::two_measures);
    if (best == fits.end())
        best = std::ranges::min_element(fits, {}, [](const Fit &fit) {
            const bool fitting = fit.problem.empty();
            return std::tuple(!fitting, fitting ? fit.passed_over.size() : 0, ~fit.found);
        });
    if (best->problem.empty() && columns.front().chosen &&
        columns.size() > best->axes.size() + (best->block ? 2 : 1))
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
CsvColumn choice_in(const std::string &entry) {
    const auto check = [&](bool holds, const std::string &problem) {
        if (!holds)
            throw InputError(fmt::format("--columns: {} in {}: expected NAME=COLUMN[@TEXT][:UNIT], "
                                         "as in footprint=1:KiB or footprint=1@read/{{}}:B",
                                         problem, in_quotes(entry)));
    };
    CsvColumn choice;
    choice.chosen = true;
    const auto equals = entry.find('=');
    check(equals != entry.npos, "no name");
    choice.name = plain_name(entry.substr(0, equals));
    std::string &text = choice.text = entry.substr(equals + 1);
    if (const auto colon = text.rfind(':'); colon != text.npos) {
        choice.unit = csv_unit(text.substr(colon + 1));
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
    const char *end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, choice.cell);
    const bool by_number = error == std::errc{} && stop == end;
    check(!text.empty() && (!by_number || choice.cell > 0), "no column, which are counted from 1,");
    choice.cell = by_number ? choice.cell - 1 : CsvColumn::by_name;
    return choice;
}

std::vector<CsvColumn> choices_in(const std::string &text) {
    std::vector<CsvColumn> choices;
    std::istringstream entries(text);
    for (std::string entry; std::getline(entries, entry, ',');)
        choices.push_back(choice_in(entry));
    return choices;
}

/// Fills in what the header says of a column that is chosen by its name.
void look_up(CsvColumn &choice, const std::vector<CsvColumn> &header, const std::string &where) {
    if (choice.cell != CsvColumn::by_name)
        return;
    const auto found = std::ranges::find(header, choice.text, &CsvColumn::text);
    if (found == header.end())
        throw InputError(
            fmt::format("{}no column {} among {}: --skip N passes over the lines above "
                        "the header, and columns may be counted from 1",
                        where, in_quotes(choice.text), list_of(header)));
    choice.cell = found->cell;
    choice.unit = choice.unit ? choice.unit : found->unit;
}

} // namespace

std::optional<std::string_view> CsvColumn::text_in(const CsvRow &row) const {
    const std::string_view whole = cell < row.cells.size() ? row.cells[cell] : std::string_view();
    if (cell >= row.cells.size() || whole.size() < before.size() + after.size() ||
        !whole.starts_with(before) || !whole.ends_with(after))
        return std::nullopt;
    return whole.substr(before.size(), whole.size() - before.size() - after.size());
}

CsvTable csv_table(std::string_view text, std::string_view separators,
                   std::span<const Series> layouts, const CsvOptions &options,
                   const std::string &file) {
    std::vector<CsvColumn> columns = choices_in(options.columns);
    const bool chosen = !columns.empty();
    const bool has_header = !chosen || std::ranges::find(columns, CsvColumn::by_name,
                                                         &CsvColumn::cell) != columns.end();
    const auto holds_all = [&](const CsvRow &row) {
        return std::ranges::all_of(columns, [&](const CsvColumn &column) {
            const std::string_view cell = column.text_in(row).value_or("");
            return column.unit ? csv_number(cell).has_value() : !cell.empty();
        });
    };
    auto rows = csv_rows(text, separators, options.skip, file, [&](std::span<const CsvRow> some) {
        return has_header ? !some.empty() && some.front().cells.size() > 1
                          : std::ranges::any_of(some, holds_all);
    });
    if (rows.empty())
        throw InputError(file + ": no header and no rows");
    const auto where = fmt::format("{}:{}: ", file, rows.front().line);
    if (has_header) {
        std::vector<CsvColumn> header = columns_of(rows.front());
        if (!chosen && std::ranges::all_of(
                           header, [](auto &each) { return csv_number(each.text).has_value(); }))
            throw InputError(where + "no header: say which column is what, as in " +
                             example(layouts.front(), header));
        rows.erase(rows.begin());
        for (CsvColumn &column : columns)
            look_up(column, header, where);
        if (!chosen)
            columns = std::move(header);
    }
    return best_table(layouts, std::move(columns), std::move(rows),
                      chosen ? file + ": --columns: " : where);
}

} // namespace clprobe
