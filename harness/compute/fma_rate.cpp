#include "compute/fma_rate/fma_rate.hpp"

namespace clprobe::probes {
namespace {

using namespace fma_rate;

ProbeInfo describe() {
    ProbeInfo info;
    info.name = "compute/fma_rate";
    info.question = "How many multiply-adds does the device do in a second, and how long does one "
                    "take?";
    info.method =
        "No single shape of kernel is safe on every device, so shapes are tuned: the way a "
        "multiply-add is written (fma(), mad(), a*b+c), what a chain of them computes (x*a+b, "
        "x+y*a, x*x+b), "
        "how many independent chains a work-item has, how wide its vectors are, how many "
        "operations the loop's body holds, and how many work-items there are in groups of what "
        "size. A coordinate descent tries one property after the other; the best four run again. "
        "The winner is then measured anew, in blocks spread over the probe's time, all types in "
        "turn: its rate is the slope of time over trips of the loop.\n\n"
        "Where the driver has no cl_khr_fp16 but takes inline PTX, halves are asked in pairs by "
        "fma.rn.f16x2, an instruction that does two multiply-adds. The method says so: no program "
        "in OpenCL C alone reaches that rate there.\n\n"
        "The latency is the time a step of a single chain in a single work-item takes. Its cross-"
        "check are more chains beside it, which must not make the steps faster, and tell how many "
        "operations are in flight when the rate is reached.\n\n"
        "Operands come at run time and keep all values near one, no chain settles, and every "
        "vector element leaves a word made of the bits of all its chains: the host computes that "
        "word anew, step by step, for elements chosen after each launch.";
    info.pitfalls = {
        "A multiply-add counts two: what a device may issue beside it is not counted.",
        ("fma() is 26 to 100 times slower than a*b+c where the hardware has none, and Mesa's "
         "compiler for Midgard takes minutes for dozens of them; x*x+b runs at half rate on some "
         "GPUs."),
        ("A loop's body that is short pays for the loop; one that is long falls out of the "
         "instruction cache, at the cost of a fifth on one GPU."),
        ("Grids of several waves of groups end when the last wave does: slopes through them came "
         "out above what the device can do. All groups are resident at once here."),
        "a*b+c and mad() may round once or twice; which one was seen is part of the method. An "
        "fma() that rounds twice (llvmpipe's, in double and half) is left out.",
        ("PoCL's workers are not pinned unless POCL_AFFINITY=1 is set: the rate is then halved in "
         "some launches."),
        ("Where the method says inline PTX, OpenCL C has no half precision, whatever the rate is: "
         "cl_khr_fp16 is what a program needs."),
        ("In half precision x*a+b settles after some thousand steps: an early end of the loop is "
         "seen in short launches only."),
    };
    info.sources = {
        "clpeak, mixbench and ArchProbe, for the shapes; each of them uses one",
        "HAKMEM (MIT AI Memo 239, 1972), item 149, for the rotation x+y*a, y-x*a",
    };
    info.depends_on = {"execution/compute_units"};
    info.findings = finding_keys();
    for (const Real real : all_reals) {
        const std::string type = name(real);
        const Axis time{"time", Unit::second, {}};
        info.series.push_back(
            {type + ".race", axes<Variant>(), time, "every variant that was tried"});
        info.series.push_back({type + ".rate", axes<Variant>(), time, "the winner, measured anew"});
        info.series.push_back(
            {type + ".latency", axes<Variant>(), time, "one work-item, by its chains"});
    }
    info.kernels = {kernel_text};
    info.seconds = 12;
    return info;
}

class FmaRate final : public Probe {
public:
    [[nodiscard]] const ProbeInfo &info() const override { return info_; }
    void measure(Bench &bench) const override { run_experiments(bench); }
    [[nodiscard]] std::vector<Finding> interpret(const Dataset &data,
                                                 const Facts &facts) const override {
        return findings_of(data, facts);
    }
    [[nodiscard]] std::vector<KernelVariant> kernels(const DeviceInfo &device) const override {
        return inspected(device);
    }
    [[nodiscard]] std::vector<Tuning> tunings(const Dataset &data) const override {
        return tunings_of(data);
    }

private:
    ProbeInfo info_ = describe();
};

} // namespace

std::unique_ptr<Probe> make_compute_fma_rate() {
    return std::make_unique<FmaRate>();
}

} // namespace clprobe::probes
