#include "common/device_tiles.hpp"
#include "common/gemm_launches.hpp"
#include "workloads/network/prepared.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

// The layers that take tokens.
namespace clprobe::probes::network {
namespace {

/// Of the squares of a layer norm, before the root.
constexpr double epsilon = 1e-5;

/// What the activation multiplies the variance of, so that results are as large as inputs.
double gain_of(const Layer &layer) {
    return layer.activation == Activation::none ? 1 : 2;
}

} // namespace

ExactSum Prepared::dense_sum(std::uint32_t layer, const Place &place,
                             const std::vector<float> &biases,
                             const std::function<float(std::size_t input)> &weight) const {
    const std::size_t inputs = sized(layer).input.channels;
    const float *token = input_of(layer).values.data() + place.x * inputs;
    const double bias = biases[place.channel];
    ExactSum sum{bias, std::abs(bias), static_cast<double>(inputs + 1)};
    for (std::size_t i = 0; i < inputs; ++i) {
        const double product = static_cast<double>(weight(i)) * static_cast<double>(token[i]);
        sum.value += product;
        sum.magnitude += std::abs(product);
    }
    sum = activated(sum, sized(layer).layer.activation);
    if (const auto addend = graph_.addend(layer)) {
        const double added = tensors_[*addend].values[place.x * biases.size() + place.channel];
        sum.value += added;
        sum.magnitude += std::abs(added);
        ++sum.terms;
    }
    return sum;
}

void Prepared::add_dense(std::uint32_t layer) {
    const Layer &dense = sized(layer).layer;
    const auto outputs = static_cast<std::uint32_t>(sized(layer).output.channels);
    const std::size_t inputs = sized(layer).input.channels;
    const std::size_t pitch = workloads::multiple_up(inputs, head_.width);
    const std::vector<float> weights =
        random_weights(outputs * inputs, static_cast<double>(inputs), gain_of(dense));
    const std::vector<float> biases = random_biases(dense, outputs);
    std::vector<float> rows(outputs * pitch);
    for (std::size_t row = 0; row < outputs; ++row)
        std::copy_n(weights.begin() + static_cast<std::ptrdiff_t>(row * inputs), inputs,
                    rows.begin() + static_cast<std::ptrdiff_t>(row * pitch));
    const Buffer &from = *input_of(layer).buffer;
    const auto addend = graph_.addend(layer);
    Ready ready{.layer = layer};
    ready.launches = {
        {kernel("dense"),
         head_.range(outputs),
         {from, written(rows), written(biases), addend ? *tensors_[*addend].buffer : from,
          *result_of(layer).buffer, static_cast<std::uint32_t>(pitch / head_.width), outputs,
          static_cast<std::uint32_t>(dense.activation),
          static_cast<std::uint32_t>(addend.has_value())}}};
    add(std::move(ready), [&](const Place &place) {
        return dense_sum(layer, place, biases,
                         [&](std::size_t i) { return weights[place.channel * inputs + i]; });
    });
}

void Prepared::add_product(std::uint32_t layer, const GemmShape &shape, const GemmPlan &plan) {
    const Layer &dense = sized(layer).layer;
    const GemmLaunches launches(built(gemm_text, workloads::Gemm(shape, plan).build_options()),
                                shape, plan);
    const workloads::Gemm &gemm = launches.gemm();
    const std::vector<float> weights =
        random_weights(std::size_t{shape.k} * shape.n, shape.k, gain_of(dense));
    const std::vector<float> biases = random_biases(dense, shape.n);
    Buffer left = *input_of(layer).buffer;
    Buffer right = left;
    const Buffer &to = *result_of(layer).buffer;
    Ready ready{.layer = layer, .product = plan};
    if (launches.packs()) {
        right = buffer(gemm.right_panels_bytes());
        bench_.launch(launches.pack_right(passing(weights), output(right)));
        const Buffer panels = buffer(gemm.left_panels_bytes());
        ready.launches.push_back(launches.pack_left(left, panels));
        left = panels;
    } else {
        right = written(weights);
    }
    const Buffer made = launches.in_parts() ? buffer(gemm.parts_bytes()) : to;
    // No launch may take too long.
    const double seconds = gemm.predicted_seconds(bench_.facts()).value_or(0);
    const auto several = static_cast<std::uint32_t>(
        std::clamp(std::ceil(2 * seconds / bench_.bounds().limit), 1.0, double{1} * gemm.blocks()));
    const std::uint32_t most = workloads::quotient_up(gemm.blocks(), several);
    for (std::uint32_t first = 0; first < gemm.blocks(); first += most)
        ready.launches.push_back(
            launches.multiply(left, right, made, first, std::min(most, gemm.blocks() - first)));
    if (launches.in_parts())
        ready.launches.push_back(launches.add_parts(made, to));
    const auto addend = graph_.addend(layer);
    ready.launches.push_back(
        {kernel("finish"),
         head_.items(std::size_t{workloads::quotient_up(shape.n, head_.width)} * shape.m),
         {written(biases), addend ? *tensors_[*addend].buffer : to, to, shape.m, shape.n,
          static_cast<std::uint32_t>(dense.activation),
          static_cast<std::uint32_t>(addend.has_value())}});
    add(std::move(ready), [&](const Place &place) {
        return dense_sum(layer, place, biases,
                         [&](std::size_t i) { return weights[i * shape.n + place.channel]; });
    });
}

void Prepared::add_layer_norm(std::uint32_t layer) {
    const auto channels = static_cast<std::uint32_t>(sized(layer).input.channels);
    const auto rows = static_cast<std::uint32_t>(sized(layer).input.positions());
    std::vector<float> gains = random_values(channels, 0.5);
    for (float &gain : gains)
        gain += 1;
    const std::vector<float> biases = random_values(channels, 0.1);
    const Tensor &input = input_of(layer);
    Ready ready{.layer = layer};
    ready.launches = {{kernel("layer_norm"),
                       head_.range(rows),
                       {*input.buffer, written(gains), written(biases), *result_of(layer).buffer,
                        rows, channels}}};
    add(std::move(ready), [&](const Place &place) {
        const float *row = input.values.data() + std::size_t{place.x} * channels;
        const double mean = std::accumulate(row, row + channels, 0.0) / channels;
        double magnitude = 0;
        double variance = 0;
        for (std::size_t i = 0; i < channels; ++i) {
            magnitude += std::abs(static_cast<double>(row[i])) / channels;
            variance += (row[i] - mean) * (row[i] - mean) / channels;
        }
        const double gain = gains[place.channel];
        const double bias = biases[place.channel];
        const double scale = gain / std::sqrt(variance + epsilon);
        const double value = row[place.channel];
        // The mean is off by the sum's roundings, and the root by half of those of the squares'.
        return ExactSum{(value - mean) * scale + bias,
                        (2 * std::abs(value - mean) + std::abs(value) + magnitude) *
                                std::abs(scale) +
                            std::abs(bias),
                        channels + 20.0};
    });
}

void Prepared::add_attention(std::uint32_t layer) {
    const Layer &attention = sized(layer).layer;
    const auto channels = static_cast<std::uint32_t>(sized(layer).output.channels);
    const auto tokens = static_cast<std::uint32_t>(sized(layer).input.positions());
    const auto cached = static_cast<std::uint32_t>(attention.cached);
    const auto head = static_cast<std::uint32_t>(channels / attention.heads);
    // Keys and values side by side, of one token at least, since no buffer is empty.
    const std::vector<float> past =
        random_values(std::size_t{2} * channels * std::max(cached, 1u), 1);
    const Tensor &input = input_of(layer);
    Ready ready{.layer = layer};
    ready.launches = {{kernel("attention"),
                       head_.groups(std::size_t{tokens} * attention.heads),
                       {*input.buffer, written(past), *result_of(layer).buffer, tokens, cached,
                        channels, static_cast<std::uint32_t>(attention.causal)}}};
    add(std::move(ready), [&](const Place &place) {
        const std::size_t first = place.channel / head * head;
        const auto key_of = [&](std::size_t token) {
            return token < cached ? past.data() + token * 2 * channels
                                  : input.values.data() + ((token - cached) * 3 + 1) * channels;
        };
        const float *query = input.values.data() + std::size_t{place.x} * 3 * channels + first;
        const std::size_t keys = cached + (attention.causal ? place.x + 1 : tokens);
        std::vector<double> logits;
        double magnitude = 0; // of a logit's products
        for (std::size_t token = 0; token < keys; ++token) {
            const float *key = key_of(token) + first;
            double logit = 0;
            double products = 0;
            for (std::size_t i = 0; i < head; ++i) {
                const double product = static_cast<double>(query[i]) * key[i] / std::sqrt(head);
                logit += product;
                products += std::abs(product);
            }
            logits.push_back(logit);
            magnitude = std::max(magnitude, products);
        }
        const double most = std::ranges::max(logits);
        double total = 0;
        ExactSum sum;
        for (std::size_t token = 0; token < keys; ++token) {
            const double weight = std::exp(logits[token] - most);
            const double value = key_of(token)[channels + place.channel];
            total += weight;
            sum.value += weight * value;
            sum.magnitude += weight * std::abs(value);
        }
        sum.value /= total;
        sum.magnitude /= total;
        // Of sums above and below, of an exponential a key and a rescaling, and what roundings of a
        // logit make of its exponential, above and below.
        sum.terms = 4.0 * static_cast<double>(keys) + 40 + 2 * (head + 8) * magnitude;
        return sum;
    });
}

} // namespace clprobe::probes::network
