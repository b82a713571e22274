#include "common/exact_rows.hpp"
#include "reference.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <set>
#include <tuple>
#include <utility>

namespace clprobe::cpu_libraries {
namespace {

/// A sum in double precision, and how many rounded terms of which size it has.
struct Sum {
    double value = 0;
    double magnitude = 0;
    double terms = 0;

    void add(double term) {
        value += term;
        magnitude += std::abs(term);
        ++terms;
    }
};

struct Place {
    std::uint64_t channel = 0;
    std::uint64_t row = 0;
    std::uint64_t column = 0;

    bool operator<(const Place &other) const {
        return std::tie(channel, row, column) < std::tie(other.channel, other.row, other.column);
    }
};

/// The corners of the first and last channel, and others.
std::set<Place> places_to_check(const TensorShape &shape, std::mt19937_64 &random) {
    std::set<Place> places;
    for (const std::uint64_t channel : {std::uint64_t{0}, shape.channels - 1})
        for (const std::uint64_t row : {std::uint64_t{0}, shape.rows - 1})
            for (const std::uint64_t column : {std::uint64_t{0}, shape.columns - 1})
                places.insert({channel, row, column});
    constexpr int others = 64;
    for (int i = 0; i < others; ++i)
        places.insert({random() % shape.channels, random() % shape.rows, random() % shape.columns});
    return places;
}

/// Calls visit(tap, position in the input) for each tap of the window that lies on the input.
void for_each_tap(const SizedLayer &sized, const Place &place, const auto &visit) {
    const Layer &layer = sized.layer;
    const bool whole = layer.kernel == 0; // a pool over all of it
    const std::uint64_t rows = whole ? sized.input.rows : layer.kernel;
    const std::uint64_t columns = whole ? sized.input.columns : layer.kernel;
    for (std::uint64_t tap = 0; tap < rows * columns; ++tap) {
        // Left of and above the image these wrap around to numbers beyond it.
        const std::uint64_t row = place.row * layer.stride + tap / columns - layer.padding;
        const std::uint64_t column = place.column * layer.stride + tap % columns - layer.padding;
        if (row < sized.input.rows && column < sized.input.columns)
            visit(tap, row * sized.input.columns + column);
    }
}

Sum convolved(const SizedLayer &sized, const Weights &weights, const Tensor &input,
              const Place &place) {
    const bool depthwise = sized.layer.op == Operator::depthwise_convolution;
    const std::uint64_t groups = depthwise ? sized.input.channels : sized.layer.groups;
    const std::uint64_t inputs = sized.input.channels / groups;
    const std::uint64_t first = place.channel / (sized.output.channels / groups) * inputs;
    const std::uint64_t taps = sized.layer.kernel * sized.layer.kernel;
    Sum sum;
    sum.add(static_cast<double>(weights.biases[place.channel]));
    for (std::uint64_t i = 0; i < inputs; ++i) {
        const float *of_input = weights.weights.data() + (place.channel * inputs + i) * taps;
        for_each_tap(sized, place, [&](std::uint64_t tap, std::uint64_t position) {
            sum.add(static_cast<double>(of_input[tap]) *
                    static_cast<double>(input.at(first + i, position)));
        });
    }
    return sum;
}

Sum multiplied(const SizedLayer &sized, const Weights &weights, const Tensor &input,
               const Place &place) {
    const std::uint64_t position = place.row * sized.input.columns + place.column;
    Sum sum;
    sum.add(static_cast<double>(weights.biases[place.channel]));
    for (std::uint64_t i = 0; i < sized.input.channels; ++i)
        sum.add(static_cast<double>(weights.weights[place.channel * sized.input.channels + i]) *
                static_cast<double>(input.at(i, position)));
    return sum;
}

Sum pooled(const SizedLayer &sized, const Tensor &input, const Place &place) {
    Sum sum;
    double largest = -std::numeric_limits<double>::infinity();
    for_each_tap(sized, place, [&](std::uint64_t, std::uint64_t position) {
        const auto value = static_cast<double>(input.at(place.channel, position));
        sum.add(value);
        largest = std::max(largest, value);
    });
    if (sized.layer.op == Operator::max_pool)
        return {largest, std::abs(largest), 1};
    return {sum.value / sum.terms, sum.magnitude / sum.terms, sum.terms + 1};
}

/// With the roundings of a sum, which those of the scores count among: an error of an exponent is
/// one of a power, of which each is off by nine at most.
Sum attended(const SizedLayer &sized, const Tensor &input, const Place &place) {
    const std::uint64_t channels = sized.output.channels;
    const std::uint64_t width = channels / sized.layer.heads;
    const std::uint64_t first = place.channel / width * width; // of the head
    const std::uint64_t seen = sized.layer.causal ? place.row + 1 : sized.input.rows;
    const double scale = 1 / std::sqrt(static_cast<double>(width));
    std::vector<double> scores;
    double magnitude = 0; // of the products that make a score, at most
    for (std::uint64_t key = 0; key < seen; ++key) {
        Sum score;
        for (std::uint64_t i = first; i < first + width; ++i)
            score.add(static_cast<double>(input.at(i, place.row)) *
                      static_cast<double>(input.at(channels + i, key)) * scale);
        scores.push_back(score.value);
        magnitude = std::max(magnitude, score.magnitude);
    }
    const auto [least, largest] = std::ranges::minmax(scores);
    Sum sum;
    double weights = 0;
    for (std::uint64_t key = 0; key < seen; ++key) {
        const double weight = std::exp(scores[key] - largest);
        weights += weight;
        sum.add(weight * static_cast<double>(input.at(2 * channels + place.channel, key)));
    }
    constexpr double of_a_power = 9;
    const double of_a_score = static_cast<double>(width + 3) * magnitude + (largest - least);
    // Once above and once below the line.
    return {sum.value / weights, sum.magnitude / weights,
            2 * (sum.terms + of_a_score + of_a_power)};
}

Sum normalized(const SizedLayer &sized, const Weights &weights, const Tensor &input,
               const Place &place) {
    std::vector<float> row;
    for (std::uint64_t channel = 0; channel < sized.input.channels; ++channel)
        row.push_back(input.at(channel, place.row * sized.input.columns + place.column));
    const probes::ExactSum exact = probes::exact_layer_norm(
        row, weights.weights, weights.biases, double{probes::norm_epsilon})[place.channel];
    return {exact.value, exact.magnitude, exact.terms};
}

Sum sum_of(const SizedLayer &sized, const Weights &weights,
           const std::vector<const Tensor *> &inputs, const Place &place) {
    switch (sized.layer.op) {
    case Operator::convolution:
    case Operator::depthwise_convolution:
        return convolved(sized, weights, *inputs.front(), place);
    case Operator::dense:
        return multiplied(sized, weights, *inputs.front(), place);
    case Operator::average_pool:
    case Operator::max_pool:
        return pooled(sized, *inputs.front(), place);
    case Operator::attention:
        return attended(sized, *inputs.front(), place);
    case Operator::layer_norm:
        return normalized(sized, weights, *inputs.front(), place);
    case Operator::add:
        break;
    }
    Sum sum;
    for (const Tensor *input : inputs)
        sum.add(static_cast<double>(
            input->at(place.channel, place.row * input->shape.columns + place.column)));
    return sum;
}

double activated(Activation activation, double x) {
    switch (activation) {
    case Activation::relu:
        return std::max(x, 0.0);
    case Activation::relu6:
        return std::clamp(x, 0.0, 6.0);
    case Activation::hard_swish:
        return x * std::clamp(x + 3, 0.0, 6.0) / 6;
    case Activation::gelu:
        return x / 2 * (1 + std::erf(x / std::sqrt(2.0)));
    case Activation::none:
        break;
    }
    return x;
}

std::vector<float> uniform(std::size_t count, double limit, std::mt19937_64 &random) {
    std::uniform_real_distribution<float> number(-static_cast<float>(limit),
                                                 static_cast<float>(limit));
    std::vector<float> values(count);
    std::ranges::generate(values, [&] { return number(random); });
    return values;
}

} // namespace

Operands random_operands(const Network &network, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    Operands operands;
    operands.input.shape = network.input;
    operands.input.values = uniform(network.input.channels * network.input.positions(), 1, random);
    for (const SizedLayer &sized : sized_layers(network)) {
        Weights &made = operands.layers.emplace_back();
        if (sized.work.weights == 0)
            continue;
        const double products =
            static_cast<double>(sized.work.weights) / static_cast<double>(sized.output.channels);
        made.weights = uniform(sized.work.weights, std::sqrt(6 / products), random);
        made.biases = uniform(sized.output.channels, sized.layer.bias ? 0.1 : 0, random);
    }
    return operands;
}

std::vector<std::size_t> sources_of(const Network &network, std::size_t layer) {
    const std::vector<std::string> &names = network.layers[layer].inputs;
    if (names.empty())
        return {layer == 0 ? from_input : layer - 1};
    std::vector<std::size_t> sources;
    for (const std::string &name : names)
        sources.push_back(
            name == network_input
                ? from_input
                : static_cast<std::size_t>(std::ranges::find(network.layers, name, &Layer::name) -
                                           network.layers.begin()));
    return sources;
}

std::string wrong_output(const SizedLayer &layer, const Weights &weights,
                         const std::vector<const Tensor *> &inputs, const Tensor &output,
                         double growth, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    for (const Place &place : places_to_check(layer.output, random)) {
        const Sum sum = sum_of(layer, weights, inputs, place);
        const double expected = activated(layer.layer.activation, sum.value);
        const auto found = static_cast<double>(
            output.at(place.channel, place.row * layer.output.columns + place.column));
        // Any order of additions (Higham 2002, 3.1). The activation rounds a few times more, and
        // none has a slope above 1.5.
        constexpr double roundoff = 0x1p-24;
        const double terms = 1.5 * (sum.terms + 4) * roundoff;
        const double most = growth * terms / (1 - terms) * sum.magnitude;
        // Not "above", which a NaN would pass.
        if (!(std::abs(found - expected) <= most))
            return fmt::format("layer {}: channel {}, row {}, column {} is {:.9g} and not {:.9g}, "
                               "further away than rounding explains ({:.2g})",
                               layer.layer.name, place.channel, place.row, place.column, found,
                               expected, most);
    }
    return "";
}

} // namespace clprobe::cpu_libraries
