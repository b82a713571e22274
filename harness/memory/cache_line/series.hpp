#pragma once
#include <clprobe/probe.hpp>
#include <clprobe/row.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace clprobe::probes::cache_line {

/// The names of the series, shared with the interpretation.
namespace series {
inline constexpr const char *stride = "stride"; ///< a bare curve of anybody's
inline constexpr const char *false_sharing = "false_sharing";
inline constexpr const char *slots = "slots";
inline constexpr const char *pairs = "pairs";
inline constexpr const char *memory_pairs = "memory_pairs";
inline constexpr const char *sweep = "sweep";
} // namespace series

/// A sweep through memory, so many bytes a step; an external curve has no trips.
struct StrideRow {
    double stride = 0;

    static auto columns() { return std::tuple{column("stride", &StrideRow::stride, Unit::byte)}; }
};
struct SweepRow {
    std::size_t stride = 0;

    static auto columns() {
        return std::tuple{column("stride", &SweepRow::stride, Unit::byte), trips()};
    }
};

/// Two groups on words that many bytes apart, the first `offset` bytes behind an aligned address.
struct SharingRow {
    std::uint32_t distance = 0;
    std::uint32_t offset = 0;

    static auto columns() {
        return std::tuple{column("distance", &SharingRow::distance, Unit::byte),
                          column("offset", &SharingRow::offset, Unit::byte), trips()};
    }
};

/// A chase over so many slots, so many bytes apart.
struct SlotsRow {
    std::size_t stride = 0;
    std::size_t slots = 0;

    static auto columns() {
        return std::tuple{column("stride", &SlotsRow::stride, Unit::byte),
                          column("slots", &SlotsRow::slots), trips()};
    }
};

/// A chase over pairs in neighbouring blocks of so many bytes.
struct PairsRow {
    std::size_t distance = 0;

    static auto columns() {
        return std::tuple{column("distance", &PairsRow::distance, Unit::byte), trips()};
    }
};

/// The text attribute in the data that says why its sizes tell nothing, where they do not.
inline constexpr const char *too_small = "too_small";

/// The stride at which the first level is looked for, B: beyond most lines.
inline constexpr std::size_t coarse_stride = 124;

/// Sizes of the neighbouring blocks that a pair of loads goes to, B.
inline constexpr std::array<std::size_t, 8> pair_distances{4, 8, 16, 32, 64, 128, 256, 512};

/// The form of every series that the probe makes or takes; the first is a bare curve's.
[[nodiscard]] std::vector<SeriesShape> series_shapes();

} // namespace clprobe::probes::cache_line
