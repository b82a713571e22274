#include "layers.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace clprobe::onnx_import {
namespace {

/// A size of the file's, which may be anything.
std::uint64_t size_in(double number, const char *what) {
    constexpr double largest = 1 << 20;
    if (!(number >= 0 && number <= largest))
        throw NoLayer{fmt::format("a {} of {}", what, number)};
    return static_cast<std::uint64_t>(number);
}

/// The number that all of them are.
std::uint64_t equal_sizes(const std::vector<double> &sizes, const char *what) {
    if (sizes.empty() || std::ranges::count(sizes, sizes.front()) != std::ssize(sizes))
        throw NoLayer{fmt::format("a {} of {}", what, fmt::join(sizes, "x"))};
    return size_in(sizes.front(), what);
}

const Shape &shape_of(const Graph &graph, const std::string &value) {
    if (!graph.value(value).shape)
        throw NoLayer{fmt::format("the shape of '{}' is not known", value)};
    return *graph.value(value).shape;
}

const Shape &constant_shape(const Graph &graph, const Node &node, std::size_t input) {
    if (input >= node.inputs.size() || !graph.value(node.inputs[input]).constant)
        throw NoLayer{"its weights are computed"};
    return shape_of(graph, node.inputs[input]);
}

bool has_input(const Node &node, std::size_t input) {
    return input < node.inputs.size() && !node.inputs[input].empty();
}

void expect_image(const Source &from) {
    constexpr std::size_t of_an_image = 4;
    if (from.shape.size() != of_an_image || from.axis != 1 || from.flat ||
        tensor_of(from.shape, from.axis) != from.tensor)
        throw NoLayer{fmt::format("it takes no image, but {}", fmt::join(from.shape, "x"))};
}

/// Kernel, stride and padding of a convolution or a pool over an image, and its output's rows and
/// columns.
void fill_window(FoundLayer &found, const Graph &graph, const Node &node, const Source &from) {
    Layer &layer = found.layer;
    const std::vector<double> ones(2, 1);
    layer.stride = equal_sizes(node.list("strides", ones), "stride");
    if (equal_sizes(node.list("dilations", ones), "dilation") != 1)
        throw NoLayer{"a dilation"};
    if (layer.stride == 0 || layer.kernel == 0)
        throw NoLayer{"a kernel or a stride of 0"};
    const Shape &output = shape_of(graph, node.outputs.front());
    const auto tensor = tensor_of(output, 1);
    if (!tensor)
        throw NoLayer{"its output is no image"};
    found.output = *tensor;
    const std::string automatic = node.text("auto_pad", "NOTSET");
    std::vector<double> padding(4, 0); // before the rows and columns, then behind them
    if (automatic == "NOTSET")
        padding = node.list("pads", padding);
    else if (automatic != "VALID")
        for (const std::size_t i : {0u, 1u}) {
            const std::uint64_t in = i == 0 ? from.tensor.rows : from.tensor.columns;
            const std::uint64_t out = i == 0 ? tensor->rows : tensor->columns;
            const std::uint64_t covered = (out - 1) * layer.stride + layer.kernel;
            const std::uint64_t all = covered > in ? covered - in : 0;
            const std::uint64_t less = all / 2;
            padding[i] = static_cast<double>(automatic == "SAME_LOWER" ? all - less : less);
            padding[i + 2] = static_cast<double>(all) - padding[i];
        }
    if (padding.size() != 4)
        throw NoLayer{"a padding of other dimensions than two"};
    std::uint64_t sum = 0;
    for (const double size : padding)
        sum = std::max(sum, size_in(size, "padding"));
    layer.padding = sum;
    const auto fits = [&](std::uint64_t in, std::uint64_t out) {
        const std::uint64_t padded = in + 2 * layer.padding;
        return padded >= layer.kernel && (padded - layer.kernel) / layer.stride + 1 == out;
    };
    if (!fits(from.tensor.rows, tensor->rows) || !fits(from.tensor.columns, tensor->columns))
        throw NoLayer{node.number("ceil_mode", 0) != 0
                          ? std::string("windows that reach over the edge (ceil_mode)")
                          : fmt::format("a padding of {}", fmt::join(padding, ","))};
    if (std::ranges::count(padding, padding.front()) != std::ssize(padding))
        found.note = fmt::format("its padding of {} (before rows and columns, behind them) is "
                                 "taken as {} on each side: shapes and work are the same",
                                 fmt::join(padding, ","), layer.padding);
}

bool is_last(const Node &node, const Source &from, const char *attribute) {
    const double axis = node.number(attribute, -1);
    return axis == -1 || axis == static_cast<double>(from.last_axis());
}

} // namespace

FoundLayer convolution(const Graph &graph, const Node &node, const Source &from) {
    expect_image(from);
    const Shape &weights = constant_shape(graph, node, 1);
    if (weights.size() != 4)
        throw NoLayer{"of other dimensions than two"};
    FoundLayer found;
    Layer &layer = found.layer;
    layer.kernel =
        equal_sizes({static_cast<double>(weights[2]), static_cast<double>(weights[3])}, "kernel");
    layer.groups = size_in(node.number("group", 1), "number of groups");
    layer.bias = has_input(node, 2);
    if (weights[1] * static_cast<std::int64_t>(layer.groups) != from.shape[1])
        throw NoLayer{fmt::format("its weights are for {} channels", weights[1])};
    fill_window(found, graph, node, from);
    if (layer.groups > 1 && layer.groups == from.tensor.channels &&
        found.output.channels == from.tensor.channels) {
        layer.op = Operator::depthwise_convolution;
        layer.groups = 1;
    } else {
        layer.op = Operator::convolution;
        layer.channels = found.output.channels;
    }
    return found;
}

FoundLayer pool(const Graph &graph, const Node &node, const Source &from) {
    expect_image(from);
    FoundLayer found;
    Layer &layer = found.layer;
    layer.op = node.op == "MaxPool" ? Operator::max_pool : Operator::average_pool;
    layer.kernel = equal_sizes(node.list("kernel_shape", {}), "kernel");
    fill_window(found, graph, node, from);
    if (layer.padding > 0 && node.number("count_include_pad", 0) != 0)
        throw NoLayer{"its means count the padding"};
    if (node.outputs.size() > 1)
        throw NoLayer{"its second output says where the largest are"};
    return found;
}

FoundLayer global_pool(const Graph &graph, const Node &node, const Source &from) {
    FoundLayer found;
    found.layer.op = node.op == "GlobalMaxPool" ? Operator::max_pool : Operator::average_pool;
    found.output = {from.tensor.channels, 1, 1};
    const std::size_t count = from.shape.size();
    std::vector<double> axes = node.list("axes", {});
    if (has_input(node, 1))
        axes = graph.value(node.inputs[1]).numbers;
    if (node.op != "ReduceMean") {
        expect_image(from);
        axes = {2, 3};
    }
    std::vector<bool> averaged(count, false);
    for (const double axis : axes) {
        const double place = axis < 0 ? axis + static_cast<double>(count) : axis;
        if (place >= 0 && place < static_cast<double>(count))
            averaged[static_cast<std::size_t>(place)] = true;
    }
    found.axis = from.axis;
    const bool kept = node.number("keepdims", 1) != 0;
    for (std::size_t i = 0; i < count; ++i) {
        const bool position = i != from.axis;
        if (averaged[i] ? !position : position && from.shape[i] > 1)
            throw NoLayer{"a mean over other dimensions than all rows and columns"};
        if (averaged[i] && !kept && i < from.axis)
            --found.axis;
    }
    if (from.flat)
        throw NoLayer{"a mean of a flattened image"};
    return found;
}

FoundLayer dense(const Graph &graph, const Node &node, const Source &from) {
    if (node.inputs.size() < 2 || graph.value(node.inputs.front()).constant)
        throw NoLayer{"its weights are the first factor"};
    if (!graph.value(node.inputs[1]).constant)
        throw NoLayer{"both factors are computed"};
    const Shape &weights = constant_shape(graph, node, 1);
    if (weights.size() != 2 || from.axis != from.last_axis() || node.number("transA", 0) != 0)
        throw NoLayer{"it does not multiply the channels of each position"};
    const bool transposed = node.number("transB", 0) != 0;
    if (weights[transposed ? 1 : 0] != from.shape[from.axis])
        throw NoLayer{fmt::format("its weights are for {} channels", weights[transposed ? 1 : 0])};
    FoundLayer found;
    found.layer.op = Operator::dense;
    found.layer.channels =
        size_in(static_cast<double>(weights[transposed ? 0 : 1]), "number of channels");
    found.layer.bias = has_input(node, 2);
    found.output = {found.layer.channels, from.tensor.rows, from.tensor.columns};
    found.axis = shape_of(graph, node.outputs.front()).size() - 1;
    if (from.flat) {
        if (from.tensor.rows != from.tensor.columns)
            throw NoLayer{fmt::format("it takes a flattened image of {} rows and {} columns, and "
                                      "kernels are square",
                                      from.tensor.rows, from.tensor.columns)};
        found.layer.op = Operator::convolution;
        found.layer.kernel = from.tensor.rows;
        found.output.rows = found.output.columns = 1;
    }
    return found;
}

FoundLayer attention(const Node &node, const Source &from) {
    FoundLayer found;
    found.layer.op = Operator::attention;
    found.layer.heads = size_in(node.number("heads", 1), "number of heads");
    found.layer.causal = node.number("causal", 0) != 0;
    found.output = from.tensor;
    found.output.channels /= 3;
    found.axis = from.axis;
    if (from.axis != from.last_axis() || from.flat)
        throw NoLayer{"it does not attend to positions"};
    return found;
}

FoundLayer layer_norm(const Node &node, const Source &from) {
    if (from.axis != from.last_axis() || from.flat || !is_last(node, from, "axis"))
        throw NoLayer{"it normalises other dimensions than the channels"};
    FoundLayer found;
    found.layer.op = Operator::layer_norm;
    found.output = from.tensor;
    found.axis = from.axis;
    return found;
}

std::optional<Activation> activation_of(const Graph &graph, const Node &node) {
    if (node.op == "Relu")
        return Activation::relu;
    if (node.op == "HardSwish")
        return Activation::hard_swish;
    if (node.op == "Gelu")
        return Activation::gelu;
    if (node.op != "Clip")
        return std::nullopt;
    constexpr double none = std::numeric_limits<float>::max();
    const auto bound = [&](std::size_t input, const char *attribute, double otherwise) {
        if (has_input(node, input)) // not a number where it is not known
            return graph.scalar(node.inputs[input]).value_or(std::nan(""));
        return node.number(attribute, otherwise);
    };
    const double least = bound(1, "min", -none);
    const double most = bound(2, "max", none);
    if (least == 0 && most == 6)
        return Activation::relu6;
    if (least == 0 && most >= none)
        return Activation::relu;
    return std::nullopt;
}

} // namespace clprobe::onnx_import
