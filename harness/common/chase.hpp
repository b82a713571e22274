#pragma once
#include "common/ring.hpp"

#include <clprobe/probe.hpp>

#include <map>
#include <optional>
#include <vector>

namespace clprobe::probes {

/// Memory in which rings are linked and followed: a buffer, or an image.
class RingMemory {
public:
    /// Hops of one trip.
    static constexpr std::uint32_t hops = 16;

    RingMemory() = default;
    RingMemory(const RingMemory &) = delete;
    RingMemory &operator=(const RingMemory &) = delete;
    virtual ~RingMemory() = default;

    /// Makes a ring, to be followed from its start.
    virtual void link(const Ring &ring) = 0;
    /// Lets each unit of a CPU, or one of a GPU, read the whole ring in its order.
    virtual void warm() = 0;
    /// Follows the ring from where it is, moving on; where `warmed`, the work-group reads all of it
    /// first. The memory has to outlive the work.
    [[nodiscard]] virtual Work follow(bool warmed) = 0;
};

/// A chase through memory of its own with the kernels of kernels/common/ring.clh, which `program`
/// has: it links rings, and follows them with one work-item.
class Chase final : public RingMemory {
public:
    /// Rings may take `bytes`, from an address that is a multiple of `alignment` on; 0: where the
    /// memory begins. Throws Unsupported where that is more than the device grants.
    Chase(Bench &bench, const Program &program, std::size_t bytes,
          std::size_t alignment = ring_alignment);

    [[nodiscard]] std::size_t bytes() const { return bytes_; }
    /// The memory that holds the ring.
    [[nodiscard]] const Buffer &memory() const { return *memory_; }
    /// Gives back the memory and takes other: how it lies is a matter of chance.
    void renew();
    void link(const Ring &ring) override;
    void warm() override;
    [[nodiscard]] Work follow(bool warmed) override;

private:
    Bench &bench_;
    std::size_t bytes_;
    std::size_t alignment_;
    Kernel link_;
    Kernel follow_;
    std::size_t lanes_;  ///< of a group that reads the ring
    std::size_t groups_; ///< that warm it, each all of it
    std::optional<Buffer> memory_;
    Buffer sums_;
    Buffer start_;
    Buffer last_;
    Ring ring_;
    std::uint64_t position_ = 0;
};

/// Latencies by chases: each sample on a ring linked anew, at two trip counts, several times, so
/// that the slope cancels the rest of the launch. The work-group that chases a short ring reads it
/// first in each launch, which warms the caches of whatever unit or core it runs on; a longer ring
/// is read some times before, by each core of a CPU, as launches run on any.
class LatencySampler {
public:
    LatencySampler(Bench &bench, Chase &chase);
    /// In any memory; `shortest` is a ring that every first level holds.
    LatencySampler(Bench &bench, RingMemory &memory, const Ring &shortest);

    /// Adds one block of samples to `series` at (`at`..., trips).
    void sample(Series &series, std::vector<double> at, const Ring &ring, int block);

private:
    /// Whether the ring is warm for a launch that does not read it.
    bool warm(const Ring &ring);
    /// Trips for a launch of some hundred microseconds, by what rings of at least that size took.
    [[nodiscard]] std::uint32_t trips_for(const Ring &ring) const;

    Bench &bench_;
    RingMemory &memory_;
    std::map<std::size_t, double> seconds_a_trip_; ///< the least seen, by the ring's bytes
};

} // namespace clprobe::probes
