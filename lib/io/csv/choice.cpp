#include "io/csv/choice.hpp"
#include "io/csv/statistic.hpp"

#include <clprobe/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

namespace clprobe {
namespace {

struct Candidate {
    SeriesColumns::Number column;
    ColumnRank rank{};

    [[nodiscard]] double unit() const { return column.scale.multiply / column.scale.divide; }
};

ColumnRank rank_of_place(const Axis &axis, const CsvColumn &column, const ColumnScale &scale) {
    return {scale_of(axis, column) ? 0 : 1, column.varies ? 0 : 1, scale.in_cells ? 1 : 0, 0};
}

/// Whether it is in so much per access, load or whatever; per second is another thing.
bool is_per_access(const std::vector<std::string> &words) {
    const auto per = std::ranges::find(words, "per");
    return per != words.end() && per + 1 != words.end() && *(per + 1) != "s";
}

/// 0 where a column says that it holds the measure, 1 where it is nothing but a unit, else 2: a
/// time may be that of the whole loop.
int doubt_of(const Axis &measure, const CsvColumn &column) {
    const auto words = words_of(column.name);
    if (std::ranges::find(words, measure.name) != words.end() || is_per_access(words))
        return 0;
    const auto name = words_of(without_unit(column.name));
    return std::ranges::all_of(name,
                               [](const auto &word) {
                                   return word.empty() ||
                                          statistic_of({word}) != ColumnStatistic::none;
                               })
               ? 1
               : 2;
}

ColumnRank rank_of_value(const Axis &measure, const CsvColumn &column) {
    const ColumnStatistic statistic = statistic_of(words_of(column.name));
    return {statistic >= ColumnStatistic::least ? 1 : 0, doubt_of(measure, column),
            static_cast<int>(statistic), scale_of(measure, column) ? 0 : 1};
}

/// A column of the axis's very name that has no unit keeps others from being taken for it.
void check_name_has_unit(const Axis &axis, const std::vector<CsvColumn> &header) {
    for (const CsvColumn &column : header)
        if (!scale_by_unit(axis, column) && words_of(column.name) == words_of(axis.name))
            throw InputError(missing_column(axis, {column}));
}

/// The best of the candidates.
Candidate best(const Axis &axis, std::vector<Candidate> candidates,
               const std::vector<CsvColumn> &header) {
    if (candidates.empty())
        throw InputError(missing_column(axis, header));
    std::ranges::sort(candidates, {}, [](const Candidate &candidate) {
        return std::tuple(candidate.rank, candidate.unit());
    });
    const Candidate &first = candidates.front();
    const CsvColumn &column = header[first.column.cell];
    for (const Candidate &other : std::span(candidates).subspan(1)) {
        const CsvColumn &beside = header[other.column.cell];
        const bool same = without_unit(beside.name) == without_unit(column.name);
        if (other.rank == first.rank && (!same || other.unit() == first.unit()))
            throw InputError(two_columns(axis, column, beside));
    }
    if (!is_named_as(axis, column.name))
        check_name_has_unit(axis, header);
    return first;
}

template <class RankOf>
Candidate choose(const Axis &axis, const std::vector<CsvColumn> &header, RankOf rank_of) {
    std::vector<Candidate> candidates;
    for (std::size_t i = 0; i < header.size(); ++i)
        if (const auto scale = scale_by_unit(axis, header[i]))
            candidates.push_back({{i, *scale}, rank_of(header[i], *scale)});
    return best(axis, std::move(candidates), header);
}

bool is_of_loops(const CsvColumn &column) {
    constexpr std::array<std::string_view, 10> counts = {
        "trips", "iterations", "iters",    "niter", "niters",
        "loops", "hops",       "accesses", "loads", "steps"};
    return std::ranges::any_of(words_of(column.name), [&](const std::string &word) {
        return std::ranges::find(counts, std::string_view(word)) != counts.end();
    });
}

/// A time that may be that of a whole loop means nothing where loops of many lengths were run.
void check_is_not_of_loops(const Series &layout, const ColumnChoice &choice,
                           const std::vector<CsvColumn> &header) {
    const bool is_time = layout.measure.unit == Unit::second || layout.measure.unit == Unit::cycle;
    const CsvColumn &value = header[choice.columns.measure.cell];
    if (!is_time || doubt_of(layout.measure, value) < 2)
        return;
    for (const std::size_t cell : choice.columns.passed_over)
        if (header[cell].varies && is_of_loops(header[cell]))
            throw InputError(fmt::format("'{}' may be the time of as many accesses as '{}' says: "
                                         "divide it, and name it '{}'",
                                         value.name, header[cell].name, layout.measure.name));
}

} // namespace

ColumnChoice choose_columns(const Series &layout, const std::vector<CsvColumn> &header) {
    ColumnChoice choice;
    for (const Axis &axis : layout.axes)
        choice.columns.axes.push_back(
            choose(axis, header, [&](const CsvColumn &column, const ColumnScale &scale) {
                return rank_of_place(axis, column, scale);
            }).column);
    const Candidate value =
        choose(layout.measure, header, [&](const CsvColumn &column, const ColumnScale & /*scale*/) {
            return rank_of_value(layout.measure, column);
        });
    choice.columns.measure = value.column;
    choice.of_measure = value.rank;
    add_the_rest(choice.columns, header);
    check_is_not_of_loops(layout, choice, header);
    return choice;
}

} // namespace clprobe
