#include "common/device_tiles.hpp"
#include "workloads/gemm/gemm.hpp"

namespace clprobe::probes {
namespace {

using namespace gemm;

ProbeInfo describe() {
    ProbeInfo info;
    info.name = "workloads/gemm";
    info.question = "How fast are products of matrices, and how close to the rate of multiply-adds "
                    "do they come?";
    info.method =
        "C = A B, all in rows, by one of two families of kernels. Through caches: a call packs "
        "both operands into panels, so that a work-item reads them from end to end, and multiplies "
        "them; each work-item makes a tile of C in registers. On a CPU the left "
        "operand is not packed if it has at least as many rows as a tile and its depth is a "
        "multiple "
        "of a vector's width; of rows that lie multiples of 4 KiB apart, tiles have at most six "
        "then. By way of local memory, where that "
        "is a memory of its own: a work-group makes a tile of C from slices of both operands, one "
        "in local memory being multiplied while the next is fetched; where tiles are few, the "
        "depth is split among several groups, and a second kernel adds the parts. The tile and "
        "all else of a plan are chosen by a prediction of the padded multiply-adds at the device's "
        "rate, as far as loads leave it instructions, the loads at the first level's or local "
        "memory's bandwidth, what comes from beyond each level at the next one's, and a fetch's "
        "latency for each slice: the slowest of these on a CPU, and on a GPU, where they are in "
        "each other's way, the root of their squares' sum; then the copies, and what launches add. "
        "`clprobe "
        "tune` races the best 24 by that prediction, and some that it rejects, for 20 s a shape at "
        "most; later runs take what won.\n\n"
        "The operands are random whole numbers from -4 to 4, whose sums are exact in any order. "
        "After every timed call each element of the product counts in a check: C r and A (B r), "
        "for a random vector r without zeros, must be equal (Freivalds). Before that the plan is "
        "run on a shape that no tile divides, and on random reals, a sample of which is compared "
        "with the host's sums in double precision.\n\n"
        "That is in single precision. Two shapes are multiplied in other numbers too, by panels, "
        "with the plan that is the likeliest in single precision. Halves are added up in half "
        "precision (fp16), where the driver has it, and in single (fp16_fp32), which any device "
        "can, as it reads halves. Their exact operands are from {-1, 1} and {-2, -1, 1, 2}, so "
        "that "
        "no product is 0 and sums of 1024 of them are at most 2048, which half precision holds "
        "exactly. Signed bytes (int8) are added up in 32 bits by dot products of four, where the "
        "driver has them, and take all values from -128 to 127.";
    info.pitfalls = {
        "Through caches a call packs operands: where one of them is a weight that stays, less is "
        "to "
        "be done.",
        ("No probe finds how many vectors a CPU has registers for: without a kept choice (`clprobe "
         "tune workloads/gemm`) a tile takes sixteen at most, where some have twice as many."),
        "Times of short kernels hold the launch.",
        "Plans are not raced for other numbers than those of single precision: their best may be "
        "another one.",
        "A driver may offer dot products and make each of several instructions: no finding says "
        "so, "
        "but a rate below that of single precision does.",
    };
    info.sources = {
        "R. Freivalds, Probabilistic machines can use less running time, IFIP Congress 1977",
        "K. Goto, R. van de Geijn, Anatomy of high-performance matrix multiplication, ACM TOMS 34 "
        "(2008), for panels and the order of blocks",
        "N. Higham, Accuracy and stability of numerical algorithms (2002), 3.1 and 3.5, for the "
        "bounds of errors",
    };
    info.depends_on = {"compute/fma_rate",    "memory/buffer_bandwidth", "memory/buffer_latency",
                       "memory/local_memory", "execution/compute_units", "execution/occupancy",
                       "host/launch"};
    info.findings = finding_keys();
    const Axis time{"time", Unit::second, {}};
    info.series = {{series::race, axes<PlanRow>(), time, "a call by each plan that tuning tried"},
                   {series::call, axes<StageRow>(), time, "each stage of a call"},
                   {series::other_numbers, axes<NumbersRow>(), time,
                    "each stage of a call that is not in single precision"}};
    for (SeriesShape &shape : info.series)
        shape.later_axes = {{"left_in_place", 0}};
    info.kernels = {kernel_text};
    info.seconds = 15;
    info.quick_seconds = 3;
    info.on_request = true;
    info.tunes = true;
    return info;
}

class GemmProbe final : public Probe {
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
        const GemmShape &shape = shapes.front();
        const auto variant = [&](const char *name, const GemmPlan &plan) {
            return KernelVariant{name, kernel_text, Gemm(shape, plan).build_options(), {}};
        };
        const Facts facts = workloads::facts_by_word(device);
        std::vector<KernelVariant> variants{
            workloads::has_own_local_memory(facts)
                ? variant("local memory", GemmPlan::by_local_memory({}))
                : variant("panels", workloads::gemm_plans(shape, facts).front())};
        for (const Numbers numbers : other_numbers)
            if (lacks(device, numbers).empty())
                variants.push_back(
                    {"panels, " + name(numbers),
                     kernel_text,
                     Gemm(shape, panels_for(shape, numbers, {device, {}}), numbers).build_options(),
                     {}});
        return variants;
    }

private:
    ProbeInfo info_ = describe();
};

} // namespace

std::unique_ptr<Probe> make_workloads_gemm() {
    return std::make_unique<GemmProbe>();
}

} // namespace clprobe::probes
