#include "analysis/wave_step.hpp"
#include "execution/occupancy/occupancy.hpp"
#include "opencl/compiler_report.hpp"
#include "opencl/device_limits.hpp"

#include <clprobe/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <numeric>
#include <optional>
#include <set>

namespace clprobe::probes::occupancy {
namespace {

constexpr std::uint32_t closed = 0x80000000u;
constexpr std::size_t word = sizeof(std::uint32_t);
constexpr std::size_t seed_count = 1024;
constexpr double chase_seconds = 0.3e-3;
constexpr double turn_seconds = 0.5e-3;
constexpr std::size_t most_groups = std::size_t{1} << 18;
constexpr double local_step = 256; ///< bytes

/// Links of the chain: far more than the caches next to the units hold, on a device where its
/// latency is what is timed.
std::size_t chain_length(const DeviceInfo &device, bool tiny) {
    const bool timed = !tiny && device.type != DeviceType::cpu;
    return timed ? std::size_t{1} << 20 : 64;
}

std::string build_options(unsigned live, std::size_t chain) {
    return fmt::format("-DLIVE={} -DSEEDS={} -DCHAIN={}", live, seed_count, chain);
}

/// One build of the kernel: how many values it keeps alive, and what the compiler reports of it.
struct Variant {
    unsigned live = 0;
    Kernel kernel;
    CompilerReport report;
};

/// The groups of a launch: how many, of how many work-items, each with how much local memory.
struct Groups {
    std::size_t count = 1;
    std::size_t size = 1;
    std::size_t local_bytes = word;
};

/// Launches of the kernel, each verified.
class Launcher {
public:
    explicit Launcher(Bench &bench)
        : bench_(bench), key_(static_cast<std::uint32_t>(bench.random()())), seeds_(seed_count),
          order_(chain_length(bench.device(), bench.tiny())), position_(order_.size()),
          seeds_buffer_(bench.buffer(seed_count * word)),
          chain_buffer_(bench.buffer(order_.size() * word)), state_(bench.buffer(2 * word)),
          tickets_(bench.buffer(word)), digests_(bench.buffer(word)) {
        for (std::uint32_t &seed : seeds_)
            seed = static_cast<std::uint32_t>(bench.random()());
        std::iota(order_.begin(), order_.end(), 0u);
        std::shuffle(order_.begin(), order_.end(), bench.random());
        std::vector<std::uint32_t> next(order_.size());
        for (std::size_t i = 0; i < order_.size(); ++i) {
            position_[order_[i]] = static_cast<std::uint32_t>(i);
            next[order_[i]] = order_[(i + 1) % order_.size()];
        }
        bench.write<std::uint32_t>(seeds_buffer_, seeds_);
        bench.write<std::uint32_t>(chain_buffer_, next);
    }

    [[nodiscard]] Variant build(unsigned live) {
        std::string options = build_options(live, order_.size());
        if (const std::string verbose = verbose_option(bench_.device()); !verbose.empty())
            options += fmt::format(" {} -DNONCE={}", verbose,
                                   std::chrono::system_clock::now().time_since_epoch().count() %
                                       1'000'000'000);
        const Program program = bench_.build(kernel_name, options);
        const Kernel kernel = program.kernel("reside");
        return {live, kernel, compiler_report(program, kernel)};
    }

    /// How many of the groups were resident at once, by the poll. A lower bound.
    [[nodiscard]] std::size_t count_residents(const Variant &variant, const Groups &groups) {
        // A CPU's threads wake up tens of microseconds after one another, and look every few
        // nanoseconds.
        const bool cpu = bench_.device().type == DeviceType::cpu;
        const std::uint32_t patience = bench_.tiny() ? 8 : cpu ? 4000 : 500;
        std::size_t residents = 0;
        BoundLaunch counting = bind(variant, groups, Trips::turns, patience);
        counting.set(2, output(state_, 0)).set(3, output(tickets_));
        counting.check = [&, check_digests = counting.check](const LaunchOutcome &outcome) {
            check_digests(outcome);
            check_poll(outcome, groups);
            residents = outcome.word(state_, 1);
        };
        bench_.launch(counting);
        return residents;
    }

    /// Time of the groups' chases through memory. Their length is chosen at the first call.
    [[nodiscard]] double time_chases(const Variant &variant, const Groups &groups) {
        const BoundLaunch chases = bind(variant, groups, Trips::hops);
        if (hops_ == 0)
            hops_ = bench_.tiny() ? 8 : bench_.calibrate(chases, chase_seconds);
        return bench_.launch(chases, hops_);
    }

    /// Turns of the live values by one group, the trips being the turns.
    [[nodiscard]] BoundLaunch turning(const Variant &variant, std::size_t group_size) {
        return bind(variant, {1, group_size}, Trips::turns);
    }

private:
    /// The trips are the turns, without hops, or the hops, with one turn.
    enum class Trips { turns, hops };

    /// `patience` is how often a group looks, without seeing another one come, before it closes the
    /// poll; without patience there is none, but a chase.
    [[nodiscard]] BoundLaunch bind(const Variant &variant, const Groups &groups, Trips trips,
                                   std::uint32_t patience = 0) {
        const NdRange range = NdRange::linear(groups.count, groups.size);
        if (digests_.bytes() < range.work_items() * word)
            digests_ = bench_.buffer(range.work_items() * word);
        if (tickets_.bytes() < groups.count * word)
            tickets_ = bench_.buffer(groups.count * word);
        const bool turning = trips == Trips::turns;
        const auto expected = [this, live = variant.live, size = groups.size, turning,
                               patience](std::size_t item, std::uint32_t launched) {
            const std::uint32_t first =
                patience > 0 ? closed : end_of_chase(item / size, turning ? 0 : launched);
            return digest(live, item, turning ? launched : 1, first);
        };
        return {variant.kernel,
                range,
                {seeds_buffer_, output(digests_), state_, tickets_, chain_buffer_,
                 LocalBytes{groups.local_bytes}, turning ? Argument(trip_count) : Argument(1u),
                 turning ? Argument(0u) : Argument(trip_count), patience, 32 * patience, key_},
                check_words(range.work_items(), expected)};
    }

    void check_poll(const LaunchOutcome &outcome, const Groups &groups) const {
        const auto state = outcome.read<std::uint32_t>(state_, 0, 2);
        outcome.expect(
            state[0] == (closed | groups.count),
            fmt::format("{} groups were launched, {} came", groups.count, state[0] & ~closed));
        outcome.expect(state[1] >= 1 && state[1] <= groups.count,
                       fmt::format("{} of {} groups were counted", state[1], groups.count));
        std::vector<bool> came(groups.count);
        for (const std::uint32_t group : outcome.read<std::uint32_t>(tickets_, 0, state[1])) {
            outcome.expect(group < groups.count && !came[group],
                           "a group was counted twice, or is none of the launch");
            came[group] = true;
        }
    }

    /// What a work-item must leave: the kernel's arithmetic, done on the host.
    [[nodiscard]] std::uint32_t digest(unsigned live, std::size_t item, std::uint32_t turns,
                                       std::uint32_t first) const {
        std::vector<std::uint32_t> values(live);
        for (unsigned i = 0; i < live; ++i)
            values[i] = seeds_[(item + i) % seed_count];
        for (std::uint32_t turn = 0; turn < 2 * turns; ++turn) {
            for (unsigned i = 0; i + 1 < live; ++i)
                values[i] = (values[i] + values[i + 1]) ^ key_;
            values.back() = (values.back() + values.front()) ^ key_;
        }
        return std::accumulate(
            values.begin(), values.end(), first,
            [](std::uint32_t sum, std::uint32_t value) { return sum * 31 + value; });
    }

    [[nodiscard]] std::uint32_t end_of_chase(std::size_t group, std::uint32_t hops) const {
        return order_[(position_[group % order_.size()] + hops) % order_.size()];
    }

    Bench &bench_;
    std::uint32_t key_;
    std::uint32_t hops_ = 0;
    std::vector<std::uint32_t> seeds_;
    std::vector<std::uint32_t> order_;    ///< the links of the chain, in its order
    std::vector<std::uint32_t> position_; ///< where in that order a link is
    Buffer seeds_buffer_;
    Buffer chain_buffer_;
    Buffer state_;
    Buffer tickets_;
    Buffer digests_;
};

/// What the profile allows on this device.
struct Plan {
    std::vector<unsigned> live; ///< values kept alive, before the edges are looked for
    std::size_t size_factor;    ///< between group sizes
    int full_steps;             ///< variants to find the edge of full occupancy with, at most
    int spill_steps;            ///< the same for the spill
    int file_steps;             ///< and for the step that bounds the register file
    int polls;                  ///< of each measurement point
};

Plan plan_for(const Bench &bench, bool resident_groups) {
    if (bench.tiny())
        return {{4}, 0, 0, 0, 0, 1};
    if (!resident_groups)
        return {{8, 64}, 0, 0, 0, 0, 3};
    if (bench.profile() == Profile::quick)
        return {{16, 32, 64, 128, 256}, 4, 2, 1, 0, 2};
    return {{8, 16, 24, 32, 40, 48, 64, 80, 96, 112, 128, 160, 192, 224, 256}, 2, 4, 4, 3, 3};
}

/// Why a count of groups says nothing of a compute unit here; empty where it does.
std::string why_not_resident(const Bench &bench) {
    if (bench.tiny())
        return "the tiny profile only tries the kernel";
    if (bench.device().type == DeviceType::cpu)
        return "a CPU runs the groups of a thread one after another: none are resident together";
    if (!bench.facts().value("compute_units"))
        return "the number of compute units was not measured";
    return {};
}

class Experiment {
public:
    explicit Experiment(Bench &bench)
        : bench_(bench), data_(bench.data()), no_residency_(why_not_resident(bench)),
          plan_(plan_for(bench, no_residency_.empty())), launcher_(bench),
          units_(static_cast<std::size_t>(bench.facts().value("compute_units").value_or(1))) {
        if (no_residency_.empty())
            data_.number_attributes["compute_units"] = static_cast<double>(units_);
        else
            data_.text_attributes[no_residency] = no_residency_;
    }

    void run() {
        for (const unsigned live : plan_.live)
            explore(live);
        if (!no_residency_.empty())
            return;
        refine(plan_.full_steps, full_occupancy_edge);
        refine(plan_.spill_steps, spill_edge);
        refine(plan_.file_steps, register_file_edge);
    }

private:
    /// Each build here is a new one in every run: they count.
    [[nodiscard]] bool time_left() const { return bench_.remaining() > bench_.granted_to_builds(); }

    /// All that is measured of one variant. One that does not compile costs the others nothing: the
    /// bench records it.
    void explore(unsigned live) {
        if ((!time_left() && !tried_.empty()) || !tried_.insert(live).second)
            return;
        try {
            const Variant variant = launcher_.build(live);
            record_report(variant);
            if (!fewest_) {
                fewest_ = variant;
                explore_local_memory();
            }
            for (const std::size_t size : group_sizes())
                if (time_left() || tried_.size() == 1)
                    explore(variant, size);
            if (no_residency_.empty())
                time_turns(variant);
        } catch (const BuildError &) {
            if (live == plan_.live.front())
                throw;
        }
    }

    void explore(const Variant &variant, std::size_t size) {
        unless_refused([&] {
            const ResidentsRow row{variant.live, variant.report.registers.value_or(variant.live),
                                   size};
            for (int poll = 0; poll < plan_.polls; ++poll) {
                const double groups = count({0, size}, variant);
                samples(residents, coordinates(row)).push_back(groups * static_cast<double>(size));
            }
            time_waves(variant, size);
        });
    }

    /// What the driver refuses to launch is left out. Its limit for a kernel may be lower than what
    /// runs (256 work-items where 1024 do), so it is tried.
    template <typename Body>
    static void unless_refused(const Body &body) {
        try {
            body();
        } catch (const Error &error) {
            if (error.code() != CL_INVALID_WORK_GROUP_SIZE && error.code() != CL_OUT_OF_RESOURCES)
                throw;
        }
    }

    /// Groups resident a compute unit. The launch has more groups than that, and grows until it
    /// has; the next count of this size starts from there.
    double count(Groups groups, const Variant &variant) {
        std::size_t &launched = launched_[groups.size];
        for (launched = std::max(launched, 2 * units_); launched <= most_groups; launched *= 2) {
            groups.count = launched;
            const std::size_t counted = launcher_.count_residents(variant, groups);
            if (counted < launched || bench_.tiny())
                return static_cast<double>(counted) / static_cast<double>(units_);
        }
        throw Error("as many groups are counted as resident as are launched, however many");
    }

    void time_waves(const Variant &variant, std::size_t size) {
        std::map<std::size_t, double> times;
        std::size_t next = 1;
        do {
            for (int repeat = 0; repeat < 2; ++repeat) {
                const double seconds = launcher_.time_chases(variant, {next * units_, size});
                samples(waves, coordinates(WaveRow{variant.live, size, next})).push_back(seconds);
                const auto least = times.emplace(next, seconds).first;
                least->second = std::min(least->second, seconds);
            }
            next = next_count(find_wave_step(times));
        } while (next != 0 && next * units_ <= most_groups && no_residency_.empty());
    }

    /// One group of the least size alone: what its turns cost does not depend on how many others
    /// are resident.
    void time_turns(const Variant &variant) {
        const BoundLaunch launch = launcher_.turning(variant, group_sizes().front());
        const std::uint32_t trips = bench_.calibrate(launch, turn_seconds);
        for (int repeat = 0; repeat < 6; ++repeat)
            samples(turns, coordinates(TurnRow{variant.live}, trips))
                .push_back(bench_.launch(launch, trips));
    }

    void record_report(const Variant &variant) {
        const CompilerReport &report = variant.report;
        std::optional<std::uint64_t> spilled = report.spill_stores;
        if (spilled)
            *spilled += report.spill_loads.value_or(0);
        const std::pair<Reported, std::optional<std::uint64_t>> values[] = {
            {Reported::registers, report.registers},
            {Reported::spilled_bytes, spilled},
            {Reported::stack_bytes, report.stack},
            {Reported::private_bytes, report.private_memory},
            {Reported::group_limit, report.max_group_size}};
        for (const auto &[what, value] : values)
            if (value)
                samples(compiler, coordinates(CompilerRow{variant.live, what}))
                    .push_back(static_cast<double>(*value));
        std::string &from = data_.text_attributes[registers_from];
        from = report.registers && from != "live values" ? "compiler" : "live values";
    }

    /// Halves the gap between the last number of live values before an edge and the first behind.
    void refine(int steps, Edge (*find_edge)(const Dataset &)) {
        for (int step = 0; step < steps; ++step) {
            const Edge edge = find_edge(data_);
            if (edge.first - edge.last < 2)
                return;
            explore(static_cast<unsigned>((edge.last + edge.first) / 2));
        }
    }

    /// Finds, for the numbers of groups that are resident with some sizes of local memory, the most
    /// memory that still lets as many in.
    void explore_local_memory() {
        const auto most = static_cast<double>(largest_local_memory(bench_.device())) - local_step;
        if (!no_residency_.empty() || most < 16 * local_step)
            return;
        std::vector<double> sizes = {local_step};
        for (const double share : {0.25, 0.5, 0.75, 1.0})
            sizes.push_back(std::floor(share * most / local_step) * local_step);
        std::vector<double> groups;
        for (const double bytes : sizes)
            groups.push_back(count_with_local(bytes));
        for (std::size_t i = 0; i + 1 < sizes.size(); ++i) {
            double enough = sizes[i];
            double too_much = groups[i + 1] < groups[i] ? sizes[i + 1] : enough;
            while (too_much - enough > local_step) {
                const double middle =
                    enough + std::floor((too_much - enough) / 2 / local_step) * local_step;
                (count_with_local(middle) < groups[i] ? too_much : enough) = middle;
            }
        }
    }

    /// Resident groups of so much local memory each, the most of several polls; 0 where the driver
    /// refuses to launch them.
    double count_with_local(double bytes) {
        const Groups shape{0, group_sizes().front(), static_cast<std::size_t>(bytes)};
        double most = 0;
        unless_refused([&] {
            for (int poll = 0; poll < plan_.polls; ++poll) {
                const double groups = count(shape, *fewest_);
                samples(local, coordinates(LocalRow{shape.local_bytes})).push_back(groups);
                most = std::max(most, groups);
            }
        });
        return most;
    }

    /// From the least that fills a warp to the most that the device takes.
    [[nodiscard]] std::vector<std::size_t> group_sizes() const {
        const std::size_t most = largest_group(bench_.device());
        if (bench_.tiny())
            return {std::min<std::size_t>(4, most)};
        const std::size_t least = std::min(most, fewest_->kernel.preferred_multiple().value_or(1));
        if (!no_residency_.empty())
            return {least, std::min(most, 16 * least)};
        std::vector<std::size_t> sizes;
        for (std::size_t size = least; size < most; size *= plan_.size_factor)
            sizes.push_back(size);
        sizes.push_back(most);
        return sizes;
    }

    std::vector<double> &samples(const char *series, const std::vector<double> &at) {
        return bench_.series(series).point(at).samples;
    }

    Bench &bench_;
    Dataset &data_;
    std::string no_residency_;
    Plan plan_;
    Launcher launcher_;
    std::size_t units_;
    std::optional<Variant> fewest_; ///< of the fewest live values
    std::set<unsigned> tried_;
    std::map<std::size_t, std::size_t> launched_; ///< groups of the last count, by their size
};

} // namespace

std::vector<KernelVariant> inspected_builds(const DeviceInfo &device) {
    std::vector<KernelVariant> variants;
    for (const unsigned live : {8u, 16u, 24u, 26u, 27u, 28u, 32u, 40u, 48u, 56u, 64u, 256u})
        variants.push_back({fmt::format("{} live values", live),
                            kernel_name,
                            build_options(live, chain_length(device, false)),
                            {}});
    return variants;
}

void run_experiment(Bench &bench) {
    Experiment(bench).run();
}

} // namespace clprobe::probes::occupancy
