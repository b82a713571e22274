#include "common/convolution_launches.hpp"
#include "common/launch_chain.hpp"
#include "common/operator_plans.hpp"
#include "workloads/network/network.hpp"
#include "workloads/network/prepared.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <functional>
#include <utility>

namespace clprobe::probes::network {
namespace {

namespace entry = operators::entry;

class Experiment {
public:
    explicit Experiment(Bench &bench) : bench_(bench), plain_(without_profiling(bench.context())) {}

    void run() {
        std::exception_ptr failure;
        for (std::uint32_t number = 0; number < run_networks().size(); ++number)
            if (const std::string reason =
                    operators::prepare_unless_it_fails([&] { return prepare(number); }, failure);
                !reason.empty())
                bench_.data().text_attributes[entry::unmeasured + network_names()[number]] = reason;
        if (networks_.empty() && failure)
            std::rethrow_exception(failure);
        operators::time_blocks(bench_, [&](int block) {
            for (Timed &network : networks_)
                time(network, block);
        });
        for (const Timed &network : networks_)
            expect_same_result(network);
    }

private:
    struct Timed {
        std::uint32_t number = 0;
        Prepared prepared;
        LaunchChain chain;
        std::size_t most = 1; ///< runs in a row
    };

    /// Of a run whose layers find what no layer computes where the one before them has not run.
    static void expect_same_result(const Timed &network) {
        network.prepared.spoil();
        (void)network.chain.seconds(1);
        network.prepared.expect_same_result();
    }

    /// Why the network is not measured; empty where it is.
    [[nodiscard]] std::string prepare(std::uint32_t number) {
        const Network &network = run_networks()[number];
        const bool small = number == 0;
        if (bench_.tiny() && !small)
            return "the tiny profile has no time for it";
        if (!bench_.tiny() && small)
            return "it is for tests of the kernels, at the tiny profile";
        double kept = 0;
        const auto kept_plan = [&](const ConvolutionShape &shape,
                                   const std::vector<ConvolutionPlan> &plans) {
            return operators::kept_plan(bench_.choice(convolution_text, shape.name()), plans);
        };
        const std::vector<ConvolutionShape> shapes = convolutions_of(network);
        auto plans = chained_plans(shapes, kept_plan, bench_.facts());
        if (!plans)
            return "no plans of its layers fit together";
        for (std::size_t i = 0; i < shapes.size(); ++i) {
            if (Convolution(shapes[i], (*plans)[i]).predicted_seconds(bench_.facts()).value_or(0) >
                bench_.bounds().limit)
                return fmt::format("{} takes longer than a launch may", shapes[i].name());
            (*plans)[i] = understood(shapes[i], (*plans)[i], [&](const std::string &options) {
                return bench_.build(convolution_text, options);
            });
        }
        if (const std::string reason = too_long(network, *plans); !reason.empty())
            return reason;
        for (std::size_t i = 0; i < shapes.size(); ++i) {
            const auto *choice = bench_.choice(convolution_text, shapes[i].name());
            kept += choice != nullptr && coordinates((*plans)[i]) == *choice ? 1 : 0;
        }
        if (small) { // what the device itself would not take is verified too
            std::vector<ConvolutionShape> with_halo = shapes;
            with_halo.back().output_halo = 1;
            (void)Prepared(bench_, number, with_halo, *plans, {8, 2, 8});
        }
        Prepared prepared(bench_, number, shapes, *plans, head_tile(bench_.device()));
        const std::vector<BoundLaunch> launches = prepared.launches();
        auto &numbers = bench_.data().number_attributes;
        numbers[attribute::kept + network.name] = kept;
        numbers[attribute::launches + network.name] = static_cast<double>(launches.size());
        numbers[attribute::memory + network.name] = static_cast<double>(prepared.bytes());
        for (Ready &layer : prepared.layers()) {
            layer.chain.emplace(plain_, layer.launches);
            layer.most = rounds(*layer.chain, 4e-3);
        }
        LaunchChain chain(plain_, launches);
        const std::size_t most = rounds(chain, 20e-3);
        networks_.push_back({number, std::move(prepared), std::move(chain), most});
        return "";
    }

    [[nodiscard]] std::string too_long(const Network &network,
                                       const std::vector<ConvolutionPlan> &plans) const {
        if (bench_.tiny())
            return "";
        std::optional<double> seconds = predicted_seconds(network, plans, bench_.facts());
        // One that is suspect is good enough for this.
        const Finding *rate = bench_.facts().find("fma.fp32.rate");
        if (!seconds && rate != nullptr && rate->value.value_or(0) > 0)
            seconds = total_of(sized_layers(network)).flop() / *rate->value;
        if (!seconds)
            return "how long a run takes is not known: the rate of multiply-adds was not measured";
        if (*seconds > bench_.budget() / 60)
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

    void time(Timed &network, int block) {
        for (const Ready &layer : network.prepared.layers())
            time(*layer.chain, layer.most, block, [&](double rounds) -> Point & {
                return bench_.series(series::layer).point(coordinates(layer.row, rounds));
            });
        time(network.chain, network.most, block, [&](double runs) -> Point & {
            return bench_.series(series::network)
                .point(coordinates(NetworkRow{network.number}, runs));
        });
        Point &point = bench_.series(series::run).point(coordinates(RunRow{network.number}));
        constexpr int runs = 10;
        for (int i = 0; i < runs; ++i) {
            point.samples.push_back(network.chain.seconds(1));
            point.block.push_back(block);
        }
    }

    /// Half as many rounds in a row, and all.
    void time(const LaunchChain &chain, std::size_t most, int block,
              const std::function<Point &(double rounds)> &point_of) {
        (void)chain.seconds(1); // the host's threads wake up, and caches have the layer's weights
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
