#pragma once
#include <cstdint>
#include <optional>

namespace clprobe::probes::julia {

/// What the kernel is called with: the constant of the iteration, and how wide and high the plane
/// is that its points lie in.
struct Operands {
    float c = 0;
    float width = 0;
    float height = 0;

    bool operator==(const Operands &) const = default;
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

} // namespace clprobe::probes::julia
