#include "common/device_tiles.hpp"
#include "workloads/convolution/convolution.hpp"

namespace clprobe::probes {
namespace {

using namespace convolution;

ProbeInfo describe() {
    ProbeInfo info;
    info.name = "workloads/convolution";
    info.question = "How fast are convolutions of one image, and how close to the rate of "
                    "multiply-adds do they come?";
    info.method =
        "Convolutions with bias and ReLU. Activations lie in blocks of as "
        "many channels as a vector has elements, each plane with a halo of zeros, and the output "
        "is written as the next convolution reads it; weights lie in the order in which they are "
        "read. Both are packed before, untimed: weights stay what they are, and in a network only "
        "the first input has to be packed. Each work-item makes a tile of neighbouring pixels and "
        "of output channels in registers; tiles that share weights follow one another. The tile, "
        "how far its loop is unrolled, and whether a work-item makes several tiles, so that "
        "weights are read once, are chosen by a prediction of the padded "
        "multiply-adds at the device's rate, the loads at the first level's bandwidth, and what "
        "comes from beyond each level at the next one's: the slowest of these on a CPU, and on a "
        "GPU, where they are in each other's way, the root of their squares' sum; and what a "
        "launch adds. Where local "
        "memory is one of its own, another family competes: a work-group makes a tile of the "
        "product of a matrix with a row for each pixel, which holds the inputs of all its taps, "
        "and of the weights, slice after slice through local memory, and small outputs are made "
        "in parts of the depth, which a second launch adds up. Of 3x3 kernels with stride 1 plans "
        "of both families compete that are Winograd's F(2x2, 3x3): 16 products for four outputs "
        "instead of 36, between transforms whose time counts: those of inputs in a launch of their "
        "own, or by local memory as they are fetched, and those of sums in the last launch. The "
        "rate counts what the convolution has, `roof_share` what is computed. `clprobe tune` races "
        "the best 24 "
        "by that prediction, and some that it rejects, for 20 s a shape at most; later runs take "
        "what won.\n\n"
        "A shape is named by its kernel, its channels, its output and its stride. The operands "
        "are random whole numbers from -4 to 4, whose sums are exact in any order. Each timing "
        "follows a call that is not timed, so that caches hold what they can, and each output of "
        "one of the two counts in a check: the sum over all output channels by random factors "
        "without zeros, at each pixel, must be what the host has from weights that are summed in "
        "that way first. Biases are so large there that ReLU cuts nothing off. Before that each "
        "build is run on a shape that no tile divides, of which every output is compared, on both "
        "sides of 0, and the halo must be left alone; and on random reals, whose outputs are all "
        "compared with the host's sums in double precision. Of the first shape, the other "
        "activations (none, ReLU6, hard-swish) are checked in this way too.\n\n"
        "That is in single precision. Three shapes are computed in halves too, directly by panels, "
        "with the plan that is the likeliest in single precision: added up in half precision "
        "(fp16), where the driver has it, and in single (fp16_fp32), which any device can. Exact "
        "operands are 1 and -1 then, and biases no larger than 1024: no product is 0, and no sum "
        "is above 2048, the most up to which half precision holds all whole numbers.";
    info.pitfalls = {
        "Weights and input are in caches as far as these hold them: in a network they may not be.",
        "Products with the padding's zeros are computed, and count.",
        "Winograd's errors are larger than those of direct sums; they are compared with a bound of "
        "their own.",
        ("No probe finds how many vectors a CPU has registers for: without a kept choice (`clprobe "
         "tune workloads/convolution`) a tile takes sixteen at most, where some have twice as "
         "many."),
        "Calls of less than a millisecond are timed in a row, on a queue without profiling: what a "
        "single one takes longer is host/launch's matter.",
    };
    info.sources = {
        "E. Georganas et al., Anatomy of high-performance deep learning convolutions on SIMD "
        "architectures, SC 2018, for blocks of channels and register tiles of pixels",
        "R. Freivalds, Probabilistic machines can use less running time, IFIP Congress 1977",
        "X. Ding et al., RepVGG, CVPR 2021; A. Howard et al., MobileNets, arXiv 1704.04861; K. He "
        "et al., Deep residual learning, CVPR 2016, for the shapes",
        "A. Lavin, S. Gray, Fast algorithms for convolutional neural networks, CVPR 2016",
        "B. Barabasz et al., Error analysis and improving the accuracy of Winograd convolution for "
        "deep neural networks, ACM TOMS 46 (2020), for its bound of errors",
        "N. Higham, Accuracy and stability of numerical algorithms (2002), 3.1, for the bound of "
        "errors",
    };
    info.depends_on = {"compute/fma_rate",    "memory/buffer_bandwidth", "memory/buffer_latency",
                       "memory/local_memory", "execution/compute_units", "execution/occupancy",
                       "host/launch"};
    info.findings = finding_keys();
    const Axis time{"time", Unit::second, {}};
    info.series = {{series::race, axes<RaceRow>(), time, "each plan that tuning tried"},
                   {series::call, axes<CallRow>(), time,
                    "calls of each shape in a row, by the plan that was chosen"},
                   {series::other_numbers, axes<NumbersRow>(), time,
                    "calls in a row that are not in single precision"}};
    for (SeriesShape &shape : info.series)
        shape.later_axes = {{"images", 1}};
    info.kernels = {kernel_text};
    info.seconds = 15;
    info.quick_seconds = 4;
    info.on_request = true;
    info.tunes = true;
    return info;
}

class ConvolutionProbe final : public Probe {
public:
    [[nodiscard]] const ProbeInfo &info() const override { return info_; }
    void measure(Bench &bench) const override { run_experiments(bench); }
    [[nodiscard]] std::vector<Finding> interpret(const Dataset &data,
                                                 const Facts &facts) const override {
        return findings_of(data, facts);
    }
    [[nodiscard]] std::vector<Tuning> tunings(const Dataset &data) const override {
        return tunings_of(data);
    }
    [[nodiscard]] std::vector<Choice> choices(const Dataset &data) const override {
        return choices_of(data);
    }
    [[nodiscard]] std::vector<KernelVariant> kernels(const DeviceInfo &device) const override {
        const Facts facts = workloads::facts_by_word(device);
        const bool local = workloads::has_own_local_memory(facts);
        // The first of the family that a run would take.
        const auto variant = [&](const char *name, const ConvolutionShape &shape, bool winograd) {
            ConvolutionPlan plan = ConvolutionPlan::by_local_memory({});
            if (winograd)
                plan = plan.by_winograd();
            if (!local || shape.depthwise)
                for (const ConvolutionPlan &likely : workloads::convolution_plans(shape, facts))
                    if (likely.family == workloads::KernelFamily::panels &&
                        likely.winograd == winograd) {
                        plan = likely;
                        break;
                    }
            return KernelVariant{name, kernel_text, Convolution(shape, plan).build_options(),
                                 "convolution"};
        };
        const ConvolutionShape square{384, 384, 14, 14};
        std::vector<KernelVariant> variants{
            variant("3x3", square, false), variant("1x1", {512, 512, 14, 14, 1}, false),
            variant("depthwise 3x3", {512, 512, 14, 14, 3, 1, true}, false),
            variant("3x3 by Winograd", square, true)};
        for (const Numbers numbers : other_numbers)
            if (lacks(device, numbers).empty())
                variants.push_back(
                    {"3x3, " + name(numbers), kernel_text,
                     Convolution(square, workloads::plan_for_halves(square, facts), numbers)
                         .build_options(),
                     "convolution"});
        return variants;
    }

private:
    ProbeInfo info_ = describe();
};

} // namespace

std::unique_ptr<Probe> make_workloads_convolution() {
    return std::make_unique<ConvolutionProbe>();
}

} // namespace clprobe::probes
