#include "common/device_tiles.hpp"
#include "workloads/softmax_norm/softmax_norm.hpp"

namespace clprobe::probes {
namespace {

using namespace softmax_norm;

ProbeInfo describe() {
    ProbeInfo info;
    info.name = "workloads/softmax_norm";
    info.question = "How fast are softmax and layer norm over the rows of a matrix in single "
                    "precision, and how close to the bandwidth of memory or caches do they come?";
    info.method =
        "Softmax: e to each element less the row's largest, over the sum of these. Layer norm: "
        "each element less the row's mean, over the root of its variance and 1e-5, times a gain "
        "and with a bias. Shapes are rows x elements of a row. Both take few operations for each "
        "element, so that what bounds them is moving the input and the output, each of which "
        "counts once: against the bandwidth of a copy in memory, or the read bandwidth of the "
        "smallest cache that holds both and is not a unit's own. On CPUs a work-item makes a row, "
        "in vectors, with an exponential of its own that compilers keep in vectors, and reads it "
        "again, as the first caches hold it. Elsewhere several work-items share a row, keep what "
        "they have of it in registers, and join what they found by way of local memory, in a "
        "softmax the largest logits together with the sums of the weights by them; where a row is "
        "too long for that it is read twice, and sums are rescaled as larger logits turn up. "
        "Vectors, work-items of a row and rows of a group are chosen by a prediction: the bytes "
        "at their level's bandwidth, those that are read again at that of the cache that holds "
        "the rows in work, instructions at the rate of multiply-adds, what groups that are "
        "resident together wait for, and a launch. `clprobe tune` races the best 24 by that "
        "prediction, and some that it rejects, for 20 s a shape at most; later runs take what "
        "won.\n\n"
        "Each plan is verified on rows of four kinds, which end within a work-group, in two "
        "launches, every element: random reals and rows of 80 and -80 are compared with sums in "
        "double precision within what roundings can leave at most; where a few logits have all "
        "weight, or the mean is 0 and the root of the variance 256, sums are exact in any order, "
        "and a few roundings are all that is allowed, so that a single element left out shows. "
        "Nothing may be written behind the output. The operands of the timed calls are random "
        "reals. Of the first result some rows are compared with the host's; each later one must "
        "equal the first to the last bit.";
    info.pitfalls = {
        "A roof of a cache is its bandwidth for reading: writing to it may be slower.",
        "Input and output of a call are warm where a cache holds them, since calls follow one "
        "another.",
        "Calls of less than a millisecond are timed in a row, on a queue without profiling: what a "
        "single one takes longer is host/launch's matter.",
        "A row's sum is not made as carefully as it could be: errors grow with its length.",
    };
    info.sources = {
        "M. Milakov, N. Gimelshein, Online normalizer calculation for softmax, arXiv 1805.02867",
        "J. Ba, J. Kiros, G. Hinton, Layer normalization, arXiv 1607.06450",
        "T. Chan, G. Golub, R. LeVeque, Algorithms for computing the sample variance (1983), for "
        "why the variance is summed after the mean is known",
        "N. Higham, Accuracy and stability of numerical algorithms (2002), 3.1, for the bound of "
        "errors",
        "A. Dosovitskiy et al., An image is worth 16x16 words, ICLR 2021; A. Radford et al., "
        "Language models are unsupervised multitask learners, 2019, for shapes",
    };
    info.depends_on = {"compute/fma_rate",    "memory/buffer_bandwidth", "memory/buffer_latency",
                       "memory/local_memory", "execution/compute_units", "execution/occupancy",
                       "host/launch"};
    info.findings = finding_keys();
    const Axis time{"time", Unit::second, {}};
    info.series = {{series::race, axes<RaceRow>(), time, "a call by each plan that tuning tried"},
                   {series::call, axes<CallRow>(), time,
                    "calls of each shape in a row, by the plan that was chosen"}};
    info.kernels = {kernel_text};
    info.seconds = 15;
    info.quick_seconds = 4;
    info.on_request = true;
    info.tunes = true;
    return info;
}

class SoftmaxNormProbe final : public Probe {
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
        std::vector<KernelVariant> variants;
        for (const SoftmaxNormShape &shape :
             {SoftmaxNormShape{RowOperator::softmax, 12288, 1024},
              SoftmaxNormShape{RowOperator::layer_norm, 1024, 768}}) {
            const SoftmaxNorm norm(
                shape,
                workloads::softmax_norm_plans(shape, workloads::facts_by_word(device)).front());
            variants.push_back({norm.kernel(), kernel_text, norm.build_options(), norm.kernel()});
        }
        return variants;
    }

private:
    ProbeInfo info_ = describe();
};

} // namespace

std::unique_ptr<Probe> make_workloads_softmax_norm() {
    return std::make_unique<SoftmaxNormProbe>();
}

} // namespace clprobe::probes
