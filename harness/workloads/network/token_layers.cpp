#include "common/device_tiles.hpp"
#include "common/exact_rows.hpp"
#include "common/gemm_launches.hpp"
#include "workloads/network/prepared.hpp"

#include <algorithm>
#include <cmath>
#include <span>

// The layers that take tokens.
namespace clprobe::probes::network {
namespace {

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
        if (gemm.packs_left()) {
            const Buffer panels = buffer(gemm.left_panels_bytes());
            ready.launches.push_back(launches.pack_left(left, panels));
            left = panels;
        }
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

void Prepared::add_layer_norm(std::uint32_t layer, const SoftmaxNormPlan &plan) {
    const SoftmaxNormShape shape = norm_of(graph_, layer).value();
    const SoftmaxNorm norm(shape, plan);
    std::vector<float> gains = random_values(shape.length, 0.5);
    for (float &gain : gains)
        gain += 1;
    const std::vector<float> biases = random_values(shape.length, 0.1);
    const Tensor &input = input_of(layer);
    Ready ready{.layer = layer};
    ready.launches = {{built(norm_text, norm.build_options()).kernel(norm.kernel()),
                       norm.range(shape.rows),
                       {*input.buffer, written(gains), written(biases), *result_of(layer).buffer,
                        shape.rows, norm_epsilon, 0u}}};
    add(std::move(ready), [&](const Place &place) {
        const std::span<const float> row =
            std::span(input.values).subspan(std::size_t{place.x} * shape.length, shape.length);
        return exact_layer_norm(row, gains, biases, double{norm_epsilon})[place.channel];
    });
}

void Prepared::add_attention(std::uint32_t layer, const AttentionShape &shape,
                             const AttentionPlan &plan) {
    const Attention attention(shape, plan, true);
    const Buffer &from = *input_of(layer).buffer;
    const attention::AttentionBuffers buffers =
        attention::attention_buffers(attention, from, from, from, *result_of(layer).buffer,
                                     [&](std::size_t bytes) { return buffer(bytes); });
    // No launch may take too long.
    const double seconds = attention.predicted_seconds(bench_.facts()).value_or(0);
    const auto several = static_cast<std::uint32_t>(
        std::clamp(std::ceil(2 * seconds / bench_.bounds().limit), 1.0, double{1} * shape.heads));
    Ready ready{.layer = layer};
    ready.launches = attention::attention_launches(
        built(attention::kernel_text, attention.build_options()), attention, buffers,
        workloads::quotient_up(shape.heads, several),
        [](const Buffer &buffer, bool) { return Argument(buffer); });
    add(std::move(ready), [&](const Place &place) { return attention_sum(layer, place, {}); });
}

void Prepared::add_attention_of_token(std::uint32_t layer) {
    const Layer &attention = sized(layer).layer;
    const auto channels = static_cast<std::uint32_t>(sized(layer).output.channels);
    const auto cached = static_cast<std::uint32_t>(attention.cached);
    // Of one token at least, since no buffer is empty.
    const std::vector<float> past =
        random_values(std::size_t{2} * channels * std::max(cached, 1u), 1);
    Ready ready{.layer = layer};
    ready.launches = {
        {kernel("attention"),
         NdRange::linear(attention.heads,
                         head_.key_lanes(channels / attention.heads, bench_.device())),
         {*input_of(layer).buffer, written(past), *result_of(layer).buffer, cached, channels}}};
    add(std::move(ready), [&](const Place &place) { return attention_sum(layer, place, past); });
}

ExactSum Prepared::attention_sum(std::uint32_t layer, const Place &place,
                                 const std::vector<float> &past) const {
    const Layer &attention = sized(layer).layer;
    const std::size_t channels = sized(layer).output.channels;
    const std::size_t cached = attention.cached;
    const std::size_t head = channels / attention.heads;
    const std::size_t first = place.channel / head * head;
    const std::vector<float> &input = input_of(layer).values;
    const auto key_of = [&](std::size_t token) {
        return token < cached ? past.data() + token * 2 * channels
                              : input.data() + ((token - cached) * 3 + 1) * channels;
    };
    const float *query = input.data() + std::size_t{place.x} * 3 * channels + first;
    const std::size_t keys =
        cached + (attention.causal ? place.x + 1 : sized(layer).input.positions());
    std::vector<double> logits;
    double magnitude = 0; // of a logit's products
    for (std::size_t token = 0; token < keys; ++token) {
        const float *key = key_of(token) + first;
        double logit = 0;
        double products = 0;
        for (std::size_t i = 0; i < head; ++i) {
            const double product = static_cast<double>(query[i]) * static_cast<double>(key[i]) /
                                   std::sqrt(static_cast<double>(head));
            logit += product;
            products += std::abs(product);
        }
        logits.push_back(logit);
        magnitude = std::max(magnitude, products);
    }
    const auto [least, most] = std::ranges::minmax(logits);
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
    // logit, and of its distance from the largest, make of its exponential, above and below.
    sum.terms = 4.0 * static_cast<double>(keys) + 40 +
                2 * ((static_cast<double>(head) + 8) * magnitude + 2 * (most - least));
    return sum;
}

} // namespace clprobe::probes::network
