#include "common/convolution_launches.hpp"
#include "common/group_tile.hpp"
#include "common/operands.hpp"
#include "common/operator_plans.hpp"
#include "workloads/convolution/tensors.hpp"
#include "workloads/network/network.hpp"

#include <clprobe/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <exception>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace clprobe::probes::convolution {
namespace {

namespace entry = operators::entry;

HostOperands operands_of(const ConvolutionShape &shape,
                         std::vector<float> (*fill)(std::size_t, std::mt19937_64 &),
                         std::mt19937_64 &random) {
    const std::size_t image =
        std::size_t{shape.input_channels} * shape.input_height * shape.input_width * shape.images;
    const std::size_t weights = std::size_t{shape.output_channels} * shape.kernel * shape.kernel *
                                (shape.depthwise ? 1 : shape.input_channels);
    return {fill(image, random), fill(weights, random), fill(shape.output_channels, random)};
}

/// A shape like this one that no tile divides: rows of the output longer than a tile, channels that
/// fill no vector, halos that are wider than they must be, and several images, which end within
/// tiles.
ConvolutionShape off_the_tile(ConvolutionShape shape, const ConvolutionPlan &plan) {
    if (plan.family == workloads::KernelFamily::local_memory) {
        const workloads::GroupTile &tile = plan.group_tile;
        const std::uint32_t pixels = plan.winograd ? 4 : 1; // of a row of the tile
        shape.output_channels = tile.tile_columns + 7;
        shape.input_channels = tile.slice + 1;
        shape.input_width = 11 * shape.stride;
        shape.input_height = (pixels * tile.tile_rows / 11 + 2) * shape.stride;
    } else {
        const workloads::Tile &tile = plan.tile;
        shape.output_channels =
            (shape.depthwise ? tile.step : tile.row_elements()) + tile.width / 2 + 1;
        shape.input_channels = shape.depthwise ? shape.output_channels : 2 * tile.step + 1;
        shape.input_width = (tile.rows + 2) * shape.stride + 1;
        shape.input_height = 3 * shape.stride + 1;
    }
    if (plan.winograd) { // the last squares of a row and of a column reach beyond the halo
        shape.input_width |= 1;
        shape.input_height |= 1;
    } else {
        shape.input_halo += 1;
    }
    shape.output_halo = 2;
    shape.images = 2;
    return shape;
}

class Experiment {
public:
    explicit Experiment(Bench &bench) : bench_(bench), plain_(without_profiling(bench.context())) {}

    void run() {
        const std::exception_ptr failure =
            operators::prepare_each(bench_, shapes, network::distinct_convolutions,
                                    [&](const ConvolutionShape &shape) { return prepare(shape); });
        if (bench_.tiny()) // which is for tests of the kernels
            verify_all_text();
        if (calls_.empty() && failure)
            std::rethrow_exception(failure);
        operators::prepare_in_numbers(bench_, other_numbers, other_shapes,
                                      [&](const ConvolutionShape &shape, Numbers numbers) {
                                          return prepare(shape, numbers);
                                      });
        Series &series = bench_.series(series::call);
        Series &others = bench_.series(series::other_numbers);
        operators::time_blocks(bench_, [&](int block) {
            operators::time_block_of(series, calls_, block);
            operators::time_block_of(others, other_calls_, block);
        });
    }

private:
    [[nodiscard]] static const ConvolutionShape &depthwise() {
        return *std::ranges::find(shapes, true, &ConvolutionShape::depthwise);
    }

    /// What the device itself would not take is verified too.
    void verify_all_text() {
        for (const auto &tile : workloads::group_tiles_of_all_text(bench_.device())) {
            const ConvolutionPlan plan = ConvolutionPlan::by_local_memory(tile);
            for (const ConvolutionShape &shape : {shapes[0], shapes[1]})
                verify(shape, plan);
            verify(shapes[0], plan.by_winograd());
        }
        ConvolutionPlan by_panels; // of vectors of four
        for (const ConvolutionShape &shape : {shapes[0], shapes[1], depthwise()})
            verify(shape, by_panels);
        by_panels.tile.rows = 7;
        by_panels.tile.vectors = 2;
        by_panels.prefetch = true;
        by_panels.tiles = 3;
        by_panels = by_panels.by_winograd();
        verify(shapes[0], by_panels);
        verify_channels_together();
    }

    [[nodiscard]] std::string prepare(const ConvolutionShape &shape) {
        const std::vector<ConvolutionPlan> plans =
            workloads::convolution_plans(shape, bench_.facts());
        const std::string reason = too_large(shape, plans.front());
        if (!reason.empty()) {
            verify(shape, plans.front());
            return reason;
        }
        HostOperands &operands =
            operands_.emplace_back(operands_of(shape, small_integers, bench_.random()));
        // So large that no sum is negative: an activation that cuts would hide what is wrong.
        for (float &bias : operands.biases)
            bias += static_cast<float>(16 * shape.products() + 4);
        std::optional<Tensors> packed; // for the plan that was tried last
        const ConvolutionPlan plan = operators::chosen_plan(
            bench_, kernel_text, plans,
            {.shape = shape.name(),
             .time =
                 [&](const ConvolutionPlan &tried) {
                     if (!packed || !(packed->plan() == tried))
                         packed.emplace(bench_, built(shape, tried), shape, tried, operands);
                     return raced_seconds(bench_, plain_, verified_call(*packed));
                 },
             .record =
                 [&](const ConvolutionPlan &tried, double seconds) {
                     bench_.series(series::race)
                         .point(coordinates(RaceRow{shape, tried}))
                         .samples.push_back(seconds);
                 }});
        verify(shape, plan);
        const Tensors &tensors =
            tensors_.emplace_back(bench_, built(shape, plan), shape, plan, operands);
        const TimedCalls &calls =
            calls_
                .emplace_back(CallRow{shape, plan},
                              TimedCalls(bench_, plain_, verified_call(tensors)))
                .second;
        if (calls.seconds() > 0)
            rate_ = std::max(rate_, shape.flops() / calls.seconds());
        return "";
    }

    /// By the likeliest direct plan of panels, which is predicted for single precision.
    [[nodiscard]] std::string prepare(const ConvolutionShape &shape, Numbers numbers) {
        const ConvolutionPlan plan = workloads::plan_for_halves(shape, bench_.facts());
        std::string reason = too_large(shape, plan, numbers);
        if (!reason.empty())
            return reason;
        verify(shape, plan, numbers);
        if (bench_.tiny())
            verify(shape, {}, numbers); // by vectors of four

        HostOperands &operands = operands_.emplace_back(operands_of(shape, ones, bench_.random()));
        // So large that no sum is negative, and no partial one above 2048.
        for (float &bias : operands.biases)
            bias += static_cast<float>(shape.products() + 4);
        const Tensors &tensors = tensors_.emplace_back(bench_, built(shape, plan, numbers), shape,
                                                       plan, operands, numbers);
        other_calls_.emplace_back(NumbersRow{numbers, shape, plan},
                                  TimedCalls(bench_, plain_, verified_call(tensors)));
        return "";
    }

    /// On a shape that no tile divides, and with random reals.
    void verify(const ConvolutionShape &shape, const ConvolutionPlan &plan, Numbers numbers) {
        const ConvolutionShape edges = off_the_tile(shape, plan);
        const Program program = built(edges, plan, numbers);
        const auto run = [&](const HostOperands &operands, const auto &check) {
            const Tensors tensors(bench_, program, edges, plan, operands, numbers);
            (void)seconds_alone(
                bench_, tensors.call([&](const LaunchOutcome &outcome) { check(tensors, outcome); },
                                     expected_seconds(edges, plan, numbers), longest_launch()));
        };
        run(operands_of(edges, ones, bench_.random()),
            [](const Tensors &tensors, const LaunchOutcome &outcome) {
                tensors.expect_each_exact(outcome);
            });
        HostOperands random = operands_of(edges, reals, bench_.random());
        for (std::vector<float> *values : {&random.input, &random.weights, &random.biases})
            *values = as_stored(std::move(*values), numbers);
        run(random, [&](const Tensors &tensors, const LaunchOutcome &outcome) {
            double &error = bench_.data().number_attributes[operators::error_entry(numbers)];
            error = std::max(error, tensors.largest_error(outcome));
        });
    }

    [[nodiscard]] std::string too_large(const ConvolutionShape &shape, const ConvolutionPlan &plan,
                                        Numbers numbers = Numbers::fp32) const {
        if (bench_.tiny() && shape.flops() > 1e6)
            return "the tiny profile has no time for it";
        const Convolution convolution(shape, plan, numbers);
        if (std::max({convolution.input().bytes(numbers), convolution.output().bytes(numbers),
                      convolution.weights_bytes(), convolution.parts_bytes(),
                      convolution.transforms_input() ? convolution.transformed_bytes() : 0}) >
            bench_.most_bytes())
            return "one of its tensors is more than a buffer may have";
        const auto expected = expected_seconds(shape, plan, numbers);
        if (!expected && shape.flops() > 1e8)
            return "how long a call takes is not known: the rate of multiply-adds was not measured";
        if (expected.value_or(0) > bench_.budget() / 50)
            return fmt::format("one call of some {} is too long for this profile",
                               format({*expected, Unit::second}));
        return "";
    }

    /// As predicted; where the rate of multiply-adds was not measured, by the calls so far.
    [[nodiscard]] std::optional<double> expected_seconds(const ConvolutionShape &shape,
                                                         const ConvolutionPlan &plan,
                                                         Numbers numbers = Numbers::fp32) const {
        auto expected = Convolution(shape, plan).predicted_seconds(bench_.facts());
        if (!expected && rate_ > 0)
            expected = shape.flops() / rate_;
        if (expected)
            *expected *= operators::seconds_over_single(bench_.facts(), numbers);
        return expected;
    }

    /// A depthwise convolution whose blocks have more channels than its vectors.
    void verify_channels_together() {
        ConvolutionPlan plan = workloads::convolution_plans(depthwise(), bench_.facts()).front();
        plan.tile.step = 2 * plan.tile.width;
        verify(depthwise(), plan);
    }

    /// On a shape that no tile divides, with one tile and with several a work-item, and with random
    /// reals; once for each build, size of the kernel and stride. What the activations are is the
    /// same in every build.
    void verify(const ConvolutionShape &shape, const ConvolutionPlan &plan) {
        ConvolutionShape edges = off_the_tile(shape, plan);
        const bool first_of_family = families_.insert({plan.family, plan.winograd}).second;
        const std::string what =
            fmt::format("{}, {} taps, stride {}", Convolution(edges, plan).build_options(),
                        shape.kernel, shape.stride);
        if (!verified_.insert(what).second)
            return;
        const HostOperands whole = operands_of(edges, small_integers, bench_.random());
        const auto expect_each_exact = [&](const Program &program, const ConvolutionPlan &tried) {
            const Tensors tensors(bench_, program, edges, tried, whole);
            (void)seconds_alone(bench_, tensors.call(
                                            [&](const LaunchOutcome &outcome) {
                                                tensors.expect_each_exact(outcome);
                                            },
                                            expected_seconds(edges, tried), longest_launch()));
        };
        ConvolutionPlan other = plan;
        other.tiles = plan.tiles == 1 ? 3 : 1;
        other.group_tile.splits = plan.group_tile.splits == 1 ? 3 : 1;
        const Program program = built(edges, plan);
        expect_each_exact(built(edges, other), other);
        expect_each_exact(program, plan);
        if (first_of_family)
            for (const Activation activation :
                 {Activation::none, Activation::relu6, Activation::hard_swish}) {
                edges.activation = activation;
                expect_each_exact(built(edges, plan), plan);
            }
        edges.activation = shape.activation;
        edges.input_halo = shape.input_halo + 1;
        const HostOperands random = operands_of(edges, reals, bench_.random());
        const Tensors tensors(bench_, program, edges, plan, random);
        const auto check = [&](const LaunchOutcome &outcome) {
            double &error = bench_.data().number_attributes[entry::error];
            error = std::max(error, tensors.largest_error(outcome));
        };
        (void)seconds_alone(bench_,
                            tensors.call(check, expected_seconds(edges, plan), longest_launch()));
    }

    /// Built once, since shapes and plans share programs.
    [[nodiscard]] const Program &built(const ConvolutionShape &shape, const ConvolutionPlan &plan,
                                       Numbers numbers = Numbers::fp32) {
        const std::string options = Convolution(shape, plan, numbers).build_options();
        auto program = programs_.find(options);
        if (program == programs_.end())
            program = programs_.emplace(options, bench_.build(kernel_text, options)).first;
        return program->second;
    }

    [[nodiscard]] std::vector<BoundLaunch> verified_call(const Tensors &tensors) {
        const auto check = [this, &tensors](const LaunchOutcome &outcome) {
            tensors.expect_exact(outcome);
            ++bench_.data().number_attributes[operators::verified_entry(tensors.numbers())];
        };
        return tensors.call(check,
                            expected_seconds(tensors.shape(), tensors.plan(), tensors.numbers()),
                            longest_launch());
    }

    [[nodiscard]] double longest_launch() const { return bench_.bounds().limit / 4; }

    Bench &bench_;
    Context plain_; ///< on which calls follow one another
    /// Verified with each activation, directly or by Winograd's.
    std::set<std::pair<workloads::KernelFamily, bool>> families_;
    std::set<std::string> verified_;          ///< options of builds, and what else they depend on
    std::map<std::string, Program> programs_; ///< by options
    std::deque<HostOperands> operands_;
    std::deque<Tensors> tensors_;
    std::vector<std::pair<CallRow, TimedCalls>> calls_;
    std::vector<std::pair<NumbersRow, TimedCalls>> other_calls_;
    double rate_ = 0; ///< flop/s, the best so far
};

} // namespace

void run_experiments(Bench &bench) {
    Experiment(bench).run();
}

} // namespace clprobe::probes::convolution
