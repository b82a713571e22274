#include "measure/session.hpp"
#include "model/invariants.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace clprobe {
namespace {

// Within these, whatever an interpretation computes of a count, a size or a block's number stays
// within its type.
constexpr double most_count = 4294967295;
constexpr double most_bytes_spanned = 0x1p53;
constexpr int most_block = 1 << 24;

std::string described(const Axis &axis) {
    return fmt::format(
        "'{}' in {}{}", axis.name, symbol(axis.unit),
        axis.labels.empty() ? "" : fmt::format(" of {{{}}}", fmt::join(axis.labels, ", ")));
}

std::string compared(std::string_view what, const Axis &found, const Axis &expected) {
    return found == expected ? ""
                             : fmt::format("{} is {}, where the probe has {}", what,
                                           described(found), described(expected));
}

/// A latency that others measured may be in cycles.
bool is_in_cycles(const Axis &measure, const Axis &expected) {
    return measure == Axis{"latency", Unit::cycle, {}} && expected.name == measure.name;
}

std::string problem_of_axes(const Series &series, const SeriesShape &shape) {
    if (series.axes.size() != shape.axes.size())
        return fmt::format("{} axes, where the probe has {}", series.axes.size(),
                           shape.axes.size());
    for (std::size_t i = 0; i < shape.axes.size(); ++i)
        if (auto problem = compared(fmt::format("axis {}", i), series.axes[i], shape.axes[i]);
            !problem.empty())
            return problem;
    if (is_in_cycles(series.measure, shape.measure))
        return {};
    return compared("the measure", series.measure, shape.measure);
}

std::string problem_of_coordinate(const Axis &axis, double at) {
    if (auto problem = problem_of(at); !problem.empty())
        return problem;
    const bool count = axis.unit == Unit::one;
    if (count && (at < 0 || at > most_count || at != std::floor(at)))
        return fmt::format("{} is no number of {}", at, axis.name);
    if (axis.unit == Unit::byte && (at < 0 || at > most_bytes_spanned))
        return fmt::format("{} is no number of bytes", at);
    return {};
}

/// No time, rate or size is negative; a difference of time stamps, which is a plain number, may be.
std::string problem_of_sample(const Axis &measure, double sample) {
    if (auto problem = problem_of(sample); !problem.empty())
        return problem;
    return sample < 0 && measure.unit != Unit::one
               ? fmt::format("a {} of {} {}", measure.name, sample, symbol(measure.unit))
               : "";
}

std::string problem_of_point(const Series &series, const Point &point) {
    if (auto problem = problem_of(series, point); !problem.empty())
        return problem;
    for (std::size_t i = 0; i < point.at.size(); ++i)
        if (auto problem = problem_of_coordinate(series.axes[i], point.at[i]); !problem.empty())
            return problem;
    for (const double sample : point.samples)
        if (auto problem = problem_of_sample(series.measure, sample); !problem.empty())
            return problem;
    for (const int block : point.block)
        if (block < 0 || block > most_block)
            return fmt::format("{} is no number of a block", block);
    return {};
}

std::string problem_of_series(const Series &series, const ProbeInfo &info) {
    const auto shape = std::ranges::find(info.series, series.name, &SeriesShape::name);
    if (shape == info.series.end())
        return fmt::format("{} has no series '{}'", info.name, series.name);
    if (const auto problem = problem_of_axes(series, *shape); !problem.empty())
        return fmt::format("series '{}': {}", series.name, problem);
    for (std::size_t i = 0; i < series.points.size(); ++i) {
        if (const auto problem = problem_of_point(series, series.points[i]); !problem.empty())
            return fmt::format("series '{}', point {}: {}", series.name, i, problem);
    }
    return {};
}

} // namespace

std::string problem_of(const Dataset &data, const ProbeInfo &info) {
    for (const auto &[name, value] : data.number_attributes)
        if (const auto problem = problem_of(value); !problem.empty())
            return fmt::format("'{}': {}", name, problem);
    for (const Series &series : data.series) {
        if (auto problem = problem_of_series(series, info); !problem.empty())
            return problem;
        if (data.find(series.name) != &series)
            return fmt::format("series '{}' is there twice", series.name);
    }
    return {};
}

std::string remove_misfits(Dataset &data, const ProbeInfo &info) {
    const std::string problem = problem_of(data, info);
    if (problem.empty())
        return problem;
    std::erase_if(data.number_attributes,
                  [](const auto &attribute) { return !problem_of(attribute.second).empty(); });
    std::erase_if(data.series,
                  [&](const Series &series) { return !problem_of_series(series, info).empty(); });
    return problem;
}

} // namespace clprobe
