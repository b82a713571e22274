#pragma once
#include "common/operators.hpp"
#include "common/tunings.hpp"
#include "measure/clock.hpp"
#include "measure/tuner.hpp"

#include <clprobe/probe.hpp>
#include <clprobe/row.hpp>
#include <clprobe/statistics.hpp>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

// How the plan of an operator is chosen. A plan is a row of a series and comes from a list in which
// the likeliest is first, and those that do not fit the registers (`fits_registers`) are last.
namespace clprobe::probes::operators {

/// The plan that was kept; nothing where there is none, or it is none that this program tries.
template <typename Plan>
[[nodiscard]] std::optional<Plan> kept_plan(const std::vector<double> *kept,
                                            const std::vector<Plan> &plans) {
    for (const Plan &plan : plans)
        if (kept != nullptr && coordinates(plan) == *kept)
            return plan;
    return std::nullopt;
}

/// That a search of every plan tries: the likeliest of more.
inline constexpr std::size_t most_plans = 200;

/// How plans are raced.
template <typename Plan>
struct Race {
    std::string shape;
    std::function<double(const Plan &)> time; ///< seconds of one call
    std::function<void(const Plan &, double seconds)> record;
};

/// Those that are predicted to be the fastest, and some that are not, since the prediction knows
/// little of registers. Where builds take so long that there is no time for all, some of both kinds
/// are among the first.
template <typename Plan>
[[nodiscard]] std::vector<Plan> likely_plans(const Bench &bench, const std::vector<Plan> &plans) {
    const std::size_t likely = bench.tiny() ? 2 : 24;
    const auto fitting = static_cast<std::size_t>(std::ranges::count_if(
        plans, [&](const Plan &plan) { return fits_registers(plan, bench.facts()); }));
    std::vector<Plan> raced;
    for (std::size_t i = 0; i < likely; ++i) {
        if (i < fitting)
            raced.push_back(plans[i]);
        if (const std::size_t unlikely = fitting + i / 2; i % 2 == 0 && unlikely < plans.size())
            raced.push_back(plans[unlikely]);
    }
    return raced;
}

/// The fastest of `raced`, in some `seconds` at most.
template <typename Plan>
[[nodiscard]] Plan fastest(Bench &bench, std::vector<Plan> raced, const Race<Plan> &race,
                           double seconds) {
    const double end = steady_time() + seconds;
    const auto time = [&](const Plan &plan) {
        const double taken = race.time(plan);
        race.record(plan, taken);
        return taken;
    };
    const auto first_time = [&](const Plan &plan) {
        race.time(plan); // some drivers compile now
        return time(plan);
    };
    const auto time_left = [&] { return steady_time() < end; };
    Tuner<Plan> tuner({.time = first_time, .time_again = time, .time_left = time_left});
    tuner.try_all(std::move(raced));
    tuner.halve(8, time_left);
    record_failures(bench.data(), race.shape, tuner);
    if (tuner.best() == nullptr)
        throw Error("no plan ran: " + tuner.failures().back().reason);
    return *tuner.best();
}

/// What the search is for: the fastest of the likely plans, in some 20 s, or of every one, up to
/// `most_plans`. Of a search of every plan the data say how much longer the best of the likely ones
/// takes: both are timed again, in turns.
template <typename Plan>
[[nodiscard]] Plan searched(Bench &bench, const std::vector<Plan> &plans, const Race<Plan> &race) {
    const Plan likely = fastest(bench, likely_plans(bench, plans), race, 20);
    if (!bench.tuning()->every_plan)
        return likely;
    constexpr double any_time = 1e6;
    std::vector<Plan> space(plans.begin(), plans.begin() + static_cast<std::ptrdiff_t>(
                                                               std::min(plans.size(), most_plans)));
    if (std::ranges::count(space, likely) == 0) // it spills, after all that fit
        space.push_back(likely);
    const Plan best = fastest(bench, std::move(space), race, any_time);
    std::vector<double> ratios;
    for (int i = 0; i < 9; ++i) {
        const double least = race.time(best);
        ratios.push_back(race.time(likely) / least);
    }
    bench.data().number_attributes[entry::over_best + race.shape] = median(ratios);
    return best;
}

/// The plan that is raced for, was kept, or is the first, and how it was chosen, which is noted in
/// the data.
template <typename Plan>
[[nodiscard]] Plan chosen_plan(Bench &bench, const std::string &kernel_text,
                               const std::vector<Plan> &plans, const Race<Plan> &race) {
    const auto kept = kept_plan(bench.choice(kernel_text, race.shape), plans);
    const Plan plan = bench.tuning() ? searched(bench, plans, race) : kept.value_or(plans.front());
    bench.data().text_attributes[entry::choice + race.shape] = bench.tuning() ? entry::tuned
                                                               : kept         ? entry::kept
                                                                              : entry::predicted;
    return plan;
}

/// The shapes of a series, the probe's own or a network's. `Row` has the `shape` and the `plan`.
template <typename Row>
[[nodiscard]] auto shapes_of(const Dataset &data, const std::string &series) {
    std::vector<decltype(Row::shape)> shapes;
    for (const auto &timed : times_by_row<Row>(data.find(series)))
        if (std::ranges::count(shapes, timed.row.shape) == 0)
            shapes.push_back(timed.row.shape);
    return shapes;
}

/// What races of each shape tried; `what` is "products of ", and the rates on that axis count what
/// `work` says of a shape.
template <typename Row, typename Work>
[[nodiscard]] std::vector<Tuning> race_tunings(const Dataset &data, const std::string &series,
                                               const std::string &what, const Axis &rate,
                                               const Work &work) {
    std::vector<Tuning> tunings;
    for (const auto &shape : shapes_of<Row>(data, series)) {
        // A plan of another shape is not to count.
        const auto of_row = [&](const Row &row) { return row.shape == shape ? work(shape) : 0; };
        const auto describe = [](const Row &row) { return row.plan.describe(); };
        auto trials = trials_of<Row>(data.find(series), of_row, describe);
        if (!trials.empty())
            tunings.push_back({series, what + shape.name(), rate, std::move(trials),
                               data.number_attribute(entry::over_best + shape.name())});
    }
    return tunings;
}
/// By multiply-adds, as two each.
template <typename Row>
[[nodiscard]] std::vector<Tuning> race_tunings(const Dataset &data, const std::string &series,
                                               const std::string &what) {
    return race_tunings<Row>(data, series, what, {"rate", Unit::flop_per_second, {}},
                             [](const auto &shape) { return shape.flops(); });
}

/// The plans that were chosen by a race, of the shapes in the series of calls: `plan_of` is that of
/// the calls of a shape, if there are any.
template <typename Row, typename PlanOf>
[[nodiscard]] std::vector<Choice> raced_choices(const Dataset &data, const std::string &series,
                                                const std::string &kernel_text,
                                                const PlanOf &plan_of) {
    std::vector<Choice> choices;
    for (const auto &shape : shapes_of<Row>(data, series))
        if (const auto plan = plan_of(shape);
            plan && data.text_attribute(entry::choice + shape.name()) == entry::tuned)
            choices.push_back({kernel_text, "", shape.name(), coordinates(*plan)});
    return choices;
}

} // namespace clprobe::probes::operators
