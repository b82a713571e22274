// What is known of a model's values without running it. The file is not trusted: what of it is too
// large, too deep or wrong ends here, and what crashes the library ends this process alone.

#include "graph.hpp"

#include <clprobe/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <google/protobuf/io/zero_copy_stream_impl.h>
#include <onnx/checker.h>
#include <onnx/defs/tensor_proto_util.h>
#include <onnx/onnx_pb.h>
#include <onnx/shape_inference/implementation.h>
#include <set>

namespace clprobe::onnx_import {
namespace {

/// A constant of more numbers is a weight: only its shape counts.
constexpr std::int64_t most_numbers = 16;
constexpr int most_nodes = 100'000;

onnx::ModelProto parsed(const std::string &file) {
    std::ifstream stream(file, std::ios::binary);
    google::protobuf::io::IstreamInputStream bytes(&stream);
    onnx::ModelProto model;
    if (!stream || !model.ParseFromZeroCopyStream(&bytes) || stream.bad())
        throw InputError("no ONNX model, or only the beginning of one");
    if (!model.has_graph() || model.graph().node().empty())
        throw InputError("no ONNX model: it has no graph of nodes");
    if (model.graph().node_size() > most_nodes)
        throw InputError(
            fmt::format("{} nodes: expected {} at most", model.graph().node_size(), most_nodes));
    return model;
}

std::string text_of(const onnx::TensorShapeProto::Dimension &dim) {
    return dim.has_dim_param() ? fmt::format("called '{}'", dim.dim_param()) : "left out";
}

/// Gives the inputs a batch of 1 where that is open, and refuses what else is.
void fix_sizes(onnx::ValueInfoProto &input) {
    if (!input.type().has_tensor_type() || !input.type().tensor_type().has_shape())
        throw InputError(fmt::format("its input '{}' is no tensor of a known shape", input.name()));
    auto &shape = *input.mutable_type()->mutable_tensor_type()->mutable_shape();
    for (int i = 0; i < shape.dim_size(); ++i) {
        auto &dim = *shape.mutable_dim(i);
        if (i == 0 && (!dim.has_dim_value() || dim.dim_value() <= 0))
            dim.set_dim_value(1);
        if (!dim.has_dim_value() || dim.dim_value() <= 0)
            throw InputError(fmt::format("its input '{}' has no fixed size in dimension {}, which "
                                         "is {}: export it with fixed sizes",
                                         input.name(), i, text_of(dim)));
        if (i == 0 && shape.dim_size() > 2 && dim.dim_value() != 1)
            throw InputError(fmt::format("its input '{}' is a batch of {}: export it with a batch "
                                         "of 1; --batch sets another",
                                         input.name(), dim.dim_value()));
    }
}

std::int64_t elements_of(const onnx::TensorProto &tensor) {
    constexpr std::int64_t many = std::int64_t{1} << 50;
    std::int64_t count = 1;
    for (const std::int64_t size : tensor.dims()) {
        if (size < 0 || (size > 0 && count > many / size))
            throw InputError(fmt::format("its tensor '{}' has no possible size", tensor.name()));
        count *= size;
    }
    return count;
}

bool lies_outside(const onnx::TensorProto &tensor) {
    return tensor.data_location() == onnx::TensorProto::EXTERNAL;
}

bool is_integer(const onnx::TensorProto &tensor) {
    return tensor.data_type() == onnx::TensorProto::INT64 ||
           tensor.data_type() == onnx::TensorProto::INT32;
}

template <typename T>
void append(std::vector<double> &numbers, const std::vector<T> &more) {
    numbers.insert(numbers.end(), more.begin(), more.end());
}

std::vector<double> numbers_of(const onnx::TensorProto &tensor) {
    std::vector<double> numbers;
    if (lies_outside(tensor) || elements_of(tensor) > most_numbers)
        return numbers;
    switch (tensor.data_type()) {
    case onnx::TensorProto::FLOAT:
        append(numbers, onnx::ParseData<float>(&tensor));
        break;
    case onnx::TensorProto::DOUBLE:
        append(numbers, onnx::ParseData<double>(&tensor));
        break;
    case onnx::TensorProto::INT32:
        append(numbers, onnx::ParseData<std::int32_t>(&tensor));
        break;
    case onnx::TensorProto::INT64:
        append(numbers, onnx::ParseData<std::int64_t>(&tensor));
        break;
    default:
        break;
    }
    return numbers;
}

/// Puts inputs of the same shapes in the place of weights: neither the checker nor the inference
/// then looks at their numbers or for their files. Returns the names of all constants.
std::map<std::string, Value> without_weights(onnx::GraphProto &graph) {
    std::map<std::string, Value> constants;
    std::map<std::string, onnx::ValueInfoProto *> inputs;
    for (onnx::ValueInfoProto &input : *graph.mutable_input())
        inputs[input.name()] = &input;
    google::protobuf::RepeatedPtrField<onnx::TensorProto> kept;
    std::vector<onnx::ValueInfoProto> weights;
    for (onnx::TensorProto &tensor : *graph.mutable_initializer()) {
        Value &held = constants[tensor.name()];
        held.shape.emplace(tensor.dims().begin(), tensor.dims().end());
        held.constant = true;
        held.data_outside = lies_outside(tensor);
        const bool weight =
            held.data_outside || (!is_integer(tensor) && elements_of(tensor) > most_numbers);
        if (!weight) {
            held.numbers = numbers_of(tensor);
            kept.Add(std::move(tensor));
            continue;
        }
        const auto listed = inputs.find(tensor.name()); // as models of before 2019 do
        onnx::ValueInfoProto &input =
            listed != inputs.end() ? *listed->second : weights.emplace_back();
        input.set_name(tensor.name());
        auto &type = *input.mutable_type()->mutable_tensor_type();
        type.set_elem_type(tensor.data_type());
        type.clear_shape();
        for (const std::int64_t size : tensor.dims())
            type.mutable_shape()->add_dim()->set_dim_value(size);
    }
    for (onnx::ValueInfoProto &weight : weights)
        *graph.add_input() = std::move(weight);
    kept.Swap(graph.mutable_initializer());
    for (const onnx::SparseTensorProto &tensor : graph.sparse_initializer())
        constants[tensor.values().name()].constant = true;
    return constants;
}

/// Throws where the nodes cannot be put into an order: a circle, or a value that nothing computes.
void expect_order(const onnx::GraphProto &graph) {
    std::set<std::string> known = {""};
    for (const auto &input : graph.input())
        known.insert(input.name());
    for (const auto &tensor : graph.initializer())
        known.insert(tensor.name());
    for (const auto &tensor : graph.sparse_initializer())
        known.insert(tensor.values().name());
    for (const auto &node : graph.node()) {
        for (const std::string &input : node.input())
            if (!known.contains(input))
                throw InputError(fmt::format("its node '{}' ({}) takes '{}', which nothing before "
                                             "it computes: nodes in a circle, or not in order",
                                             node.name(), node.op_type(), input));
        known.insert(node.output().begin(), node.output().end());
    }
    for (const auto &output : graph.output())
        if (!known.contains(output.name()))
            throw InputError(fmt::format("nothing computes its output '{}'", output.name()));
}

/// What a library of ONNX's says, on one line.
std::string first_line(const std::string &text) {
    return text.substr(0, text.find('\n'));
}

/// What the file says of the outputs' shapes may be of another batch, or wrong.
void forget_output_shapes(onnx::ModelProto &model, bool as_scalars) {
    for (onnx::ValueInfoProto &output : *model.mutable_graph()->mutable_output()) {
        if (!output.type().has_tensor_type())
            continue;
        auto &type = *output.mutable_type()->mutable_tensor_type();
        type.clear_shape();
        if (as_scalars)
            type.mutable_shape();
    }
}

void infer_shapes(onnx::ModelProto &model) {
    model.mutable_graph()->clear_value_info();
    try {
        forget_output_shapes(model, true); // the checker wants some shape
        onnx::checker::check_model(model);
        forget_output_shapes(model, false);
    } catch (const std::runtime_error &error) {
        throw InputError(fmt::format("ONNX's checker refuses it: {}", first_line(error.what())));
    }
    try {
        constexpr bool check_types = true;
        constexpr int strictly = 1;
        constexpr bool follow_sizes = true; // that nodes compute from shapes
        onnx::shape_inference::InferShapes(model, onnx::OpSchemaRegistry::Instance(),
                                           {check_types, strictly, follow_sizes});
    } catch (const std::runtime_error &error) {
        throw InputError(fmt::format("its shapes do not fit, as ONNX's inference finds: {}",
                                     first_line(error.what())));
    }
}

Node node_of(const onnx::NodeProto &from) {
    Node node;
    node.op = from.domain().empty() || from.domain() == "ai.onnx"
                  ? from.op_type()
                  : fmt::format("{}.{}", from.domain(), from.op_type());
    node.name = !from.name().empty()    ? from.name()
                : from.output().empty() ? from.op_type()
                                        : from.output(0);
    node.inputs.assign(from.input().begin(), from.input().end());
    node.outputs.assign(from.output().begin(), from.output().end());
    for (const onnx::AttributeProto &attribute : from.attribute()) {
        std::vector<double> &numbers = node.numbers[attribute.name()];
        switch (attribute.type()) {
        case onnx::AttributeProto::INT:
            numbers.push_back(static_cast<double>(attribute.i()));
            break;
        case onnx::AttributeProto::FLOAT:
            numbers.push_back(static_cast<double>(attribute.f()));
            break;
        case onnx::AttributeProto::INTS:
            numbers.assign(attribute.ints().begin(), attribute.ints().end());
            break;
        case onnx::AttributeProto::FLOATS:
            numbers.assign(attribute.floats().begin(), attribute.floats().end());
            break;
        case onnx::AttributeProto::TENSOR:
            numbers = numbers_of(attribute.t());
            break;
        case onnx::AttributeProto::GRAPH:
        case onnx::AttributeProto::GRAPHS:
            node.has_graphs = true;
            [[fallthrough]];
        default:
            node.numbers.erase(attribute.name());
        }
        if (attribute.type() == onnx::AttributeProto::STRING)
            node.texts[attribute.name()] = attribute.s();
    }
    return node;
}

void take_shape(std::map<std::string, Value> &values, const onnx::ValueInfoProto &from) {
    Value &value = values[from.name()];
    if (!from.type().has_tensor_type() || !from.type().tensor_type().has_shape() || value.shape)
        return;
    Shape shape;
    for (const auto &dim : from.type().tensor_type().shape().dim()) {
        if (!dim.has_dim_value())
            return;
        shape.push_back(dim.dim_value());
    }
    value.shape = std::move(shape);
}

/// What a node of constants computes is one too, and so is a shape, as all are known.
void find_constants(Graph &graph) {
    for (const Node &node : graph.nodes) {
        const bool constant =
            !node.has_graphs && (node.op == "Shape" || node.op == "Size" ||
                                 std::ranges::all_of(node.inputs, [&](const std::string &input) {
                                     return input.empty() || graph.value(input).constant;
                                 }));
        if (!constant || node.op.starts_with("Random"))
            continue;
        for (const std::string &output : node.outputs)
            graph.values[output].constant = true;
        if (node.op == "Constant" && node.outputs.size() == 1)
            for (const char *attribute : {"value", "value_float", "value_int"})
                if (const auto found = node.numbers.find(attribute); found != node.numbers.end())
                    graph.values[node.outputs.front()].numbers = found->second;
        const bool copied = node.op == "Identity" || node.op == "Cast" || node.op == "Unsqueeze";
        if (copied && !node.inputs.empty() && node.outputs.size() == 1)
            graph.values[node.outputs.front()].numbers = graph.value(node.inputs.front()).numbers;
    }
}

} // namespace

Graph read_graph(const std::string &file) {
    onnx::ModelProto model = parsed(file);
    Graph graph;
    graph.producer = model.producer_name();
    if (!model.producer_version().empty())
        graph.producer += " " + model.producer_version();
    graph.values = without_weights(*model.mutable_graph());
    for (onnx::ValueInfoProto &input : *model.mutable_graph()->mutable_input())
        if (!graph.values.contains(input.name()))
            fix_sizes(input);
    expect_order(model.graph());
    infer_shapes(model);
    for (const auto *infos :
         {&model.graph().input(), &model.graph().value_info(), &model.graph().output()})
        for (const onnx::ValueInfoProto &info : *infos)
            take_shape(graph.values, info);
    for (const onnx::ValueInfoProto &output : model.graph().output())
        graph.outputs.push_back(output.name());
    for (const onnx::NodeProto &node : model.graph().node())
        graph.nodes.push_back(node_of(node));
    find_constants(graph);
    return graph;
}

} // namespace clprobe::onnx_import
