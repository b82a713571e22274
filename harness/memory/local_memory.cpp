#include "memory/local_memory/experiment.hpp"
#include "memory/local_memory/findings.hpp"
#include "memory/local_memory/launches.hpp"

#include <clprobe/probe.hpp>

#include <memory>

namespace clprobe::probes {
namespace {

ProbeInfo describe() {
    ProbeInfo info;
    info.name = "memory/local_memory";
    info.question = "How fast is local memory, into how many banks is it divided, and is it a "
                    "memory of its own or the cache again?";
    info.method =
        "Latency: one work-item follows a random ring.\n\n"
        "Bandwidth: groups of 256 (or the most that the device runs) sum random words, at "
        "distances known when the kernel is compiled from a place that moves on each trip, "
        "neighbours reading neighbouring vectors. Loads of 4 to 32 bytes, on CPUs to 64, and "
        "several numbers of groups race; the fastest is measured anew.\n\n"
        "Banks: neighbours read words that are a stride apart, strides of 1 to 64 words and some "
        "beyond. The more of them fall to one bank, the longer it takes: the division into banks "
        "(how many, how wide, how many lanes at a time) that explains the times best is reported "
        "where it explains nearly all of them, and no other division explains them nearly as "
        "well.\n\n"
        "A memory of its own: one work-item goes round a ring of global memory, and before each "
        "round through either a little or all of its local memory, with as many hops. If local "
        "memory is kept in the cache, touching all of it evicts the ring, wherever both together "
        "are more than the first cache holds.";
    info.pitfalls = {
        "A broadcast (stride 0) reads twice as fast as the peak on some GPUs: it is no bandwidth.",
        "Loads whose address does not change from trip to trip are taken out of the loop.",
        "Vectors of 32 bytes and more conflict with themselves where banks are 4 bytes wide: half "
        "the rate of 16 bytes.",
        "Banks behind something slower show no conflicts of few words: several divisions then "
        "explain the times, and the probe says so.",
        "A CPU has no banks that a load of one word could see; times over strides are flat.",
        "GPUs that carve local memory out of the first cache keep it apart all the same: the "
        "allocation is the same in both measurements, and only what is touched differs.",
        "Local memory that is much smaller than the first cache evicts too little to be seen."};
    info.sources = {
        "Wong et al., Demystifying GPU Microarchitecture through Microbenchmarking, 2010 (banks)",
        "Mei and Chu, Dissecting GPU Memory Hierarchy through Microbenchmarking, 2017",
        "Arm, Mali GPU OpenCL Developer Guide: local memory is kept in global memory there"};
    info.depends_on = {"execution/compute_units"};
    info.findings = local_memory::finding_keys();
    info.series = local_memory::series_shapes();
    info.kernels = {"memory/local_memory"};
    info.seconds = 3;
    return info;
}

class LocalMemory final : public Probe {
public:
    [[nodiscard]] const ProbeInfo &info() const override { return info_; }
    [[nodiscard]] std::optional<std::string> unsupported(const DeviceInfo &device) const override {
        if (device.local_memory == 0)
            return "the device has no local memory";
        return std::nullopt;
    }
    void measure(Bench &bench) const override { local_memory::run_experiments(bench); }
    [[nodiscard]] std::vector<KernelVariant> kernels(const DeviceInfo &device) const override {
        return {local_memory::program_for(device)};
    }
    [[nodiscard]] std::vector<Finding> interpret(const Dataset &data,
                                                 const Facts &) const override {
        return local_memory::findings_of(data);
    }
    [[nodiscard]] std::vector<Curve> curves(const Dataset &data) const override {
        return local_memory::curves_of(data);
    }

private:
    ProbeInfo info_ = describe();
};

} // namespace

std::unique_ptr<Probe> make_memory_local_memory() {
    return std::make_unique<LocalMemory>();
}

} // namespace clprobe::probes
