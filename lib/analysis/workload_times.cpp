// What reports hold of the operators and networks that `workloads/*` timed.

#include "analysis/against_cpu.hpp"
#include "analysis/series_at.hpp"
#include "model/key.hpp"
#include "model/layer_titles.hpp"
#include "model/text.hpp"

#include <clprobe/teardown.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <optional>

namespace clprobe {
namespace {

constexpr const char *networks_probe = "workloads/network";

Network of_one_layer(const std::string &name, const TensorShape &input, Layer layer) {
    layer.inputs.clear();
    return {name, name, "clprobe", input, {std::move(layer)}, {}};
}

/// Which tells apart what takes another time.
std::string layer_title(const SizedLayer &sized) {
    const Layer &layer = sized.layer;
    const std::string heads =
        layer.op == Operator::attention
            ? fmt::format(" by {} {}head{}", layer.heads, layer.causal ? "causal " : "",
                          layer.heads == 1 ? "" : "s")
            : "";
    return fmt::format("{} {}{}", operator_title(layer), shape_title(sized), heads);
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

/// Nothing of what no report of a run has.
std::optional<Network> attention_at(const At &at) {
    Layer layer;
    layer.name = "attention";
    layer.op = Operator::attention;
    layer.heads = at.number("heads");
    layer.causal = at.label("causal") == "yes";
    const std::uint64_t width = at.number("width");
    if (layer.heads == 0 || width == 0)
        return std::nullopt;
    return of_one_layer(fmt::format("attention {}x{}x{}{}", layer.heads, at.number("length"), width,
                                    layer.causal ? ".causal" : ""),
                        {3 * layer.heads * width, at.number("length"), 1}, layer);
}

/// Nothing of a softmax, which is no layer.
std::optional<Network> norm_at(const At &at) {
    if (at.label("operator") != name(Operator::layer_norm))
        return std::nullopt;
    Layer layer;
    layer.name = "norm";
    layer.op = Operator::layer_norm;
    return titled({at.number("length"), at.number("rows"), 1}, layer);
}

/// A probe whose series "call" has calls of operators, and which computation a point of it is of.
struct OperatorSeries {
    const char *probe;
    std::function<std::optional<Network>(const At &)> network;
};

const std::array<OperatorSeries, 4> &operator_sources() {
    static const std::array<OperatorSeries, 4> sources{{{"workloads/convolution", convolution_at},
                                                        {"workloads/gemm", product_at},
                                                        {"workloads/attention", attention_at},
                                                        {"workloads/softmax_norm", norm_at}}};
    return sources;
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
    [[nodiscard]] bool none() const { return seconds_.empty(); }
    void add_to(CallTimes &times) const {
        if (none())
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
        const auto *probe = pointer_to(record.probes, source.probe, &ProbeRecord::probe);
        if (probe == nullptr)
            continue;
        Calls calls;
        for_each_point(probe->data, "call", [&](const At &at, const Point &point) {
            if (source.network(at) != network)
                return;
            if (at.label("stage").empty())
                calls.add(calls_in_a_row(at), point.samples);
            else
                calls.add_stage(point.samples);
        });
        if (const auto ending = termination_of(probe->data); ending && !calls.none())
            times.absent = ending->reason;
        else
            calls.add_to(times);
    }
}

/// Of the layers of `whole` that are that one.
void add_layers(CallTimes &times, const Network &network, const Network &whole,
                const Dataset &data) {
    const std::vector<SizedLayer> layers = sized_layers(whole);
    for (std::size_t i = 0; i < layers.size(); ++i) {
        if (layer_title(layers[i]) != network.name)
            continue;
        Calls calls;
        for (const char *series : {"layer", "product"}) // the second of dense layers of tokens
            for_each_point_of({whole}, data, series, [&](const At &at, const Point &point) {
                if (at.number("layer") == i)
                    calls.add(calls_in_a_row(at), point.samples);
            });
        calls.add_to(times);
    }
}

void add_network(CallTimes &times, const Network &network, const Dataset &data) {
    for_each_point_of({network}, data, "run", [&](const At &, const Point &point) {
        times.seconds.insert(times.seconds.end(), point.samples.begin(), point.samples.end());
    });
}

bool is_timed_alone(const SizedLayer &sized) {
    return sized.layer.op != Operator::add;
}

} // namespace

std::vector<Network> computations_of(const DeviceRecord &record) {
    std::vector<Network> networks;
    const auto add = [&](const Network &network) {
        if (std::ranges::count(networks, network.name, &Network::name) == 0)
            networks.push_back(network);
    };
    for (const OperatorSeries &source : operator_sources())
        if (const auto *probe = pointer_to(record.probes, source.probe, &ProbeRecord::probe))
            for_each_point(probe->data, "call", [&](const At &at, const Point &) {
                if (const auto network = source.network(at))
                    add(*network);
            });
    if (const auto *probe = pointer_to(record.probes, networks_probe, &ProbeRecord::probe))
        for_each_point(probe->data, "run", [&](const At &at, const Point &) {
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
    const ProbeRecord *of_networks = ended_well(record, networks_probe);
    for (const Network &network : networks) {
        CallTimes &times = side.times[network.name];
        const bool is_whole = network.layers.size() > 1 || (whole != nullptr && network == *whole);
        if (!is_whole && whole == nullptr)
            add_operator(times, network, record);
        else if (of_networks != nullptr && is_whole)
            add_network(times, network, of_networks->data);
        else if (of_networks != nullptr)
            add_layers(times, network, *whole, of_networks->data);
        if (times.seconds.empty() && (is_whole || whole != nullptr))
            times.absent = why_unmeasured(record, {is_whole ? network : *whole});
    }
}

} // namespace clprobe
