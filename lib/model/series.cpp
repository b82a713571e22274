#include "model/text.hpp"

#include <clprobe/row.hpp>

#include <fmt/format.h>

#include <cmath>

namespace clprobe {

Point &Series::point(const std::vector<double> &at) {
    if (auto *found = pointer_to(points, at, &Point::at))
        return *found;
    return points.emplace_back(Point{at, {}, {}});
}

const Point *Series::find(const std::vector<double> &at) const {
    return pointer_to(points, at, &Point::at);
}

const Series *Dataset::find(std::string_view name) const {
    return pointer_to(series, name, &Series::name);
}

Series &Dataset::add(std::string_view name, std::vector<Axis> axes, Axis measure) {
    if (auto *found = pointer_to(series, name, &Series::name))
        return *found;
    return series.emplace_back(Series{std::string{name}, std::move(axes), std::move(measure), {}});
}

std::optional<double> Dataset::number_attribute(const std::string &name) const {
    const auto found = number_attributes.find(name);
    return found == number_attributes.end() ? std::nullopt : std::optional{found->second};
}

std::string Dataset::text_attribute(const std::string &name) const {
    const auto found = text_attributes.find(name);
    return found == text_attributes.end() ? std::string{} : found->second;
}

namespace rows {
namespace {

[[noreturn]] void fail(const Series &series, const Point &point, const std::string &problem) {
    const auto number = &point - series.points.data() + 1;
    throw InvalidRow(fmt::format("series '{}', point {}: {}", series.name, number, problem));
}

} // namespace

void check_count(const Series &series, const Point &point, std::size_t axes) {
    if (point.at.size() != axes)
        fail(series, point, fmt::format("{} coordinates for {} axes", point.at.size(), axes));
}

double checked(const Series &series, const Point &point, std::size_t axis, bool whole,
               Interval range) {
    const double coordinate = point.at[axis];
    if (!range.contains(coordinate) || (whole && coordinate != std::floor(coordinate)))
        fail(series, point,
             fmt::format("'{}' is {}, no {} from {} to {}",
                         axis < series.axes.size() ? series.axes[axis].name : "", coordinate,
                         whole ? "whole number" : "number", range.low, range.high));
    return coordinate;
}

std::string word(const Axis &axis, double coordinate) {
    if (!axis.labels.empty())
        return axis.labels.at(static_cast<std::size_t>(coordinate));
    return axis.unit == Unit::one ? fmt::format("{}", coordinate) : format({coordinate, axis.unit});
}

void append(std::vector<TripTime> &times, const Point &point, bool over_trips) {
    for (std::size_t i = 0; i < point.samples.size(); ++i)
        times.push_back({over_trips ? point.at.back() : 1, point.samples[i],
                         i < point.block.size() ? point.block[i] : 0});
}

} // namespace rows

} // namespace clprobe
