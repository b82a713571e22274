#include "common/device_tiles.hpp"
#include "common/group_tile.hpp"

#include <clprobe/error.hpp>
#include <clprobe/workloads_convolution.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace clprobe::workloads {

std::string ConvolutionShape::name() const {
    return fmt::format("{}{}x{}.{}-{}.{}x{}{}", depthwise ? "dw" : "", kernel, kernel,
                       input_channels, output_channels, output_height(), output_width(),
                       stride > 1 ? fmt::format(".s{}", stride) : "");
}

ConvolutionPlan ConvolutionPlan::by_local_memory(const GroupTile &tile) {
    ConvolutionPlan plan;
    plan.family = KernelFamily::local_memory;
    plan.group_tile = tile;
    return plan;
}

std::string ConvolutionPlan::describe() const {
    if (family == KernelFamily::local_memory)
        return group_tile.describe();
    const std::string several =
        tiles > 1 ? fmt::format(", {} a work-item{}", tiles, prefetch ? " with prefetches" : "")
                  : "";
    const std::string groups = group_tiles * group_panels > 1
                                   ? fmt::format(", groups of {} x {}", group_tiles, group_panels)
                                   : "";
    return fmt::format("tiles of {}{}{}", tile.describe(), several, groups);
}

std::string Convolution::unfit(const ConvolutionShape &shape, const ConvolutionPlan &plan) {
    const Tile &tile = plan.tile;
    if (shape.kernel % 2 == 0)
        return "only kernels of an odd number of taps are supported";
    if (shape.input_halo < shape.kernel / 2)
        return "the input's halo is less than half a kernel";
    if (shape.activation == Activation::gelu)
        return "the kernel has no gelu";
    if (plan.family == KernelFamily::local_memory) {
        constexpr double most = 1 << 30; // elements that 32 bits count, whatever fills them up
        if (double{1} * (shape.input_width + 2 * shape.input_halo) *
                (shape.input_height + 2 * shape.input_halo) * (shape.input_channels + 32) >
            most)
            return "its input has more elements than the kernel counts";
        return shape.depthwise ? "a depthwise convolution is no product of matrices" : "";
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

Convolution::Convolution(const ConvolutionShape &shape, const ConvolutionPlan &plan)
    : shape_(shape), plan_(plan) {
    if (const std::string reason = unfit(shape, plan); !reason.empty())
        throw InputError(
            fmt::format("convolution {}, {}: {}", shape.name(), plan.describe(), reason));
}

std::string Convolution::build_options() const {
    if (by_local_memory())
        return fmt::format("{} -DACTIVATION={}", plan_.group_tile.build_options(),
                           clprobe::name(shape_.activation));
    return fmt::format("{} -DKERNEL={} -DSTRIDE={} -DDEPTHWISE={} -DACTIVATION={} "
                       "-DPREFETCH={}",
                       plan_.tile.build_options(), shape_.kernel, shape_.stride,
                       shape_.depthwise ? 1 : 0, clprobe::name(shape_.activation),
                       plan_.prefetch ? 1 : 0);
}

ActivationLayout Convolution::input() const {
    const auto block = by_local_memory()
                           ? multiple_up(shape_.input_channels, plan_.group_tile.slice)
                           : plan_.tile.step;
    return {shape_.input_channels, shape_.input_height, shape_.input_width,
            static_cast<std::uint32_t>(block), shape_.input_halo};
}
ActivationLayout Convolution::output() const {
    return {shape_.output_channels, shape_.output_height(), shape_.output_width(),
            by_local_memory()  ? columns()
            : shape_.depthwise ? plan_.tile.step
                               : plan_.tile.width,
            shape_.output_halo};
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
    return 1 + blocks() * shape_.kernel * shape_.kernel * (shape_.depthwise ? 1 : input().block);
}
std::uint32_t Convolution::panels() const {
    return by_local_memory() ? quotient_up(pixels(), plan_.group_tile.tile_rows)
                             : quotient_up(output_vectors(), plan_.tile.vectors);
}
std::uint32_t Convolution::pixels() const {
    return shape_.output_height() * shape_.output_width();
}
std::uint32_t Convolution::columns() const {
    return static_cast<std::uint32_t>(multiple_up(shape_.output_channels, 4));
}
std::size_t Convolution::parts_bytes() const {
    return sizeof(float) * pixels() * columns() * plan_.group_tile.splits;
}
std::string Convolution::add_parts_kernel() const {
    return fmt::format("add_{}_parts", plan_.group_tile.splits);
}
NdRange Convolution::add_parts() const {
    constexpr std::size_t group = 32;
    return {{multiple_up(columns() / 4, group), pixels(), 1}, {group, 1, 1}, 2};
}
std::size_t Convolution::weights_bytes() const {
    const std::size_t row =
        by_local_memory() ? columns() : panels() * std::size_t{plan_.tile.row_elements()};
    return sizeof(float) * weight_rows() * row;
}
std::uint32_t Convolution::tiles() const {
    return quotient_up(shape_.output_width(), plan_.tile.rows) * shape_.output_height();
}

NdRange Convolution::pack_input() const {
    const std::size_t group = std::size_t{plan_.group_tiles} * plan_.group_panels;
    return {{multiple_up(input().plane(), group), input().blocks(), 1}, {group, 1, 1}, 2};
}
NdRange Convolution::pack_weights() const {
    const std::size_t group = std::size_t{plan_.group_tiles} * plan_.group_panels;
    return {
        {multiple_up(weight_rows(), group), by_local_memory() ? 1 : panels(), 1}, {group, 1, 1}, 2};
}
NdRange Convolution::convolve(std::uint32_t panels) const {
    if (const GroupTile &tile = plan_.group_tile; by_local_memory())
        return {{std::size_t{tile.items()} * quotient_up(columns(), tile.tile_columns), panels,
                 tile.splits},
                {tile.items(), 1, 1},
                3};
    return {{multiple_up(quotient_up(tiles(), plan_.tiles), plan_.group_tiles),
             multiple_up(panels, plan_.group_panels), 1},
            {plan_.group_tiles, plan_.group_panels, 1},
            2};
}

/// Bytes that are read from beyond a cache of that size, which a compute unit has for itself.
double Convolution::bytes_beyond(double size) const {
    const auto weights = static_cast<double>(weights_bytes());
    const auto image = static_cast<double>(input().bytes());
    const double panel = weights / panels();
    const double channels = shape_.depthwise ? image / panels() : image; // of a panel's outputs
    // What a row of outputs is made of.
    const double rows = channels / (shape_.input_height + 2 * shape_.input_halo) * shape_.kernel;
    double times = 1; // that the weights are read
    if (plan_.tiles > 1 && (panel + rows) / blocks() <= size)
        times = quotient_up(tiles(), plan_.tiles);
    else if (panel + rows > size)
        times = tiles();
    const bool once = shape_.depthwise || panel + image <= size;
    return times * weights + (once ? 1 : panels()) * image;
}

std::optional<double> Convolution::predicted_seconds(const Facts &facts) const {
    return by_local_memory()
               ? predicted_by_local_memory({pixels(), columns(), weight_rows() - 1},
                                           static_cast<double>(input().bytes() + weights_bytes()),
                                           plan_.group_tile, facts)
               : predicted_of_panels(facts);
}

std::optional<double> Convolution::predicted_of_panels(const Facts &facts) const {
    const Tile &tile = plan_.tile;
    const double computed = double{1} * panels() * tiles();
    const double depth = weight_rows() - 1;
    // A CPU spreads a factor over a vector as it loads it.
    const double factors = on_cpu(facts) || shape_.depthwise ? tile.width : 1;
    double loaded = computed * depth * (tile.rows * factors + tile.row_elements());
    if (plan_.tiles > 1 && blocks() > 1) // the sums, which wait in the output
        loaded += computed * blocks() * 2 * tile.rows * tile.row_elements();
    const auto seconds = workloads::predicted_seconds(
        {.flops = 2 * computed * depth * tile.rows * tile.row_elements(),
         .loaded = sizeof(float) * loaded,
         .bytes_beyond = [&](double size) { return bytes_beyond(size); },
         .range = convolve(panels())},
        facts);
    if (!seconds)
        return std::nullopt;
    return *seconds + facts.value("launch.back_to_back").value_or(0);
}

bool fits_registers(const ConvolutionPlan &plan, const Facts &facts) {
    return plan.family == KernelFamily::local_memory ? fits_registers(plan.group_tile, facts)
                                                     : fits_registers(plan.tile, facts);
}

std::vector<ConvolutionPlan> convolution_plans(const ConvolutionShape &shape, const Facts &facts) {
    const unsigned width = native_width(facts);
    const bool cpu = on_cpu(facts);
    const unsigned group = group_side(facts);
    const unsigned widest = std::min(shape.output_width(), 14u);
    std::set<unsigned> rows_to_try{widest};
    for (const unsigned rows : {4u, 6u, 7u, 8u, 10u, 12u})
        if (rows < widest)
            rows_to_try.insert(rows);
    const unsigned step = shape.depthwise ? width : std::min(cpu ? width : 4, shape.input_channels);
    std::vector<ConvolutionPlan> plans;
    const bool one_block = shape.depthwise || step == shape.input_channels;
    const auto add = [&](const Tile &tile) {
        plans.push_back({tile, 1, false, group, group});
        constexpr GemmShape any{32, 32, 32};
        if (shape.depthwise && !group_tiles(any, facts).empty()) {
            // The layers around it have all channels of a pixel together: so do work-items.
            ConvolutionPlan together = plans.back();
            together.tile.step = static_cast<unsigned>(multiple_up(shape.input_channels, width));
            together.group_tiles = 1;
            together.group_panels = group * group;
            plans.push_back(together);
        }
        const std::uint32_t of_row = quotient_up(shape.output_width(), tile.rows);
        const std::uint32_t all = of_row * shape.output_height();
        constexpr std::uint32_t most = 32; // whose sums caches hold
        // Fewer work-items cost less, too.
        const std::uint32_t several = all <= most ? all : one_block ? of_row : 1;
        if (cpu && several > 1)
            plans.push_back({tile, several, !one_block, group, group});
    };
    for (const unsigned rows : rows_to_try)
        for (const unsigned vectors : {1u, 2u, 3u, 4u})
            for (const unsigned unroll : {1u, 2u}) {
                const unsigned sums = rows * vectors;
                if (shape.depthwise && (vectors > 1 || unroll > 1))
                    continue;
                if (cpu ? sums <= 28 : sums * width <= 64)
                    add({rows, vectors, width, step, unroll});
            }
    if (!shape.depthwise) {
        const GemmShape product{shape.output_height() * shape.output_width(), shape.output_channels,
                                shape.kernel * shape.kernel * shape.input_channels};
        for (const GroupTile &tile : group_tiles(product, facts))
            plans.push_back(ConvolutionPlan::by_local_memory(tile));
    }
    sort_by_prediction<ConvolutionPlan>(plans, facts, [&](const ConvolutionPlan &plan) {
        return Convolution(shape, plan).predicted_seconds(facts);
    });
    return plans;
}

} // namespace clprobe::workloads
