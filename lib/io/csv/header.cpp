#include "io/csv/header.hpp"
#include "io/csv/rows.hpp"

#include <clprobe/csv.hpp>
#include <clprobe/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace clprobe {
namespace {

std::string names_of(const std::vector<CsvColumn> &header) {
    std::vector<std::string> names;
    std::ranges::transform(header, std::back_inserter(names), &CsvColumn::name);
    return fmt::format("{}", fmt::join(names, "', '"));
}

std::optional<ColumnScale> scale_told(const Axis &axis, const CsvColumn &column, ToldBy told_by) {
    return told_by == ToldBy::name ? scale_of(axis, column) : scale_by_unit(axis, column);
}

/// The one column that is this axis, by its name if any is; throws where there is none or another.
SeriesColumns::Number find_column(const Axis &axis, const std::vector<CsvColumn> &header,
                                  ToldBy told_by) {
    std::optional<SeriesColumns::Number> found;
    for (std::size_t i = 0; i < header.size(); ++i) {
        const auto scale = scale_told(axis, header[i], told_by);
        if (scale && found)
            throw InputError(two_columns(axis, header[found->cell], header[i]));
        if (scale)
            found = {i, *scale};
    }
    if (!found)
        throw InputError(missing_column(axis, header));
    return *found;
}

bool is_named(const Axis &axis, const std::vector<CsvColumn> &header) {
    return std::ranges::any_of(
        header, [&](const CsvColumn &column) { return scale_of(axis, column).has_value(); });
}

} // namespace

std::string missing_column(const Axis &axis, const std::vector<CsvColumn> &header) {
    const auto near = std::ranges::find_if(
        header, [&](const CsvColumn &column) { return is_named_as(axis, column.name); });
    if (near == header.end())
        return fmt::format("no column '{}' among '{}'", csv_column(axis), names_of(header));
    return fmt::format("no column '{}', and '{}' names none of its units: scale or rename it",
                       csv_column(axis), near->name);
}

std::string two_columns(const Axis &axis, const CsvColumn &one, const CsvColumn &other) {
    return fmt::format("two columns for '{}', '{}' and '{}': leave one out", csv_column(axis),
                       one.name, other.name);
}

void add_the_rest(SeriesColumns &columns, const std::vector<CsvColumn> &header) {
    std::vector<bool> used(header.size());
    for (const auto &axis : columns.axes)
        used[axis.cell] = true;
    used[columns.measure.cell] = true;
    for (std::size_t i = 0; i < header.size(); ++i) {
        if (used[i] || header[i].name.empty()) // as of row numbers, or behind a last comma
            continue;
        if (header[i].name == block_column && !columns.block)
            columns.block = i;
        else
            columns.passed_over.push_back(i);
    }
}

SeriesColumns columns_of(const Series &layout, const std::vector<CsvColumn> &header,
                         ToldBy told_by) {
    SeriesColumns columns;
    const auto find = [&](const Axis &axis) {
        return find_column(axis, header, is_named(axis, header) ? ToldBy::name : told_by);
    };
    std::ranges::transform(layout.axes, std::back_inserter(columns.axes), find);
    columns.measure = find(layout.measure);
    add_the_rest(columns, header);
    if (!columns.passed_over.empty())
        throw InputError(fmt::format("unknown column '{}': leave it out",
                                     header[columns.passed_over.front()].name));
    return columns;
}

std::size_t likeness(const Series &layout, const std::vector<CsvColumn> &header, ToldBy told_by) {
    const auto is_there = [&](const Axis &axis) {
        return std::ranges::any_of(header, [&](const CsvColumn &column) {
            return scale_told(axis, column, told_by) || is_named_as(axis, column.name);
        });
    };
    const auto found =
        std::ranges::count_if(layout.axes, is_there) + (is_there(layout.measure) ? 1 : 0);
    return 100 * static_cast<std::size_t>(found) / (layout.axes.size() + 1);
}

std::string expected_columns(const Series &layout) {
    std::string columns;
    for (const Axis &axis : layout.axes)
        columns += column_spellings(axis) + ", ";
    return columns + column_spellings(layout.measure);
}

} // namespace clprobe
