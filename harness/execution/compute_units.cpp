#include "analysis/wave_step.hpp"
#include "common/verdicts.hpp"
#include "opencl/device_limits.hpp"

#include <clprobe/error.hpp>
#include <clprobe/probe.hpp>
#include <clprobe/row.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>

namespace clprobe::probes {
namespace {

// More is better, so that processors which others used make it suspect: these are not counted.
const FindingKey units_key{"compute_units", Unit::one, Better::higher,
                           "compute units that run work-groups beside each other"};
constexpr const char *stairs_name = "staircase";
constexpr double launch_seconds = 2e-3;
constexpr double most_launch_seconds = 10e-3; // of one group; the last step of the stairs is thrice
constexpr double half_of_loop = 0.53; // and less: what half the trips take, where the loop is all
constexpr std::size_t most_groups = 1 << 13;

/// A launch of so many groups.
struct StairsRow {
    std::size_t groups = 1;

    static auto columns() { return std::tuple{column("groups", &StairsRow::groups), trips()}; }
};

ProbeInfo describe() {
    ProbeInfo info;
    info.name = "execution/compute_units";
    info.question = "How many compute units run work-groups beside each other?";
    info.method =
        "Work-groups of the largest size, eight independent integer chains a work-item, so that "
        "one group fills a unit. A launch takes as long as one group until there is one more than "
        "there are units; then it takes twice as long. The loop is made long enough for half its "
        "trips to take half the time, as some drivers take a third of a millisecond for any "
        "launch. The number of groups is doubled until that "
        "shows, the step found by bisection, and the times around it, at twice as many groups and "
        "at one more taken several times, in turn. The least time of each number counts: nothing "
        "makes a launch faster than the device is. The step counts only where it doubles the time "
        "and the next one comes after as many groups again.";
    info.pitfalls = {
        "CL_DEVICE_MAX_COMPUTE_UNITS is not used: it says 8 for llvmpipe on 2 cores.",
        "A CPU runtime whose workers are not pinned stacks them on one core for many launches in "
        "a row; POCL_AFFINITY=1 cures PoCL of that.",
        "Hardware threads that share a core show steps of less than double: inconclusive.",
        "Something else running on a CPU takes units away for as long as it runs."};
    info.sources = {"NVIDIA, CUDA Pro Tip: Minimize the Tail Effect (groups run in waves)"};
    info.findings = {units_key};
    info.series = {{stairs_name,
                    axes<StairsRow>(),
                    {"time", Unit::second, {}},
                    "time of a launch over its number of groups and the trips of its loop"}};
    info.kernels = {"execution/compute_units"};
    info.seconds = 2;
    return info;
}

/// What a work-item must leave: the kernel's arithmetic, done on the host.
std::uint32_t expected(std::uint32_t id, std::uint32_t trips, std::uint32_t a, std::uint32_t b) {
    std::uint32_t folded = 0;
    for (std::uint32_t chain = 0; chain < 8; ++chain) {
        std::uint32_t x = id * 8 + chain;
        for (std::uint32_t trip = 0; trip < trips; ++trip)
            x = (x * a) ^ b;
        folded ^= x;
    }
    return folded;
}

/// What the series says: the staircase at its most trips, and the time of one group at half of
/// them.
struct Reading {
    WaveStep stairs;
    std::optional<double> half;
};

Reading read(const Series *series) {
    const auto launches = samples_by_row<StairsRow>(series);
    double most_trips = 0;
    for (const auto &launch : launches)
        most_trips = std::max(most_trips, launch.trips);
    Reading reading;
    std::map<std::size_t, double> times;
    for (const auto &[row, trips, samples] : launches) {
        if (samples.empty())
            continue;
        const double least = std::ranges::min(samples);
        if (trips == most_trips)
            times[row.groups] = least;
        else if (row.groups == 1 && 2 * trips == most_trips)
            reading.half = least;
    }
    reading.stairs = find_wave_step(std::move(times));
    return reading;
}

/// The numbers of groups that show whether there are so many units.
std::array<std::size_t, 5> telling_counts(std::size_t units) {
    return {1, units, units + 1, 2 * units, 2 * units + 1};
}

/// Why the first step is not that of units which one group fills; empty where it is. Half the trips
/// must take half the time. One group more than there are units must double it, twice as many
/// groups must take no more than that, and another group half as much again.
std::string doubt(const Reading &reading) {
    const auto &[time, units, above] = reading.stairs;
    if (above == 0)
        return fmt::format("any number of work-groups up to {} takes no longer than one", units);
    for (const std::size_t needed : telling_counts(units))
        if (!time.contains(needed))
            return fmt::format("no time was taken of this number of work-groups: {}", needed);
    if (!reading.half || !Interval{1.7, 2.3}.contains(time.at(1) / *reading.half))
        return "half the trips of its loop do not take one group half the time";
    const double one_more = time.at(units + 1) / time.at(units);
    const double twice = time.at(2 * units) / time.at(units);
    const double three = time.at(2 * units + 1) / time.at(units);
    constexpr Interval doubled{1.7, 2.4};
    if (!doubled.contains(one_more))
        return fmt::format("{} groups take {:.2f} times as long as {}, where units that one group "
                           "fills would take twice as long",
                           units + 1, one_more, units);
    if (!doubled.contains(twice) || !Interval{2.5, 3.6}.contains(three))
        return fmt::format("{} and {} groups take {:.2f} and {:.2f} times as long as {}: not the "
                           "stairs of equal units",
                           2 * units, 2 * units + 1, twice, three, units);
    return {};
}

/// Launches of any number of groups, each one verified.
class Experiment {
public:
    explicit Experiment(Bench &bench)
        : bench_(bench), a_(static_cast<std::uint32_t>(bench.random()()) | 5u),
          b_(static_cast<std::uint32_t>(bench.random()())),
          kernel_(bench.kernel("execution/compute_units", "fill_unit", "")),
          out_(bench.buffer(sizeof(std::uint32_t))) {
        choose_group_size();
        trips_ =
            bench.tiny() ? 4 : std::max(1u, bench.calibrate(launch(1), launch_seconds) / 2) * 2;
        bench.data().number_attributes["group_size"] = static_cast<double>(group_size_);
    }

    /// Doubles the trips until what a launch costs beside them is little.
    void drown_launch_cost() {
        for (;;) {
            for (int repeat = 0; repeat < 3; ++repeat) {
                time(1);
                time(1, 2); // half the trips must take half the time, else it is not theirs
            }
            const Reading taken = reading();
            const double whole = taken.stairs.time.at(1);
            if (*taken.half <= half_of_loop * whole || 2 * whole > most_launch_seconds)
                return;
            trips_ *= 2;
        }
    }

    /// Takes times until the first step lies between two neighbouring numbers of groups.
    void corner_step() {
        std::size_t next = 0;
        while ((next = next_count(reading().stairs)) != 0 && next <= most_groups)
            for (int repeat = 0; repeat < 3; ++repeat)
                time(next);
    }

    /// Of so many groups, with the trips or a part of them.
    void time(std::size_t groups, std::uint32_t part = 1) {
        const std::uint32_t trips = trips_ / part;
        const double seconds = bench_.launch(launch(groups), trips);
        bench_.series(stairs_name)
            .point(coordinates(StairsRow{groups}, trips))
            .samples.push_back(seconds);
    }

    [[nodiscard]] Reading reading() const { return read(&bench_.series(stairs_name)); }

private:
    /// The largest size that the device runs. A driver's limit for a kernel may be lower than what
    /// runs (256 where 1024 do), so the device's is tried first.
    void choose_group_size() {
        group_size_ = largest_group(bench_.device());
        if (bench_.tiny())
            group_size_ = std::min<std::size_t>(group_size_, 8);
        try {
            bench_.launch(launch(1), 1);
        } catch (const Error &error) {
            const std::size_t lower = kernel_.max_group_size().value_or(1);
            if (!error.code() || lower >= group_size_)
                throw;
            group_size_ = lower;
        }
    }

    [[nodiscard]] BoundLaunch launch(std::size_t groups) {
        const NdRange range = NdRange::linear(groups, group_size_);
        if (out_.bytes() < range.work_items() * sizeof(std::uint32_t))
            out_ = bench_.buffer(range.work_items() * sizeof(std::uint32_t));
        return {kernel_,
                range,
                {output(out_), trip_count, a_, b_},
                check_words(range.work_items(), [this](std::size_t item, std::uint32_t trips) {
                    return expected(static_cast<std::uint32_t>(item), trips, a_, b_);
                })};
    }

    Bench &bench_;
    std::uint32_t a_;
    std::uint32_t b_;
    Kernel kernel_;
    Buffer out_;
    std::size_t group_size_ = 1;
    std::uint32_t trips_ = 1;
};

void run_experiment(Bench &bench) {
    Experiment experiment(bench);
    if (bench.tiny()) {
        experiment.time(1);
        experiment.time(2);
        return;
    }
    experiment.drown_launch_cost();
    // In turns, so that a disturbance of some milliseconds does not fall on one number of groups
    // alone. What a turn finds may move the step: then the search goes on. Some turns are taken
    // even where a slow build has used up the time.
    constexpr int least_turns = 5;
    for (int turn = 0; turn < least_turns || bench.remaining() > 0; ++turn) {
        experiment.corner_step();
        experiment.time(1, 2);
        const Reading reading = experiment.reading();
        if (reading.stairs.above == 0 || (turn >= least_turns && doubt(reading).empty()))
            return;
        for (const std::size_t groups : telling_counts(reading.stairs.flat))
            experiment.time(groups);
    }
}

std::vector<Finding> findings_of(const Dataset &data, const Facts &) {
    const Reading reading = read(data.find(stairs_name));
    if (const std::string reason = doubt(reading); !reason.empty())
        return {without_value(units_key, Status::inconclusive, reason)};
    return {decided(units_key, static_cast<double>(reading.stairs.flat),
                    "the most groups, each filling a unit, that take no longer than one; one more "
                    "doubles the time",
                    {stairs_name})};
}

class ComputeUnits final : public Probe {
public:
    [[nodiscard]] const ProbeInfo &info() const override { return info_; }
    void measure(Bench &bench) const override { run_experiment(bench); }
    [[nodiscard]] std::vector<Finding> interpret(const Dataset &data,
                                                 const Facts &facts) const override {
        return findings_of(data, facts);
    }

private:
    ProbeInfo info_ = describe();
};

} // namespace

std::unique_ptr<Probe> make_execution_compute_units() {
    return std::make_unique<ComputeUnits>();
}

} // namespace clprobe::probes
