#include "analysis/wave_step.hpp"
#include "execution/occupancy/experiment.hpp"
#include "execution/occupancy/launcher.hpp"
#include "execution/occupancy/reading.hpp"
#include "opencl/device_limits.hpp"

#include <clprobe/error.hpp>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>

namespace clprobe::probes {
namespace {

constexpr std::size_t most_groups = std::size_t{1} << 18;
constexpr double turn_seconds = 0.5e-3;
constexpr double local_step = 256; ///< bytes

/// What the profile allows on this device.
struct Plan {
    std::vector<unsigned> live; ///< values kept alive, before the edges are looked for
    std::size_t size_factor;    ///< between group sizes
    int full_steps;             ///< variants to find the edge of full occupancy with, at most
    int spill_steps;            ///< the same for the spill
    int file_steps;             ///< and for the step that bounds the register file
    int polls;                  ///< of each place
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
            data_.text_attributes[occupancy::no_residency] = no_residency_;
    }

    void run() {
        for (const unsigned live : plan_.live)
            explore(live);
        if (!no_residency_.empty())
            return;
        refine(plan_.full_steps, [this] { return full_occupancy_edge(data_); });
        refine(plan_.spill_steps, [this] {
            const auto spill = spill_edge(data_);
            return spill ? spill->edge : Edge{};
        });
        refine(plan_.file_steps, [this] {
            const auto steps = fullest_steps(data_);
            return steps.empty() ? Edge{}
                                 : Edge{steps.back().before.live, steps.back().behind.live};
        });
    }

private:
    /// Each build here is a new one in every run: they count.
    [[nodiscard]] bool time_left() const { return bench_.remaining() > bench_.granted_to_builds(); }

    /// All that is measured of one variant. One that does not compile costs the others nothing: the
    /// bench records it.
    void explore(unsigned live) {
        if (!time_left() && !tried_.empty())
            return;
        if (!tried_.insert(live).second)
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
            const ResidentsRow row{variant.live, variant.registers(), size};
            for (int poll = 0; poll < plan_.polls; ++poll) {
                const double groups = count({0, size}, variant);
                samples(occupancy::residents, coordinates(row))
                    .push_back(groups * static_cast<double>(size));
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
                samples(occupancy::waves, coordinates(WaveRow{variant.live, size, next}))
                    .push_back(seconds);
                const auto place = times.emplace(next, seconds).first;
                place->second = std::min(place->second, seconds);
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
            samples(occupancy::turns, coordinates(TurnRow{variant.live}, trips))
                .push_back(bench_.launch(launch, trips));
    }

    void record_report(const Variant &variant) {
        const CompilerReport &said = variant.said;
        std::optional<std::uint64_t> spilled = said.spill_stores;
        if (spilled)
            *spilled += said.spill_loads.value_or(0);
        const std::pair<occupancy::Reported, std::optional<std::uint64_t>> words[] = {
            {occupancy::registers, said.registers},
            {occupancy::spilled_bytes, spilled},
            {occupancy::stack_bytes, said.stack},
            {occupancy::private_bytes, said.private_memory},
            {occupancy::group_limit, said.max_group_size}};
        for (const auto &[what, word] : words)
            if (word)
                samples(occupancy::compiler, coordinates(CompilerRow{variant.live, what}))
                    .push_back(static_cast<double>(*word));
        std::string &from = data_.text_attributes[occupancy::registers_from];
        from = said.registers && from != "live values" ? "compiler" : "live values";
    }

    /// Halves the gap between the last number of live values before an edge and the first behind.
    template <typename FindEdge>
    void refine(int steps, const FindEdge &find_edge) {
        for (int step = 0; step < steps; ++step) {
            const Edge edge = find_edge();
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
                samples(occupancy::local, coordinates(LocalRow{shape.local_bytes}))
                    .push_back(groups);
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

void explore_occupancy(Bench &bench) {
    Experiment(bench).run();
}

} // namespace clprobe::probes
