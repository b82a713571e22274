#include "analysis/intervals.hpp"
#include "analysis/quantile_interval.hpp"
#include "common/allowances.hpp"
#include "common/operators.hpp"
#include "common/verdicts.hpp"
#include "model/key.hpp"
#include "workloads/network/network.hpp"

#include <clprobe/row.hpp>
#include <clprobe/statistics.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace clprobe::probes::network {
namespace {

namespace entry = operators::entry;

/// The keys of a network, in their order.
struct Keys {
    explicit Keys(const BatchedNetwork &network)
        : prefix("network." + in_key(network.name()) + "."),
          shape(prefix,
                fmt::format(
                    "what a run of {} adds to others in a row, {} weights packed before "
                    "and {} where the first layer reads {}",
                    network.batch == 1 ? "one image" : fmt::format("{} images", network.batch),
                    network.batch == 1 ? "its" : "their",
                    network.batch == 1 ? "its image" : "these", network.batch == 1 ? "it" : "them"),
                "two for each multiply-add that docs/networks.md counts, over the time"),
          p50{prefix + "p50", Unit::second, Better::lower,
              "a run that is waited for, half of which take no longer"},
          p90{prefix + "p90", Unit::second, Better::lower,
              "a run that is waited for, nine of ten take no longer"},
          cold{prefix + "cold", Unit::second, Better::lower,
               "a run that is waited for, behind one that went through more memory than caches "
               "hold, half of which take no longer"},
          first{
              prefix + "first", Unit::second, Better::lower,
              "the first launches of all layers, each waited for, with what drivers put off until "
              "then; programs are built before"},
          launches{prefix + "launches", Unit::one, Better::lower, "launches of a run"},
          memory{prefix + "memory", Unit::byte, Better::lower,
                 "weights, and the activations of all layers, each in a buffer of its own"} {}

    [[nodiscard]] std::vector<FindingKey> all() const {
        std::vector<FindingKey> keys = shape.all();
        keys.insert(keys.end(), {p50, p90, cold, first, launches, memory});
        return keys;
    }

    std::string prefix;
    operators::ShapeKeys shape;
    FindingKey p50;
    FindingKey p90;
    FindingKey cold;
    FindingKey first;
    FindingKey launches;
    FindingKey memory;
};

double flops_of(const Graph &graph) {
    return total_of(graph.layers()).flop();
}

/// Of the rows of that network, in the order of its layers.
template <typename Row>
auto plans_of_series(const Series *series, std::uint32_t network) {
    std::map<std::uint32_t, decltype(Row::plan)> by_layer;
    for (const auto &found : samples_by_row<Row>(series))
        if (found.row.network == network)
            by_layer.try_emplace(found.row.layer, found.row.plan);
    return by_layer;
}

/// As far as the series have it.
NetworkPlan plan_of(const Dataset &data, std::uint32_t network, const Graph &graph) {
    NetworkPlan plan;
    const auto of_layers = plans_of_series<LayerRow>(data.find(series::layer), network);
    for (const NetworkConvolution &convolution : convolutions_of(graph))
        if (const auto found = of_layers.find(static_cast<std::uint32_t>(convolution.output - 1));
            found != of_layers.end())
            plan.convolutions.push_back(found->second);
    for (const auto &[layer, product] :
         plans_of_series<ProductRow>(data.find(series::product), network))
        plan.products.push_back(product);
    return plan;
}

/// Those that the plans compute, fewer by Winograd's.
double computed_of(const Graph &graph, const NetworkPlan &plan) {
    double flops = flops_of(graph);
    const std::vector<NetworkConvolution> convolutions = convolutions_of(graph);
    for (std::size_t i = 0; i < std::min(convolutions.size(), plan.convolutions.size()); ++i)
        if (const ConvolutionShape &shape = convolutions[i].shape;
            Convolution::unfit(shape, plan.convolutions[i]).empty())
            flops += Convolution(shape, plan.convolutions[i]).flops() - shape.flops();
    return flops;
}

std::optional<operators::Calls> calls_of(const Dataset &data, const Facts &facts,
                                         std::uint32_t number) {
    const BatchedNetwork &network = numbered_networks()[number];
    const Graph graph(network);
    const NetworkPlan plan = plan_of(data, number, graph);
    const std::vector<TripTime> times = times_of(data.find(series::network), NetworkRow{number});
    const auto fit = fit_slope(times);
    if (!fit || fit->blocks < 2)
        return std::nullopt;
    double most = 1;
    for (const TripTime &time : times)
        most = std::max(most, time.trips);
    return operators::Calls{
        .seconds = fit->seconds_per_trip,
        .interval = fit->interval,
        .work = flops_of(graph),
        .predicted = operators::predicted_by(
            facts, [&](const Facts &given) { return predicted_seconds(graph, plan, given); }),
        .method = fmt::format(
            "slope of time over up to {:g} runs in a row, in {} blocks; {:.0f} of {} plans kept "
            "from races; a sample of each layer's outputs compared, errors up to "
            "{:.2g} sqrt(k) u sum|ab|",
            most, fit->blocks, data.number_attribute(attribute::kept + network.name()).value_or(0),
            plan.convolutions.size() + plan.products.size(),
            data.number_attribute(entry::error).value_or(0)),
        .series = series::network,
        .computed = computed_of(graph, plan)};
}

/// The quantile of runs that were waited for. A second run's falls among those of stretches.
Finding quantile_of_runs(const FindingKey &key, const Dataset &data, const std::string &series,
                         std::uint32_t network, double q) {
    std::vector<double> all;
    for (const auto &found : samples_by_row<RunRow>(data.find(series)))
        if (found.row.network == network)
            all.insert(all.end(), found.samples.begin(), found.samples.end());
    // Of which one lies beyond the quantile.
    const auto stretch = static_cast<std::size_t>(std::ceil(1 / (1 - q) - 1e-6));
    std::vector<double> values;
    for (std::size_t first = 0; first + stretch <= all.size(); first += stretch)
        values.push_back(quantile(std::span(all).subspan(first, stretch), q));
    const auto order = quantile_interval(all, q);
    if (values.size() < 2 || !order)
        return undecided(key, fmt::format("{} runs are too few", all.size()));
    const double value = quantile(all, q);
    const Interval repeated = repeat_interval(values);
    const Interval interval = hull(hull(hull(*order, repeated.low), repeated.high), value);
    if (interval.low <= 0)
        return undecided(key, "the runs take too different times", {series});
    Finding finding = measured(key, value, interval);
    finding.method = fmt::format("{:g} % quantile of {} runs, each waited for, by the host's clock",
                                 100 * q, all.size());
    finding.evidence = {series};
    widen_to(finding, commands_of_host);
    return finding;
}

Finding cold_runs(const FindingKey &key, const Dataset &data, std::uint32_t network) {
    const double swept = data.number_attribute(attribute::swept).value_or(0);
    if (swept <= 0)
        return undecided(key, "none were timed: no buffer is larger than all caches");
    Finding finding = quantile_of_runs(key, data, series::cold, network, 0.5);
    if (finding.value)
        finding.method +=
            fmt::format(", behind one through a buffer of {}", format({swept, Unit::byte}));
    return finding;
}

Finding first_run(const FindingKey &key, const Dataset &data, std::uint32_t network) {
    for (const auto &found : samples_by_row<RunRow>(data.find(series::first)))
        if (found.row.network == network && !found.samples.empty() && found.samples.front() > 0) {
            const double seconds = found.samples.front();
            Finding finding = measured(key, seconds, {seconds, seconds});
            finding.method = "one run, by the host's clock";
            finding.evidence = {series::first};
            widen_to(finding, longest_commands);
            return finding;
        }
    return undecided(key, "not timed");
}

Finding counted(const FindingKey &key, const Dataset &data, const std::string &attribute,
                const std::string &method) {
    const double count = data.number_attribute(attribute).value_or(0);
    return count > 0 ? decided(key, count, method, {series::network})
                     : undecided(key, "not counted");
}

/// Of each layer, at its number, what a round takes among the most in a row.
template <typename Row>
void add_points(std::map<std::uint32_t, Curve> &by_network, const Series *series) {
    for (const auto &[row, times] : times_by_row<Row>(series)) {
        double most = 0;
        for (const TripTime &time : times)
            most = std::max(most, time.trips);
        std::vector<double> seconds;
        for (const TripTime &time : times)
            if (time.trips == most)
                seconds.push_back(time.seconds / most);
        Curve &curve = by_network[row.network];
        curve.series = series::layer;
        curve.x = {"layer", Unit::one, {}};
        curve.y = {"time", Unit::second, {}};
        curve.label = network_names()[row.network];
        if (!seconds.empty())
            curve.points.push_back({row.layer + 1.0, median(seconds), seconds.size(),
                                    std::ranges::min(seconds), std::ranges::max(seconds)});
    }
}

} // namespace

std::vector<FindingKey> finding_keys() {
    std::vector<FindingKey> keys;
    for (const BatchedNetwork &network : measured_networks()) {
        const Keys of_network(network);
        if (without_kernel(network).empty())
            for (const FindingKey &key : of_network.all())
                keys.push_back(key);
        else
            keys.push_back(of_network.shape.time);
    }
    return keys;
}

std::vector<Finding> findings_of(const Dataset &data, const Facts &facts) {
    std::vector<Finding> findings;
    for (const BatchedNetwork &network : measured_networks()) {
        const Keys keys(network);
        if (const std::string reason = without_kernel(network); !reason.empty()) {
            findings.push_back(without_value(keys.shape.time, Status::unsupported, reason));
            continue;
        }
        const std::string name = network.name();
        const std::uint32_t number = number_of(network);
        const auto calls = calls_of(data, facts, number);
        operators::add_findings(findings, keys.shape, name, calls, data, facts);
        const std::string reason = data.text_attribute(entry::unmeasured + name);
        if (!calls && !reason.empty()) {
            for (const FindingKey &key :
                 {keys.p50, keys.p90, keys.cold, keys.first, keys.launches, keys.memory})
                findings.push_back(undecided(key, reason));
            continue;
        }
        findings.push_back(quantile_of_runs(keys.p50, data, series::run, number, 0.5));
        findings.push_back(quantile_of_runs(keys.p90, data, series::run, number, 0.9));
        findings.push_back(cold_runs(keys.cold, data, number));
        findings.push_back(first_run(keys.first, data, number));
        findings.push_back(counted(keys.launches, data, attribute::launches + name,
                                   "those of each layer, transforms and sums of parts among them"));
        findings.push_back(
            counted(keys.memory, data, attribute::memory + name, "the sum of the buffers"));
    }
    return findings;
}

std::vector<Curve> curves_of(const Dataset &data) {
    std::map<std::uint32_t, Curve> by_network;
    add_points<LayerRow>(by_network, data.find(series::layer));
    add_points<ProductRow>(by_network, data.find(series::product));
    std::vector<Curve> curves;
    for (auto &[network, curve] : by_network) {
        std::ranges::sort(curve.points, {}, &Curve::Point::x);
        curves.push_back(std::move(curve));
    }
    return curves;
}

} // namespace clprobe::probes::network
