#pragma once
#include <clprobe/device.hpp>
#include <clprobe/probe.hpp>
#include <clprobe/registry.hpp>
#include <clprobe/report.hpp>

#include <cstdint>
#include <functional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

namespace clprobe {

/// How a run goes about its work.
struct RunOptions {
    Profile profile = Profile::standard;
    std::uint64_t seed = 0;
    std::stop_token stop;
};

/// A probe in the order of a run. A prerequisite was not asked for: another probe wants its
/// findings, and it runs at the quick profile.
struct PlannedProbe {
    const Probe *probe = nullptr;
    bool prerequisite = false;
    Profile profile = Profile::standard;
    double seconds = 0; ///< its time budget
};

/// The probes that the patterns name, and those whose findings they want, each before the ones that
/// want it. Throws InputError for a pattern that fits nothing.
[[nodiscard]] std::vector<PlannedProbe>
plan(const Registry &registry, std::span<const std::string> patterns, Profile profile);

/// Watches a run.
class Observer {
public:
    virtual ~Observer() = default;
    virtual void run_started(const std::vector<PlannedProbe> &, std::span<const DeviceInfo>) {}
    /// The run waits for another process to let go of the device: "clprobe run (process 4711)".
    virtual void device_in_use(const DeviceInfo &, const std::string & /*holder*/) {}
    virtual void probe_started(const PlannedProbe &, const DeviceInfo &) {}
    /// `share` of the probe's budget is used, 0 to 1 and above.
    virtual void probe_progress(double /*share*/) {}
    /// The report holds the record already; `complete` is still false.
    virtual void probe_finished(const Report &, const DeviceRecord &, const ProbeRecord &) {}
    /// What a later probe found changed the findings of an earlier one, which heeds it.
    virtual void findings_changed(const Report &, const DeviceRecord &, const ProbeRecord &) {}
};

/// Measures one probe on one device and interprets it. Never throws for what the probe or the
/// device does wrong: the record says it. Throws Cancelled where the stop token was used before
/// anything was measured.
[[nodiscard]] ProbeRecord run_probe(const Registry &registry, const PlannedProbe &planned,
                                    const Device &device, const Facts &facts,
                                    const RunOptions &options,
                                    const std::function<void(double)> &progress = {});

/// The record of a probe that could not make one itself, because its process crashed, say: failed,
/// for that reason.
[[nodiscard]] ProbeRecord failed_record(const PlannedProbe &planned, const DeviceInfo &device,
                                        const Facts &facts, const std::string &reason);

/// Why the data are not what the probe says of its series, naming series and point: their axes and
/// measures, whole counts, possible sizes, finite samples, none negative. Empty where they are;
/// only then may they be given to the probe's functions.
[[nodiscard]] std::string problem_of(const Dataset &data, const ProbeInfo &info);

/// The findings of a record anew: the probe's interpretation, and the marks of what went on
/// meanwhile (a busy machine). Pure. Data that do not fit the probe (`problem_of`) fail all of its
/// findings, and a finding that contradicts itself fails. `device` is null for a bare CSV.
[[nodiscard]] std::vector<Finding> interpret(const Probe &probe, const ProbeRecord &record,
                                             const DeviceInfo *device);

/// The status of a whole probe: the worst that keeps its findings from being used, with the reason.
void settle_status(ProbeRecord &record);

/// What a probe may know of the records before it on the same device.
[[nodiscard]] Facts facts_for(const Probe &probe, const DeviceRecord &device);

/// Runs one planned probe on one device, here or in another process.
using Execute = std::function<ProbeRecord(const PlannedProbe &, const DeviceInfo &, const Facts &)>;

/// Why a device does not answer any more; empty where it does.
using CheckDevice = std::function<std::string(const DeviceInfo &)>;

/// Runs a plan over devices through `execute`, each device locked against other processes
/// meanwhile, and skips what `report` holds already. `report` is filled as it goes; it is complete
/// at the end unless the stop token was used. Where a probe fails as on a device that vanished, and
/// `check` confirms it or two more fail likewise, that row says so, and the other probes fail
/// without being tried. Throws Cancelled where it is stopped while it waits for a device, and Error
/// where the process that holds one is stopped.
void run_plan(const std::vector<PlannedProbe> &plan, std::span<const DeviceInfo> devices,
              const Execute &execute, const RunOptions &options, Observer &observer, Report &report,
              const CheckDevice &check = {});

/// Opens the device and writes some bytes to it. Throws Error where it does not answer.
void check_answers(const Device &device);

/// Probes by pattern (none: all) on devices, in this process, as `run_plan` runs them.
[[nodiscard]] Report run(const Registry &registry, std::span<const std::string> patterns,
                         std::span<const Device> devices, const RunOptions &options,
                         Observer &observer);

/// A report with everything in it but the devices: version, host, time, options.
[[nodiscard]] Report new_report(const RunOptions &options, std::vector<std::string> command_line);

} // namespace clprobe
