#include "common/device_tiles.hpp"
#include "common/group_tile.hpp"

#include <clprobe/error.hpp>
#include <clprobe/workloads_convolution.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace clprobe::workloads {
std::string ConvolutionShape::name() const {
    return fmt::format("{}{}x{}.{}-{}.{}x{}{}{}", depthwise ? "dw" : "", kernel, kernel,
                       input_channels, output_channels, output_height(), output_width(),
                       stride > 1 ? fmt::format(".s{}", stride) : "",
                       images > 1 ? fmt::format(".b{}", images) : "");
}

ConvolutionPlan ConvolutionPlan::by_local_memory(const GroupTile &tile) {
    ConvolutionPlan plan;
    plan.family = KernelFamily::local_memory;
    plan.group_tile = tile;
    return plan;
}

ConvolutionPlan ConvolutionPlan::by_winograd() const {
    ConvolutionPlan plan = *this;
    plan.winograd = true;
    return plan;
}

std::string ConvolutionPlan::describe() const {
    const std::string method = winograd ? "Winograd F(2x2, 3x3), " : "";
    if (family == KernelFamily::local_memory)
        return method + group_tile.describe();
    const std::string several =
        tiles > 1 ? fmt::format(", {} a work-item{}", tiles, prefetch ? " with prefetches" : "")
                  : "";
    const std::string groups = group_tiles * group_panels > 1
                                   ? fmt::format(", groups of {} x {}", group_tiles, group_panels)
                                   : "";
    return fmt::format("{}tiles of {}{}{}", method, tile.describe(), several, groups);
}

std::string Convolution::unfit(const ConvolutionShape &shape, const ConvolutionPlan &plan,
                               Numbers numbers) {
    const Tile &tile = plan.tile;
    if (numbers == Numbers::int8)
        return "the kernel has no bytes";
    if (numbers != Numbers::fp32 &&
        (plan.family != KernelFamily::panels || plan.winograd || plan.tiles > 1))
        return "only direct panels of one tile a work-item are not in single precision";
    if (shape.kernel % 2 == 0)
        return "only kernels of an odd number of taps are supported";
    if (shape.input_halo < shape.kernel / 2)
        return "the input's halo is less than half a kernel";
    if (shape.activation == Activation::gelu)
        return "the kernel has no gelu";
    if (plan.winograd && (shape.kernel != 3 || shape.stride != 1 || shape.depthwise))
        return "Winograd's is for 3x3 kernels with stride 1 that are not depthwise";
    if (plan.family == KernelFamily::local_memory) {
        constexpr double most = 1 << 30; // elements that 32 bits count, whatever fills them up
        if (double{1} * (shape.input_width + 2 * shape.input_halo) *
                (shape.input_height + 2 * shape.input_halo) * (shape.input_channels + 32) *
                shape.images >
            most)
            return "its input has more elements than the kernel counts";
        return shape.depthwise ? "a depthwise convolution is no product of matrices" : "";
    }
    if (plan.winograd) {
        if (tile.step != tile.width)
            return "by Winograd's, blocks of input and output have as many channels";
        if (tile.rows >
            (shape.output_width() + 1) / 2 * ((shape.output_height() + 1) / 2) * shape.images)
            return "a tile has more squares than the output";
        return "";
    }
    if (tile.rows > shape.output_width())
        return "a tile has more pixels than a row of the output";
    if (shape.depthwise && shape.input_channels != shape.output_channels)
        return "a depthwise convolution has as many channels of output as of input";
    if (shape.depthwise && (tile.vectors != 1 || tile.step % tile.width != 0))
        return "a depthwise convolution has tiles of one vector, which divides its blocks of "
               "channels";
    return "";
}

Convolution::Convolution(const ConvolutionShape &shape, const ConvolutionPlan &plan,
                         Numbers numbers)
    : shape_(shape), plan_(plan), numbers_(numbers) {
    if (const std::string reason = unfit(shape, plan, numbers); !reason.empty())
        throw InputError(
            fmt::format("convolution {}, {}: {}", shape.name(), plan.describe(), reason));
}

std::string Convolution::build_options() const {
    if (by_local_memory())
        return fmt::format("{} -DACTIVATION={} -DWINOGRAD={:d}", plan_.group_tile.build_options(),
                           clprobe::name(shape_.activation), plan_.winograd);
    const bool one_tile = plan_.tiles == 1 && plan_.tile.has_quads() && !plan_.winograd;
    return fmt::format("{} -DKERNEL={} -DSTRIDE={} -DDEPTHWISE={:d} -DACTIVATION={} "
                       "-DPREFETCH={:d} -DWINOGRAD={:d}{}{}",
                       plan_.tile.build_options(), shape_.kernel, shape_.stride, shape_.depthwise,
                       clprobe::name(shape_.activation), plan_.prefetch, plan_.winograd,
                       one_tile ? " -DONE_TILE=1" : "", workloads::build_options(numbers_));
}

ActivationLayout Convolution::input() const {
    const auto block = by_local_memory()
                           ? multiple_up(shape_.input_channels, plan_.group_tile.slice)
                           : plan_.tile.step;
    return {shape_.input_channels, shape_.input_height,
            shape_.input_width,    static_cast<std::uint32_t>(block),
            shape_.input_halo,     shape_.images};
}
ActivationLayout Convolution::output() const {
    return {shape_.output_channels,
            shape_.output_height(),
            shape_.output_width(),
            by_local_memory()  ? columns()
            : shape_.depthwise ? plan_.tile.step
                               : plan_.tile.width,
            shape_.output_halo,
            shape_.images};
}
std::uint32_t Convolution::output_vectors() const {
    return output().blocks() * output().block / plan_.tile.width;
}

std::uint32_t Convolution::inputs() const {
    return shape_.depthwise ? 1 : shape_.input_channels;
}
std::uint32_t Convolution::blocks() const {
    return shape_.depthwise ? 1 : input().blocks();
}
std::uint32_t Convolution::weight_rows() const {
    const std::uint32_t depth = blocks() * (shape_.depthwise ? 1 : input().block);
    return 1 + depth * (plan_.winograd ? positions : shape_.kernel * shape_.kernel);
}
std::uint32_t Convolution::panels() const {
    return by_local_memory()
               ? quotient_up(plan_.winograd ? squares() : pixels(), plan_.group_tile.tile_rows)
               : quotient_up(output_vectors(), plan_.tile.vectors);
}
std::uint32_t Convolution::pixels() const {
    return shape_.output_height() * shape_.output_width() * shape_.images;
}
std::uint32_t Convolution::columns() const {
    return by_local_memory() ? static_cast<std::uint32_t>(multiple_up(shape_.output_channels, 4))
                             : plan_.tile.row_elements();
}
std::size_t Convolution::weights_bytes() const {
    return operand_bytes(numbers_) * weight_rows() * columns() * (by_local_memory() ? 1 : panels());
}
std::uint32_t Convolution::tiles() const {
    return plan_.winograd ? quotient_up(squares(), plan_.tile.rows)
                          : quotient_up(shape_.output_width(), plan_.tile.rows) *
                                shape_.output_height() * shape_.images;
}

std::uint32_t Convolution::part() const {
    const GroupTile &tile = plan_.group_tile;
    return quotient_up(input().block, tile.splits * tile.slice) * tile.slice;
}
bool Convolution::in_parts() const {
    return plan_.winograd || (by_local_memory() && plan_.group_tile.splits > 1);
}
std::size_t Convolution::parts_bytes() const {
    const std::size_t parts = by_local_memory() ? plan_.group_tile.splits : 1;
    if (plan_.winograd)
        return sizeof(float) * parts * positions * squares() * output().blocks() * output().block;
    return sizeof(float) * parts * pixels() * columns();
}
std::string Convolution::add_parts_kernel() const {
    return fmt::format("add_{}_parts", by_local_memory() ? plan_.group_tile.splits : 1);
}
NdRange Convolution::add_parts() const {
    constexpr std::size_t group = 32;
    if (!plan_.winograd)
        return {{multiple_up(columns() / 4, group), pixels(), 1}, {group, 1, 1}, 2};
    if (by_local_memory())
        return {{multiple_up(columns() / 4, group), squares_of_row(), rows_of_squares()},
                {group, 1, 1},
                3};
    return transforms(output().blocks());
}

bool Convolution::transforms_input() const {
    return plan_.winograd && !by_local_memory();
}
std::size_t Convolution::transformed_bytes() const {
    const ActivationLayout from = input();
    return sizeof(float) * positions * squares() * from.blocks() * from.block;
}
NdRange Convolution::transform_input() const {
    return transforms(input().blocks());
}
/// A work-item for each square and block. Where one takes several tiles, they are a CPU's, which
/// spends more on a work-group than on a square.
NdRange Convolution::transforms(std::uint32_t blocks) const {
    constexpr std::uint32_t most = 64;
    const std::size_t group =
        plan_.tiles > 1 ? std::min(squares_of_row(), most) : plan_.group_tiles;
    return {{multiple_up(squares_of_row(), group), rows_of_squares(), blocks}, {group, 1, 1}, 3};
}

double Convolution::flops() const {
    return plan_.winograd
               ? 2.0 * positions * squares() * shape_.input_channels * shape_.output_channels
               : shape_.flops();
}

NdRange Convolution::pack_input() const {
    const std::size_t group = std::size_t{plan_.group_tiles} * plan_.group_panels;
    return {
        {multiple_up(input().plane(), group), input().blocks(), shape_.images}, {group, 1, 1}, 3};
}
NdRange Convolution::pack_weights() const {
    const std::size_t group = std::size_t{plan_.group_tiles} * plan_.group_panels;
    const std::uint32_t all_panels = by_local_memory() ? 1 : panels();
    if (plan_.winograd)
        return {{multiple_up(std::size_t{all_panels} * columns(), group),
                 std::size_t{blocks()} * input().block, 1},
                {group, 1, 1},
                2};
    return {{multiple_up(weight_rows(), group), all_panels, 1}, {group, 1, 1}, 2};
}
NdRange Convolution::convolve(std::uint32_t panels) const {
    const unsigned products = plan_.winograd ? positions : 1;
    if (const GroupTile &tile = plan_.group_tile; by_local_memory())
        return {{std::size_t{tile.items()} * quotient_up(columns(), tile.tile_columns), panels,
                 std::size_t{tile.splits} * products},
                {tile.items(), 1, 1},
                3};
    return {{multiple_up(quotient_up(tiles(), plan_.tiles), plan_.group_tiles),
             multiple_up(panels, plan_.group_panels), products},
            {plan_.group_tiles, plan_.group_panels, 1},
            plan_.winograd ? 3u : 2u};
}

bool fits_registers(const ConvolutionPlan &plan, const Facts &facts) {
    // Addresses of three arrays, counters of three loops, and where the outputs go, by what Mesa's
    // compiler takes for a G52.
    constexpr unsigned others = 28;
    return plan.family == KernelFamily::local_memory ? fits_registers(plan.group_tile, facts)
                                                     : fits_registers(plan.tile, facts, others);
}

namespace {

constexpr unsigned most_sums_on_cpu = 28; ///< vectors that a tile has

/// Tiles of so many rows, whose blocks of the input have `step` channels.
std::vector<Tile> tiles_of(const std::set<unsigned> &rows_to_try, unsigned step,
                           const Facts &facts) {
    const unsigned width = native_width(facts);
    std::vector<Tile> tiles;
    for (const unsigned rows : rows_to_try)
        for (const unsigned vectors : {1u, 2u, 3u, 4u})
            for (const unsigned unroll : {1u, 2u}) {
                const unsigned sums = rows * vectors;
                const Tile tile{rows, vectors, width, step, unroll};
                if (tile.has_quads() && unroll > 1) // its loop has a single trip
                    continue;
                if (on_cpu(facts) ? sums <= most_sums_on_cpu : sums * width <= 64)
                    tiles.push_back(tile);
            }
    return tiles;
}

std::vector<ConvolutionPlan> direct_plans(const ConvolutionShape &shape, const Facts &facts) {
    const unsigned width = native_width(facts);
    const bool cpu = on_cpu(facts);
    const unsigned group = group_side(facts);
    const unsigned widest = std::min(shape.output_width(), 14u);
    std::set<unsigned> rows_to_try{widest};
    for (const unsigned rows : {4u, 6u, 7u, 8u, 10u, 12u})
        if (rows < widest)
            rows_to_try.insert(rows);
    const unsigned step = shape.depthwise ? width : std::min(cpu ? width : 4, shape.input_channels);
    const bool one_block = shape.depthwise || step == shape.input_channels;
    std::vector<ConvolutionPlan> plans;
    for (const Tile &tile : tiles_of(rows_to_try, step, facts)) {
        if (shape.depthwise && (tile.vectors > 1 || tile.unroll > 1))
            continue;
        plans.push_back({tile, 1, false, group, group});
        const GroupProducts any{.shape = {32, 32, 32}};
        if (shape.depthwise && !group_tiles(any, facts).empty()) {
            // The layers around it have all channels of a pixel together: so do work-items.
            ConvolutionPlan together = plans.back();
            together.tile.step = static_cast<unsigned>(multiple_up(shape.input_channels, width));
            together.group_tiles = 1;
            together.group_panels = group * group;
            plans.push_back(together);
        }
        const std::uint32_t of_row = quotient_up(shape.output_width(), tile.rows);
        const std::uint32_t all = of_row * shape.output_height() * shape.images;
        constexpr std::uint32_t most = 32; // whose sums caches hold
        // Fewer work-items cost less, too.
        const std::uint32_t several = all <= most ? all : one_block ? of_row : 1;
        if (cpu && several > 1)
            plans.push_back({tile, several, !one_block, group, group});
    }
    if (!shape.depthwise) {
        const GemmShape product{shape.output_height() * shape.output_width() * shape.images,
                                shape.output_channels,
                                shape.kernel * shape.kernel * shape.input_channels};
        for (const GroupTile &tile : group_tiles({.shape = product}, facts))
            plans.push_back(ConvolutionPlan::by_local_memory(tile));
    }
    return plans;
}

std::vector<ConvolutionPlan> winograd_plans(const ConvolutionShape &shape, const Facts &facts) {
    const unsigned width = native_width(facts);
    const unsigned group = group_side(facts);
    const std::uint32_t squares =
        quotient_up(shape.output_width(), 2) * quotient_up(shape.output_height(), 2) * shape.images;
    std::vector<ConvolutionPlan> plans;
    const auto add = [&](const ConvolutionPlan &plan) {
        if (Convolution::unfit(shape, plan.by_winograd()).empty())
            plans.push_back(plan.by_winograd());
    };
    const bool cpu = on_cpu(facts);
    for (const Tile &tile : tiles_of({4, 6, 7, 8, 14}, width, facts))
        if (tile.unroll == 1 && shape.input_channels >= width)
            // A CPU's work-item takes all squares of a position: it reads its weights once.
            add({tile, cpu ? quotient_up(squares, tile.rows) : 1, cpu, group, group});
    const GemmShape product{squares, shape.output_channels, shape.input_channels};
    for (const GroupTile &tile :
         group_tiles({.shape = product, .products = Convolution::positions}, facts))
        add(ConvolutionPlan::by_local_memory(tile));
    return plans;
}

} // namespace

ConvolutionPlan plan_for_halves(const ConvolutionShape &shape, const Facts &facts) {
    for (const ConvolutionPlan &plan : convolution_plans(shape, facts))
        if (Convolution::unfit(shape, plan, Numbers::fp16).empty())
            return plan;
    throw InputError(fmt::format("convolution {}: no plan of it has halves", shape.name()));
}

std::vector<ConvolutionPlan> convolution_plans(const ConvolutionShape &shape, const Facts &facts) {
    std::vector<ConvolutionPlan> plans = direct_plans(shape, facts);
    if (shape.kernel == 3 && shape.stride == 1 && !shape.depthwise) {
        const std::vector<ConvolutionPlan> fewer_products = winograd_plans(shape, facts);
        plans.insert(plans.end(), fewer_products.begin(), fewer_products.end());
    }
    sort_by_prediction<ConvolutionPlan>(plans, facts, [&](const ConvolutionPlan &plan) {
        return Convolution(shape, plan).predicted_seconds(facts);
    });
    return plans;
}

} // namespace clprobe::workloads
