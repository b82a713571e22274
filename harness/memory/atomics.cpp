#include "memory/atomics/experiment.hpp"
#include "memory/atomics/findings.hpp"
#include "memory/atomics/launches.hpp"

#include <clprobe/probe.hpp>

#include <memory>

namespace clprobe::probes {
namespace {

ProbeInfo describe() {
    ProbeInfo info;
    info.name = "memory/atomics";
    info.question = "How many atomic operations does the device do in a second, on one word and on "
                    "many, and how long does one take?";
    info.method =
        "Rates: all compute units at once, every work-item on a word of its own (neighbours on "
        "neighbouring words) or all on one, in local memory one a group; once with results dropped "
        "and once with them used, as compilers have cheaper instructions for results that nobody "
        "wants; the faster of both is measured on, and is the finding. Latency: one work-item, "
        "each operation at an address that hangs on the result of the one before; every block of "
        "samples at another address.\n\n"
        "Partitions: that latency at some hundred addresses spread over 64 MiB. Where one level of "
        "latency is ruled out (Hartigan's dip test), the addresses fall into two by several per "
        "cent, and keep to their level from block to block, the memory's cache has a near and a "
        "far part.\n\n"
        "Verified by what is left: sums exactly; the least; after exchanges the first word and all "
        "that was written are all that was read and the last word; compare-exchanges that "
        "succeeded are as many as the word counts.";
    info.pitfalls = {
        "Compilers combine the operations of neighbours on one address where they can see that it "
        "is one: here it comes at run time. What the hardware combines counts.",
        "Contended compare-exchanges fail more often than not. All that are tried count.",
        "A minimum that is no longer the least may be dropped before it writes: contended, most "
        "are.",
        "Neighbouring words share a transaction: words spread over more lines are slower.",
        "Floating-point additions and minima are those of cl_ext_float_atomics, and additions "
        "inline PTX where a compiler has no such function but takes that. A loop around a "
        "compare-exchange is another thing, and a float's compare-exchange is an integer's.",
        "A driver's minimum of floats that returns the wrong value may never end: a minimum with 0 "
        "is tried first, and where it does not return what the word held the device lacks it.",
        "One work-item sees the near and far parts of a cache from where it runs; where launches "
        "move between units of different sides, addresses do not keep to their level."};
    info.sources = {"Hartigan and Hartigan, The Dip Test of Unimodality, 1985",
                    "Chips and Cheese, Microbenchmarks (latency of a contended compare-exchange)"};
    info.depends_on = {"execution/compute_units"};
    info.findings = atomics::finding_keys();
    info.series = atomics::series_shapes();
    info.kernels = {"memory/atomics"};
    info.seconds = 4;
    return info;
}

class Atomics final : public Probe {
public:
    [[nodiscard]] const ProbeInfo &info() const override { return info_; }
    void measure(Bench &bench) const override { atomics::run_experiments(bench); }
    [[nodiscard]] std::vector<Finding> interpret(const Dataset &data,
                                                 const Facts &) const override {
        return atomics::findings_of(data);
    }
    [[nodiscard]] std::vector<KernelVariant> kernels(const DeviceInfo &device) const override {
        return atomics::programs_for(device);
    }

private:
    ProbeInfo info_ = describe();
};

} // namespace

std::unique_ptr<Probe> make_memory_atomics();
std::unique_ptr<Probe> make_memory_atomics() {
    return std::make_unique<Atomics>();
}

} // namespace clprobe::probes
