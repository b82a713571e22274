#pragma once
#include "memory/buffer_bandwidth/arrays.hpp"

#include <clprobe/row.hpp>

#include <vector>

namespace clprobe::probes::buffer_bandwidth {

/// How a walk is launched: vectors of how many words, and groups of how many work-items.
struct WalkShape {
    unsigned width = 1;
    std::size_t local_size = 1;
    std::size_t groups = 1;

    static auto columns() {
        return std::tuple{column("width", &WalkShape::width),
                          column("local_size", &WalkShape::local_size),
                          column("groups", &WalkShape::groups)};
    }
    /// What a group reads in one trip, B: footprints are multiples of it.
    [[nodiscard]] std::size_t tile() const { return 8 * width * word * local_size; }
    bool operator==(const WalkShape &) const = default;
};

/// A walk of all groups through so many bytes.
struct WalkRow {
    std::size_t footprint = 0;
    WalkShape shape;

    static auto columns() {
        return std::tuple{column("footprint", &WalkRow::footprint, Unit::byte),
                          part(&WalkRow::shape), trips()};
    }
    /// Bytes that all groups together read in one trip.
    [[nodiscard]] double bytes_per_trip() const {
        return static_cast<double>(8 * word * shape.width) * static_cast<double>(shape.local_size) *
               static_cast<double>(shape.groups);
    }
};

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

    [[nodiscard]] BoundLaunch launch(Walk &walk);
    void check(const Walk &walk, const LaunchOutcome &outcome) const;
    [[nodiscard]] std::uint32_t trips_for(const BoundLaunch &launch, const WalkShape &shape,
                                          double seconds);

    Programs &programs_;
    Bench &bench_;
    const Source &source_;
    std::optional<Buffer> sums_;
    std::optional<double> launch_seconds_; ///< of a launch that walks next to nothing
    double seconds_per_byte_ = 0;          ///< of the last walk, beside that
};

} // namespace clprobe::probes::buffer_bandwidth
