#include "measure/session.hpp"
#include "model/invariants.hpp"
#include "model/termination.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <exception>
#include <iterator>
#include <optional>

namespace clprobe {
namespace {

// Whether data are what the probe says of its series.

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

std::string problem_of_axes(const Series &series, const SeriesShape &shape) {
    if (series.axes.size() != shape.axes.size())
        return fmt::format("{} axes, where the probe has {}", series.axes.size(),
                           shape.axes.size());
    for (std::size_t i = 0; i < shape.axes.size(); ++i)
        if (auto problem = compared(fmt::format("axis {}", i), series.axes[i], shape.axes[i]);
            !problem.empty())
            return problem;
    // A latency that others measured may be in cycles.
    if (shape.measure.name == "latency" && series.measure == Axis{"latency", Unit::cycle, {}})
        return {};
    return compared("the measure", series.measure, shape.measure);
}

/// Where each of the axis's labels is among those; nothing for one that is not there.
std::vector<std::optional<double>> places_of(const std::vector<std::string> &labels,
                                             const std::vector<std::string> &among) {
    std::vector<std::optional<double>> places;
    for (const std::string &label : labels) {
        const auto found = std::ranges::find(among, label);
        places.push_back(found == among.end()
                             ? std::nullopt
                             : std::optional(static_cast<double>(found - among.begin())));
    }
    return places;
}

/// Gives the axis those labels, where it has others that are among them.
void relabel_axis(Series &series, std::size_t number, const Axis &wanted, bool open) {
    Axis &axis = series.axes[number];
    if (axis.name != wanted.name || axis.labels.empty() || wanted.labels.empty() ||
        axis.labels == wanted.labels)
        return;
    const auto places = places_of(axis.labels, wanted.labels);
    if (!open && !std::ranges::all_of(places, [](const auto &place) { return place.has_value(); }))
        return;
    if (std::ranges::any_of(series.points,
                            [&](const Point &point) { return !problem_of(series, point).empty(); }))
        return; // what it is an index of is not known
    std::erase_if(series.points, [&](const Point &point) {
        return !places[static_cast<std::size_t>(point.at[number])];
    });
    for (Point &point : series.points)
        point.at[number] = *places[static_cast<std::size_t>(point.at[number])];
    axis.labels = wanted.labels;
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

/// No time, rate or size is negative; a difference of timestamps, which is a plain number, may be.
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
    for (std::size_t i = 0; i < series.points.size(); ++i)
        if (const auto problem = problem_of_point(series, series.points[i]); !problem.empty())
            return fmt::format("series '{}', point {}: {}", series.name, i, problem);
    return {};
}

// What goes beyond the probe's own interpretation.

// In processors: less of others' work than this is the system's own housekeeping.
constexpr double busy_processors = 0.25;
constexpr double stolen_processors = 0.1;
constexpr double much_slowdown = 0.10;

/// What disturbed the measurement; empty where nothing did, as far as the system tells.
std::string disturbance(const MachineLoad &load) {
    if (load.others && *load.others > busy_processors)
        return fmt::format("the machine was busy with other work ({:.2g} processors of it)",
                           *load.others);
    if (load.steal && *load.steal > stolen_processors)
        return fmt::format("the hypervisor took {:.2g} processors' time", *load.steal);
    if (load.slowdown && *load.slowdown > much_slowdown)
        return fmt::format("the host's clock changed by {:.0f} % meanwhile", 100 * *load.slowdown);
    return {};
}

/// A figure of performance made on processors that others used is suspect. What only describes the
/// device (a size, a count) was decided by a contrast and stands.
void mark_disturbance(std::vector<Finding> &findings, const MachineLoad &load) {
    if (const std::string what = disturbance(load); !what.empty())
        for (Finding &finding : findings)
            if (finding.value && finding.better != Better::none)
                make_suspect(finding, what);
}

/// A CPU's clock is not held as a GPU's is: it moves by some per cent within minutes, and with it
/// all that it drives. A run of seconds sees none of that, so the interval of a time or a rate is
/// never narrower (docs/adr/0011-a-clock-that-is-not-held.md).
void allow_for_clock(std::vector<Finding> &findings) {
    constexpr double share = 0.025;
    for (Finding &finding : findings) {
        if (!finding.value || !finding.interval || finding.better == Better::none ||
            finding.unit == Unit::one || finding.unit == Unit::byte)
            continue;
        finding.interval->low = std::min(finding.interval->low, (1 - share) * *finding.value);
        finding.interval->high = std::max(finding.interval->high, (1 + share) * *finding.value);
    }
}

std::vector<Finding> all_failed(const ProbeInfo &info, const std::string &reason) {
    std::vector<Finding> findings;
    for (const FindingKey &key : info.findings)
        findings.push_back(without_value(key, Status::failed, reason));
    return findings;
}

/// What the probe makes of its data. An interpretation that throws is a fault of the probe's, and
/// fails its findings only.
std::vector<Finding> findings_of(const Probe &probe, const Dataset &data, const Facts &facts) {
    try {
        return probe.interpret(data, facts);
    } catch (const std::exception &error) {
        return all_failed(probe.info(), std::string("the interpretation failed: ") + error.what());
    } catch (...) {
        return all_failed(probe.info(), "the interpretation threw something that is no exception");
    }
}

void make_void(Finding &finding, Status status, std::string reason) {
    finding.value.reset();
    finding.interval.reset();
    finding.status = status;
    finding.note = std::move(reason);
}

/// A probe that did not come to its end: after a failed verification nothing of it counts; after
/// anything else, what was found before stands with a mark.
void mark_termination(std::vector<Finding> &findings, const Termination &ending) {
    for (Finding &finding : findings)
        if (finding.value && !ending.voids_everything)
            make_suspect(finding, "cut short: " + ending.reason);
        else if (ending.voids_everything || finding.status == Status::inconclusive)
            make_void(finding, ending.status, ending.reason);
}

/// Turns each finding that breaks an invariant, or that the probe does not list, into a failed one
/// that says why.
void fail_broken(std::vector<Finding> &findings, const ProbeInfo &info) {
    for (Finding &finding : findings) {
        std::string problem = problem_of(finding);
        if (problem.empty() && std::ranges::none_of(info.findings, [&](const FindingKey &listed) {
                return is_listed_as(finding.key, listed.key);
            }))
            problem = "a key that the probe does not list";
        if (!problem.empty())
            make_void(finding, Status::failed, "the probe left a broken finding: " + problem);
    }
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

namespace {

/// Those that the series has not, where the probe has them.
void add_later_axes(Series &series, const SeriesShape &shape) {
    for (std::size_t i = 0; i < shape.axes.size() && i <= series.axes.size(); ++i) {
        const auto later = shape.later_axes.find(shape.axes[i].name);
        if (later == shape.later_axes.end() ||
            (i < series.axes.size() && series.axes[i].name == later->first))
            continue;
        const auto at = static_cast<std::ptrdiff_t>(i);
        const std::size_t before = series.axes.size();
        series.axes.insert(series.axes.begin() + at, shape.axes[i]);
        for (Point &point : series.points)
            if (point.at.size() == before)
                point.at.insert(point.at.begin() + at, later->second);
    }
}

} // namespace

Dataset relabelled(Dataset data, const ProbeInfo &info) {
    for (Series &series : data.series)
        if (const auto shape = std::ranges::find(info.series, series.name, &SeriesShape::name);
            shape != info.series.end()) {
            add_later_axes(series, *shape);
            if (shape->axes.size() == series.axes.size())
                for (std::size_t i = 0; i < shape->axes.size(); ++i)
                    relabel_axis(series, i, shape->axes[i],
                                 shape->axes[i].name == shape->open_axis);
        }
    return data;
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

std::vector<Finding> interpret(const Probe &probe, const ProbeRecord &record,
                               const DeviceInfo *device) {
    const Dataset data = relabelled(record.data, probe.info());
    if (const std::string problem = problem_of(data, probe.info()); !problem.empty())
        return all_failed(probe.info(), problem);
    Facts facts;
    if (device != nullptr)
        facts.device = *device;
    std::ranges::copy_if(record.facts, std::back_inserter(facts.findings),
                         [](const Finding &fact) { return problem_of(fact).empty(); });
    std::vector<Finding> findings = findings_of(probe, data, facts);
    if (const auto ending = termination_of(record.data))
        mark_termination(findings, *ending);
    if (device != nullptr && device->type == DeviceType::cpu) {
        allow_for_clock(findings);
        mark_disturbance(findings, record.load);
    }
    fail_broken(findings, probe.info());
    return findings;
}

void settle_status(ProbeRecord &record) {
    // Data that do not fit fail every finding, however the measurement ended.
    const auto failed = std::ranges::count(record.findings, Status::failed, &Finding::status);
    const bool all_failed = failed > 0 && failed == std::ssize(record.findings);
    if (const auto ending = termination_of(record.data); ending && !all_failed) {
        record.status = ending->status;
        record.reason = ending->reason;
        return;
    }
    for (const Status status : {Status::failed, Status::suspect, Status::measured,
                                Status::inconclusive, Status::unsupported})
        if (const auto found = std::ranges::find(record.findings, status, &Finding::status);
            found != record.findings.end()) {
            record.status = status;
            record.reason = status == Status::measured ? "" : found->note;
            return;
        }
    record.status = Status::inconclusive;
    record.reason = "the probe made no finding";
}

Facts facts_for(const Probe &probe, const DeviceRecord &device) {
    Facts facts;
    facts.device = device.device;
    std::vector<std::string> wanted = probe.info().depends_on;
    wanted.insert(wanted.end(), probe.info().cross_checks.begin(), probe.info().cross_checks.end());
    wanted.emplace_back("host/event_timer"); // every probe's clock stands on it
    for (const ProbeRecord &record : device.probes)
        if (record.probe != probe.info().name &&
            std::ranges::find(wanted, record.probe) != wanted.end())
            std::ranges::copy(record.findings, std::back_inserter(facts.findings));
    return facts;
}

} // namespace clprobe
