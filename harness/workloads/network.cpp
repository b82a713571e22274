#include "workloads/network/network.hpp"

namespace clprobe::probes {
namespace {

using namespace network;

ProbeInfo describe() {
    ProbeInfo info;
    info.name = "workloads/network";
    info.question = "How long does a whole neural network take in single precision, "
                    "and each of its layers?";
    info.method =
        "The networks that come with clprobe (docs/networks.md). Convolutions, with bias and "
        "activation fused, run by the kernels of workloads/convolution. Each reads what the one "
        "before wrote, as it lies: of all ways through the layers whose blocks of channels fit "
        "together, the one is taken that is predicted to take least. Additions, pools, and "
        "attentions and dense layers of one token have kernels of their own; the first ones read "
        "and write any blocks. Layer norms run by the kernels of workloads/softmax_norm, and "
        "attentions of several tokens by those of workloads/attention, which read queries, keys "
        "and values as the dense layer before wrote them. A dense layer of several tokens is a "
        "product by the "
        "kernels of workloads/gemm, whose weights are packed before, and a launch for bias and "
        "activation. An addition right behind a dense layer is made by that one's launches. A plan "
        "that a race has kept (`clprobe tune workloads/convolution`, and workloads/gemm) counts as "
        "the fastest of its shape, and so for the others'. Weights are random, scaled so that "
        "activations stay of the "
        "order of one; packing them and the image is not timed. What an attention has cached is "
        "random too.\n\n"
        "Before it is timed each layer is verified by itself, so that errors do not add up: its "
        "output is poisoned, it runs on what the layers before have left, and 64 of its outputs "
        "and those in the corners, or all of 4096 or fewer, are compared with what the host makes "
        "of them in double precision. Each output must have been written, and the halo must be "
        "zero still. After the last run the result must be the same to the last bit.\n\n"
        "Launches follow one another on a queue without profiling, by the host's clock: rounds of "
        "each layer alone, runs of the network in a row, and runs that are each waited for. What a "
        "run adds to those in a row is the time; runs that are waited for have quantiles. Cold "
        "runs are those that a launch went before which wrote through a buffer of four times the "
        "largest cache that is known. The first run is made of each layer's first launches.";
    info.pitfalls = {
        "A layer alone has its weights in caches as far as these hold them; in a run they have to "
        "come from memory where the caches do not hold the whole network. The layers' times add "
        "up to less than the network's then.",
        "Reading the image from the host and the result back is not part of a run.",
        "Without kept choices the plans are predicted ones.",
        "Each layer's activations have a buffer of their own. A network that runs in less memory "
        "lets layers share them.",
        "The attention of one token is a plain one: a work-group for each head.",
    };
    info.sources = {
        "X. Ding et al., RepVGG, CVPR 2021; A. Howard et al., MobileNets, arXiv 1704.04861; "
        "M. Sandler et al., MobileNetV2, CVPR 2018; K. He et al., Deep residual learning, CVPR "
        "2016; A. Dosovitskiy et al., ViT, ICLR 2021; A. Radford et al., GPT-2, 2019, for the "
        "networks",
        "K. He et al., Delving deep into rectifiers, ICCV 2015, for the scale of random weights",
        "M. Milakov, N. Gimelshein, Online normalizer calculation for softmax, arXiv 1805.02867; "
        "D. Hendrycks, K. Gimpel, GELUs, arXiv 1606.08415",
        "N. Higham, Accuracy and stability of numerical algorithms (2002), 3.1, for the bound of "
        "errors",
    };
    info.depends_on = {"compute/fma_rate",    "memory/buffer_bandwidth", "memory/buffer_latency",
                       "memory/local_memory", "execution/compute_units", "execution/occupancy",
                       "host/launch"};
    info.findings = finding_keys();
    const Axis time{"time", Unit::second, {}};
    info.series = {
        {series::layer, axes<LayerRow>(), time, "rounds of one layer in a row, by its plan"},
        {series::product, axes<ProductRow>(), time,
         "the same of dense layers of several tokens, by the plans of their products"},
        {series::network, axes<NetworkRow>(), time, "runs of all layers in a row"},
        {series::run, axes<RunRow>(), time, "runs of all layers, each waited for"},
        {series::cold, axes<RunRow>(), time,
         "runs, each behind one that went through more memory than caches hold"},
        {series::first, axes<RunRow>(), time, "the first run"}};
    for (SeriesShape &shape : info.series) {
        shape.open_axis = "network";
        shape.later_axes = {{"left_in_place", 0}};
    }
    info.kernels = {kernel_text};
    info.seconds = 30;
    info.quick_seconds = 5;
    info.on_request = true;
    return info;
}

class NetworkProbe final : public Probe {
public:
    [[nodiscard]] const ProbeInfo &info() const override { return info_; }
    void measure(Bench &bench) const override { run_experiments(bench); }
    [[nodiscard]] std::vector<Finding> interpret(const Dataset &data,
                                                 const Facts &facts) const override {
        return findings_of(data, facts);
    }
    [[nodiscard]] std::vector<Curve> curves(const Dataset &data) const override {
        return curves_of(data);
    }
    [[nodiscard]] std::vector<KernelVariant> kernels(const DeviceInfo &device) const override {
        const HeadTile tile = head_tile(device);
        return {{"", kernel_text, tile.build_options() + attention_options(tile, 64, device), ""}};
    }

private:
    ProbeInfo info_ = describe();
};

} // namespace

std::unique_ptr<Probe> make_workloads_network() {
    return std::make_unique<NetworkProbe>();
}

} // namespace clprobe::probes
