#include "common/group_tile.hpp"
#include "common/operator_calls.hpp"
#include "common/operator_plans.hpp"
#include "workloads/gemm/matrices.hpp"
#include "workloads/network/network.hpp"

#include <clprobe/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <exception>
#include <map>
#include <string>
#include <utility>

namespace clprobe::probes::gemm {
namespace {

/// A shape whose sizes no tile divides, and less than a tile deep in its last step, unless the plan
/// leaves the left operand in place.
GemmShape off_the_tile(const GemmPlan &plan) {
    return {37, 55, plan.left_in_place ? 64u : 31u};
}

/// A shape that no tile of the plan divides, of several tiles, and more slices than splits.
GemmShape edges_of(const GemmPlan &plan) {
    if (plan.family == KernelFamily::panels)
        return off_the_tile(plan);
    // As much aligned as the shapes that are measured: another would be another program.
    const workloads::GroupTile &tile = plan.group_tile;
    return {2 * tile.tile_rows + 5, tile.tile_columns + 12, tile.slice * (2 * tile.splits) + 4};
}

/// Plans that reach all of the kernels' text, for devices that take others or none of the family.
std::vector<GemmPlan> plans_of_each_family(const DeviceInfo &device) {
    std::vector<GemmPlan> plans{{}, {.tile = {}, .left_in_place = true}};
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
        const std::exception_ptr failure = operators::prepare_each(
            bench_, shapes, network::distinct_products, [&](const GemmShape &shape) {
                std::string reason = too_large(shape);
                if (reason.empty())
                    prepare(shape);
                return reason;
            });
        if (calls_.empty() && failure)
            std::rethrow_exception(failure);
        operators::prepare_in_numbers(
            bench_, other_numbers, other_shapes, [&](const GemmShape &shape, Numbers numbers) {
                std::string reason =
                    too_large(shape, operators::seconds_over_single(bench_.facts(), numbers));
                if (reason.empty())
                    prepare(shape, numbers);
                return reason;
            });
        Series &series = bench_.series(series::call);
        Series &others = bench_.series(series::other_numbers);
        operators::time_blocks(bench_, [&](int block) {
            for (const Call &call : calls_)
                time_call(call.matrices->numbers() == Numbers::fp32 ? series : others, call, block);
        });
    }

private:
    struct Call {
        const Matrices *matrices;
        GemmPlan plan;
        std::vector<std::pair<Stage, BoundLaunch>> launches;
    };

    /// By the likeliest plan of panels: what is predicted for single precision.
    void prepare(const GemmShape &shape, Numbers numbers) {
        const GemmPlan plan = panels_for(shape, numbers, bench_.facts());
        std::vector<GemmPlan> plans{plan};
        if (bench_.tiny()) // packed, by vectors of four
            plans.push_back(workloads::fitting({}, numbers));
        for (const GemmPlan &each : plans)
            verify(each, numbers);
        const Matrices &matrices =
            matrices_.emplace_back(bench_, shape, exact_fills(numbers), numbers);
        Call call = call_of(matrices, plan);
        for (const auto &[stage, launch] : call.launches)
            bench_.launch(launch);
        calls_.push_back(std::move(call));
    }

    [[nodiscard]] std::string too_large(const GemmShape &shape, double seconds_by = 1) const {
        if (bench_.tiny() && shape.m > 64)
            return "the tiny profile has no time for it";
        const Gemm gemm(shape, workloads::gemm_plans(shape, bench_.facts()).front());
        const std::size_t elements =
            std::max({std::size_t{shape.m} * shape.n, std::size_t{shape.m} * shape.k,
                      std::size_t{shape.k} * shape.n});
        if (std::max(sizeof(float) * elements, gemm.most_bytes()) > bench_.most_bytes())
            return "one of its matrices is more than a buffer may have";
        auto predicted = gemm.predicted_seconds(bench_.facts());
        if (predicted)
            *predicted *= seconds_by;
        if (!predicted && shape.m > 256)
            return "how long a call takes is not known: the rate of multiply-adds was not measured";
        if (predicted.value_or(0) > bench_.budget() / 20)
            return fmt::format("one call of some {} is too long for this profile",
                               format({*predicted, Unit::second}));
        return "";
    }

    void prepare(const GemmShape &shape) {
        const Matrices &matrices =
            matrices_.emplace_back(bench_, shape, exact_fills(Numbers::fp32));
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
    void verify(const GemmPlan &plan, Numbers numbers = Numbers::fp32) {
        const Matrices edges(bench_, edges_of(plan), exact_fills(numbers), numbers);
        for (const auto &[stage, launch] : call_of(edges, plan).launches)
            bench_.launch(launch);
        if (numbers != Numbers::int8)
            verify_reals(plan, numbers);
    }

    void verify_reals(const GemmPlan &plan, Numbers numbers) {
        const GemmShape shape = bench_.tiny() ? off_the_tile(plan) : GemmShape{256, 256, 256};
        const Matrices random(bench_, shape, {reals, reals}, numbers);
        double &error = bench_.data().number_attributes[operators::error_entry(numbers)];
        const auto check = [&](const LaunchOutcome &outcome) {
            error = std::max(error, random.largest_error(outcome));
        };
        for (const auto &[stage, launch] :
             random.call(program_of(shape, plan, numbers), plan, check, bench_.bounds().limit / 4))
            bench_.launch(launch);
    }

    Call call_of(const Matrices &matrices, const GemmPlan &plan) {
        const auto check = [this, &matrices](const LaunchOutcome &outcome) {
            matrices.expect_exact(outcome);
            ++bench_.data().number_attributes[operators::verified_entry(matrices.numbers())];
        };
        return {&matrices, plan,
                matrices.call(program_of(matrices.shape(), plan, matrices.numbers()), plan, check,
                              bench_.bounds().limit / 4)};
    }

    /// Built once, whatever else is in the plan.
    const Program &program_of(const GemmShape &shape, const GemmPlan &plan, Numbers numbers) {
        const std::string options = Gemm(shape, plan, numbers).build_options();
        const auto found = programs_.find(options);
        return found != programs_.end()
                   ? found->second
                   : programs_.emplace(options, bench_.build(kernel_text, options)).first->second;
    }

    void time_call(Series &series, const Call &call, int block) {
        for (const auto &[stage, checked] : call.launches) {
            BoundLaunch launch =
                checked; // one that is not checked: what was before took the caches
            launch.check = {};
            bench_.launch(launch);
        }
        std::map<Stage, double> seconds;
        for (const auto &[stage, launch] : call.launches)
            seconds[stage] += bench_.launch(launch);
        const Numbers numbers = call.matrices->numbers();
        for (const auto &[stage, sum] : seconds) {
            const StageRow row{call.matrices->shape(), call.plan, stage};
            Point &point =
                series.point(numbers == Numbers::fp32 ? coordinates(row)
                                                      : coordinates(NumbersRow{numbers, row}));
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
