#include "common/launch_size.hpp"
#include "common/paths.hpp"
#include "execution/divergence/divergence.hpp"

#include <clprobe/error.hpp>

#include <algorithm>
#include <string>

namespace clprobe::probes {
namespace {

using namespace divergence;

constexpr const char *text = "execution/divergence";

ProbeInfo describe() {
    ProbeInfo info;
    info.name = text;
    info.question = "What does it cost that neighbouring work-items take different paths, or leave "
                    "a loop at different times?";
    info.method =
        "Paths: a switch of 32 paths, of which neighbours take 1, 2, 4 ... 32 in turn. All paths "
        "cost the same, and every path is taken by as many work-items whatever the number that "
        "neighbours take: only how they are spread over warps differs. Groups fill every compute "
        "unit, so that it is issue slots that are counted. The cost is the slope of the time over "
        "the number of paths, up to the warp's measured width, with the time of one path as the "
        "unit.\n\n"
        "Loops: one work-item of 32 goes round a loop twice as often as the others, against all "
        "going round equally often, the rounds of all together being the same. In lockstep all "
        "wait for the one.\n\n"
        "Times are those of the quietest launches of each kind, taken in turn: what disturbs one "
        "adds to it. Every work-item's result comes out of its own path and "
        "its "
        "own rounds alone; the host computes those of some, chosen after each launch.";
    info.pitfalls = {
        "What parting and joining costs once is not part of it: paths are long.",
        "Where work-items run by themselves, as on PoCL, further paths cost nothing, and a loop "
        "takes as long as its rounds.",
        "Paths that were written out of one function by a compiler, or are short enough to be done "
        "on both sides and selected, cost something else."};
    info.sources = {
        "Bialas and Strzelecki, Benchmarking the Cost of Thread Divergence in CUDA, 2015"};
    info.depends_on = {"execution/compute_units", "execution/warp_width"};
    info.findings = finding_keys();
    const Axis time{"time", Unit::second, {}};
    info.series = {{series::paths, axes<PathsRow>(), time,
                    "as many neighbours on as many paths; 2 steps of one a trip"},
                   {series::loops, axes<LoopRow>(), time,
                    "33 rounds a trip of each work-item, or 64 of one in 32 and 32 of others"}};
    info.kernels = {text};
    info.seconds = 1.5;
    return info;
}

class Experiment {
public:
    explicit Experiment(Bench &bench)
        : bench_(bench), program_(bench.build(text, ways_option(ways))),
          start_(static_cast<std::uint32_t>(bench.random()())),
          b_(static_cast<std::uint32_t>(bench.random()())),
          odd_(static_cast<std::uint32_t>(bench.random()()) | 1U),
          range_(filling_range(bench, program_.kernel("part"), ways)),
          out_(bench.buffer(range_.work_items() * sizeof(std::uint32_t))) {}

    void run() {
        std::vector<Candidate> candidates;
        for (unsigned paths = 1; paths <= ways; paths *= 2)
            candidates.push_back({.launch = part(paths),
                                  .series = &bench_.series(series::paths),
                                  .at = coordinates(PathsRow{paths})});
        for (const bool unequal : {false, true})
            candidates.push_back({.launch = leave_late({unequal}),
                                  .series = &bench_.series(series::loops),
                                  .at = coordinates(LoopRow{unequal})});
        // Beside what a launch costs and a processor's workers take to wake up.
        const double seconds = is_cpu(bench_) ? 4e-3 : 1.5e-3;
        for (Candidate &candidate : candidates)
            candidate.trips = bench_.calibrate(candidate.launch, seconds);
        bench_.warm_up(candidates.front().launch, candidates.front().trips);
        bench_.sample(candidates,
                      {.relative_half_width = 0.005, .seconds = std::max(0.3, bench_.remaining())});
    }

private:
    [[nodiscard]] BoundLaunch part(std::uint32_t paths) const {
        const auto expected = [=, start = start_, b = b_, odd = odd_,
                               size = range_.group_size()](std::size_t item, std::uint32_t trips) {
            const auto lane = static_cast<std::uint32_t>(item % size);
            const auto group = static_cast<std::uint32_t>(item / size);
            const std::uint32_t path = (((lane * odd) & (paths - 1)) + group) & (ways - 1);
            return after_path(path, static_cast<std::uint32_t>(item) ^ start, b, trips);
        };
        return {program_.kernel("part"),
                range_,
                {output(out_), start_, b_, odd_, paths, trip_count},
                check_words(range_.work_items(), expected, 2)};
    }

    [[nodiscard]] BoundLaunch leave_late(LoopRow row) const {
        const cl_uint most = row.most();
        const cl_uint least = row.least();
        BoundLaunch launch{program_.kernel("leave_late"),
                           range_,
                           {output(out_), start_, b_, most, least, trip_count}};
        // Of a few neighbourhoods one work-item, and the late one, which chance would seldom hit.
        launch.check = [=, items = range_.work_items(), start = start_,
                        b = b_](const LaunchOutcome &outcome) {
            for (const std::size_t item : outcome.sample(items, 2)) {
                const auto id = static_cast<std::uint32_t>(item);
                const std::uint32_t late = (id & ~31U) + (((id >> 5) * 7) & 31);
                for (const std::uint32_t each : {id, late}) {
                    const std::uint64_t rounds =
                        std::uint64_t{outcome.trips()} * (each == late ? most : least);
                    outcome.expect(outcome.word(each) ==
                                       after_steps_of_path(0, each ^ start, b, rounds),
                                   "work-item " + std::to_string(each) +
                                       " went round another number of times");
                }
            }
        };
        return launch;
    }

    Bench &bench_;
    Program program_;
    std::uint32_t start_;
    std::uint32_t b_;
    std::uint32_t odd_;
    NdRange range_;
    Buffer out_;
};

class Divergence final : public Probe {
public:
    [[nodiscard]] const ProbeInfo &info() const override { return info_; }
    void measure(Bench &bench) const override { Experiment(bench).run(); }
    [[nodiscard]] std::vector<Finding> interpret(const Dataset &data,
                                                 const Facts &facts) const override {
        return findings_of(data, facts);
    }
    [[nodiscard]] std::vector<KernelVariant> kernels(const DeviceInfo &) const override {
        return {{{}, text, ways_option(ways), {}}};
    }
    [[nodiscard]] std::vector<Curve> curves(const Dataset &data) const override {
        return curves_of(data);
    }

private:
    ProbeInfo info_ = describe();
};

} // namespace

std::unique_ptr<Probe> make_execution_divergence() {
    return std::make_unique<Divergence>();
}

} // namespace clprobe::probes
