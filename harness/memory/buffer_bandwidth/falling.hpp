#pragma once
#include <clprobe/levels.hpp>

#include <span>
#include <vector>

namespace clprobe::probes::buffer_bandwidth {

/// The levels of a curve of our own walks. More memory is not faster to read: where a larger
/// footprint was (a prefetcher's or an alignment's doing, as at 512 KiB on one processor), it and
/// the smaller ones before it count with their common middle (isotonic regression, Barlow et al.
/// 1972). A level of less than half an octave is taken for a part of the fall around it, unless the
/// places lie too far apart to show more of it, and two that differ by less than a fifth for one
/// where a slope over both is nearer to the places.
[[nodiscard]] Levels falling_levels(const std::vector<CurvePoint> &measured);

} // namespace clprobe::probes::buffer_bandwidth
