#include "common/convolution_launches.hpp"
#include "common/launch_chain.hpp"
#include "common/operator_plans.hpp"
#include "workloads/network/network.hpp"
#include "workloads/network/prepared.hpp"

#include <clprobe/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <functional>
#include <optional>
#include <utility>

namespace clprobe::probes::network {
namespace {

namespace entry = operators::entry;

class Experiment {
public:
    explicit Experiment(Bench &bench) : bench_(bench), plain_(without_profiling(bench.context())) {}

    void run() {
        std::exception_ptr failure;
        const auto prepare_one = [&](std::uint32_t number, const BatchedNetwork &network) {
            if (const std::string reason = operators::prepare_unless_it_fails(
                    [&] { return prepare(number, network); }, failure);
                !reason.empty())
                bench_.data().text_attributes[entry::unmeasured + network_names()[number]] = reason;
        };
        if (const auto &asked = bench_.network()) {
            for (const BatchedNetwork &other : measured_networks())
                if (other != *asked)
                    bench_.data().text_attributes[entry::unmeasured + other.name()] =
                        operators::asked_for_network(*asked);
            const std::uint32_t number = number_of(*asked);
            if (number == numbered_networks().size()) // only its data say which it was
                bench_.data().text_attributes[std::string(asked_network)] = asked->name();
            prepare_one(number, *asked);
        }
        for (std::uint32_t number = 0; !bench_.network() && number < numbered_networks().size();
             ++number)
            prepare_one(number, numbered_networks()[number]);
        if (networks_.empty() && failure)
            std::rethrow_exception(failure);
        const std::optional<LaunchChain> sweep = emptying_caches();
        operators::time_blocks(bench_, [&](int block) {
            for (Timed &network : networks_)
                time(network, block, sweep);
        });
        for (const Timed &network : networks_)
            expect_same_result(network);
    }

private:
    struct Timed {
        std::uint32_t number = 0;
        Prepared prepared;
        LaunchChain chain;
        std::size_t most = 1;   ///< runs in a row
        std::size_t waited = 1; ///< runs of a block that are waited for
    };

    /// Of a run whose layers find what no layer computes where the one before them has not run.
    static void expect_same_result(const Timed &network) {
        network.prepared.spoil();
        (void)network.chain.seconds(1);
        network.prepared.expect_same_result();
    }

    /// Why the network is not measured; empty where it is.
    [[nodiscard]] std::string prepare(std::uint32_t number, const BatchedNetwork &network) {
        const std::string &name = network_names()[number];
        const bool small = number < small_networks().size();
        if (const std::string reason = without_kernel(network); !reason.empty())
            return reason;
        if (bench_.tiny() && !small && !bench_.network())
            return "the tiny profile has no time for it";
        if (!bench_.tiny() && small)
            return "it is for tests of the kernels, at the tiny profile";
        const Graph graph(network);
        if (const std::string reason = too_large(graph); !reason.empty())
            return reason;
        const std::optional<NetworkPlan> likely = plan_of(graph);
        if (!likely)
            return "no plans of its layers fit together";
        if (const std::string reason = too_long(graph, *likely); !reason.empty())
            return reason;
        const NetworkPlan &plan = *likely;
        if (small) { // what the device itself would not take is verified too
            const Graph with_more_halo(network, 1);
            (void)Prepared(bench_, plain_, number, with_more_halo, other_plan(graph, plan),
                           {8, 2, 8});
        }
        Prepared prepared(bench_, plain_, number, graph, plan, head_tile(bench_.device()));
        const std::vector<BoundLaunch> launches = prepared.launches();
        auto &numbers = bench_.data().number_attributes;
        numbers[attribute::kept + name] = kept_plans(graph, plan);
        numbers[attribute::launches + name] = static_cast<double>(launches.size());
        numbers[attribute::memory + name] = static_cast<double>(prepared.bytes());
        Point &first = bench_.series(series::first).point(coordinates(RunRow{number}));
        first.samples.push_back(prepared.first_seconds());
        first.block.push_back(0);
        for (Ready &layer : prepared.layers()) {
            layer.chain.emplace(plain_, layer.launches);
            layer.most = rounds(*layer.chain, 4e-3);
        }
        LaunchChain chain(plain_, launches);
        const std::size_t most = rounds(chain, 20e-3);
        const double alone = chain.seconds(1);
        const auto waited = static_cast<std::size_t>(std::clamp(0.4 / alone, 3.0, 20.0));
        networks_.push_back({number, std::move(prepared), std::move(chain), most, waited});
        return "";
    }

    /// Nothing where no plans fit together. Throws where a layer takes longer than a launch may.
    [[nodiscard]] std::optional<NetworkPlan> plan_of(const Graph &graph) const {
        const auto kept = [&](const ConvolutionShape &shape,
                              const std::vector<ConvolutionPlan> &plans) {
            return operators::kept_plan(bench_.choice(convolution_text, shape.name()), plans);
        };
        const auto convolutions = convolutions_of(graph);
        const auto chained = chained_plans(convolutions, kept, bench_.facts());
        if (!chained)
            return std::nullopt;
        NetworkPlan plan{*chained, {}};
        for (std::size_t i = 0; i < convolutions.size(); ++i) {
            const ConvolutionShape &shape = convolutions[i].shape;
            const Convolution convolution(shape, plan.convolutions[i]);
            if (convolution.predicted_seconds(bench_.facts()).value_or(0) > bench_.bounds().limit)
                throw Error(fmt::format("{} takes longer than a launch may", shape.name()));
        }
        for (std::size_t layer = 0; layer < graph.layers().size(); ++layer)
            if (const auto shape = product_of(graph, layer)) {
                const auto plans = workloads::gemm_plans(*shape, bench_.facts());
                plan.products.push_back(
                    operators::kept_plan(bench_.choice(gemm_text, shape->name()), plans)
                        .value_or(plans.front()));
            } else if (const auto attention = attention_of(graph, layer)) {
                const auto plans = attention::attention_plans(*attention, bench_.facts());
                plan.attentions.push_back(
                    operators::kept_plan(bench_.choice(attention::kernel_text, attention->name()),
                                         plans)
                        .value_or(plans.front()));
            } else if (const auto norm = norm_of(graph, layer)) {
                const auto plans = workloads::softmax_norm_plans(*norm, bench_.facts());
                plan.norms.push_back(
                    operators::kept_plan(bench_.choice(norm_text, norm->name()), plans)
                        .value_or(plans.front()));
            }
        return plan;
    }

    /// By other families of kernels, as far as the device has room for them.
    [[nodiscard]] NetworkPlan other_plan(const Graph &graph, NetworkPlan plan) const {
        std::size_t next = 0;
        for (std::size_t layer = 0; layer < graph.layers().size(); ++layer)
            if (const auto shape = attention_of(graph, layer)) {
                const auto other = AttentionPlan::by_local_memory(
                    {32, 32, 4, 4, 1, false, shape->causal ? 2u : 1u});
                const attention::ScoreTile &tile = other.group_tile;
                if (Attention::unfit(*shape, other).empty() &&
                    tile.items() <= bench_.device().max_work_group_size.value_or(1) &&
                    tile.local_bytes(shape->width) <= bench_.device().local_memory.value_or(0))
                    plan.attentions[next] = other;
                ++next;
            }
        return plan;
    }

    /// How many of the plans of convolutions and products were kept from races.
    [[nodiscard]] double kept_plans(const Graph &graph, const NetworkPlan &plan) const {
        double kept = 0;
        const auto count = [&](const char *text, const std::string &shape, const auto &chosen) {
            const auto *choice = bench_.choice(text, shape);
            kept += choice != nullptr && coordinates(chosen) == *choice ? 1 : 0;
        };
        const auto convolutions = convolutions_of(graph);
        for (std::size_t i = 0; i < convolutions.size(); ++i)
            count(convolution_text, convolutions[i].shape.name(), plan.convolutions[i]);
        auto product = plan.products.begin();
        for (std::size_t layer = 0; layer < graph.layers().size(); ++layer)
            if (const auto shape = product_of(graph, layer))
                count(gemm_text, shape->name(), *product++);
        return kept;
    }

    /// A launch that goes through a buffer of several times the largest cache. Nothing where the
    /// device has no room for one.
    [[nodiscard]] std::optional<LaunchChain> emptying_caches() {
        constexpr std::size_t least = std::size_t{64} << 20U;
        constexpr std::size_t most = std::size_t{1} << 30U;
        double largest = static_cast<double>(bench_.device().cache_size.value_or(0));
        for (int level = 1;; ++level) {
            const auto size = bench_.facts().value(fmt::format("buffer.l{}.read_size", level));
            if (!size)
                break;
            largest = std::max(largest, *size);
        }
        const double wanted = bench_.tiny() ? 0x1p14 : std::max(4 * largest, double{least});
        const std::size_t bytes = std::min(
            {static_cast<std::size_t>(std::min(wanted, double{most})), bench_.most_bytes()});
        if (static_cast<double>(bytes) < 2 * largest && !bench_.tiny())
            return std::nullopt;
        const HeadTile head = head_tile(bench_.device());
        const std::size_t vectors = bytes / sizeof(float) / head.width;
        const Buffer buffer = bench_.buffer(bytes);
        bench_.context().fill(buffer, 0);
        bench_.context().finish();
        bench_.data().number_attributes[attribute::swept] = static_cast<double>(bytes);
        return LaunchChain(plain_,
                           {{bench_.build(kernel_text, head.build_options()).kernel("sweep"),
                             head.items(vectors),
                             {buffer, static_cast<std::uint32_t>(vectors)}}});
    }

    /// Before the host has all of it.
    [[nodiscard]] std::string too_large(const Graph &graph) const {
        for (std::size_t tensor = 0; tensor < graph.tensors(); ++tensor) {
            const TensorShape shape = graph.batch_shape(tensor);
            if (sizeof(float) * shape.channels * shape.positions() > bench_.most_bytes())
                return "its activations are more than a buffer may have";
        }
        return "";
    }

    [[nodiscard]] std::string too_long(const Graph &graph, const NetworkPlan &plan) const {
        if (bench_.tiny())
            return "";
        std::optional<double> seconds = predicted_seconds(graph, plan, bench_.facts());
        // One that is suspect is good enough for this.
        const Finding *rate = bench_.facts().find("fma.fp32.rate");
        if (!seconds && rate != nullptr && rate->value.value_or(0) > 0)
            seconds = total_of(graph.layers()).flop() / *rate->value;
        if (!seconds && bench_.network()) // it was asked for
            return "";
        if (!seconds)
            return "how long a run takes is not known: the rate of multiply-adds was not measured";
        const double runs = bench_.network() ? 6 : 60; // that the budget has to hold
        if (*seconds > bench_.budget() / runs)
            return fmt::format("a run of some {} is too long for this profile",
                               format({*seconds, Unit::second}));
        return "";
    }

    /// That take so long in a row.
    [[nodiscard]] static std::size_t rounds(const LaunchChain &chain, double seconds) {
        (void)chain.seconds(1); // the driver compiles
        const double alone = chain.seconds(1);
        return static_cast<std::size_t>(std::clamp(seconds / std::max(alone, 1e-6), 2.0, 400.0));
    }

    void time(Timed &network, int block, const std::optional<LaunchChain> &sweep) {
        for (const Ready &layer : network.prepared.layers())
            time(*layer.chain, layer.most, block, [&](double rounds) -> Point & {
                return layer.product
                           ? bench_.series(series::product)
                                 .point(coordinates(
                                     ProductRow{network.number, layer.layer, *layer.product},
                                     rounds))
                           : bench_.series(series::layer)
                                 .point(coordinates(
                                     LayerRow{network.number, layer.layer, layer.convolution},
                                     rounds));
            });
        time(network.chain, network.most, block, [&](double runs) -> Point & {
            return bench_.series(series::network)
                .point(coordinates(NetworkRow{network.number}, runs));
        });
        const auto add_run = [&](const std::string &series) {
            Point &point = bench_.series(series).point(coordinates(RunRow{network.number}));
            point.samples.push_back(network.chain.seconds(1));
            point.block.push_back(block);
        };
        for (std::size_t i = 0; i < network.waited; ++i)
            add_run(series::run);
        const int cold = bench_.tiny() ? 1 : 4;
        for (int i = 0; sweep && i < cold; ++i) {
            (void)sweep->seconds(1);
            add_run(series::cold);
        }
    }

    /// Half as many rounds in a row, and all.
    void time(const LaunchChain &chain, std::size_t most, int block,
              const std::function<Point &(double rounds)> &point_of) {
        if (most > 2) // the host's threads wake up, and caches have the layer's weights
            (void)chain.seconds(1);
        for (const std::size_t rounds : {most / 2, most}) {
            Point &point = point_of(static_cast<double>(rounds));
            point.samples.push_back(chain.seconds(rounds));
            point.block.push_back(block);
        }
    }

    Bench &bench_;
    Context plain_; ///< on which launches follow one another
    std::vector<Timed> networks_;
};

} // namespace

void run_experiments(Bench &bench) {
    Experiment(bench).run();
}

} // namespace clprobe::probes::network
