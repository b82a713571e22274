#include "analysis/series_at.hpp"
#include "model/key.hpp"

#include <clprobe/statistics.hpp>
#include <clprobe/teardown.hpp>

#include <algorithm>
#include <map>

namespace clprobe {
namespace {

void add_trip_times(std::vector<TripTime> &times, std::uint64_t trips, const Point &point) {
    for (std::size_t i = 0; i < point.samples.size(); ++i)
        times.push_back({static_cast<double>(trips), point.samples[i],
                         i < point.block.size() ? point.block[i] : 0});
}

/// What a round of each layer of that network adds to others, by the layer's number.
std::map<std::uint64_t, double> layer_times(const BatchedNetwork &network, const Dataset &data,
                                            const std::string &series) {
    std::map<std::uint64_t, std::vector<TripTime>> times;
    for_each_point_of(network, data, series, [&](const At &at, const Point &point) {
        add_trip_times(times[at.number("layer")], at.number("rounds"), point);
    });
    std::map<std::uint64_t, double> seconds;
    for (const auto &[layer, each] : times)
        if (const auto fit = fit_slope(each); fit && fit->seconds_per_trip > 0)
            seconds[layer] = fit->seconds_per_trip;
    return seconds;
}

void measure(LayerTeardown &layer, double seconds) {
    layer.measured = seconds;
    const auto *compute = pointer_to(layer.floors, "compute", &TimeFloor::by);
    if (compute != nullptr)
        layer.measured_share = compute->time.seconds / seconds;
}

/// What a run adds to others in a row, and what runs take that are waited for, of the network that
/// the run was asked for.
std::vector<Finding> findings_of_runs(const BatchedNetwork &network, const Dataset &data,
                                      const std::string &prefix) {
    std::vector<Finding> findings;
    const auto add = [&](const std::string &what, Unit unit, double value, Interval interval) {
        findings.push_back(measured({prefix + what, unit, Better::lower, ""}, value, interval));
    };
    std::vector<TripTime> times;
    for_each_point_of(network, data, "network", [&](const At &at, const Point &point) {
        add_trip_times(times, at.number("runs"), point);
    });
    if (const auto fit = fit_slope(times); fit && fit->seconds_per_trip > 0)
        add("time", Unit::second, fit->seconds_per_trip, fit->interval);
    const auto add_quantile = [&](const std::string &what, const std::string &series, double q) {
        std::vector<double> samples;
        for_each_point_of(network, data, series, [&](const At &, const Point &point) {
            samples.insert(samples.end(), point.samples.begin(), point.samples.end());
        });
        if (!samples.empty())
            add(what, Unit::second, quantile(samples, q),
                {std::ranges::min(samples), std::ranges::max(samples)});
    };
    add_quantile("p50", "run", 0.5);
    add_quantile("p90", "run", 0.9);
    add_quantile("cold", "cold", 0.5);
    add_quantile("first", "first", 0.5);
    for (const auto &[what, unit] : {std::pair{"launches", Unit::one}, {"memory", Unit::byte}})
        if (const auto count =
                data.number_attribute(std::string(what) + "." + std::string(asked_network)))
            add(what, unit, *count, {*count, *count});
    return findings;
}

} // namespace

std::string why_unmeasured(const DeviceRecord &record, const BatchedNetwork &network) {
    const auto *probe = pointer_to(record.probes, "workloads/network", &ProbeRecord::probe);
    if (probe == nullptr)
        return "it was not run";
    if (const auto ending = termination_of(probe->data))
        return ending->reason;
    for (const std::string &name : {std::string(asked_network), network.name()})
        if (std::string reason = probe->data.text_attribute("unmeasured." + name); !reason.empty())
            return reason;
    return probe->reason.empty() ? "its runs take too different times" : probe->reason;
}

void add_measured(Teardown &teardown, const BatchedNetwork &network, const DeviceRecord &record) {
    const ProbeRecord *probe = ended_well(record, "workloads/network");
    if (probe == nullptr)
        return;
    const bool asked = is_asked_for(network, probe->data);
    if (!asked && std::ranges::count(known_networks(), network.network) == 0)
        return;
    const std::string prefix = "network." + in_key(network.name()) + ".";
    const std::vector<Finding> findings =
        asked ? findings_of_runs(network, probe->data, prefix) : probe->findings;
    const auto *time = pointer_to(findings, prefix + "time", &Finding::key);
    if (time == nullptr || time->status != Status::measured || !time->value || !(*time->value > 0))
        return;
    measure(teardown.whole, *time->value);
    for (const char *each : {"time", "p50", "p90", "cold", "first", "launches", "memory"})
        if (const auto *found = pointer_to(findings, prefix + each, &Finding::key);
            found != nullptr && found->status == Status::measured && found->value)
            teardown.runs.push_back(*found);
    for (const char *series : {"layer", "product"}) // by the kinds of their plans
        for (const auto &[layer, seconds] : layer_times(network, probe->data, series))
            if (layer < teardown.layers.size())
                measure(teardown.layers[layer], seconds);
}

} // namespace clprobe
