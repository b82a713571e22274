#include "compute/instruction_rate/instruction_rate.hpp"

namespace clprobe::probes {
namespace {

using namespace instruction_rate;

ProbeInfo describe() {
    ProbeInfo info;
    info.name = kernel_text;
    info.question = "How many operations of each kind does the device do in a second, how long "
                    "does one take, and how exact are its functions?";
    info.method =
        "Each operation has a loop that takes some chains of each work-item through 2 to 52 steps "
        "of it, every one on the result of the one before. A multiply-add counts two operations, a "
        "dot product of four bytes eight. Rates are of the whole device: the slope of time over "
        "trips of the loop, in groups that fill it. Latencies are of a single chain of a single "
        "work-item. Where words have room for more than one number, scalars and vectors are tried "
        "with multiply-adds; on CPUs, whose vectors are as wide as the driver says, four chains "
        "and "
        "eight. All operations of the type go the way that is faster.\n\n"
        "No compiler knows the operands, and no chain can be shortened: whole numbers grow by each "
        "other and wrap (products of odd ones); shifts say by how much the next one shifts; the "
        "logic is exclusive or, with additions between; minima and maxima go by turns to bounds of "
        "which "
        "one moves with the trips; sums of reals are of multiples of 1/32 that come back after "
        "some pairs, and products drift. Functions come to rest where x = f(x) + c, for a c that "
        "differs from trip to trip.\n\n"
        "The host computes all chains of some work-items, chosen after each launch: whole numbers, "
        "sums and products to the bit, functions but for what rounding may leave. The error of "
        "functions in units in the last place is the worst of 16384 operands drawn from their "
        "range, the same in every run.";
    info.pitfalls = {
        "What an operation needs beside it is told with the result: popcount, logic, conversions "
        "and "
        "functions have an addition, selections a comparison, shifts a mask of their count. It is "
        "hidden where it has a pipe of its own.",
        "Where one instruction does a maximum and a minimum, both are counted.",
        "Integer additions may go through two pipes, of which one is that of multiply-adds: then "
        "they are faster than either pipe is.",
        "Compilers for CPUs make jumps of minima, which are guessed right here: such a latency is "
        "none of an instruction.",
        "Narrow integers are computed in wider words by many devices, and cut after each step.",
        "Functions are of arguments between -2 and 4: what reducing a large one takes is not in "
        "the time. Their errors are of wider ranges.",
        "Of halves, products change only their sign from trip to trip.",
        "High words of products are of unsigned numbers of 32 and 64 bits only, as those of narrow "
        "types come to rest; shifts are logical.",
        "Integer divisions have an odd divisor, another one each time.",
    };
    info.sources = {"OpenCL C specification, relative error as ulps: what is allowed",
                    "CUDA C++ Programming Guide, throughput of native arithmetic instructions: "
                    "what rates were set against"};
    info.depends_on = {"execution/compute_units"};
    info.cross_checks = {"compute/fma_rate"};
    info.findings = finding_keys();
    const Axis time{"time", Unit::second, {}};
    info.series = {{series::race, axes<Variant>(), time, "multiply-adds in each shape"},
                   {series::rate, axes<Variant>(), time, "the whole device"},
                   {series::latency, axes<Variant>(), time, "one chain of one work-item"}};
    info.kernels = {kernel_text};
    info.seconds = 6;
    info.quick_seconds = 2;
    return info;
}

class InstructionRate final : public Probe {
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

private:
    ProbeInfo info_ = describe();
};

} // namespace

std::unique_ptr<Probe> make_compute_instruction_rate() {
    return std::make_unique<InstructionRate>();
}

} // namespace clprobe::probes
