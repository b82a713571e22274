#pragma once
#include <clprobe/series.hpp>
#include <clprobe/statistics.hpp>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <map>
#include <span>
#include <stdexcept>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

/// The row of a series: a struct of what one measurement point is of, described once.
///
///     struct RateRow {
///         Memory memory = Memory::global;
///         std::size_t work_items = 1;
///         static auto columns() {
///             return std::tuple{column("memory", &RateRow::memory, memory_names),
///                               column("work_items", &RateRow::work_items), trips()};
///         }
///     };
///
/// Its members become the axes and coordinates of a series, and coordinates become a row again,
/// checked. A member that is a row itself is given by `part`. The trips, which are always last,
/// belong to a measurement point and not to its row: launches of one row over several trips have a
/// slope.
namespace clprobe {

/// A measurement point that its row cannot have; the message names the series, the point and what
/// is wrong with it.
class InvalidRow : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// A member of a row as an axis, and the coordinates that it may have. Members are enumerations and
/// `bool` (with labels), whole numbers, or `double`.
template <typename Row, typename Value>
struct Column {
    Axis axis;
    Value Row::*member;
    Interval range =
        std::is_floating_point_v<Value>
            ? Interval{-1e30, 1e30}
            : Interval{0, std::min(0x1p53, static_cast<double>(std::numeric_limits<Value>::max()))};

    [[nodiscard]] Column between(double low, double high) const {
        return {axis, member, {low, high}};
    }
};

template <typename Row, typename Value>
[[nodiscard]] Column<Row, Value> column(std::string name, Value Row::*member,
                                        Unit unit = Unit::one) {
    return {{std::move(name), unit, {}}, member};
}
/// Over labels, in the order of the enumerators; `labels` is any range of texts.
template <typename Row, typename Value, typename Labels>
requires requires(const Labels &labels) {
    labels.begin();
}
[[nodiscard]] Column<Row, Value> column(std::string name, Value Row::*member,
                                        const Labels &labels) {
    return {{std::move(name), Unit::one, {labels.begin(), labels.end()}},
            member,
            {0, static_cast<double>(labels.size()) - 1}};
}

template <typename Row, typename Value>
struct Part {
    Value Row::*member;
};
/// The columns of a member that is a row, without trips.
template <typename Row, typename Value>
[[nodiscard]] Part<Row, Value> part(Value Row::*member) {
    return {member};
}

struct Trips {
    Axis axis;
};
/// What time grows with: how often a kernel's loop runs, or another measure of work.
[[nodiscard]] inline Trips trips(std::string name = "trips", Unit unit = Unit::one) {
    return {{std::move(name), unit, {}}};
}

namespace rows {

template <typename Row>
const auto &columns() {
    static const auto all = Row::columns();
    return all;
}

template <typename Row, typename Visit>
void for_each(Row &row, const Visit &visit);

template <typename Any, typename Row, typename Value, typename Visit>
void visit_one(Any &row, const Column<Row, Value> &column, const Visit &visit) {
    visit(column, row.*column.member);
}
template <typename Any, typename Row, typename Value, typename Visit>
void visit_one(Any &row, const Part<Row, Value> &part, const Visit &visit) {
    for_each(row.*part.member, visit);
}
template <typename Any, typename Visit>
void visit_one(Any &, const Trips &, const Visit &) {}

/// Calls visit(column, member) for each column but the trips.
template <typename Row, typename Visit>
void for_each(Row &row, const Visit &visit) {
    std::apply([&](const auto &...each) { (visit_one(row, each, visit), ...); },
               columns<std::remove_const_t<Row>>());
}

template <typename Columns>
inline constexpr bool has_trips = false;
template <typename... Each>
inline constexpr bool has_trips<std::tuple<Each...>> = (std::is_same_v<Each, Trips> || ...);

void check_count(const Series &series, const Point &point, std::size_t axes);
/// The coordinate on that axis of the point, which is to be in the range.
[[nodiscard]] double checked(const Series &series, const Point &point, std::size_t axis, bool whole,
                             Interval range);
[[nodiscard]] std::string word(const Axis &axis, double coordinate);
void append(std::vector<TripTime> &times, const Point &point, bool over_trips);

} // namespace rows

/// Whether a row's last axis is the trips.
template <typename Row>
inline constexpr bool over_trips =
    rows::has_trips<std::remove_cvref_t<decltype(rows::columns<Row>())>>;

/// The axes of a series of such rows.
template <typename Row>
[[nodiscard]] std::vector<Axis> axes() {
    std::vector<Axis> axes;
    const Row row{};
    rows::for_each(row, [&](const auto &column, const auto &) { axes.push_back(column.axis); });
    if constexpr (over_trips<Row>)
        axes.push_back(std::get<Trips>(rows::columns<Row>()).axis);
    return axes;
}

/// The row's coordinates, without trips: what a `Candidate` and `slope_at` take.
template <typename Row>
[[nodiscard]] std::vector<double> coordinates(const Row &row) {
    std::vector<double> at;
    rows::for_each(
        row, [&](const auto &, const auto &value) { at.push_back(static_cast<double>(value)); });
    return at;
}
/// Those of the row at so many trips.
template <typename Row>
requires over_trips<Row>
[[nodiscard]] std::vector<double> coordinates(const Row &row, double trips) {
    std::vector<double> at = coordinates(row);
    at.push_back(trips);
    return at;
}

/// The row's values as people read them, one a column: labels, numbers with their unit.
template <typename Row>
[[nodiscard]] std::vector<std::string> words(const Row &row) {
    std::vector<std::string> words;
    rows::for_each(row, [&](const auto &column, const auto &value) {
        words.push_back(rows::word(column.axis, static_cast<double>(value)));
    });
    return words;
}

/// The row of a point of that series. Throws InvalidRow where it has more or fewer coordinates than
/// the row has axes, or one that the member cannot be: a fraction, no label's, out of range.
template <typename Row>
[[nodiscard]] Row parse(const Series &series, const Point &point) {
    Row row{};
    std::size_t axis = 0;
    static const std::size_t axis_count = axes<Row>().size();
    rows::check_count(series, point, axis_count);
    rows::for_each(row, [&](const auto &column, auto &value) {
        using Value = std::remove_reference_t<decltype(value)>;
        value = static_cast<Value>(
            rows::checked(series, point, axis++, !std::is_floating_point_v<Value>, column.range));
    });
    if constexpr (over_trips<Row>)
        (void)rows::checked(series, point, axis, true, {1, 0x1p53});
    return row;
}

/// A point of a series, with its row.
template <typename Row>
struct RowSamples {
    Row row;
    double trips = 1; ///< 1 of rows without
    std::span<const double> samples;
};
/// The points of a series in their order, as long as it lives; none where it is null. Throws
/// InvalidRow.
template <typename Row>
[[nodiscard]] std::vector<RowSamples<Row>> samples_by_row(const Series *series) {
    std::vector<RowSamples<Row>> all;
    for (std::size_t i = 0; series != nullptr && i < series->points.size(); ++i) {
        const Point &point = series->points[i];
        all.push_back(
            {parse<Row>(*series, point), over_trips<Row> ? point.at.back() : 1, point.samples});
    }
    return all;
}

/// The launches of one row, over trips (1 of rows without): what `fit_slope` takes.
template <typename Row>
struct RowTimes {
    Row row;
    std::vector<TripTime> times;
};
/// All rows of a series, in order of their coordinates; none where it is null. Throws InvalidRow.
template <typename Row>
[[nodiscard]] std::vector<RowTimes<Row>> times_by_row(const Series *series) {
    std::map<std::vector<double>, RowTimes<Row>> by_row;
    for (std::size_t i = 0; series != nullptr && i < series->points.size(); ++i) {
        const Point &point = series->points[i];
        const Row row = parse<Row>(*series, point);
        RowTimes<Row> &times =
            by_row.try_emplace(coordinates(row), RowTimes<Row>{row, {}}).first->second;
        rows::append(times.times, point, over_trips<Row>);
    }
    std::vector<RowTimes<Row>> all;
    for (auto &[at, times] : by_row)
        all.push_back(std::move(times));
    return all;
}
/// Those of this row; none where there are none.
template <typename Row>
requires over_trips<Row>
[[nodiscard]] std::vector<TripTime> times_of(const Series *series, const Row &row) {
    const std::vector<double> at = coordinates(row);
    std::vector<TripTime> times;
    for (std::size_t i = 0; series != nullptr && i < series->points.size(); ++i) {
        const Point &point = series->points[i];
        if (point.at.size() == at.size() + 1 && std::equal(at.begin(), at.end(), point.at.begin()))
            rows::append(times, point, true);
    }
    return times;
}

} // namespace clprobe
