#pragma once
#include <clprobe/kernel.hpp>
#include <clprobe/network.hpp>
#include <clprobe/predicted_call.hpp>
#include <clprobe/report.hpp>
#include <clprobe/row.hpp>
#include <clprobe/workloads.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

namespace clprobe::workloads {

/// A convolution of an image, or of each image of a batch, with bias and activation, padded by half
/// a kernel of zeros on each side.
struct ConvolutionShape {
    std::uint32_t input_channels = 1;
    std::uint32_t output_channels = 1;
    std::uint32_t input_height = 1;
    std::uint32_t input_width = 1;
    std::uint32_t kernel = 3; ///< taps on each side, odd
    std::uint32_t stride = 1;
    bool depthwise = false; ///< each output channel is made of that input channel only
    Activation activation = Activation::relu; ///< any but gelu
    /// Pixels of zeros on each side of a plane: half a kernel at least, rounded down, or as many as
    /// what wrote it left.
    std::uint32_t input_halo = 1;
    std::uint32_t output_halo = 1; ///< what the next convolution needs
    std::uint32_t images = 1;      ///< of a batch

    static auto columns() {
        constexpr double most = 1 << 14;
        return std::tuple{
            column("input_channels", &ConvolutionShape::input_channels).between(1, most),
            column("output_channels", &ConvolutionShape::output_channels).between(1, most),
            column("input_height", &ConvolutionShape::input_height).between(1, most),
            column("input_width", &ConvolutionShape::input_width).between(1, most),
            column("kernel", &ConvolutionShape::kernel).between(1, 15),
            column("stride", &ConvolutionShape::stride).between(1, 15),
            column("depthwise", &ConvolutionShape::depthwise, std::array{"no", "yes"}),
            column("activation", &ConvolutionShape::activation,
                   std::array{"none", "relu", "relu6", "hard_swish"}),
            column("input_halo", &ConvolutionShape::input_halo).between(0, 15),
            column("output_halo", &ConvolutionShape::output_halo).between(0, 15),
            column("images", &ConvolutionShape::images).between(1, most)};
    }
    [[nodiscard]] std::uint32_t output_height() const { return (input_height - 1) / stride + 1; }
    [[nodiscard]] std::uint32_t output_width() const { return (input_width - 1) / stride + 1; }
    /// Products of an output, its padding's included.
    [[nodiscard]] double products() const {
        return double{1} * kernel * kernel * (depthwise ? 1 : input_channels);
    }
    /// A multiply-add counts two.
    [[nodiscard]] double flops() const {
        return 2 * products() * output_channels * output_height() * output_width() * images;
    }
    /// "3x3.64-96.56x56.s2": the kernel, the channels, the output, the stride; ".b32" behind that
    /// of a batch. A depthwise one begins with "dw".
    [[nodiscard]] std::string name() const;

    bool operator==(const ConvolutionShape &) const = default;
};

/// Where an image lies, or a batch of them: of each block of channels the planes of all images,
/// each with a halo on all sides, which is zero and stays so. The channels of a pixel's block lie
/// side by side; those of the last block that the image does not have are zero.
struct ActivationLayout {
    std::uint32_t channels = 1;
    std::uint32_t height = 1;
    std::uint32_t width = 1;
    std::uint32_t block = 1; ///< channels of a block
    std::uint32_t halo = 0;  ///< pixels
    std::uint32_t images = 1;

    [[nodiscard]] std::uint32_t blocks() const { return (channels + block - 1) / block; }
    /// Pixels of a plane with its halo.
    [[nodiscard]] std::size_t plane() const {
        return (std::size_t{width} + 2 * halo) * (std::size_t{height} + 2 * halo);
    }
    [[nodiscard]] std::size_t elements() const { return plane() * images * blocks() * block; }
    /// Of all images.
    [[nodiscard]] std::uint32_t rows() const { return images * height; }
    [[nodiscard]] std::size_t bytes(Numbers numbers = Numbers::fp32) const {
        return operand_bytes(numbers) * elements();
    }
    /// Of an element, in elements; `y` counts the rows of all images.
    [[nodiscard]] std::size_t index(std::uint32_t channel, std::uint32_t y, std::uint32_t x) const {
        const std::size_t number = std::size_t{channel / block} * images + y / height;
        return (number * plane() + (std::size_t{y % height} + halo) * (width + 2 * halo) + x +
                halo) *
                   block +
               channel % block;
    }
    /// Of the same element where there are neither blocks nor halos: image after image, a channel's
    /// plane after the other.
    [[nodiscard]] std::size_t planar_index(std::uint32_t channel, std::uint32_t y,
                                           std::uint32_t x) const {
        return ((std::size_t{y / height} * channels + channel) * height + y % height) * width + x;
    }

    bool operator==(const ActivationLayout &) const = default;
};

/// A way to compute it. In the family of panels, a tile of neighbouring pixels and of output
/// channels for each work-item; in that of local memory, a tile for each work-group. By Winograd's
/// F(2x2, 3x3) a tile has squares of 2 x 2 pixels in place of pixels.
struct ConvolutionPlan {
    /// `rows` are pixels, no more than a row of the output has; `step` the channels of a block of
    /// the input, `width` those of one of the output. Of a depthwise convolution both have blocks
    /// of `step`, a multiple of `width`: all channels where the layers around it want them
    /// together.
    Tile tile;
    /// Tiles of a work-item: where there are several, each block of weights is used for all of them
    /// before the next is read.
    std::uint32_t tiles = 1;
    bool prefetch = false;          ///< of the next block's weights
    std::uint32_t group_tiles = 1;  ///< work-items of a group, along the tiles
    std::uint32_t group_panels = 1; ///< and along panels of output channels
    KernelFamily family = KernelFamily::panels;
    GroupTile group_tile = {};
    bool winograd = false; ///< of a 3x3 kernel with stride 1, in 4/9 of the products

    static auto columns() {
        return std::tuple{column("family", &ConvolutionPlan::family, family_names),
                          part(&ConvolutionPlan::tile),
                          column("tiles", &ConvolutionPlan::tiles).between(1, 1 << 16),
                          column("prefetch", &ConvolutionPlan::prefetch, std::array{"no", "yes"}),
                          column("group_tiles", &ConvolutionPlan::group_tiles).between(1, 1024),
                          column("group_panels", &ConvolutionPlan::group_panels).between(1, 1024),
                          part(&ConvolutionPlan::group_tile),
                          column("winograd", &ConvolutionPlan::winograd, std::array{"no", "yes"})};
    }
    [[nodiscard]] static ConvolutionPlan by_local_memory(const GroupTile &tile);
    /// This plan, by Winograd's.
    [[nodiscard]] ConvolutionPlan by_winograd() const;
    [[nodiscard]] std::string describe() const;

    bool operator==(const ConvolutionPlan &) const = default;
};

/// The launches of the kernel text `workloads/convolution`, built with `build_options()`. In the
/// family of panels:
///
///     pack_input(planes, input, uint channels, uint height, uint width, uint halo, uint block)
///     pack_weights(weights, biases, panels, uint outputs, uint inputs, uint rows)
///     convolution(input, panels, output, uint blocks, uint output_vectors, uint input_height,
///                 uint input_width, uint input_halo, uint output_halo, uint tiles,
///                 uint first_panel, uint images)
///
/// In that of local memory, in which `pixels` are all of the output, and `columns` is the output's
/// channels up to a multiple of 4, the third argument of convolution() is `parts` where there are
/// several:
///
///     pack_input(planes, input, uint channels, uint height, uint width, uint halo, uint block)
///     pack_weights(weights, biases, panels, uint outputs, uint inputs, uint rows, uint taps)
///     convolution(input, panels, output, uint pixels, uint width, uint columns,
///                 uint input_width, uint input_halo, uint input_block, uint output_halo,
///                 uint output_block, uint kernel_width, uint stride, uint first_tile,
///                 uint strip, uint input_height)
///     add_<splits>_parts(parts, panels, output, uint pixels, uint width, uint columns,
///                 uint output_halo, uint output_block, uint height)
///
/// By Winograd's, `parts` are always between, and `squares` are those of 2 x 2 outputs; by local
/// memory `columns` of a panel are the output's again, in one panel, and the image is read as it
/// lies:
///
///     pack_weights(weights, biases, panels, uint outputs, uint inputs, uint columns, uint panels)
///     convolution(input, panels, parts, uint squares, uint squares_of_row, uint columns,
///                 uint input_height, uint input_width, uint input_halo, uint input_block,
///                 uint first_tile, uint part)
///     add_<splits>_parts(parts, panels, output, uint blocks, uint squares_of_row, uint height,
///                 uint width, uint output_halo, uint output_block)
///
/// and in the family of panels, where there is one part, from an image that is transformed:
///
///     transform_input(input, transformed, uint input_height, uint input_width, uint input_halo,
///                 uint squares_of_row)
///     convolution(transformed, panels, parts, uint blocks, uint output_blocks, uint squares,
///                 uint tiles, uint first_panel)
///
/// Weights are packed once, and an image is where it enters a network: what one convolution writes
/// is what the next one reads, where the block and the halo are equal.
///
/// Direct plans of panels have halves too, where a work-item has one tile: of several, sums lie in
/// the output between blocks of the depth, which may have fewer bits than they.
class Convolution {
public:
    static constexpr std::uint32_t positions = 16; ///< of Winograd's: 4 x 4 inputs of a square

    /// Why the plan is none for the shape; empty where it is one.
    [[nodiscard]] static std::string unfit(const ConvolutionShape &shape,
                                           const ConvolutionPlan &plan,
                                           Numbers numbers = Numbers::fp32);
    /// Throws InputError where it is none.
    Convolution(const ConvolutionShape &shape, const ConvolutionPlan &plan,
                Numbers numbers = Numbers::fp32);

    [[nodiscard]] std::string build_options() const;
    [[nodiscard]] ActivationLayout input() const;
    [[nodiscard]] ActivationLayout output() const;
    [[nodiscard]] std::size_t weights_bytes() const;
    /// Of a panel of the packed weights, the biases' among them.
    [[nodiscard]] std::uint32_t weight_rows() const;
    /// Of the input, that an output is made of.
    [[nodiscard]] std::uint32_t blocks() const;
    /// Of the tile's width, in all blocks of the output.
    [[nodiscard]] std::uint32_t output_vectors() const;
    /// Input channels that an output is made of.
    [[nodiscard]] std::uint32_t inputs() const;
    [[nodiscard]] NdRange pack_input() const;
    [[nodiscard]] NdRange pack_weights() const;
    /// Panels of output channels, or, by local memory, rows of tiles: all of them in one launch, or
    /// fewer, a multiple of `group_panels`, where a launch may not take long.
    [[nodiscard]] std::uint32_t panels() const;
    [[nodiscard]] NdRange convolve(std::uint32_t panels) const;
    /// Of the outputs of all images.
    [[nodiscard]] std::uint32_t pixels() const;
    /// Output channels by local memory, up to a multiple of 4.
    [[nodiscard]] std::uint32_t columns() const;
    /// Whether sums lie in memory before `add_parts` makes the output of them: by local memory
    /// where the depth is in several parts, and by Winograd's.
    [[nodiscard]] bool in_parts() const;
    [[nodiscard]] std::size_t parts_bytes() const;
    /// Channels of a part by Winograd's and local memory; the last has the rest.
    [[nodiscard]] std::uint32_t part() const;
    [[nodiscard]] std::string add_parts_kernel() const;
    [[nodiscard]] NdRange add_parts() const;
    /// By Winograd's: squares of 2 x 2 outputs of all images, the last of a row or column with one
    /// that the image does not have where its size is odd.
    [[nodiscard]] std::uint32_t squares() const { return squares_of_row() * rows_of_squares(); }
    [[nodiscard]] std::uint32_t squares_of_row() const { return (shape_.output_width() + 1) / 2; }
    /// Whether the input is transformed by a launch of its own: by Winograd's in the family of
    /// panels.
    [[nodiscard]] bool transforms_input() const;
    [[nodiscard]] std::size_t transformed_bytes() const;
    [[nodiscard]] NdRange transform_input() const;

    /// Of the products that are computed, two for each with its addition: those of
    /// `ConvolutionShape::flops`, or by Winograd's those of the transformed, without the
    /// transforms.
    [[nodiscard]] double flops() const;
    /// The launches' work by this device's findings: the rate of multiply-adds, the size and read
    /// bandwidth of each cache level. Nothing where the first was not measured.
    [[nodiscard]] std::optional<PredictedCall> predicted_call(const Facts &facts) const;
    /// Seconds that they add to others in a row: `seconds_in_a_row` of it.
    [[nodiscard]] std::optional<double> predicted_seconds(const Facts &facts) const {
        return seconds_in_a_row(predicted_call(facts), facts);
    }

private:
    [[nodiscard]] bool by_local_memory() const {
        return plan_.family == KernelFamily::local_memory;
    }
    [[nodiscard]] std::uint32_t rows_of_squares() const {
        return (shape_.output_height() + 1) / 2 * shape_.images;
    }
    [[nodiscard]] std::uint32_t tiles() const;
    [[nodiscard]] NdRange transforms(std::uint32_t blocks) const;
    [[nodiscard]] double bytes_beyond(double size) const;
    [[nodiscard]] std::optional<PredictedCall> predicted_of_panels(const Facts &facts) const;
    [[nodiscard]] std::optional<PredictedCall> predicted_of_squares(const Facts &facts) const;
    [[nodiscard]] std::optional<double> predicted_of_transforms(const Facts &facts) const;

    ConvolutionShape shape_;
    ConvolutionPlan plan_;
    Numbers numbers_;
};

/// Whether a work-item finds registers for the plan's tile, as that of `GemmPlan`.
[[nodiscard]] bool fits_registers(const ConvolutionPlan &plan, const Facts &facts);

/// The likeliest plan that halves have too.
[[nodiscard]] ConvolutionPlan plan_for_halves(const ConvolutionShape &shape, const Facts &facts);

/// Plans to choose from on that device, those with the least predicted time first. Those whose
/// tile does not fit the registers come after all others.
[[nodiscard]] std::vector<ConvolutionPlan> convolution_plans(const ConvolutionShape &shape,
                                                             const Facts &facts);

} // namespace clprobe::workloads
