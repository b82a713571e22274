#include "io/csv/curves.hpp"
#include "io/csv/number.hpp"
#include "io/csv/statistic.hpp"

#include <clprobe/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string_view>

namespace clprobe {
namespace {

/// Whether rows that differ in it are samples of one curve all the same.
bool is_of_samples(const CsvColumn &column) {
    constexpr std::array<std::string_view, 26> repeats = {
        "run",     "runs",   "rep",   "repeat",      "repetition", "iteration", "iter",
        "trial",   "sample", "pass",  "round",       "index",      "idx",       "seed",
        "attempt", "note",   "notes", "comment",     "time",       "timestamp", "date",
        "clock",   "mhz",    "temp",  "temperature", "power"};
    constexpr std::array measured = {Unit::second,        Unit::cycle, Unit::byte_per_second,
                                     Unit::op_per_second, Unit::hertz, Unit::joule};
    const auto words = words_of(column.name);
    return statistic_of(words) != ColumnStatistic::none ||
           std::ranges::find_first_of(words, repeats) != words.end() ||
           std::ranges::any_of(measured, [&](Unit unit) {
               return scale_by_unit({"", unit, {}}, column).has_value();
           });
}

std::vector<std::string> place_of(const SeriesColumns &columns, const CsvRow &row) {
    std::vector<std::string> place;
    for (const auto &axis : columns.axes)
        place.push_back(row.cells[axis.cell]);
    return place;
}

/// Two values of a column that stand at one place, and both at others too; else nothing.
std::vector<std::string> values_of_curves(const SeriesColumns &columns, std::size_t cell,
                                          std::span<const CsvRow> rows) {
    std::map<std::vector<std::string>, std::set<std::string>> at_place;
    for (const CsvRow &row : rows)
        if (!is_missing(row.cells[cell]))
            at_place[place_of(columns, row)].insert(row.cells[cell]);
    std::map<std::string, std::size_t> places;
    for (const auto &[place, values] : at_place)
        for (const std::string &value : values)
            ++places[value];
    for (const auto &[place, values] : at_place) {
        std::vector<std::string> common;
        std::ranges::copy_if(values, std::back_inserter(common),
                             [&](const std::string &value) { return places[value] > 1; });
        if (common.size() > 1)
            return common;
    }
    return {};
}

} // namespace

void check_is_one_curve(const std::string &file, const std::vector<CsvColumn> &header,
                        const SeriesColumns &columns, std::span<const CsvRow> rows) {
    for (const std::size_t cell : columns.passed_over) {
        if (!header[cell].varies || is_of_samples(header[cell]))
            continue;
        const auto values = values_of_curves(columns, cell, rows);
        if (!values.empty())
            throw InputError(fmt::format("{}: column '{}' parts the rows into several curves, of "
                                         "'{}', '{}' ...: leave the rows of one in the file",
                                         file, header[cell].name, values[0], values[1]));
    }
}

} // namespace clprobe
