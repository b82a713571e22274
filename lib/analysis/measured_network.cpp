#include "model/key.hpp"
#include "model/termination.hpp"
#include "model/text.hpp"

#include <clprobe/statistics.hpp>
#include <clprobe/teardown.hpp>

#include <algorithm>
#include <map>

namespace clprobe {
namespace {

/// What a round of each layer of that network adds to others, by the layer's number. The axes are
/// the networks' names first, then the layer's number, and the rounds last.
std::map<double, double> layer_times(const Series &series, const std::string &network) {
    std::map<double, double> seconds;
    if (series.axes.size() < 3 || series.axes[0].name != "network" ||
        series.axes[1].name != "layer" || series.axes.back().name != "rounds")
        return seconds;
    const std::vector<std::string> &names = series.axes[0].labels;
    const auto number = std::ranges::find(names, network) - names.begin();
    std::map<double, std::vector<TripTime>> times;
    for (const Point &point : series.points)
        if (point.at.size() == series.axes.size() && point.at[0] == static_cast<double>(number))
            for (std::size_t i = 0; i < point.samples.size(); ++i)
                times[point.at[1]].push_back({point.at.back(), point.samples[i],
                                              i < point.block.size() ? point.block[i] : 0});
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

/// Whether the run was asked for that network, which has no findings.
bool is_asked_for(const BatchedNetwork &network, const Dataset &data) {
    return data.text_attribute(std::string(asked_network)) == network.name();
}

/// All samples of that network, without what they are over.
std::vector<double> samples_of_asked(const Dataset &data, const std::string &name) {
    std::vector<double> samples;
    const Series *series = data.find(name);
    if (series == nullptr || series->axes.empty())
        return samples;
    const auto number =
        std::ranges::find(series->axes[0].labels, asked_network) - series->axes[0].labels.begin();
    for (const Point &point : series->points)
        if (!point.at.empty() && point.at[0] == static_cast<double>(number))
            samples.insert(samples.end(), point.samples.begin(), point.samples.end());
    return samples;
}

/// What a run adds to others in a row, and what runs take that are waited for.
std::vector<Finding> findings_of_runs(const Dataset &data, const std::string &prefix) {
    std::vector<Finding> findings;
    if (termination_of(data)) // a result was wrong, or the device was lost
        return findings;
    const auto add = [&](const std::string &what, Unit unit, double value, Interval interval) {
        findings.push_back(measured({prefix + what, unit, Better::lower, ""}, value, interval));
    };
    const auto add_quantile = [&](const std::string &what, const std::string &series, double q) {
        if (const auto samples = samples_of_asked(data, series); !samples.empty())
            add(what, Unit::second, quantile(samples, q),
                {std::ranges::min(samples), std::ranges::max(samples)});
    };
    std::vector<TripTime> times;
    if (const Series *series = data.find("network"); series != nullptr && series->axes.size() == 2)
        for (const Point &point : series->points)
            for (std::size_t i = 0;
                 point.at.size() == 2 && i < point.samples.size() && i < point.block.size(); ++i)
                times.push_back({point.at.back(), point.samples[i], point.block[i]});
    if (const auto fit = fit_slope(times); fit && fit->seconds_per_trip > 0)
        add("time", Unit::second, fit->seconds_per_trip, fit->interval);
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
    const auto *probe = pointer_to(record.probes, "workloads/network", &ProbeRecord::probe);
    if (probe == nullptr)
        return;
    const bool asked = is_asked_for(network, probe->data);
    if (!asked && std::ranges::count(known_networks(), network.network) == 0)
        return;
    const std::string prefix = "network." + in_key(network.name()) + ".";
    const std::vector<Finding> findings =
        asked ? findings_of_runs(probe->data, prefix) : probe->findings;
    const auto *time = pointer_to(findings, prefix + "time", &Finding::key);
    if (time == nullptr || time->status != Status::measured || !time->value || !(*time->value > 0))
        return;
    measure(teardown.whole, *time->value);
    for (const char *each : {"time", "p50", "p90", "cold", "first", "launches", "memory"})
        if (const auto *found = pointer_to(findings, prefix + each, &Finding::key);
            found != nullptr && found->status == Status::measured && found->value)
            teardown.runs.push_back(*found);
    for (const char *name : {"layer", "product"}) { // by the kinds of their plans
        const Series *series = probe->data.find(name);
        if (series == nullptr)
            continue;
        for (const auto &[layer, seconds] :
             layer_times(*series, asked ? std::string(asked_network) : network.name()))
            if (layer < static_cast<double>(teardown.layers.size()))
                measure(teardown.layers[static_cast<std::size_t>(layer)], seconds);
    }
}

} // namespace clprobe
