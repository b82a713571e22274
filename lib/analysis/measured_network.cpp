#include "model/key.hpp"
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

} // namespace

void add_measured(Teardown &teardown, const Network &network, const DeviceRecord &record) {
    const auto *probe = pointer_to(record.probes, "workloads/network", &ProbeRecord::probe);
    if (probe == nullptr || std::ranges::count(known_networks(), network) == 0)
        return;
    const std::string prefix = "network." + in_key(network.name) + ".";
    const auto *time = pointer_to(probe->findings, prefix + "time", &Finding::key);
    if (time == nullptr || time->status != Status::measured || !time->value || !(*time->value > 0))
        return;
    measure(teardown.whole, *time->value);
    for (const char *each : {"time", "p50", "p90", "cold", "first", "launches", "memory"})
        if (const auto *found = pointer_to(probe->findings, prefix + each, &Finding::key);
            found != nullptr && found->status == Status::measured && found->value)
            teardown.runs.push_back(*found);
    for (const char *name : {"layer", "product"}) { // by the kinds of their plans
        const Series *series = probe->data.find(name);
        if (series == nullptr)
            continue;
        for (const auto &[layer, seconds] : layer_times(*series, network.name))
            if (layer < static_cast<double>(teardown.layers.size()))
                measure(teardown.layers[static_cast<std::size_t>(layer)], seconds);
    }
}

} // namespace clprobe
