#include "analysis/estimates.hpp"
#include "common/launch_size.hpp"
#include "common/ptx.hpp"
#include "common/recurrence.hpp"
#include "common/sub_groups.hpp"
#include "common/verdicts.hpp"
#include "opencl/device_limits.hpp"

#include <clprobe/error.hpp>
#include <clprobe/probe.hpp>
#include <clprobe/row.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace clprobe::probes {
namespace {

const FindingKey local_key{"barrier.latency", Unit::second, Better::lower,
                           "from one barrier of a group to the next, a word exchanged in local "
                           "memory between them"};
const FindingKey global_key{"barrier.global.latency", Unit::second, Better::lower,
                            "the same, exchanged in global memory"};
const FindingKey sub_group_key{"barrier.subgroup.latency", Unit::second, Better::lower,
                               "from one barrier of a sub-group to the next, a word exchanged in "
                               "local memory between them"};
constexpr const char *text = "execution/barrier";
constexpr const char *series_name = "times";
constexpr const char *no_sub_groups = "sub_group.left_out"; ///< text: why
constexpr std::size_t headline = 256;                       ///< work-items, or the most below
constexpr double steps = 2;                                 ///< of a trip of the kernels' loop

/// Who waits for whom, and where what they exchange is; or none for any other.
enum class Wait { local, global, sub_group, none };

/// One group of so many work-items.
struct BarrierRow {
    Wait wait = Wait::local;
    std::size_t work_items = 1;

    static auto columns() {
        constexpr std::array waits{"local", "global", "sub_group", "none"};
        return std::tuple{column("barrier", &BarrierRow::wait, waits),
                          column("work_items", &BarrierRow::work_items), trips()};
    }
};

ProbeInfo describe() {
    ProbeInfo info;
    info.name = text;
    info.question = "How long do the work-items of a group wait for each other at a barrier?";
    info.method =
        "One work-group, whose work-items stand in a ring. In each step every one writes its word, "
        "waits at the barrier, and takes the word of its neighbour, which goes through a "
        "multiplication and an addition. The latency is the time of a step, and what is exchanged "
        "is part of it: a store, a load of the neighbour's word, a multiply-add. The time that "
        "these take without a barrier, each work-item taking its own word back, is noted where it "
        "is less. Of two sets of words one is used in every other step, so that one barrier a step "
        "is enough.\n\n"
        "Groups of 2 work-items up to the most that the device runs, with a fence of local memory "
        "and one of global memory, and barriers of sub-groups where the driver has "
        "cl_khr_subgroups, or takes inline PTX. The findings are of groups of 256 work-items, or "
        "of the largest below.\n\n"
        "After a launch the word of a work-item is that of the one as many places on as there were "
        "steps, after as many multiplications: the host jumps there, and compares some that are "
        "chosen after it. Where one work-item does not wait, the words are others.";
    info.pitfalls = {
        "Drivers that run a group's work-items one after the other, as PoCL does, make of each "
        "barrier the end of a loop over them: the time is that of the work between barriers, and "
        "grows with the group.",
        "In a group that is no larger than a warp, compilers may leave the barrier out.",
        "A fence of global memory may wait until what was written has reached the cache that all "
        "units share: on some GPUs that takes many times as long.",
        "Other groups on the same unit make each wait longer than it does here."};
    info.sources = {"Wong et al., Demystifying GPU Microarchitecture through Microbenchmarking, "
                    "2010 (barriers over the number of warps)"};
    info.needs = "local memory";
    info.findings = {local_key, global_key, sub_group_key};
    info.series = {{series_name,
                    axes<BarrierRow>(),
                    {"time", Unit::second, {}},
                    "one group; 2 steps a trip, each with one barrier, or without"}};
    info.kernels = {text};
    info.seconds = 2;
    return info;
}

/// What a launch is given.
struct Operands {
    std::uint32_t start = 0;
    std::uint32_t a = 0;
    std::uint32_t c = 0;
};

/// The word that is left at `slot`, in rings of `ring` work-items.
std::uint32_t expected(const Operands &of, std::size_t slot, std::size_t ring,
                       std::uint32_t trips) {
    const std::uint32_t done = 2 * trips;
    const std::size_t first = slot / ring * ring;
    const auto from = static_cast<std::uint32_t>(first + (slot - first + done) % ring);
    return after_steps((from * 2654435761U) ^ of.start, of.a, of.c, done);
}

/// The build for barriers of sub-groups; nothing where the driver has none that it says it has.
std::optional<std::string> sub_group_build(const DeviceInfo &device) {
    if (const auto options = sub_group_options(device))
        return options;
    if (device.has_extension(ptx_extension))
        return "-DSUB_GROUPS -DAS_PTX";
    return std::nullopt;
}

class Experiment {
public:
    explicit Experiment(Bench &bench)
        : bench_(bench),
          program_(bench.build(text, "")), of_{static_cast<std::uint32_t>(bench.random()()),
                                               static_cast<std::uint32_t>(bench.random()()) | 5U,
                                               static_cast<std::uint32_t>(bench.random()()) | 1U},
          most_(group_size(bench, bench.tiny() ? 8 : largest_group(bench.device()), set_bytes)),
          out_(bench.buffer(most_ * word)), words_(bench.buffer(most_ * set_bytes)) {}

    void run() {
        enter_sizes(Wait::local, program_, "pass_local");
        enter_sizes(Wait::global, program_, "pass_global");
        if (const auto sub_groups = build_sub_groups())
            enter_sizes(Wait::sub_group, *sub_groups, "pass_sub_group");
        const Kernel keep_local = program_.kernel("keep_local");
        enter({Wait::none, group_size(bench_, keep_local, std::min(most_, headline))}, keep_local,
              1);
        for (Candidate &candidate : candidates_)
            candidate.trips = bench_.calibrate(candidate.launch, launch_seconds);
        bench_.warm_up(candidates_.front().launch, candidates_.front().trips);
        bench_.sample(candidates_, {.relative_half_width = 0.01,
                                    .seconds = std::max(least_seconds, bench_.remaining())});
    }

private:
    static constexpr std::size_t word = sizeof(std::uint32_t);
    static constexpr std::size_t set_bytes = 2 * word; ///< of a work-item
    static constexpr double launch_seconds = 1e-3;
    static constexpr double least_seconds = 0.4; ///< a slow build is no reason for less

    [[nodiscard]] BoundLaunch launch(const BarrierRow &row, const Kernel &kernel,
                                     std::size_t ring) const {
        const Argument words =
            row.wait == Wait::global
                ? output(words_) // poisoned: what an earlier launch left must not pass
                : Argument(LocalBytes{row.work_items * set_bytes});
        return {
            kernel,
            NdRange::linear(1, row.work_items),
            {output(out_), of_.start, of_.a, of_.c, trip_count, words},
            check_words(row.work_items, [of = of_, ring](std::size_t slot, std::uint32_t trips) {
                return expected(of, slot, ring, trips);
            })};
    }

    void enter(const BarrierRow &row, const Kernel &kernel, std::size_t ring) {
        candidates_.push_back({.launch = launch(row, kernel, ring),
                               .series = &bench_.series(series_name),
                               .at = coordinates(row)});
    }

    /// Groups of 4 to 1024 work-items on a CPU, whose drivers compile a kernel for each size of
    /// group; of 2 to the most on others. The most that a driver says of a kernel may be less than
    /// runs (256 where 1024 do), so that each size is tried.
    void enter_sizes(Wait wait, const Program &program, const std::string &function) {
        const Kernel kernel = program.kernel(function);
        const bool cpu = is_cpu(bench_);
        const std::size_t last = cpu ? std::min<std::size_t>(1024, most_) : most_;
        for (std::size_t size = cpu ? 4 : 2; size <= last; size *= cpu ? 4 : 2) {
            try {
                const auto ring = wait == Wait::sub_group ? sub_group_size(program, size) : size;
                if (ring == 0)
                    continue;
                bench_.launch(launch({wait, size}, kernel, ring), 1);
                enter({wait, size}, kernel, ring);
            } catch (const Error &error) {
                if (!error.code() || size <= kernel.max_group_size().value_or(1))
                    throw;
                return;
            }
        }
    }

    /// How many work-items a sub-group of such a group has; 0 where not all have as many.
    [[nodiscard]] std::size_t sub_group_size(const Program &program, std::size_t group) {
        const Buffer division = bench_.buffer(2 * word);
        bench_.launch({program.kernel("divide"), NdRange::linear(1, group), {output(division)}});
        const auto size_and_count = bench_.read<std::uint32_t>(division, 0, 2);
        const bool even = std::size_t{size_and_count[0]} * size_and_count[1] == group;
        return even ? size_and_count[0] : 0;
    }

    /// Nothing, and a note of the reason, where the device has no barriers of sub-groups.
    [[nodiscard]] std::optional<Program> build_sub_groups() {
        std::string &reason = bench_.data().text_attributes[no_sub_groups];
        const auto options = sub_group_build(bench_.device());
        if (!options) {
            reason = "the driver has no cl_khr_subgroups";
            return std::nullopt;
        }
        try {
            return bench_.build(text, *options);
        } catch (const BuildError &error) {
            reason = std::string("barriers of sub-groups do not build: ") + error.what();
            return std::nullopt;
        }
    }

    Bench &bench_;
    Program program_;
    Operands of_;
    std::size_t most_; ///< work-items that a group may have
    Buffer out_;
    Buffer words_;
    std::vector<Candidate> candidates_;
};

/// The time of a step in groups of 256, or of the most below.
std::optional<std::pair<BarrierRow, TripTiming>> timing_of(const Dataset &data, Wait wait) {
    std::optional<std::pair<BarrierRow, TripTiming>> best;
    for (const auto &[row, times] : times_by_row<BarrierRow>(data.find(series_name)))
        if (row.wait == wait && row.work_items <= headline)
            if (const auto timing = time_per_trip(times))
                best = {row, *timing};
    return best;
}

Finding latency(const FindingKey &key, Wait wait, const Dataset &data) {
    if (const std::string reason = data.text_attribute(no_sub_groups);
        wait == Wait::sub_group && !reason.empty())
        return without_value(key, Status::unsupported, reason);
    const auto best = timing_of(data, wait);
    if (!best)
        return undecided(key, "no group's time grows with the number of barriers", {series_name});
    const auto &[row, timing] = *best;
    Finding finding = step_finding(key, steps, timing);
    finding.method = fmt::format("a group of {}, a store, a load and a multiply-add included; {}",
                                 row.work_items, timing.method);
    finding.evidence = {series_name};
    const auto without = timing_of(data, Wait::none);
    if (wait != Wait::global && without && without->first.work_items == row.work_items &&
        without->second.seconds < timing.seconds)
        finding.note = "of that " + format({without->second.seconds / steps, Unit::second}) +
                       " without a barrier";
    check_timing(finding, timing);
    return finding;
}

class Barrier final : public Probe {
public:
    [[nodiscard]] const ProbeInfo &info() const override { return info_; }
    [[nodiscard]] std::optional<std::string> unsupported(const DeviceInfo &device) const override {
        return device.local_memory == 0 ? std::optional("the device has no local memory")
                                        : std::nullopt;
    }
    void measure(Bench &bench) const override { Experiment(bench).run(); }
    [[nodiscard]] std::vector<Finding> interpret(const Dataset &data,
                                                 const Facts &) const override {
        return {latency(local_key, Wait::local, data), latency(global_key, Wait::global, data),
                latency(sub_group_key, Wait::sub_group, data)};
    }
    [[nodiscard]] std::vector<KernelVariant> kernels(const DeviceInfo &device) const override {
        std::vector<KernelVariant> variants{{{}, text, {}, {}}};
        if (const auto options = sub_group_build(device))
            variants.push_back({"sub-groups", text, *options, "pass_sub_group"});
        return variants;
    }
    [[nodiscard]] std::vector<Curve> curves(const Dataset &data) const override {
        std::vector<Curve> curves;
        for (const auto &[wait, label] :
             {std::pair{Wait::local, "local fence"}, std::pair{Wait::global, "global fence"},
              std::pair{Wait::sub_group, "sub-group"}}) {
            Curve curve{
                series_name, {"work_items", Unit::one, {}}, {"latency", Unit::second, {}}, {}, {},
                label};
            for (const auto &[row, estimate] : estimates_of<BarrierRow>(data.find(series_name)))
                if (row.wait == wait)
                    curve.points.push_back(
                        {static_cast<double>(row.work_items), estimate.value / steps});
            curves.push_back(std::move(curve));
        }
        return curves;
    }

private:
    ProbeInfo info_ = describe();
};

} // namespace

std::unique_ptr<Probe> make_execution_barrier() {
    return std::make_unique<Barrier>();
}

} // namespace clprobe::probes
