#include "common/device_tiles.hpp"
#include "common/group_tile.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <vector>

namespace clprobe::workloads {
namespace {

/// Bytes that are read from beyond a cache of that size, which a compute unit has for itself.
double bytes_beyond(double size, const GemmPlan &plan, double left_panels, double right_panels,
                    double depth) {
    const double left = plan.tile.rows * depth * sizeof(float); // of a panel
    const double right = plan.tile.row_elements() * depth * sizeof(float);
    const double once_a_block = std::max(1.0, left_panels / plan.block) * right_panels * right;
    if (plan.block * left + right <= size)
        return once_a_block + left_panels * left;
    if (left + right <= size)
        return once_a_block + left_panels * right_panels * left;
    return left_panels * right_panels * (left + right);
}

/// Which of both is worth a race; in place on CPUs alone. Rows that begin multiples of 4 KiB apart
/// share the sets of its first level: one with eight ways has room for six of them and what else is
/// read, one with four for two.
std::vector<bool> in_place_or_not(const GemmShape &shape, const Tile &tile, bool cpu) {
    constexpr std::uint32_t way = 4096 / sizeof(float);
    const double rows_in_a_set = double{1} * tile.rows * std::gcd(shape.k, way) / way;
    if (!cpu || shape.m < tile.rows || shape.k % tile.step != 0 || rows_in_a_set > 6)
        return {false};
    if (rows_in_a_set > 2)
        return {true, false};
    return {true};
}

/// Elements of the depth that the loop multiplies at a time.
std::uint32_t in_a_word(Numbers numbers) {
    return numbers == Numbers::int8 ? 4 : 1;
}

} // namespace

std::string name(Numbers numbers) {
    return number_names[static_cast<std::size_t>(numbers)];
}

std::string build_options(Numbers numbers) {
    switch (numbers) {
    case Numbers::fp16:
        return " -DHALF_SUMS";
    case Numbers::fp16_fp32:
        return " -DHALF";
    case Numbers::int8:
        return " -cl-std=CL3.0 -DBYTES";
    default:
        return "";
    }
}

std::size_t operand_bytes(Numbers numbers) {
    return numbers == Numbers::fp32 ? 4 : numbers == Numbers::int8 ? 1 : 2;
}

std::size_t result_bytes(Numbers numbers) {
    return numbers == Numbers::fp16 || numbers == Numbers::fp16_fp32 ? 2 : 4;
}

std::string Tile::build_options() const {
    return fmt::format("-DROWS={} -DVECTORS={} -DWIDTH={} -DSTEP={} -DUNROLL={}", rows, vectors,
                       width, step, unroll);
}

std::string Tile::describe() const {
    return fmt::format("{} rows of {} float{}, unrolled by {}", rows, vectors,
                       width > 1 ? std::to_string(width) : "", unroll);
}

std::string GemmShape::name() const {
    return fmt::format("{}x{}x{}", m, n, k);
}

GemmPlan GemmPlan::by_local_memory(const GroupTile &tile) {
    GemmPlan plan;
    plan.family = KernelFamily::local_memory;
    plan.group_tile = tile;
    return plan;
}

std::string GemmPlan::describe() const {
    if (family == KernelFamily::local_memory)
        return group_tile.describe();
    const std::string groups = group_left * group_right > 1
                                   ? fmt::format(", groups of {} x {}", group_left, group_right)
                                   : "";
    return fmt::format("{}, blocks of {} panels{}{}", tile.describe(), block, groups,
                       left_in_place ? ", the left operand in place" : "");
}

Gemm::Gemm(const GemmShape &shape, const GemmPlan &plan, Numbers numbers)
    : shape_(shape), plan_(plan), numbers_(numbers),
      left_panels_(quotient_up(shape.m, plan.tile.rows)),
      right_panels_(quotient_up(shape.n, plan.tile.row_elements())),
      steps_(quotient_up(shape.k, plan.tile.step * in_a_word(numbers))) {
    plan_.block = static_cast<std::uint32_t>(multiple_up(plan.block, plan.group_left));
}

std::string Gemm::build_options() const {
    if (plan_.family == KernelFamily::panels)
        return fmt::format("{} -DLEFT_IN_PLACE={:d}{}", plan_.tile.build_options(), !packs_left(),
                           workloads::build_options(numbers_));
    return fmt::format("{} -DALIGNED={:d}", plan_.group_tile.build_options(),
                       shape_.n % 4 == 0 && shape_.k % 4 == 0);
}

// Bytes are packed into words in an order of their own.
bool Gemm::packs_left() const {
    return plan_.family == KernelFamily::panels &&
           !(plan_.left_in_place && numbers_ != Numbers::int8 && shape_.m >= plan_.tile.rows &&
             shape_.k % plan_.tile.step == 0);
}

std::size_t Gemm::left_panels_bytes() const {
    return panel_bytes(std::size_t{left_panels_} * plan_.tile.rows);
}
std::size_t Gemm::right_panels_bytes() const {
    return panel_bytes(std::size_t{right_panels_} * plan_.tile.row_elements());
}
std::size_t Gemm::panel_bytes(std::size_t elements) const {
    return operand_bytes(numbers_) * elements * steps_ * plan_.tile.step * in_a_word(numbers_);
}

std::size_t Gemm::items_of_a_group() const {
    return std::size_t{plan_.group_left} * plan_.group_right;
}

NdRange Gemm::pack(std::uint32_t panels) const {
    const std::size_t group = items_of_a_group();
    return {{multiple_up(steps_, group), panels, 1}, {group, 1, 1}, 2};
}
NdRange Gemm::pack_left() const {
    return pack(left_panels_);
}
// A CPU's work-item, which is a group, goes along several panels, so that it reads rows of B from
// end to end; there are still enough of them for all its threads.
NdRange Gemm::pack_right() const {
    constexpr std::uint32_t most_threads = 64;
    return pack(items_of_a_group() == 1 ? std::min(right_panels_, quotient_up(most_threads, steps_))
                                        : right_panels_);
}
std::size_t Gemm::parts_bytes() const {
    return sizeof(float) * shape_.m * shape_.n * plan_.group_tile.splits;
}
std::string Gemm::add_parts_kernel() const {
    return fmt::format("add_{}_parts", plan_.group_tile.splits);
}
NdRange Gemm::add_parts() const {
    constexpr std::size_t group = 64;
    return {{multiple_up(shape_.n, group), shape_.m, 1}, {group, 1, 1}, 2};
}
std::uint32_t Gemm::blocks() const {
    return plan_.family == KernelFamily::panels ? quotient_up(left_panels_, plan_.block)
                                                : quotient_up(shape_.m, plan_.group_tile.tile_rows);
}
NdRange Gemm::multiply(std::uint32_t blocks) const {
    const GroupTile &tile = plan_.group_tile;
    if (plan_.family == KernelFamily::local_memory)
        return {{std::size_t{tile.items()} * quotient_up(shape_.n, tile.tile_columns), blocks,
                 tile.splits},
                {tile.items(), 1, 1},
                3};
    return {{plan_.block, multiple_up(right_panels_, plan_.group_right), blocks},
            {plan_.group_left, plan_.group_right, 1},
            3};
}

std::size_t Gemm::most_bytes() const {
    if (plan_.family == KernelFamily::panels)
        return std::max(packs_left() ? left_panels_bytes() : 0, right_panels_bytes());
    return plan_.group_tile.splits > 1 ? parts_bytes() : 0;
}

std::optional<PredictedCall> Gemm::predicted_call(const Facts &facts) const {
    auto call = predicted_multiplying(facts);
    if (call && plan_.family == KernelFamily::panels)
        *call += predicted_packing(double{1} * shape_.k * shape_.n, facts);
    return call;
}

std::optional<PredictedCall> Gemm::predicted_multiplying(const Facts &facts) const {
    return plan_.family == KernelFamily::panels
               ? predicted_of_panels(facts)
               : predicted_by_local_memory({.shape = shape_,
                                            .operands = sizeof(float) * double{1} * shape_.k *
                                                        (double{1} * shape_.m + shape_.n)},
                                           plan_.group_tile, facts);
}

PredictedCall Gemm::predicted_packing(double elements, const Facts &facts) const {
    return {seconds_at(facts.value("buffer.memory.copy_bandwidth"), 2 * sizeof(float) * elements),
            1};
}

std::optional<PredictedCall> Gemm::predicted_of_panels(const Facts &facts) const {
    const Tile &tile = plan_.tile;
    const double depth = double{1} * steps_ * tile.step;
    const double tiles = double{1} * left_panels_ * right_panels_;
    // A CPU spreads a factor over a vector as it loads it.
    const double loaded = tile.rows * (on_cpu(facts) ? tile.width : 1) + tile.row_elements();
    const auto multiplying = workloads::predicted_seconds(
        {.flops = 2 * tiles * tile.rows * tile.row_elements() * depth,
         .loaded = tiles * depth * loaded * sizeof(float),
         .bytes_beyond =
             [&](double size) {
                 return bytes_beyond(size, plan_, left_panels_, right_panels_, depth);
             },
         .range = multiply(blocks()),
         .waits = depth},
        facts);
    if (!multiplying)
        return std::nullopt;
    PredictedCall call{*multiplying, 1};
    if (packs_left())
        call += predicted_packing(double{1} * shape_.k * shape_.m, facts);
    return call;
}

bool fits_registers(const GemmPlan &plan, const Facts &facts) {
    constexpr unsigned others = 12; // addresses and a counter
    return plan.family == KernelFamily::local_memory ? fits_registers(plan.group_tile, facts)
                                                     : fits_registers(plan.tile, facts, others);
}

GemmPlan fitting(GemmPlan plan, Numbers numbers) {
    if (numbers == Numbers::int8) {
        plan.tile.width = 4;
        plan.left_in_place = false;
    }
    return plan;
}

std::vector<GemmPlan> gemm_plans(const GemmShape &shape, const Facts &facts) {
    const unsigned width = native_width(facts);
    const bool cpu = on_cpu(facts);
    const unsigned group = group_side(facts);
    std::vector<GemmPlan> plans;
    for (const unsigned rows : {4u, 6u, 8u, 10u, 12u, 14u})
        for (const unsigned vectors : {1u, 2u, 3u, 4u})
            for (const unsigned unroll : {1u, 2u, 4u})
                for (const std::uint32_t block : {16u, 64u}) {
                    const Tile tile{rows, vectors, width, cpu ? width : 4, unroll};
                    if (tile.has_quads() && unroll > 1) // its loop has a single trip
                        continue;
                    if (rows * vectors > 28 && (cpu || rows * vectors * width > 64))
                        continue;
                    for (const bool in_place : in_place_or_not(shape, tile, cpu))
                        plans.push_back({.tile = tile,
                                         .block = block,
                                         .group_left = group,
                                         .group_right = group,
                                         .left_in_place = in_place});
                }
    for (const GroupTile &tile : group_tiles({.shape = shape}, facts))
        plans.push_back(GemmPlan::by_local_memory(tile));
    sort_by_prediction<GemmPlan>(plans, facts, [&](const GemmPlan &plan) {
        return Gemm(shape, plan).predicted_seconds(facts);
    });
    return plans;
}

} // namespace clprobe::workloads
