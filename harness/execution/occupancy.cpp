#include "execution/occupancy/occupancy.hpp"

namespace clprobe::probes {
namespace {

using namespace occupancy;

ProbeInfo describe() {
    ProbeInfo info;
    info.name = "execution/occupancy";
    info.question = "How many work-items stay resident on a compute unit as they need more "
                    "registers and local memory, and when does the compiler spill?";
    info.method =
        "A kernel keeps a number of values alive while the first work-item of each group takes "
        "part in a poll: it registers, looks whether others do, and closes the poll once nobody "
        "has come for hundreds of looks. A barrier on either side keeps the group's registers and "
        "local memory taken meanwhile. Those registered by then are the resident groups; of "
        "several polls the most counts, since a poll can only miss some. No group waits for one "
        "that is not scheduled: every loop is bounded.\n"
        "By time: the same kernel with a chase through memory instead of the poll takes as long "
        "for any number of groups that are resident together, and twice as long for one more a "
        "unit. Where the two differ by more than 5 %, the finding is suspect.\n"
        "Two cliffs are kept apart: fewer resident groups, seen by the counts, and spilling, seen "
        "by what the compiler reports or, where it reports nothing, by one group alone that takes "
        "longer for an operation. Between the values tried at first, both edges are bisected.\n"
        "Local memory is counted by the same poll: the most memory of a group that still lets n "
        "groups in is the unit's over n, less what the driver takes for each, which is a straight "
        "line over 1 / n.";
    info.pitfalls = {
        "Values in the source are not registers: the compiler needs more. Its own count is used "
        "where it reports one (NVIDIA's verbose build log), and the findings say which was.",
        "NVIDIA's build log is empty for code from its cache, which new names or comments do not "
        "make new: each variant carries a kernel with a constant of its own.",
        "CL_KERNEL_WORK_GROUP_SIZE says 256 on NVIDIA for a kernel that runs with 1024, and "
        "CL_KERNEL_PRIVATE_MEM_SIZE is always 0: group sizes are tried.",
        "A CPU runs the groups of a thread one after another: nothing is resident together."};
    info.sources = {
        "Sorensen, Donaldson, Batty, Gopalakrishnan, Rakamaric: Portable Inter-workgroup Barrier "
        "Synchronisation for GPUs, OOPSLA 2016 (the occupancy discovery protocol)"};
    info.depends_on = {"execution/compute_units"};
    info.findings = finding_keys();
    const Axis seconds{"time", Unit::second, {}};
    info.series = {
        {residents,
         axes<ResidentsRow>(),
         {"threads", Unit::one, {}},
         "work-items resident a compute unit, counted, over live values, the registers that the "
         "compiler made of them, and group size"},
        {waves, axes<WaveRow>(), seconds,
         "time of chases through memory over the number of groups a compute unit"},
        {local,
         axes<LocalRow>(),
         {"groups", Unit::one, {}},
         "groups resident a compute unit, counted, over the local memory of each"},
        {turns, axes<TurnRow>(), seconds, "time of one group's turns of its live values"},
        {compiler,
         axes<CompilerRow>(),
         {"said", Unit::one, {}},
         "what the driver's compiler reports of each variant"},
    };
    info.kernels = {kernel_name};
    info.seconds = 10;
    return info;
}

class Occupancy final : public Probe {
public:
    [[nodiscard]] const ProbeInfo &info() const override { return info_; }
    void measure(Bench &bench) const override { run_experiment(bench); }
    [[nodiscard]] std::vector<Finding> interpret(const Dataset &data,
                                                 const Facts &facts) const override {
        return findings_of(data, facts);
    }
    [[nodiscard]] std::vector<KernelVariant> kernels(const DeviceInfo &device) const override {
        return inspected_builds(device);
    }
    [[nodiscard]] std::vector<Curve> curves(const Dataset &data) const override {
        return curves_of(data);
    }

private:
    ProbeInfo info_ = describe();
};

} // namespace

std::unique_ptr<Probe> make_execution_occupancy() {
    return std::make_unique<Occupancy>();
}

} // namespace clprobe::probes
