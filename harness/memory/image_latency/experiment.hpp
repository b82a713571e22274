#pragma once
#include "memory/image_latency/layout.hpp"

#include <clprobe/probe.hpp>
#include <clprobe/row.hpp>

#include <array>
#include <cstdint>
#include <vector>

namespace clprobe::probes::image_latency {

/// The names of the series, shared with the interpretation.
namespace series {
inline constexpr const char *counts = "counts";
inline constexpr const char *fetch_pairs = "fetch_pairs";
inline constexpr const char *line_pairs = "line_pairs";
} // namespace series

/// A chase over so many pairs of texels, twice the same (a distance of 0) or far apart.
struct CountsRow {
    std::size_t pairs = 0;
    std::uint32_t distance = 0;

    static auto columns() {
        return std::tuple{column("pairs", &CountsRow::pairs),
                          column("distance", &CountsRow::distance), trips()};
    }
};

/// A chase over pairs of texels, so many apart in that direction.
struct PairsRow {
    Direction direction = Direction::x;
    std::uint32_t distance = 0;

    static auto columns() {
        return std::tuple{column("direction", &PairsRow::direction, direction_names),
                          column("distance", &PairsRow::distance), trips()};
    }
};

/// Text attributes: why it tells nothing, where it does not, and who warmed the caches.
inline constexpr const char *too_small = "too_small";
inline constexpr const char *warmed_by = "warmed_by";

/// Sizes of the neighbouring blocks that a pair of reads goes to, in texels; 0 for twice the same.
inline constexpr std::array<std::uint32_t, 5> pair_distances{0, 1, 2, 4, 8};

/// The largest footprint that was wanted: a number in the data.
inline constexpr const char *most_bytes = "most_bytes";

/// Blocks of samples without which pairs tell nothing of their errors.
inline constexpr int least_pair_blocks = 5;

/// The form of every series that the probe makes or takes; the first is a bare curve's.
[[nodiscard]] std::vector<SeriesShape> series_shapes();

/// Runs all the experiments, each for its share of the time there is.
void run_experiments(Bench &bench);

} // namespace clprobe::probes::image_latency
