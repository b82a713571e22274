#include "common/operator_plans.hpp"
#include "workloads/attention/attention.hpp"
#include "workloads/network/network.hpp"

#include <clprobe/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <exception>
#include <functional>
#include <map>
#include <numeric>
#include <set>
#include <utility>

namespace clprobe::probes::attention {
namespace {

using Check = std::function<void(const LaunchOutcome &)>;

/// Q, K, V and room for O on the device, and launches over them.
class Tensors {
public:
    Tensors(Bench &bench, const AttentionShape &shape, const HostOperands &operands)
        : bench_(bench), shape_(shape), operands_(operands), queries_(written(operands.queries)),
          keys_(written(operands.keys)), values_(written(operands.values)),
          results_(bench.buffer(shape.elements() * sizeof(float))) {}

    [[nodiscard]] const AttentionShape &shape() const { return shape_; }

    /// The launches of a call that is expected to take so long, each of `longest` seconds at most.
    /// `check` is called after the last.
    [[nodiscard]] std::vector<BoundLaunch> call(const Program &program, const AttentionPlan &plan,
                                                const Check &check, std::optional<double> expected,
                                                double longest) const {
        const Attention attention(shape_, plan);
        const auto parts = static_cast<std::uint32_t>(
            std::clamp(std::ceil(expected.value_or(longest * shape_.heads) / longest), 1.0,
                       double{1} * shape_.heads));
        const AttentionBuffers buffers =
            attention_buffers(attention, queries_, keys_, values_, results_,
                              [&](std::size_t bytes) { return bench_.buffer(bytes); });
        std::vector<BoundLaunch> launches =
            attention_launches(program, attention, buffers, (shape_.heads + parts - 1) / parts,
                               [](const Buffer &buffer, bool first) {
                                   return first ? output(buffer) : Argument(buffer);
                               });
        launches.back().check = check;
        return launches;
    }

    [[nodiscard]] std::vector<float> results(const LaunchOutcome &outcome) const {
        return outcome.read<float>(results_, 0, shape_.elements());
    }

    /// The largest error in a few rows, or in all where these are few. Throws VerificationError
    /// where one is beyond what rounding can leave.
    [[nodiscard]] double largest_error(const LaunchOutcome &outcome, std::size_t most) const {
        const std::size_t count = std::size_t{shape_.heads} * shape_.length;
        std::vector<std::size_t> rows(count);
        std::iota(rows.begin(), rows.end(), std::size_t{0});
        if (count > most)
            rows = outcome.sample(count, most);
        const std::vector<float> found = results(outcome);
        double largest = 0;
        for (const std::size_t row : rows) {
            const std::vector<ExactSum> exact = host_row(shape_, operands_, row);
            for (std::size_t i = 0; i < exact.size(); ++i)
                largest =
                    std::max(largest, error_of(outcome, found[row * shape_.width + i], exact[i]));
        }
        return largest;
    }

private:
    [[nodiscard]] Buffer written(const std::vector<float> &values) const {
        const Buffer buffer = bench_.buffer(values.size() * sizeof(float));
        bench_.write<float>(buffer, values);
        return buffer;
    }

    Bench &bench_;
    AttentionShape shape_;
    const HostOperands &operands_;
    Buffer queries_;
    Buffer keys_;
    Buffer values_;
    Buffer results_;
};

/// A shape like this one that no tile divides, with tiles of which each query sees only some keys.
AttentionShape off_the_tile(AttentionShape shape, const AttentionPlan &plan) {
    shape.heads = 2;
    if (plan.family == KernelFamily::panels) {
        shape.length = plan.keys + plan.tile.row_elements() + plan.tile.rows / 2 + 1;
        shape.width += 4;
    } else {
        shape.length = plan.group_tile.keys * std::max(2u, plan.group_tile.splits) + 5;
    }
    return shape;
}

class Experiment {
public:
    explicit Experiment(Bench &bench) : bench_(bench), plain_(without_profiling(bench.context())) {}

    void run() {
        if (bench_.tiny()) // which is for tests of the kernels
            for (const auto &[shape, plan] : calls_of_all_text(bench_.device()))
                verify(shape, plan);
        const std::exception_ptr failure =
            operators::prepare_each(bench_, shapes, network::distinct_attentions,
                                    [&](const AttentionShape &shape) { return prepare(shape); });
        if (calls_.empty() && failure)
            std::rethrow_exception(failure);
        operators::time_calls(bench_, series::call, calls_);
    }

private:
    [[nodiscard]] std::string too_large(const AttentionShape &shape,
                                        const AttentionPlan &plan) const {
        if (bench_.tiny() && shape.length > 64)
            return "the tiny profile has no time for it";
        const std::size_t bytes = sizeof(float) * shape.elements();
        if (std::max(bytes, Attention(shape, plan).most_bytes()) > bench_.most_bytes())
            return "one of its matrices is more than a buffer may have";
        const auto expected = expected_seconds(shape, plan);
        if (!expected && shape.flops() > 1e8)
            return "how long a call takes is not known: the rate of multiply-adds was not measured";
        if (expected.value_or(0) > bench_.budget() / 20)
            return fmt::format("one call of some {} is too long for this profile",
                               format({*expected, Unit::second}));
        return "";
    }

    [[nodiscard]] std::string prepare(const AttentionShape &shape) {
        const std::vector<AttentionPlan> plans = attention_plans(shape, bench_.facts());
        if (const std::string reason = too_large(shape, plans.front()); !reason.empty()) {
            if (!bench_.tiny())
                verify(shape, plans.front());
            return reason;
        }
        const HostOperands &operands =
            operands_.emplace_back(random_operands(shape, bench_.random()));
        const Tensors &tensors = tensors_.emplace_back(bench_, shape, operands);
        const AttentionPlan plan = operators::chosen_plan(
            bench_, kernel_text, plans,
            {.shape = shape.name(),
             .time = [&](const AttentionPlan &tried) { return race_time(tensors, tried); },
             .record =
                 [&](const AttentionPlan &tried, double seconds) {
                     bench_.series(series::race)
                         .point(coordinates(RaceRow{shape, tried}))
                         .samples.push_back(seconds);
                 }});
        verify(shape, plan);
        expect_lookup(shape, plan);
        calls_.emplace_back(CallRow{shape, plan},
                            TimedCalls(bench_, plain_, call_of(tensors, plan, as_first(tensors))));
        return "";
    }

    [[nodiscard]] double race_time(const Tensors &tensors, const AttentionPlan &plan) {
        constexpr std::size_t rows = 4;
        return raced_seconds(bench_, plain_, call_of(tensors, plan, checked_rows(tensors, rows)));
    }

    /// On a shape that no tile divides, each row: of random reals, of scores that are far from each
    /// other, of values of one, and rows of V that are looked up. Once for each build.
    void verify(const AttentionShape &like, const AttentionPlan &plan) {
        const AttentionShape shape = off_the_tile(like, plan);
        if (!verified_.insert(plan.describe() + shape.name()).second)
            return;
        HostOperands ones = random_operands(shape, bench_.random());
        std::ranges::fill(ones.values, 1.0f);
        for (const HostOperands &operands : {random_operands(shape, bench_.random()),
                                             loud_operands(shape, bench_.random()), ones}) {
            const Tensors tensors(bench_, shape, operands);
            (void)seconds_alone(bench_, call_of(tensors, plan, checked_rows(tensors, 512)));
        }
        expect_lookup(shape, plan);
    }

    [[nodiscard]] Check checked_rows(const Tensors &tensors, std::size_t rows) {
        return [this, &tensors, rows](const LaunchOutcome &outcome) {
            double &error = bench_.data().number_attributes[entry::error];
            error = std::max(error, tensors.largest_error(outcome, rows));
        };
    }

    /// Rows of V, to the last bit, whatever is summed in which order.
    void expect_lookup(const AttentionShape &shape, const AttentionPlan &plan) {
        const Lookup lookup = lookup_operands(shape, bench_.random());
        const Tensors tensors(bench_, shape, lookup.operands);
        const auto check = [&](const LaunchOutcome &outcome) {
            const std::vector<float> found = tensors.results(outcome);
            bool right = true;
            for (std::size_t row = 0; row < lookup.chosen.size(); ++row) {
                const std::size_t head = row / shape.length;
                const auto expected = lookup.operands.values.begin() +
                                      static_cast<std::ptrdiff_t>(
                                          (head * shape.length + lookup.chosen[row]) * shape.width);
                right = right &&
                        std::equal(expected, expected + shape.width,
                                   found.begin() + static_cast<std::ptrdiff_t>(row * shape.width));
            }
            outcome.expect(right, "a value that one key alone has weight for is not what is found");
        };
        (void)seconds_alone(bench_, call_of(tensors, plan, check));
    }

    /// The first call's sampled rows must be what the host computes, and each later result must be
    /// the first one, to the last bit: nothing in a call depends on what runs first.
    [[nodiscard]] Check as_first(const Tensors &tensors) {
        const auto first = std::make_shared<std::vector<float>>();
        return [this, &tensors, first](const LaunchOutcome &outcome) {
            constexpr std::size_t rows = 32;
            if (first->empty()) {
                checked_rows(tensors, rows)(outcome);
                *first = tensors.results(outcome);
            } else {
                outcome.expect(tensors.results(outcome) == *first,
                               "a call's result is another one than that of the first");
            }
            ++bench_.data().number_attributes[entry::verified];
        };
    }

    [[nodiscard]] std::vector<BoundLaunch> call_of(const Tensors &tensors,
                                                   const AttentionPlan &plan, const Check &check) {
        const AttentionShape &shape = tensors.shape();
        const std::string options = Attention(shape, plan).build_options();
        auto program = programs_.find(options);
        if (program == programs_.end())
            program = programs_.emplace(options, bench_.build(kernel_text, options)).first;
        return tensors.call(program->second, plan, check, expected_seconds(shape, plan),
                            bench_.bounds().limit / 4);
    }

    /// As predicted; where the rate of multiply-adds was not measured, by the calls so far.
    [[nodiscard]] std::optional<double> expected_seconds(const AttentionShape &shape,
                                                         const AttentionPlan &plan) const {
        const auto predicted = Attention(shape, plan).predicted_seconds(bench_.facts());
        if (predicted || calls_.empty())
            return predicted;
        const auto &[row, calls] = calls_.back();
        return shape.flops() * calls.seconds() / row.shape.flops();
    }

    Bench &bench_;
    Context plain_; ///< on which calls follow one another
    std::set<std::string> verified_;
    std::map<std::string, Program> programs_; ///< by build options
    std::deque<HostOperands> operands_;
    std::deque<Tensors> tensors_;
    std::vector<std::pair<CallRow, TimedCalls>> calls_;
};

} // namespace

void run_experiments(Bench &bench) {
    Experiment(bench).run();
}

} // namespace clprobe::probes::attention
