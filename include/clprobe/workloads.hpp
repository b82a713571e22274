#pragma once
#include <clprobe/context.hpp>
#include <clprobe/predicted_call.hpp>
#include <clprobe/report.hpp>
#include <clprobe/row.hpp>

#include <array>
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
                          column("step", &Tile::step).between(1, 1 << 14),
                          column("unroll", &Tile::unroll).between(1, 16)};
    }
    [[nodiscard]] unsigned row_elements() const { return vectors * width; }
    /// Whether four elements of the depth are multiplied at once, in single precision.
    [[nodiscard]] bool has_quads() const { return width == 4 && step == 4; }
    [[nodiscard]] std::string build_options() const;
    /// "14 rows of 2 float16, unrolled by 2".
    [[nodiscard]] std::string describe() const;

    bool operator==(const Tile &) const = default;
};

/// The part of a product of matrices that a work-group makes by way of local memory, and how: the
/// macros of kernels/common/group_tile.clh, which says which of them go together.
struct GroupTile {
    unsigned tile_rows = 64;
    unsigned tile_columns = 64;
    unsigned slice = 16;       ///< of the depth that is in local memory at a time
    unsigned item_rows = 4;    ///< that a work-item holds in registers
    unsigned item_columns = 4; ///< and columns
    unsigned lanes_down = 8;   ///< of 32 work-items, how many lie one below the other
    bool ahead = true;         ///< operands are read while those before them are multiplied
    unsigned strip = 1;        ///< rows of tiles that are made together
    unsigned splits = 1;       ///< of the depth, added up in the end: 1, 2, 3, 4, 6 or 8

    static constexpr std::array<const char *, 2> ahead_names{"no", "yes"};
    static auto columns() {
        constexpr double most = 1024;
        return std::tuple{column("group_rows", &GroupTile::tile_rows).between(4, most),
                          column("group_columns", &GroupTile::tile_columns).between(4, most),
                          column("slice", &GroupTile::slice).between(4, most),
                          column("item_rows", &GroupTile::item_rows).between(4, most),
                          column("item_columns", &GroupTile::item_columns).between(4, most),
                          column("lanes_down", &GroupTile::lanes_down).between(1, 32),
                          column("ahead", &GroupTile::ahead, ahead_names),
                          column("strip", &GroupTile::strip).between(1, most),
                          column("splits", &GroupTile::splits).between(1, 8)};
    }
    /// Work-items of the group.
    [[nodiscard]] unsigned items() const;
    [[nodiscard]] std::size_t local_bytes() const;
    /// That a work-item needs, or a few more.
    [[nodiscard]] unsigned registers() const;
    [[nodiscard]] std::string build_options() const;
    /// "tiles of 128 x 128 by 256 work-items, 8 x 8 each, slices of 8 read ahead".
    [[nodiscard]] std::string describe() const;

    bool operator==(const GroupTile &) const = default;
};

/// What operands are stored as, and in what the sums of their products are added up: the macros of
/// kernels/common/numbers.clh.
enum class Numbers {
    fp32,
    fp16,      ///< all in half precision: on devices with `cl_khr_fp16`
    fp16_fp32, ///< stored in half precision, added up in single: on any
    int8,      ///< signed bytes, sums and results of 32 bits: with `cl_khr_integer_dot_product`
};
inline constexpr std::array<const char *, 4> number_names{"fp32", "fp16", "fp16_fp32", "int8"};
[[nodiscard]] std::string name(Numbers numbers);
/// Of a build of kernels; empty in single precision.
[[nodiscard]] std::string build_options(Numbers numbers);
[[nodiscard]] std::size_t operand_bytes(Numbers numbers); ///< of an element
[[nodiscard]] std::size_t result_bytes(Numbers numbers);

/// C = A B with A of m x k elements, B of k x n, C of m x n, all in rows.
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

/// The families of kernels: operands from panels that they are packed into first, through caches;
/// or from rows, by way of local memory.
enum class KernelFamily { panels, local_memory };
inline constexpr std::array<const char *, 2> family_names{"panels", "local memory"};

/// A way to compute it. In the family of panels, a tile for each work-item and the order of the
/// tiles; in that of local memory, a tile for each work-group.
struct GemmPlan {
    Tile tile;
    /// Panels of A (each as many rows as a tile) that are multiplied with one panel of B before its
    /// next panel is; raised to a multiple of `group_left`.
    std::uint32_t block = 16;
    std::uint32_t group_left = 1;  ///< work-items of a group, along panels of A
    std::uint32_t group_right = 1; ///< and along panels of B
    KernelFamily family = KernelFamily::panels;
    GroupTile group_tile = {};
    /// In the family of panels, A is read as it is, where a shape lets it: `Gemm::packs_left`.
    bool left_in_place = false;

    static constexpr std::array<const char *, 2> in_place_names{"no", "yes"};
    static auto columns() {
        return std::tuple{column("family", &GemmPlan::family, family_names),
                          part(&GemmPlan::tile),
                          column("panels_in_block", &GemmPlan::block).between(1, 1 << 16),
                          column("group_left", &GemmPlan::group_left).between(1, 1024),
                          column("group_right", &GemmPlan::group_right).between(1, 1024),
                          part(&GemmPlan::group_tile),
                          column("left_in_place", &GemmPlan::left_in_place, in_place_names)};
    }
    [[nodiscard]] static GemmPlan by_local_memory(const GroupTile &tile);
    [[nodiscard]] std::string describe() const;

    bool operator==(const GemmPlan &) const = default;
};

/// The launches of the kernel text `workloads/gemm`. In the family of panels:
///
///     pack_left(A, left_panels, uint m, uint k, uint steps)       where it packs_left()
///     pack_right(B, right_panels, uint n, uint k, uint steps)
///     gemm(left_panels or A, right_panels, C, uint m, uint n, uint steps, uint first_block)
///
/// Matrices begin at multiples of 16 bytes, as buffers do. Operands that stay the same, like
/// weights, need to be packed only once. In the family of local memory, the second only where the
/// depth is split, and then the first writes the parts:
///
///     gemm(A, B, C or parts, uint m, uint n, uint k, uint first_block, uint strip)
///     add_<splits>_parts(parts, C, uint m, uint n)
///
/// The family of panels has other numbers than those of single precision too. Plans are for single
/// precision; of bytes, `fitting` makes one of it.
class Gemm {
public:
    Gemm(const GemmShape &shape, const GemmPlan &plan, Numbers numbers = Numbers::fp32);

    /// For this shape or any other whose n and k are multiples of 4 if this one's are, and whose
    /// left operand is packed if this one's is.
    [[nodiscard]] std::string build_options() const;
    /// Of the family of panels. A stays in place if the plan says so, it has as many rows as a
    /// tile, k is a multiple of `tile.step`, and its elements are no bytes.
    [[nodiscard]] bool packs_left() const;
    [[nodiscard]] std::size_t left_panels_bytes() const;
    [[nodiscard]] std::size_t right_panels_bytes() const;
    [[nodiscard]] std::uint32_t steps() const { return steps_; }
    [[nodiscard]] NdRange pack_left() const;
    [[nodiscard]] NdRange pack_right() const;
    /// Of the family of local memory.
    [[nodiscard]] std::size_t parts_bytes() const;
    [[nodiscard]] std::string add_parts_kernel() const;
    [[nodiscard]] NdRange add_parts() const;
    /// Blocks of A's panels, or rows of tiles: all of them in one launch, or fewer where a launch
    /// may not take long.
    [[nodiscard]] std::uint32_t blocks() const;
    [[nodiscard]] NdRange multiply(std::uint32_t blocks) const;
    /// Bytes of the largest buffer that it needs beside A, B and C.
    [[nodiscard]] std::size_t most_bytes() const;

    /// The launches' work by this device's findings: the rate of multiply-adds, the size, latency
    /// and read bandwidth of each cache level, the memory's and local memory's bandwidth. Nothing
    /// where the first of them was not measured. In single precision, whatever the numbers are.
    [[nodiscard]] std::optional<PredictedCall> predicted_call(const Facts &facts) const;
    /// The same where B stays what it is and has been packed.
    [[nodiscard]] std::optional<PredictedCall> predicted_multiplying(const Facts &facts) const;
    /// Seconds that they add to others in a row: `seconds_in_a_row` of it.
    [[nodiscard]] std::optional<double> predicted_seconds(const Facts &facts) const {
        return seconds_in_a_row(predicted_call(facts), facts);
    }

private:
    [[nodiscard]] std::size_t items_of_a_group() const;
    [[nodiscard]] NdRange pack(std::uint32_t panels) const;
    [[nodiscard]] std::size_t panel_bytes(std::size_t elements) const;
    [[nodiscard]] std::optional<PredictedCall> predicted_of_panels(const Facts &facts) const;
    /// A copy of so many elements.
    [[nodiscard]] PredictedCall predicted_packing(double elements, const Facts &facts) const;

    GemmShape shape_;
    GemmPlan plan_;
    Numbers numbers_;
    std::uint32_t left_panels_;
    std::uint32_t right_panels_;
    std::uint32_t steps_;
};

/// Whether a work-item finds registers for what it holds, by the device's findings; where they do
/// not say how many there are, for 16 vectors on a CPU and 64 numbers elsewhere.
[[nodiscard]] bool fits_registers(const GemmPlan &plan, const Facts &facts);

/// The plan of panels, for those numbers: bytes are multiplied by vectors of four.
[[nodiscard]] GemmPlan fitting(GemmPlan plan, Numbers numbers);

/// Plans to choose from on that device, those with the least predicted time first. Those that do
/// not fit the registers come after all others. The family of local memory is for devices other
/// than CPUs where that was found to be a memory of its own.
[[nodiscard]] std::vector<GemmPlan> gemm_plans(const GemmShape &shape, const Facts &facts);

} // namespace clprobe::workloads
