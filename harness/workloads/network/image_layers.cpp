#include "common/convolution_launches.hpp"
#include "common/device_tiles.hpp"
#include "workloads/convolution/convolution.hpp"
#include "workloads/network/prepared.hpp"

#include <algorithm>
#include <cmath>

// The layers that take images.
namespace clprobe::probes::network {
namespace {

/// Work-items that make an image, a run of neighbouring pixels each.
std::size_t parts_of(const ActivationLayout &layout, unsigned width, std::uint32_t run) {
    return std::size_t{layout.blocks()} * layout.block / width * layout.rows() *
           workloads::quotient_up(layout.width, run);
}

} // namespace

void Prepared::add_convolution(std::uint32_t layer, const ConvolutionShape &shape,
                               const ConvolutionPlan &plan) {
    const ConvolutionLaunches launches(
        built(convolution_text, Convolution(shape, plan).build_options()), shape, plan);
    const Convolution &convolution = launches.convolution();
    probes::convolution::HostOperands operands;
    operands.input = input_of(layer).values;
    operands.weights =
        random_weights(static_cast<std::size_t>(shape.products()) * shape.output_channels,
                       shape.products(), shape.activation == Activation::none ? 1 : 2);
    operands.biases = random_biases(sized(layer).layer, shape.output_channels);
    const Buffer weights = buffer(convolution.weights_bytes());
    bench_.launch(launches.pack_weights(passing(operands.weights), passing(operands.biases),
                                        output(weights)));
    const Buffer &from = *input_of(layer).buffer;
    const Buffer &to = *result_of(layer).buffer;
    Ready ready{.layer = layer, .convolution = plan};
    std::optional<Buffer> transformed;
    if (convolution.transforms_input()) {
        transformed = buffer(convolution.transformed_bytes());
        ready.launches.push_back(launches.transform_input(from, *transformed));
    }
    const Buffer &operand = transformed ? *transformed : from;
    if (convolution.in_parts()) {
        const Buffer parts = buffer(convolution.parts_bytes());
        ready.launches.push_back(
            launches.convolve(operand, weights, parts, 0, convolution.panels()));
        ready.launches.push_back(launches.add_parts(parts, weights, to));
    } else {
        ready.launches.push_back(launches.convolve(operand, weights, to, 0, convolution.panels()));
    }
    add(std::move(ready), [&](const Place &place) {
        return activated(probes::convolution::bounded_sum(shape, plan, operands, place.channel,
                                                          place.y, place.x),
                         shape.activation);
    });
}

void Prepared::add_sum(std::uint32_t layer) {
    const Tensor &first = input_of(layer);
    const Tensor &second = tensors_[graph_.inputs(layer).back()];
    const ActivationLayout &to = *result_of(layer).layout;
    const Activation activation = sized(layer).layer.activation;
    Ready ready{.layer = layer};
    ready.launches = {{kernel("add"),
                       head_.items(parts_of(to, head_.width, run_)),
                       {*first.buffer, *second.buffer, *result_of(layer).buffer, to.channels,
                        to.images, to.height, to.width, first.layout->halo, first.layout->block,
                        second.layout->halo, second.layout->block, to.halo, to.block, to.blocks(),
                        static_cast<std::uint32_t>(activation), run_}}};
    add(std::move(ready), [&](const Place &place) {
        const std::size_t at = to.planar_index(place.channel, place.y, place.x);
        const double a = first.values[at];
        const double b = second.values[at];
        return activated({a + b, std::abs(a) + std::abs(b), 2}, activation);
    });
}

void Prepared::add_max_pool(std::uint32_t layer) {
    const Tensor &input = input_of(layer);
    const ActivationLayout &from = *input.layout;
    const ActivationLayout &to = *result_of(layer).layout;
    const auto size = static_cast<std::uint32_t>(sized(layer).layer.kernel);
    const auto stride = static_cast<std::uint32_t>(sized(layer).layer.stride);
    const auto padding = static_cast<std::uint32_t>(sized(layer).layer.padding);
    Ready ready{.layer = layer};
    ready.launches = {{kernel("max_pool"),
                       head_.items(parts_of(to, head_.width, run_)),
                       {*input.buffer, *result_of(layer).buffer, to.channels, to.images,
                        from.height, from.width, from.halo, from.block, to.height, to.width,
                        to.halo, to.block, to.blocks(), size, stride, padding, run_}}};
    add(std::move(ready), [&](const Place &place) {
        double greatest = -HUGE_VAL;
        const std::uint32_t above = place.y / to.height * from.height; // of other images
        for (std::uint32_t ky = 0; ky < size; ++ky)
            for (std::uint32_t kx = 0; kx < size; ++kx) {
                // Left of and above the image these wrap around to numbers beyond it.
                const std::uint32_t y = place.y % to.height * stride + ky - padding;
                const std::uint32_t x = place.x * stride + kx - padding;
                if (y < from.height && x < from.width)
                    greatest = std::max<double>(
                        greatest, input.values[from.planar_index(place.channel, above + y, x)]);
            }
        return ExactSum{greatest, 0, 1}; // which rounds nothing
    });
}

void Prepared::add_average_pool(std::uint32_t layer) {
    const Tensor &input = input_of(layer);
    const ActivationLayout &from = *input.layout;
    const std::size_t pixels = std::size_t{from.height} * from.width;
    Ready ready{.layer = layer};
    ready.launches = {{kernel("average_pool"),
                       head_.range(from.channels, from.images),
                       {*input.buffer, *result_of(layer).buffer, from.channels, from.height,
                        from.width, from.halo, from.block}}};
    add(std::move(ready), [&](const Place &place) {
        // A division may be off by two and a half units, more than an addition.
        ExactSum sum{0, 0, static_cast<double>(pixels + 5)};
        const std::size_t plane = std::size_t{place.x} * from.channels + place.channel;
        for (std::size_t pixel = 0; pixel < pixels; ++pixel) {
            const double value = input.values[plane * pixels + pixel];
            sum.value += value / static_cast<double>(pixels);
            sum.magnitude += std::abs(value) / static_cast<double>(pixels);
        }
        return sum;
    });
}

} // namespace clprobe::probes::network
