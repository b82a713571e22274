#pragma once
#include <clprobe/context.hpp>
#include <clprobe/probe.hpp>
#include <clprobe/registry.hpp>
#include <clprobe/report.hpp>

#include <cstdint>
#include <optional>
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
    std::optional<Search> tune = {};  ///< probes that can, search for the best way to do each work
    std::vector<Choice> choices = {}; ///< what earlier searches chose on the device
    std::optional<BatchedNetwork> network = {}; ///< as `Bench::network`
};

/// A probe in the order of a run. A prerequisite was not asked for: another probe wants its
/// findings, and it runs at the quick profile.
struct PlannedProbe {
    const Probe *probe = nullptr;
    bool prerequisite = false;
    Profile profile = Profile::standard;
    double seconds = 0; ///< its time budget
};

/// The probes that the patterns name (none: all but those on request), and those whose findings
/// they want, each before the ones that want it. Throws InputError for a pattern that fits nothing.
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

/// The findings of a record anew: the probe's interpretation, and the marks of what went on
/// meanwhile (a busy machine). Pure. Data that do not fit the probe fail all of its
/// findings, and a finding that contradicts itself fails. `device` is null for a bare CSV.
[[nodiscard]] std::vector<Finding> interpret(const Probe &probe, const ProbeRecord &record,
                                             const DeviceInfo *device);

/// Probes by pattern (none: all) on devices, in this process, each device locked against other
/// processes meanwhile. Where a probe fails as on a device that vanished, and the device does not
/// answer, that row says so, and the other probes fail without being tried. Throws InputError for a
/// pattern that fits nothing, Cancelled where it is stopped while it waits for a device, and Error
/// where the process that holds one is stopped.
[[nodiscard]] Report run(const Registry &registry, std::span<const std::string> patterns,
                         std::span<const Device> devices, const RunOptions &options,
                         Observer &observer);

} // namespace clprobe
