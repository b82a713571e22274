#pragma once
#include "compute/julia/launcher.hpp"

#include <clprobe/probe.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace clprobe::probes::julia {

/// Operations of an iteration as it is written: four multiplications (the squares of one iteration
/// serve the next), three sums, a comparison, and a count. What loops cost is not in it.
inline constexpr double operations = 9;

namespace series {
inline const std::string grid = "grid"; ///< over the body and the local size, of bounded points
inline const std::string rate = "rate"; ///< over body, points and local size
} // namespace series

/// Names in a Dataset's numbers and words.
namespace entry {
inline const std::string size = "size";                ///< number: points along each side
inline const std::string verified = "verified_points"; ///< number
inline const std::string arithmetic = "arithmetic";    ///< word: how px^2 + c was rounded
inline const std::string picture = "picture";          ///< word: each point's count, as a letter
} // namespace entry

[[nodiscard]] std::vector<Axis> grid_axes();
[[nodiscard]] std::vector<Axis> rate_axes();
[[nodiscard]] std::vector<FindingKey> finding_keys();
/// A point's count in `entry::picture`: those above 25 look alike.
[[nodiscard]] char letter_of(std::uint32_t count);
/// The rate of each body over the local sizes.
[[nodiscard]] std::vector<HeatMap> maps_of(const Dataset &data);
/// The write-up's picture, black where the count is 0 and white where it is the highest; nothing
/// where it was not taken.
[[nodiscard]] std::optional<Picture> picture_of(const Dataset &data);
[[nodiscard]] std::vector<Finding> findings_of(const Dataset &data, const Facts &facts);

} // namespace clprobe::probes::julia
