#include "workloads/network/network.hpp"

namespace clprobe::probes {
namespace {

using namespace network;

ProbeInfo describe() {
    ProbeInfo info;
    info.name = "workloads/network";
    info.question = "How long does a whole neural network take for one image in single precision, "
                    "and each of its layers?";
    info.method =
        "The networks that come with clprobe (docs/networks.md) whose every layer has a kernel: "
        "convolutions with bias and activation fused, then the average over the image, and a dense "
        "layer. Convolutions run by the kernels of workloads/convolution. Each reads what the one "
        "before wrote, as it lies: of all ways through the layers whose blocks of channels fit "
        "together, the one is taken that is predicted to take least, where a plan that a race has "
        "kept (`clprobe tune workloads/convolution`) counts as the fastest of its shape. Weights "
        "are random, scaled so that activations stay of the order of one; they are packed before, "
        "and so is the image, untimed. There are as many launches as layers, and one more for each "
        "convolution whose sums are made in parts.\n\n"
        "Before it is timed each layer is verified by itself, so that errors do not add up: its "
        "output is poisoned, it runs on what the layers before have left, and 64 of its outputs "
        "and those in the corners (all of the average's and of the dense layer's) are compared "
        "with the host's sums in double precision. Each output must have been written, and the "
        "halo must be zero still. After the last run the result must be the same to the last "
        "bit.\n\n"
        "Launches follow one another on a queue without profiling, by the host's clock: rounds of "
        "each layer alone, runs of the network in a row, and runs that are each waited for. What a "
        "run adds to those in a row is the time; runs that are waited for have quantiles.";
    info.pitfalls = {
        "A layer alone has its weights in caches as far as these hold them; in a run they have to "
        "come from memory where the caches do not hold the whole network. The layers' times add "
        "up to less than the network's then.",
        "Reading the image from the host and the result back is not part of a run.",
        "Without kept choices the plans are predicted ones.",
    };
    info.sources = {
        "X. Ding et al., RepVGG, CVPR 2021; A. Howard et al., MobileNets, arXiv 1704.04861, for "
        "the networks",
        "K. He et al., Delving deep into rectifiers, ICCV 2015, for the scale of random weights",
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
        {series::network, axes<NetworkRow>(), time, "runs of all layers in a row"},
        {series::run, axes<RunRow>(), time, "runs of all layers, each waited for"}};
    info.kernels = {kernel_text};
    info.seconds = 20;
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
        return {{"", kernel_text, head_tile(device).build_options(), ""}};
    }

private:
    ProbeInfo info_ = describe();
};

} // namespace

std::unique_ptr<Probe> make_workloads_network() {
    return std::make_unique<NetworkProbe>();
}

} // namespace clprobe::probes
