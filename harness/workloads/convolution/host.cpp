#include "workloads/convolution/convolution.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace clprobe::probes::convolution {
namespace {

/// Calls visit(tap, pixel of the input's plane) for each tap on the image. The row is that of the
/// output in its own image.
void for_each_tap(const ConvolutionShape &shape, std::uint32_t y, std::uint32_t x,
                  const auto &visit) {
    for (std::uint32_t ky = 0; ky < shape.kernel; ++ky)
        for (std::uint32_t kx = 0; kx < shape.kernel; ++kx) {
            // Left of and above the image these wrap around to numbers beyond it.
            const std::uint32_t from_y = y * shape.stride + ky - shape.kernel / 2;
            const std::uint32_t from_x = x * shape.stride + kx - shape.kernel / 2;
            if (from_y < shape.input_height && from_x < shape.input_width)
                visit(std::size_t{ky} * shape.kernel + kx,
                      std::size_t{from_y} * shape.input_width + from_x);
        }
}

std::size_t plane_of(const ConvolutionShape &shape) {
    return std::size_t{shape.input_height} * shape.input_width;
}

/// The planes of the image that has a row of the outputs of all images.
const float *image_of(const ConvolutionShape &shape, const HostOperands &operands,
                      std::uint32_t y) {
    return operands.input.data() +
           std::size_t{y / shape.output_height()} * shape.input_channels * plane_of(shape);
}

} // namespace

ExactSum host_sum(const ConvolutionShape &shape, const HostOperands &operands,
                  std::uint32_t channel, std::uint32_t y, std::uint32_t x) {
    const std::size_t inputs = shape.depthwise ? 1 : shape.input_channels;
    const std::size_t taps = std::size_t{shape.kernel} * shape.kernel;
    const double bias = operands.biases[channel];
    ExactSum sum{bias, std::abs(bias), shape.products() + 1};
    for (std::size_t i = 0; i < inputs; ++i) {
        const float *plane =
            image_of(shape, operands, y) + (shape.depthwise ? channel : i) * plane_of(shape);
        const float *weights = operands.weights.data() + (channel * inputs + i) * taps;
        for_each_tap(shape, y % shape.output_height(), x, [&](std::size_t tap, std::size_t pixel) {
            const double product =
                static_cast<double>(weights[tap]) * static_cast<double>(plane[pixel]);
            sum.value += product;
            sum.magnitude += std::abs(product);
        });
    }
    return sum;
}

ExactSum bounded_sum(const ConvolutionShape &shape, const ConvolutionPlan &plan,
                     const HostOperands &operands, std::uint32_t channel, std::uint32_t y,
                     std::uint32_t x) {
    ExactSum sum = host_sum(shape, operands, channel, y, x);
    if (!plan.winograd)
        return sum;
    const float *image = image_of(shape, operands, y);
    y %= shape.output_height();
    // How often, in a row or a column, the absolute product of a pixel of the square's four and a
    // weight counts in the first output of two: |A'| (|G| |g| * |B'| |d|) of Lavin's matrices. It
    // is the same backwards for the second.
    constexpr std::array<std::array<double, 3>, 4> counts{{{1, 0, 0}, {1, 1, 1}, {2, 1, 1}, {}}};
    const auto count = [&](std::uint32_t output, std::uint32_t pixel, std::uint32_t tap) {
        return output % 2 == 0 ? counts[pixel][tap] : counts[3 - pixel][2 - tap];
    };
    const double bias = std::abs(static_cast<double>(operands.biases[channel]));
    sum.magnitude = bias;
    for (std::uint32_t from_y = 0; from_y < 4; ++from_y)
        for (std::uint32_t from_x = 0; from_x < 4; ++from_x) {
            // Pixels above and left of the image wrap around to numbers beyond it.
            const std::uint32_t pixel_y = y / 2 * 2 + from_y - 1;
            const std::uint32_t pixel_x = x / 2 * 2 + from_x - 1;
            if (pixel_y >= shape.input_height || pixel_x >= shape.input_width)
                continue;
            for (std::uint32_t i = 0; i < shape.input_channels; ++i) {
                const float *weights =
                    operands.weights.data() + (std::size_t{channel} * shape.input_channels + i) * 9;
                double weight = 0;
                for (std::uint32_t tap = 0; tap < 9; ++tap)
                    weight += count(y, from_y, tap / 3) * count(x, from_x, tap % 3) *
                              std::abs(static_cast<double>(weights[tap]));
                const std::size_t pixel =
                    i * plane_of(shape) + std::size_t{pixel_y} * shape.input_width + pixel_x;
                sum.magnitude += weight * std::abs(static_cast<double>(image[pixel]));
            }
        }
    // Additions that a product goes through: of its channels and of the bias, and two for the
    // input, four for the weights and four for the output; and its own rounding.
    sum.terms = double{1} * shape.input_channels + 12;
    return sum;
}

std::vector<double> host_projection(const ConvolutionShape &shape, const HostOperands &operands,
                                    const std::vector<double> &factors) {
    const std::size_t taps = std::size_t{shape.kernel} * shape.kernel;
    const std::size_t weights_of_output = (shape.depthwise ? 1 : shape.input_channels) * taps;
    // What all outputs together make of each tap of an input channel.
    std::vector<double> combined(shape.input_channels * taps);
    double bias = 0;
    for (std::size_t output = 0; output < shape.output_channels; ++output) {
        const float *weights = operands.weights.data() + output * weights_of_output;
        double *to = combined.data() + (shape.depthwise ? output * taps : 0);
        for (std::size_t i = 0; i < weights_of_output; ++i)
            to[i] += factors[output] * static_cast<double>(weights[i]);
        bias += factors[output] * static_cast<double>(operands.biases[output]);
    }
    std::vector<double> sums;
    for (std::uint32_t y = 0; y < shape.output_height() * shape.images; ++y)
        for (std::uint32_t x = 0; x < shape.output_width(); ++x) {
            double sum = bias;
            const float *image = image_of(shape, operands, y);
            const auto add = [&](std::size_t tap, std::size_t pixel) {
                for (std::size_t i = 0; i < shape.input_channels; ++i)
                    sum += combined[i * taps + tap] *
                           static_cast<double>(image[i * plane_of(shape) + pixel]);
            };
            for_each_tap(shape, y % shape.output_height(), x, add);
            sums.push_back(sum);
        }
    return sums;
}

float activated(Activation activation, float sum) {
    const auto relu6 = [](float x) { return std::clamp(x, 0.0f, 6.0f); };
    switch (activation) {
    case Activation::relu:
        return std::max(sum, 0.0f);
    case Activation::relu6:
        return relu6(sum);
    case Activation::hard_swish:
        return sum * relu6(sum + 3) * (1.0f / 6);
    default:
        return sum;
    }
}

} // namespace clprobe::probes::convolution
