#pragma once
#include "common/local_sizes.hpp"

#include <clprobe/probe.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace clprobe::probes::julia {

inline constexpr const char *kernel_text = "compute/julia";
inline constexpr const char *kernel_function = "julia";

/// The loop's body: one iteration, or four.
enum class Body { plain, unrolled };
inline constexpr Body all_bodies[] = {Body::plain, Body::unrolled};
inline constexpr std::array<const char *, 2> body_names{"plain", "unrolled"};
[[nodiscard]] constexpr const char *name(Body body) {
    return body_names[static_cast<std::size_t>(body)];
}
[[nodiscard]] constexpr unsigned iterations_of(Body body) {
    return body == Body::plain ? 1 : 4;
}
[[nodiscard]] inline std::string build_options(Body body) {
    return "-DUNROLL=" + std::to_string(iterations_of(body));
}

/// What the kernel is called with: the constant of the iteration, and how wide and high the plane
/// is that its points lie in.
struct Operands {
    float c = 0;
    float width = 0;
    float height = 0;
};

/// Those of the write-up of the Mali-G52. Every point goes to infinity within twenty iterations,
/// and on as NaN.
inline constexpr Operands published{0.7885F, 3, 3};
/// The points of a line that goes on for ever within itself: py is 0, px is chaotic between -2
/// and 2, and the last one depends on every iteration.
inline constexpr Operands bounded{-1.9F, 3, 0};

/// Position times this, less a half, is where a point lies in the plane: exact, as sizes are
/// powers of two.
[[nodiscard]] inline float spacing(std::uint32_t size) {
    return 1.0F / static_cast<float>(size);
}

/// In how many iterations |p|^2 < 10, whatever a compiler fuses and in whatever order it adds;
/// nothing for a point of which rounding decides that.
[[nodiscard]] std::optional<std::uint32_t> count_of(const Operands &operands, std::uint32_t column,
                                                    std::uint32_t row, std::uint32_t size,
                                                    std::uint64_t iterations);

/// Rounding of px^2 + c, where py is 0: of the square as well, or once.
enum class Arithmetic { unfused, fused };

/// px after so many iterations of a point on the line `bounded`.
[[nodiscard]] float last_of_bounded(Arithmetic arithmetic, std::uint32_t column, std::uint32_t size,
                                    std::uint64_t iterations);

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

/// A point's count in `entry::picture`: those above 25 look alike.
[[nodiscard]] inline char letter_of(std::uint32_t count) {
    return static_cast<char>('A' + std::min(count, 25u));
}

/// Sweeps the local sizes of both bodies, then measures each anew with its best.
void run_experiments(Bench &bench);

[[nodiscard]] std::vector<FindingKey> finding_keys();
/// The rate of each body over the local sizes.
[[nodiscard]] std::vector<HeatMap> maps_of(const Dataset &data);
/// The write-up's picture, black where the count is 0 and white where it is the highest; nothing
/// where it was not taken.
[[nodiscard]] std::optional<Picture> picture_of(const Dataset &data);
[[nodiscard]] std::vector<Finding> findings_of(const Dataset &data, const Facts &facts);

} // namespace clprobe::probes::julia
