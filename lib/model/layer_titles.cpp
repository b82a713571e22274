#include "model/layer_titles.hpp"

#include <fmt/format.h>

namespace clprobe {

std::string operator_title(const Layer &layer) {
    const std::string stride = layer.stride == 1 ? "" : fmt::format("/{}", layer.stride);
    const std::string window = fmt::format("{0}x{0}{1}", layer.kernel, stride);
    switch (layer.op) {
    case Operator::convolution:
        return layer.groups == 1 ? "conv " + window
                                 : fmt::format("conv {} in {}", window, layer.groups);
    case Operator::depthwise_convolution:
        return "depthwise " + window;
    case Operator::average_pool:
    case Operator::max_pool:
        return fmt::format("{} pool{}", layer.op == Operator::max_pool ? "max" : "average",
                           layer.kernel == 0 ? "" : " " + window);
    case Operator::layer_norm:
        return "layer norm";
    case Operator::dense:
    case Operator::attention:
    case Operator::add:
        break;
    }
    return std::string(name(layer.op));
}

std::string shape_title(const SizedLayer &sized) {
    const TensorShape &out = sized.output;
    std::string text;
    if (sized.input.channels != out.channels)
        text = fmt::format("{}->", sized.input.channels);
    text += fmt::format("{}", out.channels);
    if (out.positions() > 1)
        text += fmt::format("x{}", out.rows);
    if (out.positions() > out.rows)
        text += fmt::format("x{}", out.columns);
    return text;
}

} // namespace clprobe
