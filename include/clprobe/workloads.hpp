#pragma once
#include <clprobe/context.hpp>
#include <clprobe/report.hpp>
#include <clprobe/row.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

/// The operators of neural networks as the probes `workloads/*` run them: the options and ranges of
/// their kernels' launches, for programs that take the kernels into an engine of their own. None of
/// this calls OpenCL. The kernel texts are in the registry of built-in probes.
namespace clprobe::workloads {

/// The part of a product of matrices that a work-item holds in registers, and how it reads the
/// operands: the macros of kernels/common/tile.clh.
struct Tile {
    unsigned rows = 4;    ///< 1 to 16
    unsigned vectors = 1; ///< in a row: 1 to 4
    unsigned width = 4;   ///< elements of a vector: 1, 2, 4, 8 or 16
    unsigned step = 4;    ///< neighbours in a row of the left operand: 1, 2, 4, 8 or 16
    unsigned unroll = 4;  ///< how many of a step are multiplied between two branches

    static auto columns() {
        return std::tuple{column("tile_rows", &Tile::rows).between(1, 16),
                          column("tile_vectors", &Tile::vectors).between(1, 4),
                          column("vector_width", &Tile::width).between(1, 16),
                          column("step", &Tile::step).between(1, 16),
                          column("unroll", &Tile::unroll).between(1, 16)};
    }
    [[nodiscard]] unsigned row_elements() const { return vectors * width; }
    [[nodiscard]] std::string build_options() const;
    /// "14 rows of 2 float16, unrolled by 2".
    [[nodiscard]] std::string describe() const;

    bool operator==(const Tile &) const = default;
};

/// C = A B with A of m x k elements, B of k x n, C of m x n, all in rows, in single precision.
struct GemmShape {
    std::uint32_t m = 1;
    std::uint32_t n = 1;
    std::uint32_t k = 1;

    static auto columns() {
        constexpr double most = 1 << 16;
        return std::tuple{column("m", &GemmShape::m).between(1, most),
                          column("n", &GemmShape::n).between(1, most),
                          column("k", &GemmShape::k).between(1, most)};
    }
    /// A multiply-add counts two.
    [[nodiscard]] double flops() const { return 2.0 * m * n * k; }
    /// "1024x1024x1024".
    [[nodiscard]] std::string name() const;

    bool operator==(const GemmShape &) const = default;
};

/// A way to compute it: a tile for each work-item, and the order of the tiles.
struct GemmPlan {
    Tile tile;
    /// Panels of A (each as many rows as a tile) that are multiplied with one panel of B before its
    /// next panel is; raised to a multiple of `group_left`.
    std::uint32_t block = 16;
    std::uint32_t group_left = 1;  ///< work-items of a group, along panels of A
    std::uint32_t group_right = 1; ///< and along panels of B

    static auto columns() {
        return std::tuple{part(&GemmPlan::tile),
                          column("panels_in_block", &GemmPlan::block).between(1, 1 << 16),
                          column("group_left", &GemmPlan::group_left).between(1, 1024),
                          column("group_right", &GemmPlan::group_right).between(1, 1024)};
    }
    [[nodiscard]] std::string describe() const;

    bool operator==(const GemmPlan &) const = default;
};

/// The launches of the kernel text `workloads/gemm`, built with the tile's options:
///
///     pack_left(A, left_panels, uint m, uint k, uint steps)
///     pack_right(B, right_panels, uint n, uint k, uint steps)
///     gemm(left_panels, right_panels, C, uint m, uint n, uint steps, uint first_block)
///
/// Operands that stay the same, like weights, need to be packed only once.
class Gemm {
public:
    Gemm(const GemmShape &shape, const GemmPlan &plan);

    [[nodiscard]] std::size_t left_panels_bytes() const;
    [[nodiscard]] std::size_t right_panels_bytes() const;
    [[nodiscard]] std::uint32_t steps() const { return steps_; }
    [[nodiscard]] NdRange pack_left() const;
    [[nodiscard]] NdRange pack_right() const;
    /// Blocks of A's panels: all of them in one launch, or fewer where a launch may not take long.
    [[nodiscard]] std::uint32_t blocks() const;
    [[nodiscard]] NdRange multiply(std::uint32_t blocks) const;

    /// Seconds that the launches take together by this device's findings: the rate of
    /// multiply-adds, the size and read bandwidth of each cache level, the memory's copy bandwidth.
    /// Nothing where the first of them was not measured.
    [[nodiscard]] std::optional<double> predicted_seconds(const Facts &facts) const;

private:
    [[nodiscard]] NdRange pack(std::uint32_t panels) const;

    GemmShape shape_;
    GemmPlan plan_;
    std::uint32_t left_panels_;
    std::uint32_t right_panels_;
    std::uint32_t steps_;
};

/// Whether a work-item finds registers for the tile, a row of the right operand and a factor, by
/// the device's findings; where they do not say how many there are, for 16 vectors.
[[nodiscard]] bool fits_registers(const Tile &tile, const Facts &facts);

/// Plans to choose from on that device, those with the least predicted time first. Those whose
/// tile does not fit the registers come after all others.
[[nodiscard]] std::vector<GemmPlan> gemm_plans(const GemmShape &shape, const Facts &facts);

} // namespace clprobe::workloads
