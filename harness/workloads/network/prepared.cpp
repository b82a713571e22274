#include "common/convolution_launches.hpp"
#include "common/device_tiles.hpp"
#include "common/operators.hpp"
#include "workloads/network/prepared.hpp"

#include <clprobe/error.hpp>

#include <algorithm>
#include <bit>
#include <cmath>

namespace clprobe::probes::network {
namespace {

using convolution::HostOperands;
using workloads::ActivationLayout;

/// Random weights that leave results as large as what they are made of (He et al. 2015).
std::vector<float> scaled_reals(std::size_t count, double products, double gain,
                                std::mt19937_64 &random) {
    std::vector<float> values = reals(count, random);
    const auto scale = static_cast<float>(std::sqrt(3 * gain / products));
    for (float &value : values)
        value *= scale;
    return values;
}

std::vector<float> biases_of(const Layer &layer, std::size_t count, std::mt19937_64 &random) {
    std::vector<float> biases = reals(count, random);
    for (float &bias : biases)
        bias *= layer.bias ? 0.1f : 0.0f;
    return biases;
}

/// What a buffer of that layout holds before the layer writes it: zeros in the halo, poison inside.
std::vector<float> poisoned(const ActivationLayout &layout) {
    std::vector<float> values(layout.elements());
    for (std::uint32_t channel = 0; channel < layout.blocks() * layout.block; ++channel)
        for (std::uint32_t y = 0; y < layout.height; ++y)
            for (std::uint32_t x = 0; x < layout.width; ++x)
                values[layout.index(channel, y, x)] = std::bit_cast<float>(poison);
    return values;
}

struct Place {
    std::uint32_t channel = 0;
    std::uint32_t y = 0;
    std::uint32_t x = 0;
};

/// All of a small image, else the corners of its first and last channel, and 64 others.
std::vector<Place> places_to_check(const ActivationLayout &layout, std::mt19937_64 &random) {
    const std::size_t all = std::size_t{layout.channels} * layout.height * layout.width;
    constexpr std::size_t few = 4096;
    constexpr std::size_t others = 64;
    const auto place = [&](std::size_t number) {
        const std::size_t pixel = number / layout.channels;
        return Place{static_cast<std::uint32_t>(number % layout.channels),
                     static_cast<std::uint32_t>(pixel / layout.width),
                     static_cast<std::uint32_t>(pixel % layout.width)};
    };
    std::vector<Place> places;
    for (std::size_t i = 0; i < (all <= few ? all : others); ++i)
        places.push_back(place(all <= few ? i : random() % all));
    for (const std::uint32_t channel : {0u, layout.channels - 1})
        for (const std::uint32_t y : {0u, layout.height - 1})
            for (const std::uint32_t x : {0u, layout.width - 1})
                places.push_back({channel, y, x});
    return places;
}

} // namespace

Prepared::Prepared(Bench &bench, std::uint32_t number, const std::vector<ConvolutionShape> &shapes,
                   const std::vector<ConvolutionPlan> &plans, const HeadTile &head)
    : bench_(bench), number_(number), network_(run_networks()[number]) {
    const std::vector<SizedLayer> layers = sized_layers(network_);
    std::vector<float> image = reals(layers.front().work.inputs, bench.random());
    std::optional<Buffer> input;
    for (std::size_t i = 0; i < shapes.size(); ++i)
        input = add_convolution(layers[i].layer, shapes[i], plans[i], input, image);
    const Program program = bench.build(kernel_text, head.build_options());
    const ActivationLayout last = Convolution(shapes.back(), plans.back()).output();
    const Buffer channels = add_pool(program, head, last, *input, image);
    add_dense(program, head, layers.back(), channels, image);
    result_ = std::move(image);
}

void Prepared::spoil() const {
    for (const auto &[buffer, values] : spoilt_)
        bench_.write<float>(buffer, values);
    bench_.context().fill(*output_, poison);
    bench_.context().finish();
}

void Prepared::expect_same_result() const {
    if (bench_.read<float>(*output_, 0, result_.size()) != result_)
        throw VerificationError("a run of " + network_.name +
                                " has left another result than the one that was verified");
}

Buffer Prepared::passing(const std::vector<float> &values) const {
    const Buffer made = bench_.buffer(values.size() * sizeof(float));
    bench_.write<float>(made, values);
    return made;
}

void Prepared::add(const ConvolutionPlan &plan, std::vector<BoundLaunch> launches,
                   const std::function<void(const LaunchOutcome &)> &check) {
    launches.back().check = check;
    for (const BoundLaunch &launch : launches)
        bench_.launch(launch);
    launches.back().check = {};
    ++bench_.data().number_attributes[operators::entry::verified];
    const auto layer = static_cast<std::uint32_t>(layers_.size());
    layers_.push_back({{number_, layer, plan}, std::move(launches), std::nullopt, 1});
}

void Prepared::note_error(const LaunchOutcome &outcome, float found, const ExactSum &sum) {
    double &error = bench_.data().number_attributes[operators::entry::error];
    error = std::max(error, error_of(outcome, found, sum));
}

Buffer Prepared::add_convolution(const Layer &layer, const ConvolutionShape &shape,
                                 const ConvolutionPlan &plan, const std::optional<Buffer> &input,
                                 std::vector<float> &image) {
    const ConvolutionLaunches launches(built(Convolution(shape, plan).build_options()), shape,
                                       plan);
    const Convolution &convolution = launches.convolution();
    HostOperands operands;
    operands.weights =
        scaled_reals(static_cast<std::size_t>(shape.products()) * shape.output_channels,
                     shape.products(), 2, bench_.random());
    operands.biases = biases_of(layer, shape.output_channels, bench_.random());
    operands.input = std::exchange(image, {});
    const Buffer from = input ? *input : buffer(convolution.input().bytes());
    if (!input)
        bench_.launch(launches.pack_input(passing(operands.input), output(from)));
    const Buffer weights = buffer(convolution.weights_bytes());
    bench_.launch(launches.pack_weights(passing(operands.weights), passing(operands.biases),
                                        output(weights)));
    const ActivationLayout layout = convolution.output();
    const Buffer to = spoilt(poisoned(layout));
    std::vector<BoundLaunch> run;
    if (launches.in_parts()) {
        const Buffer parts = buffer(convolution.parts_bytes());
        run = {launches.convolve(from, weights, parts, 0, convolution.panels()),
               launches.add_parts(parts, weights, to)};
    } else {
        run = {launches.convolve(from, weights, to, 0, convolution.panels())};
    }
    add(plan, std::move(run), [&](const LaunchOutcome &outcome) {
        image = checked_output(outcome, to, shape, layout, operands);
    });
    return to;
}

std::vector<float> Prepared::checked_output(const LaunchOutcome &outcome, const Buffer &to,
                                            const ConvolutionShape &shape,
                                            const ActivationLayout &layout,
                                            const HostOperands &operands) {
    const auto found = outcome.read<float>(to, 0, layout.elements());
    for (const Place &place : places_to_check(layout, bench_.random())) {
        ExactSum sum = convolution::host_sum(shape, operands, place.channel, place.y, place.x);
        // What cuts both off brings them no further apart.
        if (shape.activation != Activation::none)
            sum.value = std::max(sum.value, 0.0);
        if (shape.activation == Activation::relu6)
            sum.value = std::min(sum.value, 6.0);
        note_error(outcome, found[layout.index(place.channel, place.y, place.x)], sum);
    }
    std::vector<float> planes;
    std::vector<bool> inside(layout.elements());
    for (std::uint32_t channel = 0; channel < layout.channels; ++channel)
        for (std::uint32_t y = 0; y < layout.height; ++y)
            for (std::uint32_t x = 0; x < layout.width; ++x) {
                const std::size_t index = layout.index(channel, y, x);
                inside[index] = true;
                outcome.expect(std::bit_cast<std::uint32_t>(found[index]) != poison,
                               "an output was not written");
                planes.push_back(found[index]);
            }
    for (std::size_t i = 0; i < found.size(); ++i)
        outcome.expect(inside[i] || found[i] == 0,
                       "the halo, or a channel that the image does not have, is not zero");
    return planes;
}

Buffer Prepared::add_pool(const Program &program, const HeadTile &head,
                          const ActivationLayout &layout, const Buffer &input,
                          std::vector<float> &image) {
    const std::size_t padded = workloads::multiple_up(layout.channels, head.width);
    std::vector<float> before(padded);
    std::fill_n(before.begin(), layout.channels, std::bit_cast<float>(poison));
    const Buffer to = spoilt(before);
    const std::size_t pixels = std::size_t{layout.height} * layout.width;
    add({},
        {{program.kernel("average_pool"),
          head.range(layout.channels),
          {input, to, layout.channels, layout.height, layout.width, layout.halo, layout.block}}},
        [&](const LaunchOutcome &outcome) {
            auto found = outcome.read<float>(to, 0, padded);
            for (std::size_t channel = 0; channel < layout.channels; ++channel) {
                // A division may be off by two and a half units, more than an addition.
                ExactSum sum{0, 0, static_cast<double>(pixels + 5)};
                for (std::size_t pixel = 0; pixel < pixels; ++pixel) {
                    const double value = image[channel * pixels + pixel];
                    sum.value += value / static_cast<double>(pixels);
                    sum.magnitude += std::abs(value) / static_cast<double>(pixels);
                }
                note_error(outcome, found[channel], sum);
            }
            for (std::size_t i = layout.channels; i < padded; ++i)
                outcome.expect(found[i] == 0, "a channel that the image does not have is not "
                                              "zero");
            found.resize(layout.channels);
            image = std::move(found);
        });
    return to;
}

void Prepared::add_dense(const Program &program, const HeadTile &head, const SizedLayer &sized,
                         const Buffer &input, std::vector<float> &image) {
    const auto outputs = static_cast<std::uint32_t>(sized.output.channels);
    const std::size_t inputs = image.size();
    const std::size_t pitch = workloads::multiple_up(inputs, head.width);
    const std::vector<float> weights =
        scaled_reals(outputs * inputs, static_cast<double>(inputs), 1, bench_.random());
    const std::vector<float> biases = biases_of(sized.layer, outputs, bench_.random());
    std::vector<float> rows(outputs * pitch);
    for (std::size_t row = 0; row < outputs; ++row)
        std::copy_n(weights.begin() + static_cast<std::ptrdiff_t>(row * inputs), inputs,
                    rows.begin() + static_cast<std::ptrdiff_t>(row * pitch));
    output_ = buffer(outputs * sizeof(float));
    bench_.context().fill(*output_, poison);
    add({},
        {{program.kernel("dense"),
          head.range(outputs),
          {input, written(rows), written(biases), *output_,
           static_cast<std::uint32_t>(pitch / head.width), outputs}}},
        [&](const LaunchOutcome &outcome) {
            auto found = outcome.read<float>(*output_, 0, outputs);
            for (std::size_t row = 0; row < outputs; ++row) {
                const double bias = biases[row];
                ExactSum sum{bias, std::abs(bias), static_cast<double>(inputs + 1)};
                for (std::size_t i = 0; i < inputs; ++i) {
                    const double product = static_cast<double>(weights[row * inputs + i]) *
                                           static_cast<double>(image[i]);
                    sum.value += product;
                    sum.magnitude += std::abs(product);
                }
                note_error(outcome, found[row], sum);
            }
            image = std::move(found);
        });
}

const Program &Prepared::built(const std::string &options) {
    auto program = programs_.find(options);
    if (program == programs_.end())
        program = programs_.emplace(options, bench_.build(convolution_text, options)).first;
    return program->second;
}

} // namespace clprobe::probes::network
