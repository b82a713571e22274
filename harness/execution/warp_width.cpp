#include "analysis/estimates.hpp"
#include "common/launch_size.hpp"
#include "common/paths.hpp"
#include "common/sub_groups.hpp"
#include "common/verdicts.hpp"

#include <clprobe/error.hpp>
#include <clprobe/probe.hpp>
#include <clprobe/row.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <numbers>
#include <optional>

namespace clprobe::probes {
namespace {

const FindingKey width_key{"warp.width", Unit::one, Better::none,
                           "work-items that wait for each other where their paths part; 1: none "
                           "waits for another"};
constexpr const char *text = "execution/warp_width";
constexpr const char *series_name = "times";
constexpr const char *preferred_entry = "preferred_multiple";
constexpr const char *sub_group_entry = "sub_group_size";
/// Ways of the experiment that decides, and of the one that checks it.
constexpr unsigned two = 2;
constexpr unsigned many = 8;

/// A switch of so many ways, a run of so many neighbours taking the same.
struct RunRow {
    unsigned ways = 2;
    std::size_t run = 1;

    static auto columns() {
        return std::tuple{column("ways", &RunRow::ways),
                          column("run", &RunRow::run).between(1, 1 << 20), trips()};
    }
};

ProbeInfo describe() {
    ProbeInfo info;
    info.name = text;
    info.question = "How many work-items go in lockstep, so that they wait for each other where "
                    "their paths part?";
    info.method =
        "Work-items branch on one bit of their number to one of two loops, which cost the same and "
        "which no compiler can make one of. Where a warp meets both, it runs one after the other, "
        "and the launch takes twice as long; from the bit on that is the warp's width, whole warps "
        "take one path each, and branching is free. The work is the same for all bits, and fills "
        "every compute unit, so that it is issue slots that are counted.\n\n"
        "The cross-check is a switch of eight ways, by the number of neighbours that take the "
        "same: "
        "the time follows the number of paths that a warp meets. The width is the one power of two "
        "that all times of an experiment agree with; where the two find different ones, it is "
        "suspect.\n\n"
        "Every work-item's result comes out of its own path alone, and the host computes those of "
        "some, chosen after each launch. The sub-group size and the preferred multiple that the "
        "driver claims are recorded, and noted where they are others.";
    info.pitfalls = {
        "A device that runs each work-item by itself, as PoCL does, has a width of 1.",
        "A compiler that makes several work-items a vector shows that vector's width where it "
        "keeps both sides of a branch under masks, as llvmpipe does.",
        "Hardware that leaves out the half of a wide warp in which no work-item is active shows "
        "the half's width: branching costs no more than that.",
        "The compiler may choose another width for another kernel (SIMD8 to SIMD32 on Intel)."};
    info.sources = {
        "Wong et al., Demystifying GPU Microarchitecture through Microbenchmarking, 2010 (warps)",
        "ArchProbe, whose two methods for the warp's size disagree on several GPUs"};
    info.depends_on = {"execution/compute_units"};
    info.findings = {width_key};
    info.series = {{series_name,
                    axes<RunRow>(),
                    {"time", Unit::second, {}},
                    "work-items on as many paths as ways, `run` neighbours on the same; of each "
                    "number of ways the longest run is a whole group"}};
    info.kernels = {text};
    info.seconds = 1.5;
    return info;
}

/// What the driver claims of its sub-groups; nothing is recorded where it has none.
void record_claims(Bench &bench, const Kernel &kernel, std::size_t group_size) {
    auto &numbers = bench.data().number_attributes;
    if (const auto preferred = kernel.preferred_multiple(); preferred && *preferred > 0)
        numbers[preferred_entry] = static_cast<double>(*preferred);
    const auto options = sub_group_options(bench.device());
    if (!options)
        return;
    try {
        const Buffer out = bench.buffer(sizeof(std::uint32_t));
        bench.launch({bench.kernel(text, "sub_group_size", *options + " " + ways_option(two)),
                      NdRange::linear(1, group_size),
                      {output(out, 0)}});
        if (const auto size = bench.read<std::uint32_t>(out, 0, 1).front(); size > 0)
            numbers[sub_group_entry] = static_cast<double>(size);
    } catch (const Error &error) {
        // An extension's name is no proof that its functions compile. This is but a claim.
        if (!error.code())
            throw;
    }
}

void run_experiment(Bench &bench) {
    const auto start = static_cast<std::uint32_t>(bench.random()());
    const auto b = static_cast<std::uint32_t>(bench.random()());
    std::vector<Buffer> outputs; // as launches share nothing
    std::vector<Candidate> candidates;
    for (const unsigned ways : {two, many}) {
        const Kernel kernel = bench.kernel(text, "take_paths", ways_option(ways));
        const NdRange range = filling_range(bench, kernel, ways);
        if (ways == two)
            record_claims(bench, kernel, range.group_size());
        const Buffer out = bench.buffer(range.work_items() * sizeof(std::uint32_t));
        for (std::size_t run = 1; run <= range.group_size(); run *= 2) {
            const auto shift = static_cast<std::uint32_t>(std::countr_zero(run));
            const auto expected = [=](std::size_t item, std::uint32_t trips) {
                const auto id = static_cast<std::uint32_t>(item);
                return after_path((id >> shift) & (ways - 1), id ^ start, b, trips);
            };
            candidates.push_back({.launch = {kernel,
                                             range,
                                             {output(out), start, b, shift, trip_count},
                                             check_words(range.work_items(), expected, 2)},
                                  .series = &bench.series(series_name),
                                  .at = coordinates(RunRow{ways, run})});
        }
    }
    const double seconds = is_cpu(bench) ? 2e-3 : 1e-3;
    for (Candidate &candidate : candidates)
        candidate.trips = bench.calibrate(candidate.launch, seconds);
    bench.warm_up(candidates.back().launch, candidates.back().trips);
    bench.sample(candidates,
                 {.relative_half_width = 0.01, .seconds = std::max(0.3, bench.remaining())});
}

/// What a run of neighbours on the same path takes, over what whole groups take.
struct Cost {
    std::size_t run = 1;
    double ratio = 1;
    double error = 0; ///< of its logarithm to base 2
};

std::vector<Cost> costs_of(const Dataset &data, unsigned ways) {
    std::vector<Cost> costs;
    for (const auto &[row, estimate] : estimates_of<RunRow>(data.find(series_name)))
        if (row.ways == ways)
            costs.push_back({row.run, estimate.value, estimate.error});
    if (costs.empty())
        return costs;
    const Cost whole = costs.back(); // the longest run
    for (Cost &cost : costs) {
        cost.ratio /= whole.ratio;
        cost.error = std::hypot(cost.error, whole.error) / std::numbers::ln2;
    }
    return costs;
}

/// The paths that a warp of that width meets.
double paths_met(std::size_t width, std::size_t run, unsigned ways) {
    return std::clamp(static_cast<double>(width) / static_cast<double>(run), 1.0,
                      static_cast<double>(ways));
}

// In doublings: as many paths as a width foretells take this much more or less. What takes 1.25 to
// 1.6 times as long as one path is neither one path nor two.
constexpr double most_off = 0.322;
constexpr double half_doubling = 0.5;

/// How far the cost is from that of a warp of that width.
double distance(const Cost &cost, std::size_t width, unsigned ways) {
    return std::abs(std::log2(cost.ratio / paths_met(width, cost.run, ways)));
}

/// Whether the cost is that of a warp of that width, and of no other.
bool agrees(const Cost &cost, std::size_t width, unsigned ways) {
    const double off = distance(cost, width, ways);
    return off <= most_off && off + cost.error <= half_doubling;
}

struct Verdict {
    std::optional<std::size_t> width;
    double ratio = 1;   ///< that the longest run costs which a warp of that width divides among two
    std::string reason; ///< why there is no width
};

Verdict judge(const Dataset &data, unsigned ways) {
    const std::vector<Cost> costs = costs_of(data, ways);
    if (costs.size() < 3)
        return {{},
                1,
                fmt::format("too few runs of neighbours were timed in a switch of {} ways", ways)};
    const std::size_t longest = costs.back().run;
    Verdict verdict;
    std::size_t widths = 0;
    std::size_t nearest_misses = costs.size() + 1;
    for (std::size_t width = 1; width <= longest; width *= 2) {
        const auto miss = [&](const Cost &cost) { return !agrees(cost, width, ways); };
        const auto misses = static_cast<std::size_t>(std::ranges::count_if(costs, miss));
        if (misses < nearest_misses) {
            nearest_misses = misses;
            const auto worst = std::ranges::find_if(costs, miss);
            if (worst != costs.end())
                verdict.reason = fmt::format(
                    "where runs of {} take one of {} paths, launches take {:.2f} times as long as "
                    "where whole groups do: {}",
                    worst->run, ways, worst->ratio,
                    distance(*worst, width, ways) > most_off
                        ? "not what warps of any width would take"
                        : "too noisy to tell one number of paths from the next");
        }
        if (misses == 0) {
            ++widths;
            verdict.width = width;
        }
    }
    if (widths > 1)
        return {{}, 1, "the runs of neighbours that were timed go with more than one width"};
    if (!verdict.width)
        return verdict;
    if (*verdict.width == longest)
        return {{},
                1,
                fmt::format("any branch within a group of {} costs: a warp may be wider", longest)};
    const auto half =
        std::ranges::find(costs, std::max<std::size_t>(1, *verdict.width / 2), &Cost::run);
    verdict.ratio = half == costs.end() ? 1 : half->ratio;
    return verdict;
}

/// What the driver claims, where that is something else.
std::string disagreement(const Dataset &data, double width) {
    std::string note;
    const auto add = [&](const char *entry, const char *what) {
        const auto claim = data.number_attribute(entry);
        if (claim && *claim != width)
            note +=
                fmt::format("{}the driver has {} {:.0f}", note.empty() ? "" : "; ", what, *claim);
    };
    add(sub_group_entry, "sub-groups of");
    add(preferred_entry, "a preferred multiple of");
    return note;
}

std::vector<Finding> findings_of(const Dataset &data) {
    const Verdict verdict = judge(data, two);
    if (!verdict.width)
        return {undecided(width_key, verdict.reason, {series_name})};
    const std::size_t width = *verdict.width;
    Finding finding = decided(
        width_key, static_cast<double>(width),
        width == 1 ? "a branch that parts any neighbours costs no more than one between groups"
                   : fmt::format("a branch that parts runs of {} neighbours takes {:.2f} times as "
                                 "long as one between groups, one that parts runs of {} does not",
                                 width / 2, verdict.ratio, width),
        {series_name});
    finding.note = disagreement(data, *finding.value);
    const Verdict check = judge(data, many);
    if (check.width == verdict.width)
        finding.method += fmt::format("; a switch of {} ways agrees", many);
    else if (check.width)
        make_suspect(finding,
                     fmt::format("a switch of {} ways shows a width of {}", many, *check.width));
    else
        make_suspect(finding, fmt::format("a switch of {} ways does not confirm it: {}", many,
                                          check.reason));
    return {finding};
}

class WarpWidth final : public Probe {
public:
    [[nodiscard]] const ProbeInfo &info() const override { return info_; }
    void measure(Bench &bench) const override { run_experiment(bench); }
    [[nodiscard]] std::vector<Finding> interpret(const Dataset &data,
                                                 const Facts &) const override {
        return findings_of(data);
    }
    [[nodiscard]] std::vector<KernelVariant> kernels(const DeviceInfo &) const override {
        std::vector<KernelVariant> variants;
        for (const unsigned ways : {two, many})
            variants.push_back({fmt::format("{} ways", ways), text, ways_option(ways), {}});
        return variants;
    }
    [[nodiscard]] std::vector<Curve> curves(const Dataset &data) const override {
        std::vector<Curve> curves;
        for (const unsigned ways : {two, many}) {
            Curve curve{series_name, {"run", Unit::one, {}}, {"times as long", Unit::one, {}},
                        {},          {width_key.key},        fmt::format("{} ways", ways)};
            for (const Cost &cost : costs_of(data, ways))
                curve.points.push_back({static_cast<double>(cost.run), cost.ratio});
            curves.push_back(std::move(curve));
        }
        return curves;
    }

private:
    ProbeInfo info_ = describe();
};

} // namespace

std::unique_ptr<Probe> make_execution_warp_width() {
    return std::make_unique<WarpWidth>();
}

} // namespace clprobe::probes
