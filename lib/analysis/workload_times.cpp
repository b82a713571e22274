// What reports hold of the operators and networks that `workloads/*` timed.

#include "analysis/against_cpu.hpp"
#include "model/key.hpp"
#include "model/layer_titles.hpp"
#include "model/termination.hpp"
#include "model/text.hpp"

#include <clprobe/teardown.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>

namespace clprobe {
namespace {

/// Coordinates by the axis's name.
class At {
public:
    At(const Series &series, const Point &point) : series_(series), point_(point) {}

    [[nodiscard]] std::uint64_t number(const std::string &axis) const {
        for (std::size_t i = 0; i < series_.axes.size() && i < point_.at.size(); ++i)
            if (series_.axes[i].name == axis)
                return static_cast<std::uint64_t>(point_.at[i]);
        return 0;
    }
    /// Of an axis whose coordinates have names.
    [[nodiscard]] std::string label(const std::string &axis) const {
        const Axis *found = pointer_to(series_.axes, axis, &Axis::name);
        const std::uint64_t at = number(axis);
        return found != nullptr && at < found->labels.size() ? found->labels[at] : "";
    }

private:
    const Series &series_;
    const Point &point_;
};

Network of_one_layer(const std::string &name, const TensorShape &input, Layer layer) {
    layer.inputs.clear();
    return {name, name, "clprobe", input, {std::move(layer)}, {}};
}

std::string layer_title(const SizedLayer &sized) {
    return fmt::format("{} {}", operator_title(sized.layer), shape_title(sized));
}

Network titled(const TensorShape &input, const Layer &layer) {
    Network network = of_one_layer("layer", input, layer);
    network.name = network.title = layer_title(sized_layers(network).front());
    return network;
}

Network convolution_at(const At &at) {
    Layer layer;
    layer.name = "convolution";
    layer.kernel = at.number("kernel");
    layer.stride = at.number("stride");
    layer.padding = layer.kernel / 2;
    if (at.label("depthwise") == "yes")
        layer.op = Operator::depthwise_convolution;
    else
        layer.channels = at.number("output_channels");
    for (const Activation activation :
         {Activation::relu, Activation::relu6, Activation::hard_swish})
        if (at.label("activation") == name(activation))
            layer.activation = activation;
    return titled(
        {at.number("input_channels"), at.number("input_height"), at.number("input_width")}, layer);
}

Network product_at(const At &at) {
    Layer layer;
    layer.name = "product";
    layer.op = Operator::dense;
    layer.channels = at.number("n");
    layer.bias = false;
    return of_one_layer(
        fmt::format("gemm {}x{}x{}", at.number("m"), at.number("n"), at.number("k")),
        {at.number("k"), at.number("m"), 1}, layer);
}

/// A series of a probe, and which computation a point of it is of.
struct OperatorSeries {
    const char *probe;
    const char *series;
    std::function<Network(const At &)> network;
};

const std::array<OperatorSeries, 2> &operator_sources() {
    static const std::array<OperatorSeries, 2> sources{
        {{"workloads/convolution", "call", convolution_at},
         {"workloads/gemm", "call", product_at}}};
    return sources;
}

const Series *series_of(const DeviceRecord &record, const std::string &probe,
                        const std::string &series) {
    const auto *found = pointer_to(record.probes, probe, &ProbeRecord::probe);
    return found == nullptr ? nullptr : found->data.find(series);
}

void for_each_point(const DeviceRecord &record, const std::string &probe, const std::string &name,
                    const std::function<void(const At &, const Point &)> &visit) {
    if (const Series *series = series_of(record, probe, name))
        for (const Point &point : series->points)
            visit(At(*series, point), point);
}

/// The number of calls in a row, by whichever name the series has it.
std::uint64_t calls_in_a_row(const At &at) {
    return std::max({std::uint64_t{1}, at.number("calls"), at.number("rounds")});
}

/// Times of calls by how many of them were made in a row: of most, what one takes.
class Calls {
public:
    void add(std::uint64_t in_a_row, const std::vector<double> &seconds) {
        std::vector<double> &all = seconds_[in_a_row];
        all.insert(all.end(), seconds.begin(), seconds.end());
    }
    /// Another stage of the same calls.
    void add_stage(const std::vector<double> &seconds) {
        std::vector<double> &all = seconds_[1];
        all.resize(std::max(all.size(), seconds.size()));
        for (std::size_t i = 0; i < seconds.size(); ++i)
            all[i] += seconds[i];
    }
    void add_to(CallTimes &times) const {
        if (seconds_.empty())
            return;
        const auto &[most, seconds] = *seconds_.rbegin();
        for (const double each : seconds)
            times.seconds.push_back(each / static_cast<double>(most));
    }

private:
    std::map<std::uint64_t, std::vector<double>> seconds_;
};

void add_operator(CallTimes &times, const Network &network, const DeviceRecord &record) {
    for (const OperatorSeries &source : operator_sources()) {
        Calls calls;
        for_each_point(record, source.probe, source.series, [&](const At &at, const Point &point) {
            if (source.network(at) != network)
                return;
            if (at.label("stage").empty())
                calls.add(calls_in_a_row(at), point.samples);
            else
                calls.add_stage(point.samples);
        });
        calls.add_to(times);
    }
}

/// What the series of `workloads/network` call that network.
std::string label_of(const Network &network, const DeviceRecord &record) {
    const auto *probe = pointer_to(record.probes, "workloads/network", &ProbeRecord::probe);
    const std::string asked(asked_network);
    const bool is_asked = probe != nullptr && probe->data.text_attribute(asked) == network.name;
    return is_asked ? asked : network.name;
}

/// Of the layers of `whole` that are that one.
void add_layers(CallTimes &times, const Network &network, const Network &whole,
                const DeviceRecord &record) {
    const std::vector<SizedLayer> layers = sized_layers(whole);
    const std::string label = label_of(whole, record);
    for (std::size_t i = 0; i < layers.size(); ++i) {
        if (layer_title(layers[i]) != network.name)
            continue;
        Calls calls;
        for_each_point(record, "workloads/network", "layer", [&](const At &at, const Point &point) {
            if (at.label("network") == label && at.number("layer") == i)
                calls.add(calls_in_a_row(at), point.samples);
        });
        calls.add_to(times);
    }
}

void add_network(CallTimes &times, const Network &network, const DeviceRecord &record) {
    const std::string label = label_of(network, record);
    if (const auto *probe = pointer_to(record.probes, "workloads/network", &ProbeRecord::probe);
        probe != nullptr && termination_of(probe->data)) {
        times.absent = why_unmeasured(record, {network});
        return;
    }
    for_each_point(record, "workloads/network", "run", [&](const At &at, const Point &point) {
        if (at.label("network") == label)
            times.seconds.insert(times.seconds.end(), point.samples.begin(), point.samples.end());
    });
    if (times.seconds.empty())
        times.absent = why_unmeasured(record, {network});
}

bool is_timed_alone(const SizedLayer &sized) {
    return sized.work.weights > 0 || sized.layer.op == Operator::average_pool ||
           sized.layer.op == Operator::max_pool;
}

} // namespace

std::vector<Network> computations_of(const DeviceRecord &record) {
    std::vector<Network> networks;
    const auto add = [&](const Network &network) {
        if (std::ranges::count(networks, network.name, &Network::name) == 0)
            networks.push_back(network);
    };
    for (const OperatorSeries &source : operator_sources())
        for_each_point(record, source.probe, source.series,
                       [&](const At &at, const Point &) { add(source.network(at)); });
    for_each_point(record, "workloads/network", "run", [&](const At &at, const Point &) {
        if (const Network *known =
                pointer_to(known_networks(), at.label("network"), &Network::name))
            add(*known);
    });
    return networks;
}

std::vector<Network> single_layers(const Network &network) {
    std::vector<Network> all;
    for (const SizedLayer &sized : sized_layers(network)) {
        const std::string title = layer_title(sized);
        if (is_timed_alone(sized) && std::ranges::count(all, title, &Network::name) == 0)
            all.push_back(titled(sized.input, sized.layer));
    }
    return all;
}

void add_times(TimedSide &side, const std::vector<Network> &networks, const Network *whole,
               const DeviceRecord &record) {
    for (const Network &network : networks) {
        CallTimes &times = side.times[network.name];
        if (network.layers.size() > 1 || (whole != nullptr && network == *whole))
            add_network(times, network, record);
        else if (whole != nullptr)
            add_layers(times, network, *whole, record);
        else
            add_operator(times, network, record);
    }
}

} // namespace clprobe
