#pragma once
#include "memory/buffer_bandwidth/arrays.hpp"

#include <vector>

namespace clprobe::probes::buffer_bandwidth {

/// How a walk is launched: vectors of how many words, and groups of how many work-items.
struct WalkShape {
    unsigned width = 1;
    std::size_t local_size = 1;
    std::size_t groups = 1;

    /// What a group reads in one trip, B: footprints are multiples of it.
    [[nodiscard]] std::size_t tile() const { return 8 * width * word * local_size; }
    bool operator==(const WalkShape &) const = default;
};

/// The axes of a walk's times: the footprint, the shape, the trips.
[[nodiscard]] std::vector<Axis> walk_axes();
[[nodiscard]] std::vector<double> coordinates(std::size_t footprint, const WalkShape &shape);
/// Bytes that all groups together read in one trip, from coordinates on those axes.
[[nodiscard]] double bytes_per_trip(const std::vector<double> &at);

/// Times walks: every group reads the same stretch of memory round and round, each from a place of
/// its own, so that every level of the hierarchy that holds the stretch delivers it.
class Walks {
public:
    Walks(Programs &programs, const Source &source);

    /// The largest footprint: there must be room for it to lie in different places.
    [[nodiscard]] std::size_t most() const { return source_.bytes / 8 * 7; }
    /// One block of samples, in another place of the array than the last. The footprint is a
    /// multiple of the shape's tile; `seconds` is how long the longest launch should take. Returns
    /// the bandwidth of the longest launch, B/s.
    double sample(Series &series, std::size_t footprint, const WalkShape &shape, int block,
                  double seconds);

private:
    /// Where the groups begin and what they read.
    struct Walk {
        WalkShape shape;
        std::uint32_t tiles = 1;
        std::uint32_t base = 0; ///< of the stretch, in elements
        std::uint32_t offset = 0;
    };

    [[nodiscard]] Work work(Walk &walk);
    void verify(const Walk &walk, std::uint32_t trips);
    [[nodiscard]] std::uint32_t trips_for(const Work &work, const WalkShape &shape, double seconds);

    Programs &programs_;
    Bench &bench_;
    const Source &source_;
    std::optional<Buffer> sums_;
    std::optional<double> launch_seconds_; ///< of a launch that walks next to nothing
    double seconds_per_byte_ = 0;          ///< of the last walk, beside that
};

} // namespace clprobe::probes::buffer_bandwidth
