#include "common/device_tiles.hpp"
#include "common/group_tile.hpp"

#include <clprobe/workloads_convolution.hpp>

namespace clprobe::workloads {

/// Bytes that are read from beyond a cache of that size, which a compute unit has for itself.
double Convolution::bytes_beyond(double size) const {
    const auto weights = static_cast<double>(weights_bytes());
    const auto image = static_cast<double>(input().bytes());
    const double panel = weights / panels();
    const double channels = shape_.depthwise ? image / panels() : image; // of a panel's outputs
    // What a row of outputs is made of.
    const double rows =
        channels / shape_.images / (shape_.input_height + 2 * shape_.input_halo) * shape_.kernel;
    double times = 1; // that the weights are read
    if (plan_.tiles > 1 && (panel + rows) / blocks() <= size)
        times = quotient_up(tiles(), plan_.tiles);
    else if (panel + rows > size)
        times = tiles();
    const bool once = shape_.depthwise || panel + image <= size;
    return times * weights + (once ? 1 : panels()) * image;
}

std::optional<PredictedCall> Convolution::predicted_call(const Facts &facts) const {
    if (!by_local_memory())
        return plan_.winograd ? predicted_of_squares(facts) : predicted_of_panels(facts);
    const auto operands = static_cast<double>(input().bytes() + weights_bytes());
    if (plan_.winograd)
        return predicted_by_local_memory({.shape = {squares(), columns(), input().block},
                                          .products = positions,
                                          .left_fetches = 4,
                                          .operands = operands},
                                         plan_.group_tile, facts);
    return predicted_by_local_memory(
        {.shape = {pixels(), columns(), weight_rows() - 1}, .operands = operands}, plan_.group_tile,
        facts);
}

std::optional<PredictedCall> Convolution::predicted_of_panels(const Facts &facts) const {
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
         .range = convolve(panels()),
         .waits = depth * plan_.tiles},
        facts);
    if (!seconds)
        return std::nullopt;
    return PredictedCall{*seconds, 1};
}

std::optional<PredictedCall> Convolution::predicted_of_squares(const Facts &facts) const {
    const Tile &tile = plan_.tile;
    const double computed = double{1} * positions * panels() * tiles();
    const double depth = double{1} * blocks() * input().block;
    const double factors = on_cpu(facts) ? tile.width : 1;
    const auto weights = static_cast<double>(weights_bytes());
    const auto transformed = static_cast<double>(transformed_bytes());
    const auto products = workloads::predicted_seconds(
        {.flops = 2 * computed * depth * tile.rows * tile.row_elements(),
         .loaded = sizeof(float) * computed *
                   (depth * (tile.rows * factors + tile.row_elements()) +
                    double{1} * tile.rows * tile.row_elements()),
         // Work-items of one position follow one another; each keeps its panel of the weights.
         .bytes_beyond =
             [&](double size) {
                 const double panel = weights / positions / panels();
                 const double position = transformed / positions;
                 return (panel <= size ? 1 : quotient_up(tiles(), plan_.tiles)) * weights +
                        (panel + position <= size ? 1 : panels()) * transformed +
                        static_cast<double>(parts_bytes());
             },
         .range = convolve(panels()),
         .waits = depth * plan_.tiles},
        facts);
    const auto transforms = predicted_of_transforms(facts);
    if (!products || !transforms)
        return std::nullopt;
    return PredictedCall{*products + *transforms, 3};
}

/// Of the input and of the sums: additions, of which each takes the place of a multiply-add, and
/// what is read and written.
std::optional<double> Convolution::predicted_of_transforms(const Facts &facts) const {
    constexpr double floats = sizeof(float);
    const double inputs = static_cast<double>(transformed_bytes()) / floats / positions;
    const double outputs = static_cast<double>(parts_bytes()) / floats / positions;
    const auto seconds = [&](double squares_of_channels, double additions, double others,
                             const NdRange &range) {
        const double bytes = floats * squares_of_channels * (positions + others);
        return workloads::predicted_seconds(
            {.flops = 2 * additions * squares_of_channels,
             .loaded = bytes,
             .bytes_beyond = [&](double size) { return bytes > size ? bytes : 0; },
             .range = range},
            facts);
    };
    const auto of_input = seconds(inputs, 32, positions, transform_input());
    const auto of_sums = seconds(outputs, 24, 4, add_parts());
    if (!of_input || !of_sums)
        return std::nullopt;
    return *of_input + *of_sums;
}

} // namespace clprobe::workloads
