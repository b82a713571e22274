#pragma once
#include "common/ring.hpp"

#include <clprobe/probe.hpp>

#include <map>
#include <optional>
#include <vector>

namespace clprobe::probes {

/// A chase through memory of its own with the kernels of kernels/common/ring.clh, which `program`
/// has: it links rings, warms the caches with them, and follows them with one work-item.
class Chase {
public:
    /// Hops of one trip.
    static constexpr std::uint32_t hops = 16;

    /// Rings may take `bytes`. Throws Unsupported where that is more than the device grants.
    Chase(Bench &bench, const Program &program, std::size_t bytes);

    [[nodiscard]] std::size_t bytes() const { return bytes_; }
    /// Gives back the memory and takes other: how it lies is a matter of chance.
    void renew();
    /// Makes a ring, to be followed from its start.
    void link(const Ring &ring);
    /// Reads the ring with one work-group, in the ring's order.
    void warm();
    /// Follows the ring from where it is, moving on; the chase has to outlive the work.
    [[nodiscard]] Work follow();

private:
    /// The ring, piece by piece, to a kernel that takes it.
    void launch_over_ring(Kernel &kernel, const NdRange &range);
    [[nodiscard]] NdRange one_group() const;

    Bench &bench_;
    std::size_t bytes_;
    Kernel link_;
    Kernel warm_;
    Kernel follow_;
    std::optional<Buffer> memory_;
    Buffer sums_;
    Buffer start_;
    Buffer last_;
    Ring ring_;
    std::uint64_t position_ = 0;
};

/// Latencies by chases: each sample on a ring linked anew, at two trip counts, several times, so
/// that the slope cancels the launch. Where a ring is short enough, every launch goes round it once
/// first, which warms the caches of whatever unit or core it runs on; a longer one is warmed by a
/// launch of one work-group before, on a CPU by its linking.
class LatencySampler {
public:
    LatencySampler(Bench &bench, Chase &chase);

    /// Adds one block of samples to `series` at (`at`..., trips).
    void sample(Series &series, std::vector<double> at, const Ring &ring, int block);

private:
    /// The trips of a sample's launches.
    struct Plan {
        std::uint32_t fewest = 1;
        std::uint32_t most = 4;
        bool goes_round = false; ///< with the fewest
    };
    [[nodiscard]] Plan plan_for(const Ring &ring) const;
    void warm(const Plan &plan, const Work &work);
    /// Seconds a hop that a ring over so many bytes may take.
    [[nodiscard]] double expected(std::size_t bytes) const;

    Bench &bench_;
    Chase &chase_;
    std::map<std::size_t, double> seconds_a_hop_; ///< the least seen, by the ring's bytes
};

} // namespace clprobe::probes
