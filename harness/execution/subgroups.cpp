#include "execution/subgroups/subgroups.hpp"

namespace clprobe::probes {
namespace {

using namespace subgroups;

ProbeInfo describe() {
    ProbeInfo info;
    info.name = kernel_text;
    info.question = "What do exchanges of words among a sub-group cost, by functions of sub-groups "
                    "and through local memory?";
    info.method =
        "Chains of exchanges: shuffles by the number of a work-item and by an exclusive or with "
        "it, "
        "broadcasts, sums of all and sums up to each. Each step needs the words of others from the "
        "step before, and adds to them; whose words are taken comes from the host, and is another "
        "one in every other step. The latency is the time of a step of one chain in a single "
        "sub-group; the rate is that of four chains of each work-item, with groups enough to fill "
        "every compute unit, and counts one for each work-item and exchange.\n\n"
        "By the functions of sub-groups where the driver has cl_khr_subgroups or "
        "cl_intel_subgroups, or what OpenCL C 3.0 has in their place; by inline PTX where the "
        "compiler takes that and knows no shuffle; and through local memory: everyone writes a "
        "word, waits at a barrier of the sub-group, and reads another's, for sums as often as it "
        "takes to double distances up to the sub-group. Where there are no sub-groups, groups of "
        "32 work-items stand for them, with the group's barrier. The method of each finding says "
        "which, and what local memory does in its place.\n\n"
        "Work-items also leave which sub-group they were in, and where. After each launch the host "
        "does the same with the words of one sub-group, chosen after it, and compares all of "
        "them.";
    info.pitfalls = {
        "The addition is part of a step, and of the latency.",
        "In local memory both shuffles are one and the same, so that there is one finding.",
        "What is the same for all work-items can be added to before it is broadcast: a compiler "
        "that knew that would broadcast once. Here an exclusive or with 0, which it does not know "
        "to be 0, stands between.",
        "Of the words of a broadcast through local memory all but one are written in vain: no "
        "branch is taken for the one.",
        "PoCL has a whole group for a sub-group, and runs its work-items one after another: what "
        "it calls a shuffle goes through memory.",
        "A driver may choose another size of sub-groups for another kernel, as Intel's does.",
    };
    info.sources = {"PTX ISA, sections shfl.sync and redux.sync",
                    "Hillis and Steele, Data Parallel Algorithms, 1986 (sums in log n steps)"};
    info.needs = "local memory";
    info.depends_on = {"execution/compute_units"};
    info.findings = finding_keys();
    const Axis time{"time", Unit::second, {}};
    info.series = {
        {series::rate, axes<Row>(), time,
         "all groups at once, 4 words of each work-item; 4 exchanges of each a trip, 2 of sums "
         "through local memory"},
        {series::latency, axes<Row>(), time,
         "one sub-group, one word of each work-item; exchanges likewise"}};
    info.kernels = {kernel_text};
    info.seconds = 2;
    info.quick_seconds = 1; // eighteen times, each of launches long enough for any driver
    return info;
}

class Subgroups final : public Probe {
public:
    [[nodiscard]] const ProbeInfo &info() const override { return info_; }
    [[nodiscard]] std::optional<std::string> unsupported(const DeviceInfo &device) const override {
        return device.local_memory == 0 ? std::optional("the device has no local memory")
                                        : std::nullopt;
    }
    void measure(Bench &bench) const override { run_experiment(bench); }
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

std::unique_ptr<Probe> make_execution_subgroups() {
    return std::make_unique<Subgroups>();
}

} // namespace clprobe::probes
