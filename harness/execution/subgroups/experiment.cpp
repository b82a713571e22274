#include "common/build_log.hpp"
#include "common/launch_size.hpp"
#include "common/ptx.hpp"
#include "common/sub_groups.hpp"
#include "execution/subgroups/subgroups.hpp"
#include "opencl/device_limits.hpp"

#include <clprobe/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <exception>
#include <functional>
#include <utility>

namespace clprobe::probes::subgroups {
namespace {

constexpr std::size_t word_bytes = sizeof(std::uint32_t);
/// Work-items that stand for a sub-group where there are none: as many as most GPUs have in one.
constexpr std::size_t stand_in = 32;
/// What a launch leaves: a word of each work-item, and its place.
struct Outputs {
    Buffer words;
    Buffer places;
};

/// A check of one sub-group, chosen after the launch: who is in it, and all of its words.
std::function<void(const LaunchOutcome &)>
check_sub_group(const Row &row, Aspect aspect, const Operands &operands, const Outputs &outputs) {
    return [=](const LaunchOutcome &outcome) {
        const std::size_t chosen = outcome.sample(row.work_items(), 1).front();
        const std::size_t group = chosen / row.local_size * row.local_size;
        const auto words = outcome.read<std::uint32_t>(outputs.words, group, row.local_size);
        const auto places = outcome.read<std::uint32_t>(outputs.places, group, row.local_size);
        outcome.expect(lanes_of(places) == row.lanes,
                       fmt::format("its work-items are not in sub-groups of {}", row.lanes));
        const std::uint32_t number = places[chosen - group] >> 16U;
        std::vector<std::uint32_t> ids(row.lanes);
        std::vector<std::uint32_t> left(row.lanes);
        for (std::size_t item = 0; item < row.local_size; ++item)
            if (places[item] >> 16U == number) {
                ids[places[item] & 0xffffU] = static_cast<std::uint32_t>(group + item);
                left[places[item] & 0xffffU] = words[item];
            }
        outcome.expect(
            left == expected_words(row.exchange, aspect, operands, ids,
                                   std::uint64_t{outcome.trips()} * row.steps()),
            fmt::format("the sub-group of work-item {} has not the words that the host computes",
                        chosen));
    };
}

class Experiment {
public:
    explicit Experiment(Bench &bench) : bench_(bench), build_(build_for(bench.device())) {}

    void run() {
        if (build_)
            enter_functions();
        else
            bench_.data().text_attributes[entry::left_out] =
                "the driver has no functions of sub-groups (cl_khr_subgroups)";
        enter_local();
        if (candidates_.empty() && failure_)
            std::rethrow_exception(failure_);
        if (candidates_.empty())
            throw Unsupported("no exchange could be tried");
        bench_.warm_up(candidates_.front().launch, candidates_.front().trips);
        bench_.sample(candidates_, {.relative_half_width = 0.01,
                                    .seconds = std::max(least_seconds, bench_.remaining())});
    }

private:
    static constexpr double least_seconds = 1;        ///< a slow build is no reason for less
    static constexpr std::size_t items_a_unit = 2048; ///< for instructions to wait for others

    /// All exchanges by one program; where that does not build, each by one of its own.
    void enter_functions() {
        std::optional<Program> all;
        try {
            all = bench_.build(kernel_text, build_->options);
        } catch (const BuildError &) {
            // One of them may be to blame.
        }
        for (const Exchange exchange : all_exchanges) {
            const std::string what = what_of(exchange, false);
            attempt(what, [&] {
                if (is_shuffle(exchange) && !build_->shuffles)
                    throw Unsupported(
                        "the driver has neither cl_khr_subgroup_shuffle nor cl_intel_subgroups");
                const Program program = all ? *all : bench_.build(kernel_text, only(exchange));
                enter(program, exchange, build_->way, Aspect::rate);
                enter(program, exchange, build_->way, Aspect::latency);
            });
        }
    }

    /// Why one exchange cannot be had is noted, and is no failure of the others.
    template <typename Work>
    void attempt(const std::string &what, const Work &work) {
        auto &texts = bench_.data().text_attributes;
        try {
            work();
        } catch (const BuildError &error) {
            texts[what + entry::unsupported] =
                "the compiler does not take it: " + first_error(error.log());
        } catch (const Unsupported &error) {
            texts[what + entry::unsupported] = error.what();
        } catch (const Error &error) {
            if (!error.code())
                throw;
            texts[what + entry::failed] = error.what();
            failure_ = std::current_exception();
        }
    }

    [[nodiscard]] std::string only(Exchange exchange) const {
        return fmt::format("{} -DONLY={}", build_->options, static_cast<unsigned>(exchange));
    }

    /// Among as many as the sub-groups that functions were tried on, or in a small group where
    /// there are none.
    void enter_local() {
        const bool in_sub_groups = !candidates_.empty();
        const Way way = in_sub_groups ? Way::local : Way::local_group;
        if (!in_sub_groups)
            lanes_ = group_size(bench_, stand_in, bytes_of(Aspect::rate));
        std::string options = fmt::format("-DLANES={}", lanes_);
        if (in_sub_groups)
            options += " " + build_->options;
        std::optional<Program> program;
        for (const Exchange exchange : all_exchanges) {
            if (!has_local(exchange))
                continue;
            attempt(what_of(exchange, true), [&] {
                if (lanes_ < 2)
                    throw Unsupported("groups of one work-item have nothing to exchange");
                if (!program)
                    program = bench_.build(kernel_text, options);
                enter(*program, exchange, way, Aspect::rate);
                enter(*program, exchange, way, Aspect::latency);
            });
        }
    }

    void enter(const Program &program, Exchange exchange, Way way, Aspect aspect) {
        const bool rate = aspect == Aspect::rate;
        const Kernel kernel = program.kernel(name(exchange) + (rate ? "_rate" : "_chain"));
        const std::size_t wanted = way == Way::local_group ? lanes_ : wanted_size();
        Row row{exchange, way, 0,
                std::min(group_size(bench_, kernel, wanted),
                         group_size(bench_, wanted, is_local(way) ? bytes_of(aspect) : 0))};
        row.lanes = divide(kernel, row, aspect);
        if (rate) {
            row.groups = bench_.tiny() ? 2 : units_of(bench_) * items_a_unit / row.local_size;
        } else if (row.lanes < row.local_size) {
            row.local_size = row.lanes;
            if (divide(kernel, row, aspect) != row.lanes)
                throw Unsupported("smaller groups have smaller sub-groups");
        }
        if (lanes_ == 0)
            lanes_ = row.lanes;
        if (is_local(way) && row.lanes != lanes_)
            throw Unsupported(fmt::format(
                "sub-groups have {} work-items in this kernel, {} in others", row.lanes, lanes_));
        const Operands operands = operands_for(row.lanes);
        const Outputs outputs = outputs_for(row);
        BoundLaunch launch = bound(kernel, row, aspect, operands, outputs);
        launch.check = check_sub_group(row, aspect, operands, outputs);
        const std::uint32_t trips = bench_.calibrate(launch, launch_seconds());
        candidates_.push_back({.launch = std::move(launch),
                               .series = &bench_.series(rate ? series::rate : series::latency),
                               .at = coordinates(row),
                               .trips = trips});
    }

    /// Beside what a launch costs, and a processor's workers take to wake up.
    [[nodiscard]] double launch_seconds() const { return is_cpu(bench_) ? 4e-3 : 1e-3; }

    /// On CPUs a group may be one sub-group, as PoCL has it.
    [[nodiscard]] std::size_t wanted_size() const {
        return is_cpu(bench_) ? stand_in : bench_.tiny() ? 64 : 256;
    }

    /// How many work-items a sub-group of that kernel has in such groups, by a launch without a
    /// trip.
    [[nodiscard]] std::size_t divide(const Kernel &kernel, const Row &row, Aspect aspect) {
        const Outputs outputs = outputs_for(row);
        BoundLaunch launch = bound(kernel, row, aspect, {}, outputs);
        std::optional<std::size_t> lanes;
        launch.check = [&](const LaunchOutcome &outcome) {
            lanes = lanes_of(outcome.read<std::uint32_t>(outputs.places, 0, row.local_size));
            outcome.expect(lanes.has_value(), "its work-items are not in sub-groups of one size");
        };
        bench_.launch(launch, 0);
        if (*lanes < 2 || !std::has_single_bit(*lanes))
            throw Unsupported(
                fmt::format("sub-groups of {} are no power of two above one", *lanes));
        return *lanes;
    }

    [[nodiscard]] Outputs outputs_for(const Row &row) {
        return {bench_.buffer(row.work_items() * word_bytes),
                bench_.buffer(row.work_items() * word_bytes)};
    }

    /// Takes from others than oneself, and goes back: who went round all would have added the same
    /// as anyone, whosever words they were.
    [[nodiscard]] Operands operands_for(std::size_t lanes) {
        const auto number = [&] { return static_cast<std::uint32_t>(bench_.random()()); };
        const auto most = static_cast<std::uint32_t>(std::max<std::size_t>(1, lanes / 2 - 1));
        Operands operands{number(), number(), 1 + number() % most};
        operands.second = static_cast<std::uint32_t>(lanes) - operands.first;
        return operands;
    }

    [[nodiscard]] static BoundLaunch bound(const Kernel &kernel, const Row &row, Aspect aspect,
                                           const Operands &of, const Outputs &outputs) {
        BoundLaunch launch{kernel,
                           NdRange::linear(row.groups, row.local_size),
                           {output(outputs.words), output(outputs.places), of.start, of.increment,
                            0U, of.first, of.second, trip_count}};
        if (is_local(row.way))
            launch.arguments.emplace_back(LocalBytes{row.local_size * bytes_of(aspect)});
        return launch;
    }

    /// Of local memory, of a work-item: two sets of words.
    [[nodiscard]] static std::size_t bytes_of(Aspect aspect) {
        return 2 * chains_of(aspect) * word_bytes;
    }

    Bench &bench_;
    std::optional<Build> build_;
    std::size_t lanes_ = 0; ///< of the sub-groups first met, or of what stands for them
    std::vector<Candidate> candidates_;
    std::exception_ptr failure_; ///< of the last exchange that failed
};

} // namespace

std::optional<Build> build_for(const DeviceInfo &device) {
    const auto options = sub_group_options(device);
    if (options && device.has_extension("cl_khr_subgroup_shuffle"))
        return Build{Way::khronos, *options + " -DSHUFFLES"};
    if (device.has_extension(ptx_extension) && largest_group(device) >= stand_in)
        return Build{Way::ptx, "-DSUB_GROUPS -DAS_PTX"};
    if (device.has_extension("cl_intel_subgroups"))
        return Build{Way::intel, options.value_or("-DSUB_GROUPS") + " -DINTEL_SHUFFLES"};
    if (options)
        return Build{Way::khronos, *options, false};
    return std::nullopt;
}

std::vector<KernelVariant> inspected(const DeviceInfo &device) {
    std::vector<KernelVariant> variants;
    const std::string local = fmt::format("-DLANES={}", stand_in);
    if (const auto build = build_for(device)) {
        variants.push_back({"functions", kernel_text, build->options, {}});
        variants.push_back({"local memory", kernel_text, local + " " + build->options, {}});
    } else {
        variants.push_back({"local memory", kernel_text, local, {}});
    }
    return variants;
}

void run_experiment(Bench &bench) {
    Experiment(bench).run();
}

} // namespace clprobe::probes::subgroups
