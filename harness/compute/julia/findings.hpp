#pragma once
#include "common/local_sizes.hpp"
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
inline const std::string grid = "grid"; ///< of bounded points
inline const std::string rate = "rate";
} // namespace series

/// The kernel of a sweep over local sizes.
struct GridKernel {
    Body body = Body::plain;

    static auto columns() { return std::tuple{column("body", &GridKernel::body, body_names)}; }
    bool operator==(const GridKernel &) const = default;
};
using GridRow = SweptRow<GridKernel>;

/// The kernel whose rate is measured, with its operands.
enum class Points { escaping, confined };
struct RateKernel {
    Body body = Body::plain;
    Points points = Points::escaping;

    static auto columns() {
        return std::tuple{
            column("body", &RateKernel::body, body_names),
            column("points", &RateKernel::points, std::array{"published", "bounded"})};
    }
    bool operator==(const RateKernel &) const = default;
};
using RateRow = SweptRow<RateKernel>;

/// Attributes of the data.
namespace entry {
inline const std::string size = "size";                ///< number: points along each side
inline const std::string verified = "verified_points"; ///< number
inline const std::string arithmetic = "arithmetic";    ///< text: how px^2 + c was rounded
inline const std::string picture = "picture";          ///< text: each point's count, as a letter
} // namespace entry

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
