#include "common/allowances.hpp"
#include "common/tunings.hpp"
#include "workloads/gemm/gemm.hpp"

#include <clprobe/statistics.hpp>

#include <fmt/format.h>

#include <map>
#include <optional>

namespace clprobe::probes::gemm {
namespace {

struct Measured {
    GemmPlan plan;
    double seconds = 0; ///< of all stages together, the median of the calls
    Interval interval;
    double others = 0; ///< share of it that is no multiplication
    std::size_t calls = 0;
};

std::optional<Measured> measured_of(const Dataset &data, const GemmShape &shape) {
    std::optional<GemmPlan> plan;
    std::map<int, std::map<Stage, double>> calls; ///< by block
    for (const auto &[row, times] : times_by_row<StageRow>(data.find(series::call))) {
        if (!(row.shape == shape) || (plan && !(*plan == row.plan)))
            continue;
        plan = row.plan;
        for (const TripTime &time : times)
            calls[time.block][row.stage] += time.seconds;
    }
    std::vector<double> seconds;
    std::vector<double> others;
    for (const auto &[block, stages] : calls) {
        if (stages.size() != stages_of(*plan).size() || !stages.contains(Stage::multiply))
            continue;
        double sum = 0;
        for (const auto &[stage, time] : stages)
            sum += time;
        if (sum > 0) {
            seconds.push_back(sum);
            others.push_back(1 - stages.at(Stage::multiply) / sum);
        }
    }
    if (seconds.size() < 2)
        return std::nullopt;
    return Measured{*plan, median(seconds), repeat_interval(seconds), median(others),
                    seconds.size()};
}

std::string key_of(const GemmShape &shape, const char *what) {
    return fmt::format("gemm.fp32.{}.{}", shape.name(), what);
}

/// The keys of one shape, in their order.
struct ShapeKeys {
    explicit ShapeKeys(const GemmShape &shape)
        : time{key_of(shape, "time"), Unit::second, Better::lower,
               "a call: multiplying, and packing the operands or adding parts where it does"},
          rate{key_of(shape, "rate"), Unit::flop_per_second, Better::higher,
               "2 m n k over the time of a call"},
          roof_share{key_of(shape, "roof_share"), Unit::one, Better::higher,
                     "the rate over that of multiply-adds alone"},
          predicted_share{key_of(shape, "predicted_share"), Unit::one, Better::none,
                          "the predicted time over the measured one"} {}

    [[nodiscard]] std::vector<FindingKey> all() const {
        return {time, rate, roof_share, predicted_share};
    }

    FindingKey time;
    FindingKey rate;
    FindingKey roof_share;
    FindingKey predicted_share;
};

void add_measured(std::vector<Finding> &findings, const ShapeKeys &keys, const GemmShape &shape,
                  const Measured &call, const Facts &facts, const std::string &method) {
    const auto add = [&](const FindingKey &key, double value, Interval interval) -> Finding & {
        Finding &finding = findings.emplace_back(measured(key, value, interval));
        finding.method = method;
        finding.evidence = {series::call};
        return finding;
    };
    add(keys.time, call.seconds, call.interval);
    const Interval rate{shape.flops() / call.interval.high, shape.flops() / call.interval.low};
    add(keys.rate, shape.flops() / call.seconds, rate);

    const Finding *roof = facts.find("fma.fp32.rate");
    if (roof != nullptr && roof->status == Status::measured && roof->interval) {
        Finding &share = add(keys.roof_share, shape.flops() / call.seconds / *roof->value,
                             {rate.low / roof->interval->high, rate.high / roof->interval->low});
        if (share.interval->low > 1)
            make_suspect(share, "more than the device's rate of multiply-adds");
    } else {
        findings.push_back(without_value(keys.roof_share, Status::inconclusive,
                                         "the rate of multiply-adds was not measured"));
    }
    if (const auto predicted = Gemm(shape, call.plan).predicted_seconds(facts)) {
        Finding &share = add(keys.predicted_share, *predicted / call.seconds,
                             {*predicted / call.interval.high, *predicted / call.interval.low});
        constexpr double right = 1.25;
        if (share.interval->high * right < 1 || share.interval->low > right)
            share.note = "the model of rate and bandwidths is wrong here by more than a quarter";
    } else {
        findings.push_back(without_value(keys.predicted_share, Status::inconclusive,
                                         "nothing to predict from: the rate of multiply-adds was "
                                         "not measured"));
    }
}

} // namespace

std::vector<Stage> stages_of(const GemmPlan &plan) {
    if (plan.family == GemmFamily::panels)
        return {Stage::pack_left, Stage::pack_right, Stage::multiply};
    if (plan.group_tile.splits > 1)
        return {Stage::multiply, Stage::add_parts};
    return {Stage::multiply};
}

std::vector<FindingKey> finding_keys() {
    std::vector<FindingKey> keys;
    for (const GemmShape &shape : shapes)
        for (const FindingKey &key : ShapeKeys(shape).all())
            keys.push_back(key);
    return keys;
}

std::vector<Finding> findings_of(const Dataset &data, const Facts &facts) {
    const double verified = data.number_attribute(entry::verified).value_or(0);
    const double error = data.number_attribute(entry::error).value_or(0);
    std::vector<Finding> findings;
    for (const GemmShape &shape : shapes) {
        const ShapeKeys keys(shape);
        const auto call = measured_of(data, shape);
        if (!call || call->interval.low <= 0) {
            const std::string reason = call ? "the calls take too different times"
                                            : data.text_attribute(entry::unmeasured + shape.name());
            for (const FindingKey &key : keys.all())
                findings.push_back(
                    without_value(key, Status::inconclusive,
                                  reason.empty() ? "fewer than two calls were timed" : reason));
            continue;
        }
        const std::string method = fmt::format(
            "{}, {}; median of {} calls, {:.0f} % of each spent on packing or adding parts; {:.0f} "
            "products of whole numbers exact in every element, errors of random reals up to "
            "{:.2g} sqrt(k) u sum|ab|",
            call->plan.describe(), data.text_attribute(entry::choice + shape.name()), call->calls,
            100 * call->others, verified, error);
        const std::size_t first = findings.size();
        add_measured(findings, keys, shape, *call, facts, method);
        for (std::size_t i = first; i < findings.size(); ++i)
            if (findings[i].status == Status::measured && verified <= 0)
                make_suspect(findings[i], "the series does not say that products were verified");
    }
    // A short call is hardly more than its launches.
    allow_on_cpu(findings, facts, taking_part, [](const std::string &key) {
        return key.starts_with("gemm.fp32.64x") || key.starts_with("gemm.fp32.256x");
    });
    return findings;
}

std::vector<Tuning> tunings_of(const Dataset &data) {
    std::vector<Tuning> tunings;
    for (const GemmShape &shape : shapes) {
        // A plan of another shape is not to count.
        const auto flops = [&](const PlanRow &row) {
            return row.shape == shape ? shape.flops() : 0;
        };
        const auto describe = [](const PlanRow &row) { return row.plan.describe(); };
        auto trials = trials_of<PlanRow>(data.find(series::race), flops, describe);
        if (!trials.empty())
            tunings.push_back({series::race,
                               "products of " + shape.name(),
                               {"rate", Unit::flop_per_second, {}},
                               std::move(trials)});
    }
    return tunings;
}

std::vector<Choice> choices_of(const Dataset &data) {
    std::vector<Choice> choices;
    for (const GemmShape &shape : shapes)
        if (const auto call = measured_of(data, shape);
            call && data.text_attribute(entry::choice + shape.name()) == entry::tuned)
            choices.push_back({kernel_text, "", shape.name(), coordinates(call->plan)});
    return choices;
}

} // namespace clprobe::probes::gemm
