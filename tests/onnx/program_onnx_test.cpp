// `clprobe network FILE.onnx`: what networks models become, what is named that has no kernel, and
// how files that are no models end.

#include "io/file.hpp"
#include "support/process.hpp"
#include "support/scratch.hpp"

#include <clprobe/json.hpp>
#include <clprobe/network.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <fmt/format.h>

#include <onnx/defs/parser.h>
#include <onnx/onnx_pb.h>
#include <string>
#include <vector>

using namespace clprobe;
using namespace clprobe::test;
using Catch::Matchers::ContainsSubstring;

namespace {

/// The file of a model. Inputs whose names begin with "w" become weights.
std::string model(const std::string &graph, bool weights_outside = false) {
    onnx::ModelProto made;
    const std::string text = R"(<ir_version: 8, opset_import: ["" : 17]> )" + graph;
    const auto status = onnx::OnnxParser::Parse(made, text.c_str());
    INFO(status.ErrorMessage());
    REQUIRE(status.IsOK());
    onnx::GraphProto &nodes = *made.mutable_graph();
    std::vector<onnx::ValueInfoProto> inputs(nodes.input().begin(), nodes.input().end());
    nodes.clear_input();
    for (const onnx::ValueInfoProto &input : inputs) {
        if (!input.name().starts_with("w")) {
            *nodes.add_input() = input;
            continue;
        }
        onnx::TensorProto &weights = *nodes.add_initializer();
        weights.set_name(input.name());
        weights.set_data_type(onnx::TensorProto::FLOAT);
        std::size_t count = 1;
        for (const auto &dim : input.type().tensor_type().shape().dim()) {
            weights.add_dims(dim.dim_value());
            count *= static_cast<std::size_t>(dim.dim_value());
        }
        if (weights_outside) {
            weights.set_data_location(onnx::TensorProto::EXTERNAL);
            onnx::StringStringEntryProto &where = *weights.add_external_data();
            where.set_key("location");
            where.set_value("no-such-file");
        } else
            weights.set_raw_data(std::string(4 * count, '\0'));
    }
    return made.SerializeAsString();
}

Outcome network(const std::string &file, const std::vector<std::string> &more = {}) {
    std::vector<std::string> command = {CLPROBE_PROGRAM, "network", file};
    command.insert(command.end(), more.begin(), more.end());
    Outcome outcome = run_program(command, {});
    INFO(outcome.err);
    REQUIRE_FALSE(outcome.timed_out);
    REQUIRE(outcome.signal == 0);
    return outcome;
}

Outcome import(const Scratch &scratch, const std::string &file,
               const std::vector<std::string> &more = {}) {
    const std::string path = scratch.file("mine.onnx");
    write_file(path, file);
    return network(path, more);
}

/// The network that a model is, by way of the file that is written of it.
struct Read {
    Network network;
    std::string said;
};
Read read(const std::string &file) {
    const Scratch scratch;
    const std::string saved = scratch.file("mine.json");
    const Outcome outcome = import(scratch, file, {"--save", saved});
    INFO(outcome.err);
    REQUIRE(outcome.exit_status == 0);
    return {read_network(saved), outcome.err};
}

void refuse(const std::string &file, const std::vector<std::string> &reasons) {
    const Scratch scratch;
    const Outcome outcome = import(scratch, file);
    CHECK(outcome.exit_status == 2);
    CHECK(outcome.out.empty());
    for (const std::string &reason : reasons)
        CHECK_THAT(outcome.err, ContainsSubstring(reason));
}

const std::string small = R"(g (float[1,3,8,8] x, float[4,3,3,3] w) => (float[n] y) {
    y = Conv(x, w) })";

/// A layer as text: what its operator counts.
std::string text_of(const Layer &layer) {
    return fmt::format("{} {} {}x{}/{}+{} g{} b{} h{}{} {}", name(layer.op), layer.channels,
                       layer.kernel, layer.kernel, layer.stride, layer.padding, layer.groups,
                       layer.bias ? 1 : 0, layer.heads, layer.causal ? " causal" : "",
                       name(layer.activation));
}

} // namespace

TEST_CASE("program.onnx fuses what belongs to a convolution, and leaves out a softmax at the end") {
    const Read got = read(model(R"(g (float[batch,3,32,32] x, float[16,3,3,3] w1, float[16] ws,
            float[16,1,3,3] w2, float[16,1,1] wb, float[32,16,1,1] w3, float[10,32] w4,
            float[10] w5) => (float[n] prob) {
        six = Constant<value_float = 6.0>()
        zero = Constant<value_float = 0.0>()
        c1 = Conv<pads = [1,1,1,1], strides = [2,2]>(x, w1)
        n1 = BatchNormalization(c1, ws, ws, ws, ws)
        r1 = Clip(n1, zero, six)
        c2 = Conv<pads = [1,1,1,1], group = 16>(r1, w2)
        b2 = Add(c2, wb)
        r2 = Relu(b2)
        a = Add(r1, r2)
        p = MaxPool<kernel_shape = [2,2], strides = [2,2]>(a)
        c3 = Conv<auto_pad = "VALID">(p, w3)
        s3 = HardSigmoid<alpha = 0.1666667>(c3)
        h3 = Mul(c3, s3)
        g1 = GlobalAveragePool(h3)
        f = Flatten(g1)
        d = Gemm<transB = 1>(f, w4, w5)
        prob = Softmax(d) })"));
    REQUIRE(got.network.layers.size() == 7);
    CHECK(got.network.input == TensorShape{3, 32, 32});
    CHECK(text_of(got.network.layers[0]) == "convolution 16 3x3/2+1 g1 b1 h1 relu6");
    CHECK(text_of(got.network.layers[1]) == "depthwise_convolution 0 3x3/1+1 g1 b1 h1 relu");
    CHECK(got.network.layers[2].inputs == std::vector<std::string>{"c1", "c2"});
    CHECK(text_of(got.network.layers[3]) == "max_pool 0 2x2/2+0 g1 b1 h1 none");
    CHECK(text_of(got.network.layers[4]) == "convolution 32 1x1/1+0 g1 b0 h1 hard_swish");
    CHECK(got.network.layers[5].op == Operator::average_pool);
    CHECK(text_of(got.network.layers[6]) == "dense 10 0x0/1+0 g1 b1 h1 none");
    CHECK(total_of(sized_layers(got.network)).parameters() ==
          16 * 27 + 16 + 16 * 9 + 16 + 32 * 16 + 320 + 10);
    CHECK_THAT(got.said, ContainsSubstring("left out") && ContainsSubstring("'prob' (Softmax"));
}

TEST_CASE("program.onnx takes a flattened image's product as a convolution, as shapes say it") {
    const Read got = read(model(R"(g (float[n,3,9,9] x, float[8,3,3,3] w1, float[392,10] w2,
                                      float[10] w3) => (float[n] out) {
        c = Conv(x, w1)
        s = Shape(c)
        zero = Constant<value = int64 {0}>()
        first = Gather(s, zero)
        axis = Constant<value = int64[1] {0}>()
        one = Unsqueeze(first, axis)
        rest = Constant<value = int64[1] {-1}>()
        to = Concat<axis = 0>(one, rest)
        f = Reshape(c, to)
        m = MatMul(f, w2)
        out = Add(m, w3) })"));
    REQUIRE(got.network.layers.size() == 2);
    CHECK(text_of(got.network.layers[1]) == "convolution 10 7x7/1+0 g1 b1 h1 none");
}

TEST_CASE("program.onnx knows norms, GELU and attention in the nodes that exporters make of them") {
    const Read got = read(model(R"(g (float[1,7,16] x, float[16] w0, float[16,48] w1, float[48] w2,
            float[16,16] w3, float[16,64] w4, float[64] w5, float[64,16] w6)
            => (float[n] y) {
        two = Constant<value_float = 2.0>()
        tiny = Constant<value_float = 0.00001>()
        root = Constant<value_float = 1.4142135>()
        one = Constant<value_float = 1.0>()
        half = Constant<value_float = 0.5>()
        mean = ReduceMean<axes = [-1]>(x)
        dif = Sub(x, mean)
        sq = Pow(dif, two)
        var = ReduceMean<axes = [-1]>(sq)
        vare = Add(var, tiny)
        dev = Sqrt(vare)
        quot = Div(dif, dev)
        scaled = Mul(quot, w0)
        norm = Add(scaled, w0)
        qkv0 = MatMul(norm, w1)
        qkv = Add(w2, qkv0)
        heads = Constant<value = int64[5] {1,7,3,4,4}>()
        r = Reshape(qkv, heads)
        t = Transpose<perm = [2,0,3,1,4]>(r)
        i0 = Constant<value = int64 {0}>()
        i1 = Constant<value = int64 {1}>()
        i2 = Constant<value = int64 {2}>()
        q = Gather<axis = 0>(t, i0)
        k = Gather<axis = 0>(t, i1)
        v = Gather<axis = 0>(t, i2)
        kt = Transpose<perm = [0,1,3,2]>(k)
        qs = Mul(q, half)
        sc = MatMul(qs, kt)
        p = Softmax<axis = -1>(sc)
        o = MatMul(p, v)
        ot = Transpose<perm = [0,2,1,3]>(o)
        rows = Constant<value = int64[3] {1,7,16}>()
        joined = Reshape(ot, rows)
        pr = MatMul(joined, w3)
        res = Add(x, pr)
        h0 = MatMul(res, w4)
        h = Add(h0, w5)
        e0 = Div(h, root)
        e1 = Erf(e0)
        e2 = Add(e1, one)
        e3 = Mul(h, e2)
        e4 = Mul(e3, half)
        down = MatMul(e4, w6)
        y = Add(res, down) })"));
    std::vector<std::string> layers;
    for (const Layer &layer : got.network.layers)
        layers.push_back(text_of(layer));
    CHECK(layers == std::vector<std::string>{
                        "layer_norm 0 0x0/1+0 g1 b1 h1 none", "dense 48 0x0/1+0 g1 b1 h1 none",
                        "attention 0 0x0/1+0 g1 b1 h4 none", "dense 16 0x0/1+0 g1 b0 h1 none",
                        "add 0 0x0/1+0 g1 b1 h1 none", "dense 64 0x0/1+0 g1 b1 h1 gelu",
                        "dense 16 0x0/1+0 g1 b0 h1 none", "add 0 0x0/1+0 g1 b1 h1 none"});
    CHECK(got.network.input == TensorShape{16, 7, 1});
}

TEST_CASE("program.onnx merges the dense layers of queries, keys and values, and notes its masks") {
    const Read got = read(model(R"(g (float[1,8,16] x, float[16,16] wq, float[16,16] wk,
            float[16,16] wv, float[1,1,8,8] wmask) => (float[n] y) {
        heads = Constant<value = int64[4] {1,8,2,8}>()
        q0 = MatMul(x, wq)
        k0 = MatMul(x, wk)
        v0 = MatMul(x, wv)
        q1 = Reshape(q0, heads)
        k1 = Reshape(k0, heads)
        v1 = Reshape(v0, heads)
        q = Transpose<perm = [0,2,1,3]>(q1)
        k = Transpose<perm = [0,2,3,1]>(k1)
        v = Transpose<perm = [0,2,1,3]>(v1)
        s = MatMul(q, k)
        m = Add(s, wmask)
        p = Softmax<axis = -1>(m)
        o = MatMul(p, v)
        t = Transpose<perm = [0,2,1,3]>(o)
        rows = Constant<value = int64[3] {1,8,16}>()
        y = Reshape(t, rows) })"));
    REQUIRE(got.network.layers.size() == 2);
    CHECK(text_of(got.network.layers[0]) == "dense 48 0x0/1+0 g1 b0 h1 none");
    CHECK(text_of(got.network.layers[1]) == "attention 0 0x0/1+0 g1 b1 h2 causal none");
    CHECK_THAT(got.said, ContainsSubstring("taken as causal") && ContainsSubstring("taken as one"));
}

TEST_CASE("program.onnx begins a network behind what only prepares the input, and notes paddings") {
    const Read got = read(model(R"(g (float[1,8,8,3] x, float[3] wmean, float[4,3,3,3] w)
                                   => (float[n] y) {
        c = Sub(x, wmean)
        t = Transpose<perm = [0,3,1,2]>(c)
        y = Conv<pads = [0,0,1,1], strides = [2,2]>(t, w) })"));
    CHECK(got.network.input == TensorShape{3, 8, 8});
    REQUIRE(got.network.layers.size() == 1);
    CHECK(text_of(got.network.layers[0]) == "convolution 4 3x3/2+1 g1 b0 h1 none");
    CHECK_THAT(got.said, ContainsSubstring("'c' (Sub, 1x8x8x3)") &&
                             ContainsSubstring("its padding of 0,0,1,1"));
}

TEST_CASE("program.onnx names all nodes that have no kernel") {
    refuse(model(R"(g (float[1,3,8,8] x, float[8,3,1,1] w1, float[8,8,1,1] w2, float[4,8,1,3] w3)
                    => (float[n] y) {
        c = Conv(x, w1)
        g1 = GlobalAveragePool(c)
        s = Conv(g1, w2)
        gate = Sigmoid(s)
        excited = Mul(c, gate)
        r = Relu(excited)
        y = Conv(r, w3) })"),
           {"3 nodes without a kernel", "'gate' (Sigmoid, 1x8x1x1)", "'excited' (Mul, 1x8x8x8)",
            "'y' (Conv, 1x4x8x6): a kernel of 1x3"});
    refuse(model(R"(g (float[1,3,8,8] x) => (float[n] y) { y = Sigmoid(x) })"),
           {"none of its nodes is a layer", "'y' (Sigmoid, 1x3x8x8)"});
}

TEST_CASE("program.onnx reads no weights: they may lie in another file") {
    CHECK(read(model(small, true)).network.layers == read(model(small)).network.layers);
}

TEST_CASE("program.onnx refuses what is no model") {
    refuse("", {"mine.onnx", "no ONNX model"});
    refuse("{}", {"no ONNX model, or only the beginning of one"});
    refuse(model(R"(g (float[1,3,8,8] x) => (float[n] b) {
                    a = Add(x, b)
                    b = Relu(a) })"),
           {"(Add) takes 'b', which nothing before it computes"});
    refuse(model(R"(g (float[1,3,height,8] x, float[4,3,3,3] w) => (float[n] y) {
                    y = Conv(x, w) })"),
           {"its input 'x' has no fixed size in dimension 2, which is called 'height'"});
    refuse(model(R"(g (float[4,3,8,8] x, float[4,3,3,3] w) => (float[n] y) { y = Conv(x, w) })"),
           {"is a batch of 4"});
    refuse(model(R"(g (float[1,5,8,8] x, float[4,3,3,3] w) => (float[n] y) { y = Conv(x, w) })"),
           {"its weights are for 3 channels"});
    refuse(model(R"(g (float[1,3,8,8] x, float[4,3,3,3] w) => (float[n] y) {
                    y = Conv<strides = [0,0]>(x, w) })"),
           {"mine.onnx"});
    refuse(model(R"(g (float[1,3,8,8] x) => (float[n] y) { y = Convolve(x) })"), {"Convolve"});
    const Outcome missing = network("./no-such.onnx");
    CHECK(missing.exit_status == 2);
    CHECK_THAT(missing.err, ContainsSubstring("'./no-such.onnx': cannot read it"));
}

TEST_CASE("program.onnx ends in order on a file that is cut off or changed anywhere") {
    const std::string whole = model(small);
    const Scratch scratch;
    const std::size_t step = whole.size() / 12;
    for (std::size_t i = 0; i < whole.size(); i += step) {
        const Outcome cut = import(scratch, whole.substr(0, i));
        CHECK(cut.exit_status == 2);
        std::string changed = whole;
        changed[i] = static_cast<char>(~static_cast<unsigned char>(changed[i]));
        const Outcome outcome = import(scratch, changed);
        CHECK((outcome.exit_status == 0 || outcome.exit_status == 2));
    }
}
