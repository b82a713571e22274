#include "common/operator_plans.hpp"
#include "workloads/network/network.hpp"
#include "workloads/softmax_norm/softmax_norm.hpp"

#include <clprobe/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <numeric>
#include <set>
#include <utility>

namespace clprobe::probes::softmax_norm {
namespace {

using Check = std::function<void(const LaunchOutcome &)>;

/// The input and room for the output on the device, and launches over them.
class Matrices {
public:
    /// Behind the output is room for `spare` rows, which nothing may write.
    Matrices(Bench &bench, const SoftmaxNormShape &shape, const HostOperands &operands,
             std::size_t spare = 0)
        : bench_(bench), shape_(shape), operands_(operands), spare_(spare),
          input_(written(operands.input)),
          output_(bench.buffer(sizeof(float) * (shape.rows + spare) * shape.length)) {
        if (shape.op == RowOperator::layer_norm)
            of_elements_ = {written(operands.gains), written(operands.biases)};
    }

    [[nodiscard]] const SoftmaxNormShape &shape() const { return shape_; }

    /// So many launches, which share the rows out. `check` is called after the last.
    [[nodiscard]] std::vector<BoundLaunch> call(const Program &program, const SoftmaxNormPlan &plan,
                                                const Check &check, std::uint32_t count) const {
        const SoftmaxNorm norm(shape_, plan);
        const std::uint32_t groups = (shape_.rows + plan.rows - 1) / plan.rows;
        const std::uint32_t most = (groups + count - 1) / count * plan.rows;
        std::vector<BoundLaunch> launches;
        for (std::uint32_t first = 0; first < shape_.rows; first += most) {
            std::vector<Argument> arguments{input_};
            arguments.insert(arguments.end(), of_elements_.begin(), of_elements_.end());
            arguments.push_back(first == 0 ? output(output_) : Argument(output_));
            arguments.emplace_back(shape_.rows);
            if (shape_.op == RowOperator::layer_norm)
                arguments.emplace_back(norm_epsilon);
            arguments.emplace_back(first);
            launches.push_back({program.kernel(norm.kernel()),
                                norm.range(std::min(most, shape_.rows - first)),
                                std::move(arguments)});
        }
        launches.back().check = check;
        return launches;
    }

    [[nodiscard]] std::vector<float> results(const LaunchOutcome &outcome) const {
        return outcome.read<float>(output_, 0, std::size_t{shape_.rows} * shape_.length);
    }

    /// The largest error in so many rows, or in all where these are fewer. Throws VerificationError
    /// where one is beyond what rounding can leave, or what is behind the output was written.
    [[nodiscard]] double largest_error(const LaunchOutcome &outcome, std::size_t most) const {
        std::vector<std::size_t> rows(shape_.rows);
        std::iota(rows.begin(), rows.end(), std::size_t{0});
        if (shape_.rows > most)
            rows = outcome.sample(shape_.rows, most);
        double largest = 0;
        for (const std::size_t row : rows) {
            const auto found = outcome.read<float>(output_, row * shape_.length, shape_.length);
            const std::vector<ExactSum> exact = exact_row(shape_, operands_, row);
            for (std::size_t i = 0; i < exact.size(); ++i)
                largest = std::max(largest, error_of(outcome, found[i], exact[i]));
        }
        if (spare_ > 0) {
            const auto behind = outcome.read<std::uint32_t>(
                output_, std::size_t{shape_.rows} * shape_.length, spare_ * shape_.length);
            outcome.expect(std::ranges::count(behind, poison) == std::ssize(behind),
                           "a row that the matrix does not have was written");
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
    SoftmaxNormShape shape_;
    const HostOperands &operands_;
    std::size_t spare_;
    Buffer input_;
    std::vector<Argument> of_elements_; ///< of a layer norm: gains and biases
    Buffer output_;
};

class Experiment {
public:
    explicit Experiment(Bench &bench) : bench_(bench), plain_(without_profiling(bench.context())) {}

    void run() {
        if (bench_.tiny()) // which is for tests of the kernels
            for (const auto &[shape, plan] : calls_of_all_text(bench_.device()))
                verify(shape, plan);
        const std::exception_ptr failure =
            operators::prepare_each(bench_, shapes, network::distinct_norms,
                                    [&](const SoftmaxNormShape &shape) { return prepare(shape); });
        if (calls_.empty() && failure)
            std::rethrow_exception(failure);
        operators::time_calls(bench_, series::call, calls_);
    }

private:
    [[nodiscard]] std::string too_large(const SoftmaxNormShape &shape,
                                        const SoftmaxNormPlan &plan) const {
        if (bench_.tiny() && shape.elements() > 5000)
            return "the tiny profile has no time for it";
        if (shape.bytes() / 2 > static_cast<double>(bench_.most_bytes()))
            return "one of its matrices is more than a buffer may have";
        const auto expected = expected_seconds(shape, plan);
        if (!expected && shape.bytes() > 1e8)
            return "how long a call takes is not known: no bandwidth was measured";
        if (expected.value_or(0) > bench_.budget() / 20)
            return fmt::format("one call of some {} is too long for this profile",
                               format({*expected, Unit::second}));
        return "";
    }

    [[nodiscard]] std::string prepare(const SoftmaxNormShape &shape) {
        const std::vector<SoftmaxNormPlan> plans =
            workloads::softmax_norm_plans(shape, bench_.facts());
        if (const std::string reason = too_large(shape, plans.front()); !reason.empty()) {
            if (!bench_.tiny())
                verify(shape, plans.front());
            return reason;
        }
        const HostOperands &operands =
            operands_.emplace_back(random_operands(shape, bench_.random()));
        const Matrices &matrices = matrices_.emplace_back(bench_, shape, operands);
        const SoftmaxNormPlan plan = operators::chosen_plan(
            bench_, kernel_text, plans,
            {.shape = shape.name(),
             .time = [&](const SoftmaxNormPlan &tried) { return race_time(matrices, tried); },
             .record =
                 [&](const SoftmaxNormPlan &tried, double seconds) {
                     bench_.series(series::race)
                         .point(coordinates(RaceRow{shape, tried}))
                         .samples.push_back(seconds);
                 }});
        verify(shape, plan);
        calls_.emplace_back(
            CallRow{shape, plan},
            TimedCalls(bench_, plain_, call_of(matrices, plan, as_first(matrices))));
        return "";
    }

    [[nodiscard]] double race_time(const Matrices &matrices, const SoftmaxNormPlan &plan) {
        constexpr std::size_t rows = 4;
        return raced_seconds(bench_, plain_, call_of(matrices, plan, checked_rows(matrices, rows)));
    }

    /// Rows of each kind, more than two groups of them, in two launches. Once for each build.
    void verify(SoftmaxNormShape shape, const SoftmaxNormPlan &plan) {
        shape.rows = 2 * plan.rows + 9;
        if (!verified_.insert(plan.describe() + shape.name()).second)
            return;
        const HostOperands operands = difficult_operands(shape, bench_.random());
        const Matrices matrices(bench_, shape, operands, plan.rows);
        (void)seconds_alone(bench_, matrices.call(program_of(shape, plan), plan,
                                                  checked_rows(matrices, shape.rows), 2));
    }

    [[nodiscard]] Check checked_rows(const Matrices &matrices, std::size_t rows) {
        return [this, &matrices, rows](const LaunchOutcome &outcome) {
            double &error = bench_.data().number_attributes[entry::error];
            error = std::max(error, matrices.largest_error(outcome, rows));
        };
    }

    /// The first call's sampled rows must be what the host computes, and each later result must be
    /// the first one, to the last bit: nothing in a call depends on what runs first.
    [[nodiscard]] Check as_first(const Matrices &matrices) {
        const auto first = std::make_shared<std::vector<float>>();
        return [this, &matrices, first](const LaunchOutcome &outcome) {
            constexpr std::size_t rows = 64;
            if (first->empty()) {
                checked_rows(matrices, rows)(outcome);
                *first = matrices.results(outcome);
            } else {
                outcome.expect(matrices.results(outcome) == *first,
                               "a call's result is another one than that of the first");
            }
            ++bench_.data().number_attributes[entry::verified];
        };
    }

    [[nodiscard]] const Program &program_of(const SoftmaxNormShape &shape,
                                            const SoftmaxNormPlan &plan) {
        const std::string options = SoftmaxNorm(shape, plan).build_options();
        auto program = programs_.find(options);
        if (program == programs_.end())
            program = programs_.emplace(options, bench_.build(kernel_text, options)).first;
        return program->second;
    }

    /// In as many launches as none takes long.
    [[nodiscard]] std::vector<BoundLaunch>
    call_of(const Matrices &matrices, const SoftmaxNormPlan &plan, const Check &check) {
        const SoftmaxNormShape &shape = matrices.shape();
        const double longest = bench_.bounds().limit / 4;
        const double expected = expected_seconds(shape, plan).value_or(shape.bytes() / 1e9);
        const auto count = static_cast<std::uint32_t>(
            std::clamp(std::ceil(expected / longest), 1.0, double{1} * shape.rows));
        return matrices.call(program_of(shape, plan), plan, check, count);
    }

    /// As predicted; where no bandwidth was measured, by the calls so far.
    [[nodiscard]] std::optional<double> expected_seconds(const SoftmaxNormShape &shape,
                                                         const SoftmaxNormPlan &plan) const {
        const auto predicted = SoftmaxNorm(shape, plan).predicted_seconds(bench_.facts());
        if (predicted || calls_.empty())
            return predicted;
        const auto &[row, calls] = calls_.back();
        return shape.bytes() * calls.seconds() / row.shape.bytes();
    }

    Bench &bench_;
    Context plain_; ///< on which calls follow one another
    std::set<std::string> verified_;
    std::map<std::string, Program> programs_; ///< by build options
    std::deque<HostOperands> operands_;
    std::deque<Matrices> matrices_;
    std::vector<std::pair<CallRow, TimedCalls>> calls_;
};

} // namespace

std::vector<std::pair<SoftmaxNormShape, SoftmaxNormPlan>>
calls_of_all_text(const DeviceInfo &device) {
    std::vector<std::pair<SoftmaxNormShape, SoftmaxNormPlan>> calls;
    const std::uint64_t most = device.max_work_group_size.value_or(1);
    for (const RowOperator op : {RowOperator::softmax, RowOperator::layer_norm})
        for (const auto &[length, plan] : {std::pair{77u, SoftmaxNormPlan{1, 32, 2, 3, false}},
                                           std::pair{69u, SoftmaxNormPlan{8, 1, 3, 0, false}},
                                           std::pair{69u, SoftmaxNormPlan{2, 16, 2, 0, true}}})
            if (const SoftmaxNormShape shape{op, 64, length};
                plan.items() <= most && SoftmaxNorm::unfit(shape, plan).empty())
                calls.emplace_back(shape, plan);
    return calls;
}

void run_experiments(Bench &bench) {
    Experiment(bench).run();
}

} // namespace clprobe::probes::softmax_norm
