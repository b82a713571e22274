#pragma once
#include "opencl/compiler_report.hpp"

#include <clprobe/probe.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace clprobe::probes {

/// Builds over the live values, closest together where registers run out on GPUs that we know of,
/// for people who want to see what the compiler makes of them.
[[nodiscard]] std::vector<KernelVariant> inspected_builds(const DeviceInfo &device);

/// One build of the kernel: how many values it keeps alive, and what the compiler says of it.
struct Variant {
    unsigned live = 0;
    Kernel kernel;
    CompilerReport said;

    /// The compiler's count where it tells it, else the live values.
    [[nodiscard]] std::size_t registers() const { return said.registers.value_or(live); }
};

/// The groups of a launch: how many, of how many work-items, each with how much local memory.
struct Groups {
    std::size_t count = 1;
    std::size_t size = 1;
    std::size_t local_bytes = sizeof(std::uint32_t);
};

/// Launches of the occupancy kernel, each verified.
class Launcher {
public:
    explicit Launcher(Bench &bench);

    [[nodiscard]] Variant build(unsigned live);
    /// How many of the groups were resident at once, by the poll. A lower bound.
    [[nodiscard]] std::size_t count_residents(const Variant &variant, const Groups &groups);
    /// Time of the groups' chases through memory. Their length is chosen at the first call.
    [[nodiscard]] double time_chases(const Variant &variant, const Groups &groups);
    /// Turns of the live values by one group, the trips being the turns.
    [[nodiscard]] BoundLaunch turning(const Variant &variant, std::size_t group_size);

private:
    struct Mode {
        std::uint32_t turns = 1;
        std::uint32_t hops = 0;
        std::uint32_t patience = 0;
    };
    /// The trips are its turns, or its hops.
    enum class Trips { turns, hops };
    [[nodiscard]] BoundLaunch bind(const Variant &variant, const Groups &groups, const Mode &mode,
                                   Trips trips);
    void check_poll(const LaunchOutcome &outcome, const Groups &groups) const;
    [[nodiscard]] std::uint32_t digest(unsigned live, std::size_t lane, std::uint32_t turns,
                                       std::uint32_t first) const;
    [[nodiscard]] std::uint32_t end_of_chase(std::size_t group, std::uint32_t hops) const;

    Bench &bench_;
    std::uint32_t key_;
    std::uint32_t patience_;
    std::uint32_t hops_ = 0;
    std::vector<std::uint32_t> seeds_;
    std::vector<std::uint32_t> order_;    ///< the places of the chain, in its order
    std::vector<std::uint32_t> position_; ///< where in that order a place is
    Buffer seeds_buffer_;
    Buffer chain_buffer_;
    Buffer state_;
    Buffer tickets_;
    Buffer digests_;
};

} // namespace clprobe::probes
