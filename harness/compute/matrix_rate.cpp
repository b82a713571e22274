#include "common/ptx.hpp"
#include "compute/matrix_rate/matrix_rate.hpp"

namespace clprobe::probes {
namespace {

using namespace matrix_rate;

ProbeInfo describe() {
    ProbeInfo info;
    info.name = "compute/matrix_rate";
    info.question = "How many multiply-adds of small matrices do instructions do in a second that "
                    "OpenCL C has no function for, and how long does one take?";
    info.method =
        "Each warp has several accumulators, and a step of the loop is one instruction for each: "
        "mma of the PTX ISA, written as inline assembly, of each of some left operands with each "
        "of some right ones, which stay in registers or are fetched from local memory anew. Two to "
        "four shapes of that and numbers of warps are raced for each type; the winner is then "
        "measured anew, all types in turn: its rate is the slope of time over trips of the loop. "
        "The latency is the time of a step of one accumulator in a single warp.\n\nOperands come "
        "from the host, as small whole numbers, in the order in which the instruction has them in "
        "registers. The left ones change their sign before the sums outgrow what the type holds "
        "exactly, so that there is one right result, to the bit, in whatever order and width a "
        "unit adds. Every work-item leaves a word made of the bits of all its sums, and the host "
        "computes that word for work-items chosen after each launch.";
    info.pitfalls = {
        "These are no rates of OpenCL C: no compiler makes such instructions of a program by "
        "itself. compute/fma_rate has what the language offers.",
        ("Where a chip lacks an instruction, its assembler makes it of others: of e4m3 on a "
         "Hopper, two products of halves, four additions and conversions. Of operands that stay "
         "the same it makes the product once and only adds it from then on, which looks twice as "
         "fast as halves. Here 0 is added to the right operands before each step, and no compiler "
         "knows that it is 0."),
        ("Hopper's own instructions for groups of four warps (wgmma) want a target that NVIDIA's "
         "OpenCL compiler does not have: what the chip does there is more than is found here."),
        ("Small whole numbers flip fewer bits than random ones: a chip that is short of power may "
         "do less on those."),
        ("In half precision and of e4m3 the sums come back after some trips, so that an early end "
         "of the loop is seen in all launches but a few."),
        "Of other vendors' extensions none is tried "
        "(cl_intel_subgroup_matrix_multiply_accumulate), as there was nothing to run them on.",
    };
    info.sources = {"PTX ISA, section Warp Level Matrix Multiply-Accumulate Instructions: the "
                    "shapes and the fragments",
                    "DeepSeek-V3 Technical Report, 2024, section 3.3.2: sums of 8-bit products "
                    "keep 14 bits on a Hopper"};
    info.needs = std::string("a compiler that takes PTX in a kernel (") + ptx_extension + ")";
    info.depends_on = {"execution/compute_units"};
    info.findings = finding_keys();
    const Axis time{"time", Unit::second, {}};
    info.series = {{series::race, axes<Variant>(), time, "every variant that was tried"},
                   {series::rate, axes<Variant>(), time, "the winners, measured anew"},
                   {series::latency, axes<Variant>(), time, "one accumulator of one warp"}};
    info.kernels = {kernel_text};
    info.seconds = 3;
    return info;
}

class MatrixRate final : public Probe {
public:
    [[nodiscard]] const ProbeInfo &info() const override { return info_; }
    [[nodiscard]] std::optional<std::string> unsupported(const DeviceInfo &device) const override {
        return lacks_instructions(device);
    }
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

std::unique_ptr<Probe> make_compute_matrix_rate() {
    return std::make_unique<MatrixRate>();
}

} // namespace clprobe::probes
