#include "common/device_tiles.hpp"
#include "workloads/attention/attention.hpp"

namespace clprobe::probes {
namespace {

using namespace attention;

ProbeInfo describe() {
    ProbeInfo info;
    info.name = "workloads/attention";
    info.question = "How fast is attention in single precision, and how close to the rate of "
                    "multiply-adds does it come?";
    info.method =
        "O = softmax(Q K^T / sqrt(width)) V for each head, in one kernel that never stores a "
        "score: keys are taken block by block, each weight is a power of two of the distance from "
        "the largest score so far, and what was summed before is rescaled where a larger one turns "
        "up. Shapes are heads (of a whole batch) x length x width of a head; of causal ones a "
        "query sees the keys up to its own row. Two families of kernels compete. Through caches, "
        "where local memory is none of its own: a call packs keys and values into panels, and each "
        "work-item makes some rows of "
        "O by tiles in registers, with an exponential of its own that compilers keep in vectors. "
        "By way of local memory elsewhere: a work-group holds a tile of queries, the keys, whose "
        "room the weights take, and the values in local memory; where queries are few, the keys "
        "are split among several groups, and a second kernel adds the parts by their largest "
        "scores. Tile, unrolling and splits are chosen by a prediction: the padded multiply-adds, "
        "beside what a score costs besides, at the device's rate, the loads at the first level's "
        "or local memory's bandwidth, what comes from beyond each level at the next one's, a "
        "fetch's latency for each block, then copies and launches. `clprobe tune` races the best "
        "24 by that prediction, and some that it rejects, for 20 s a shape at most; later runs "
        "take what won.\n\n"
        "Each plan is verified on a length that no tile divides, every element: random reals, "
        "scores of 80 and -80, and values of 1 are compared with sums in double precision within "
        "what roundings can leave at most; and queries that are so near one key that no other has "
        "weight must bring that key's row of V to the last bit, also at the length that is timed. "
        "The operands of the timed calls are random reals. Of the first result some rows are "
        "compared with the host's; each later one must equal the first to the last bit.";
    info.pitfalls = {
        "Through caches a call packs keys and values: a cache of them that is kept packed needs "
        "less.",
        "The rate counts scores that a causal mask leaves; tiles compute some more.",
        "Padding is by length alone: sequences of different lengths in a batch are not supported.",
        "Calls of less than a millisecond are timed in a row, on a queue without profiling: what a "
        "single one takes longer is host/launch's matter.",
    };
    info.sources = {
        "M. Milakov, N. Gimelshein, Online normalizer calculation for softmax, arXiv 1805.02867",
        "T. Dao, D. Fu, S. Ermon, A. Rudra, C. Re, FlashAttention, NeurIPS 2022, for blocks of "
        "keys; T. "
        "Dao et al., Flash-Decoding (2023), for splits of the keys",
        "N. Higham, Accuracy and stability of numerical algorithms (2002), 3.1, for the bound of "
        "errors",
        "A. Dosovitskiy et al., An image is worth 16x16 words, ICLR 2021 (ViT-S by Touvron et al., "
        "ICML 2021); A. Radford et al., Language models are unsupervised multitask learners, 2019, "
        "for shapes",
    };
    info.depends_on = {"compute/fma_rate",    "memory/buffer_bandwidth", "memory/buffer_latency",
                       "memory/local_memory", "execution/compute_units", "execution/occupancy",
                       "host/launch"};
    info.findings = finding_keys();
    const Axis time{"time", Unit::second, {}};
    info.series = {{series::race, axes<RaceRow>(), time, "a call by each plan that tuning tried"},
                   {series::call, axes<CallRow>(), time,
                    "calls of each shape in a row, by the plan that was chosen"}};
    for (SeriesShape &shape : info.series)
        shape.later_axes = {{"tiles_together", 1}};
    info.kernels = {kernel_text};
    info.seconds = 15;
    info.quick_seconds = 4;
    info.on_request = true;
    info.tunes = true;
    return info;
}

class AttentionProbe final : public Probe {
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
        const AttentionShape shape{8, 1024, 64};
        const AttentionPlan plan = attention_plans(shape, workloads::facts_by_word(device)).front();
        return {{plan.family == KernelFamily::panels ? "panels" : "local memory", kernel_text,
                 Attention(shape, plan).build_options(), "attention"}};
    }

private:
    ProbeInfo info_ = describe();
};

} // namespace

std::unique_ptr<Probe> make_workloads_attention() {
    return std::make_unique<AttentionProbe>();
}

} // namespace clprobe::probes
