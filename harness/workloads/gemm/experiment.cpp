#include "common/gemm_launches.hpp"
#include "common/group_tile.hpp"
#include "common/operands.hpp"
#include "common/operator_plans.hpp"
#include "workloads/gemm/gemm.hpp"

#include <clprobe/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <exception>
#include <map>
#include <numeric>
#include <random>
#include <span>
#include <string>
#include <utility>

namespace clprobe::probes::gemm {
namespace {

/// Rows times a vector.
std::vector<double> product(std::span<const float> matrix, const std::vector<double> &vector) {
    std::vector<double> sums(matrix.size() / vector.size());
    for (std::size_t row = 0; row < sums.size(); ++row)
        for (std::size_t i = 0; i < vector.size(); ++i)
            sums[row] += static_cast<double>(matrix[row * vector.size() + i]) * vector[i];
    return sums;
}

/// The operands of one shape and room for the product, and launches over them.
class Matrices {
public:
    using Fill = std::vector<float> (*)(std::size_t count, std::mt19937_64 &random);

    Matrices(Bench &bench, const GemmShape &shape, Fill fill)
        : bench_(bench), shape_(shape), left_(fill(std::size_t{shape.m} * shape.k, bench.random())),
          right_(fill(std::size_t{shape.k} * shape.n, bench.random())),
          left_buffer_(bench.buffer(left_.size() * sizeof(float))),
          right_buffer_(bench.buffer(right_.size() * sizeof(float))),
          product_(bench.buffer(sizeof(float) * shape.m * shape.n)) {
        bench.write<float>(left_buffer_, left_);
        bench.write<float>(right_buffer_, right_);
    }

    [[nodiscard]] const GemmShape &shape() const { return shape_; }

    /// The launches of a call, by stage, each of so many seconds at most as predicted. `check` is
    /// called with the product after the last.
    [[nodiscard]] std::vector<std::pair<Stage, BoundLaunch>>
    call(const Program &program, const GemmPlan &plan,
         const std::function<void(const LaunchOutcome &)> &check, double seconds) const {
        const GemmLaunches of_plan(program, shape_, plan);
        const Gemm &gemm = of_plan.gemm();
        std::vector<std::pair<Stage, BoundLaunch>> launches;
        Buffer left = left_buffer_;
        Buffer right = right_buffer_;
        if (of_plan.packs()) {
            left = bench_.buffer(gemm.left_panels_bytes());
            right = bench_.buffer(gemm.right_panels_bytes());
            launches = {{Stage::pack_left, of_plan.pack_left(left_buffer_, output(left))},
                        {Stage::pack_right, of_plan.pack_right(right_buffer_, output(right))}};
        }
        const Buffer result = of_plan.in_parts() ? bench_.buffer(gemm.parts_bytes()) : product_;
        // Without a prediction launches are short: of two blocks, so that tests see several.
        const double predicted =
            gemm.predicted_seconds(bench_.facts()).value_or(seconds * gemm.blocks() / 2);
        const auto parts = static_cast<std::uint32_t>(
            std::clamp(std::ceil(predicted / seconds), 1.0, double{1} * gemm.blocks()));
        const std::uint32_t most = (gemm.blocks() + parts - 1) / parts;
        for (std::uint32_t first = 0; first < gemm.blocks(); first += most)
            launches.emplace_back(Stage::multiply,
                                  of_plan.multiply(left, right,
                                                   first == 0 ? output(result) : Argument(result),
                                                   first, std::min(most, gemm.blocks() - first)));
        if (of_plan.in_parts())
            launches.emplace_back(Stage::add_parts, of_plan.add_parts(result, output(product_)));
        launches.back().second.check = check;
        return launches;
    }

    /// Throws VerificationError where any element is wrong. C r = A (B r) for a random vector
    /// (Freivalds 1977), exact in whole numbers.
    void expect_exact(const LaunchOutcome &outcome) const {
        const std::vector<double> vector = random_projection(shape_.n, bench_.random());
        const std::vector<double> expected = product(left_, product(right_, vector));
        const std::vector<float> found =
            outcome.read<float>(product_, 0, std::size_t{shape_.m} * shape_.n);
        outcome.expect(product(found, vector) == expected,
                       "the product is not what the host computes");
    }

    /// The largest error of a few elements, or of all where these are few. Throws VerificationError
    /// where one is beyond what any order of sums can leave.
    [[nodiscard]] double largest_error(const LaunchOutcome &outcome) const {
        const std::size_t count = std::size_t{shape_.m} * shape_.n;
        const std::vector<float> found = outcome.read<float>(product_, 0, count);
        std::vector<std::size_t> indices(count);
        std::iota(indices.begin(), indices.end(), std::size_t{0});
        if (count > 4096)
            indices = outcome.sample(count, 64);
        double largest = 0;
        for (const std::size_t index : indices) {
            const std::size_t row = index / shape_.n;
            const std::size_t column = index % shape_.n;
            ExactSum exact{0, 0, double{1} * shape_.k};
            for (std::size_t i = 0; i < shape_.k; ++i) {
                const double term = static_cast<double>(left_[row * shape_.k + i]) *
                                    static_cast<double>(right_[i * shape_.n + column]);
                exact.value += term;
                exact.magnitude += std::abs(term);
            }
            largest = std::max(largest, error_of(outcome, found[index], exact));
        }
        return largest;
    }

private:
    Bench &bench_;
    GemmShape shape_;
    std::vector<float> left_;
    std::vector<float> right_;
    Buffer left_buffer_;
    Buffer right_buffer_;
    Buffer product_;
};

/// A shape whose sizes no tile divides, and less than a tile deep in its last step.
constexpr GemmShape off_the_tile{37, 55, 31};

/// A shape that no tile of the plan divides, of several tiles, and more slices than splits.
GemmShape edges_of(const GemmPlan &plan) {
    if (plan.family == KernelFamily::panels)
        return off_the_tile;
    // As much aligned as the shapes that are measured: another would be another program.
    const workloads::GroupTile &tile = plan.group_tile;
    return {2 * tile.tile_rows + 5, tile.tile_columns + 12, tile.slice * (2 * tile.splits) + 4};
}

/// Plans that reach all of the kernels' text, for devices that take others or none of the family.
std::vector<GemmPlan> plans_of_each_family(const DeviceInfo &device) {
    std::vector<GemmPlan> plans{{}};
    for (const workloads::GroupTile &tile : workloads::group_tiles_of_all_text(device))
        plans.push_back(GemmPlan::by_local_memory(tile));
    return plans;
}

class Experiment {
public:
    explicit Experiment(Bench &bench) : bench_(bench) {}

    void run() {
        if (bench_.tiny()) // which is for tests of the kernels
            for (const GemmPlan &plan : plans_of_each_family(bench_.device()))
                verify(plan);
        std::exception_ptr failure;
        for (const GemmShape &shape : shapes) {
            std::string reason = too_large(shape);
            if (reason.empty())
                reason = operators::prepare_unless_it_fails(
                    [&] {
                        prepare(shape);
                        return std::string();
                    },
                    failure);
            if (!reason.empty())
                bench_.data().text_attributes[entry::unmeasured + shape.name()] = reason;
        }
        if (calls_.empty() && failure)
            std::rethrow_exception(failure);
        Series &series = bench_.series(series::call);
        operators::time_blocks(bench_, [&](int block) {
            for (const Call &call : calls_)
                time_call(series, call, block);
        });
    }

private:
    struct Call {
        const Matrices *matrices;
        GemmPlan plan;
        std::vector<std::pair<Stage, BoundLaunch>> launches;
    };

    [[nodiscard]] std::string too_large(const GemmShape &shape) const {
        if (bench_.tiny() && shape.m > 64)
            return "the tiny profile has no time for it";
        const Gemm gemm(shape, workloads::gemm_plans(shape, bench_.facts()).front());
        if (std::max(sizeof(float) * shape.m * shape.n, gemm.most_bytes()) > bench_.most_bytes())
            return "one of its matrices is more than a buffer may have";
        const auto predicted = gemm.predicted_seconds(bench_.facts());
        if (!predicted && shape.m > 256)
            return "how long a call takes is not known: the rate of multiply-adds was not measured";
        if (predicted.value_or(0) > bench_.budget() / 20)
            return fmt::format("one call of some {} is too long for this profile",
                               format({*predicted, Unit::second}));
        return "";
    }

    void prepare(const GemmShape &shape) {
        const Matrices &matrices = matrices_.emplace_back(bench_, shape, small_integers);
        const GemmPlan plan = operators::chosen_plan(
            bench_, kernel_text, workloads::gemm_plans(shape, bench_.facts()),
            {.shape = shape.name(),
             .time =
                 [&](const GemmPlan &tried) {
                     double seconds = 0;
                     for (const auto &[stage, launch] : call_of(matrices, tried).launches)
                         seconds += bench_.launch(launch);
                     return seconds;
                 },
             .record =
                 [&](const GemmPlan &tried, double seconds) {
                     bench_.series(series::race)
                         .point(coordinates(PlanRow{shape, tried}))
                         .samples.push_back(seconds);
                 }});
        verify(plan);
        Call call = call_of(matrices, plan);
        for (int i = 0; i < 2; ++i) // the driver compiles, the clock ramps up
            for (const auto &[stage, launch] : call.launches)
                bench_.launch(launch);
        calls_.push_back(std::move(call));
    }

    /// On a shape that no tile divides, and with random reals.
    void verify(const GemmPlan &plan) {
        const Matrices edges(bench_, edges_of(plan), small_integers);
        for (const auto &[stage, launch] : call_of(edges, plan).launches)
            bench_.launch(launch);
        const GemmShape shape = bench_.tiny() ? off_the_tile : GemmShape{256, 256, 256};
        const Matrices random(bench_, shape, reals);
        double &error = bench_.data().number_attributes[entry::error];
        const auto check = [&](const LaunchOutcome &outcome) {
            error = std::max(error, random.largest_error(outcome));
        };
        for (const auto &[stage, launch] :
             random.call(program_of(shape, plan), plan, check, bench_.bounds().limit / 4))
            bench_.launch(launch);
    }

    Call call_of(const Matrices &matrices, const GemmPlan &plan) {
        const auto check = [this, &matrices](const LaunchOutcome &outcome) {
            matrices.expect_exact(outcome);
            ++bench_.data().number_attributes[entry::verified];
        };
        return {&matrices, plan,
                matrices.call(program_of(matrices.shape(), plan), plan, check,
                              bench_.bounds().limit / 4)};
    }

    /// Built once, whatever else is in the plan.
    const Program &program_of(const GemmShape &shape, const GemmPlan &plan) {
        const std::string options = Gemm(shape, plan).build_options();
        const auto found = programs_.find(options);
        return found != programs_.end()
                   ? found->second
                   : programs_.emplace(options, bench_.build(kernel_text, options)).first->second;
    }

    void time_call(Series &series, const Call &call, int block) {
        std::map<Stage, double> seconds;
        for (const auto &[stage, launch] : call.launches)
            seconds[stage] += bench_.launch(launch);
        for (const auto &[stage, sum] : seconds) {
            Point &point =
                series.point(coordinates(StageRow{call.matrices->shape(), call.plan, stage}));
            point.samples.push_back(sum);
            point.block.push_back(block);
        }
    }

    Bench &bench_;
    std::map<std::string, Program> programs_; ///< by build options
    std::deque<Matrices> matrices_;
    std::vector<Call> calls_;
};

} // namespace

void run_experiments(Bench &bench) {
    Experiment(bench).run();
}

} // namespace clprobe::probes::gemm
