#pragma once
#include "common/ring.hpp"

#include <clprobe/levels.hpp>
#include <clprobe/probe.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace clprobe::probes {

/// Makes a launch one of a chase: it starts from the words that are written to `start` before it,
/// and must leave in `end` those that follow after its trips, from which the next one goes on.
/// `words` says what they are after so many trips in all, of which `done` lie behind already. The
/// bench has to outlive the launch.
void follow(BoundLaunch &launch, Bench &bench, const Buffer &start, const Buffer &end,
            std::function<std::vector<std::uint32_t>(std::uint64_t trips)> words,
            const std::shared_ptr<std::uint64_t> &done = std::make_shared<std::uint64_t>(0));

/// Memory in which rings are linked and followed, by the kernels link_ring and follow_ring of its
/// program: a buffer, or an image.
class RingMemory {
public:
    /// Hops of one trip.
    static constexpr std::uint32_t hops = 16;

    /// An address in the memory is so many words.
    RingMemory(Bench &bench, const Program &program, std::size_t address_words);
    RingMemory(const RingMemory &) = delete;
    RingMemory &operator=(const RingMemory &) = delete;
    virtual ~RingMemory() = default;

    /// Makes a ring, to be followed from its start.
    void link(const Ring &ring);
    /// Lets each unit of a CPU, or one of a GPU, read the whole of a long ring in its order, some
    /// times. Whether the last ring is warm then for a launch that does not read it.
    bool warm();
    /// Follows the last ring from its start, moving on with each launch; where `warmed`, the
    /// work-group reads all of it first. The memory has to outlive the launch.
    [[nodiscard]] BoundLaunch follow(bool warmed);

protected:
    /// Called before a ring is linked.
    virtual void make_room(const Ring &) {}
    /// What all kernels begin with: the memory, the ring, and what else says where its slots lie.
    [[nodiscard]] virtual std::vector<Argument> arguments(const Ring &ring) const = 0;
    [[nodiscard]] virtual std::vector<std::uint32_t> address(const Ring &ring,
                                                             std::uint64_t position) const = 0;
    /// Of all words of all its addresses, modulo 2^32.
    [[nodiscard]] virtual std::uint32_t sum(const Ring &ring) const = 0;

    [[nodiscard]] Bench &bench() const { return bench_; }
    [[nodiscard]] const Buffer &start() const { return start_; }
    [[nodiscard]] const Buffer &end() const { return end_; }

private:
    Bench &bench_;
    Kernel link_;
    Kernel follow_;
    std::size_t group_size_; ///< work-items of a group that reads the ring
    std::size_t groups_;     ///< that warm it, each all of it
    Buffer sums_;
    Buffer start_;
    Buffer end_;
    Ring ring_;
};

/// A buffer of rings as kernels/common/ring.clh has them, followed by one work-item.
class Chase final : public RingMemory {
public:
    /// Rings may take `bytes`, from an address that is a multiple of `alignment` on; 0: where the
    /// memory begins. Throws Unsupported where that is more than the device grants.
    Chase(Bench &bench, const Program &program, std::size_t bytes,
          std::size_t alignment = ring_alignment);

    [[nodiscard]] std::size_t bytes() const { return bytes_; }
    [[nodiscard]] const Buffer &buffer() const { return *buffer_; }
    /// Gives back the memory and takes other: how it lies is a matter of chance.
    void renew();

private:
    [[nodiscard]] std::vector<Argument> arguments(const Ring &ring) const override {
        return {*buffer_, ring};
    }
    [[nodiscard]] std::vector<std::uint32_t> address(const Ring &ring,
                                                     std::uint64_t position) const override {
        return {ring.address(position)};
    }
    [[nodiscard]] std::uint32_t sum(const Ring &ring) const override { return ring.sum(); }

    std::size_t bytes_;
    std::size_t alignment_;
    std::optional<Buffer> buffer_;
};

/// Latencies by chases: each sample on a ring linked anew, at two trip counts, several times, so
/// that the slope cancels the rest of the launch. The work-group that chases a short ring reads it
/// first in each launch, which warms the caches of whatever unit or core it runs on; a longer ring
/// is read some times before, by each core of a CPU, as launches run on any.
class LatencySampler {
public:
    /// `shortest` is a ring that every first level holds.
    LatencySampler(Bench &bench, RingMemory &memory, const Ring &shortest);

    /// Adds one block of samples to `series` at (`at`..., trips).
    void sample(Series &series, std::vector<double> at, const Ring &ring, int block);

private:
    /// Trips for a launch of some hundred microseconds, by what rings of at least that size took.
    [[nodiscard]] std::uint32_t trips_for(const Ring &ring) const;

    Bench &bench_;
    RingMemory &memory_;
    std::map<std::size_t, double> seconds_a_trip_; ///< the least seen, by the ring's bytes
};

/// How a curve over footprint is sampled.
struct CurveSurvey {
    std::size_t least = 1024; ///< B, and what footprints are multiples of in the refinement's end
    std::size_t most = 0;     ///< B
    double rise = 0.05;       ///< from point to point, relative, that calls for others between
    /// Takes a block of samples at that footprint.
    std::function<void(std::size_t footprint, int block)> sample;
    /// The curve so far.
    std::function<std::vector<CurvePoint>()> curve;
};

/// Samples the curve: two sweeps over coarse footprints, then rounds of doubtful ones and of some
/// between them where it rises, then sweeps over all in turn with such over the uncertain half,
/// until `share` of the budget is used. Each sweep is a block.
void survey(Bench &bench, const CurveSurvey &wanted, double share = 0.9);

} // namespace clprobe::probes
