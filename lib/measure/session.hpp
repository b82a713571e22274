#pragma once
#include <clprobe/session.hpp>

#include <functional>
#include <span>
#include <string>
#include <vector>

namespace clprobe {

/// Why the data are not what the probe says of its series, naming series and point: their axes and
/// measures, whole counts, possible sizes, finite samples, none negative. Empty where they are;
/// only then may they be given to the probe's functions.
[[nodiscard]] std::string problem_of(const Dataset &data, const ProbeInfo &info);

/// The data with the probe's own labels on each axis, whose points keep theirs by name, and with
/// its later axes: reports are read that were made when there were fewer, or that have them in
/// another order. Points on an open axis whose label the probe does not know are left out; any
/// other axis that has such a label is left as it is, and does not fit.
[[nodiscard]] Dataset relabelled(Dataset data, const ProbeInfo &info);

/// Removes the series and number attributes that are not what the probe says of its data. Says why;
/// nothing ("") where all are.
[[nodiscard]] std::string remove_misfits(Dataset &data, const ProbeInfo &info);

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

/// The status of a whole probe: the worst that keeps its findings from being used, with the reason.
void settle_status(ProbeRecord &record);

/// What a probe may know of the records before it on the same device.
[[nodiscard]] Facts facts_for(const Probe &probe, const DeviceRecord &device);

/// Runs one planned probe on one device, here or in another process.
using Execute = std::function<ProbeRecord(const PlannedProbe &, const DeviceInfo &, const Facts &)>;

/// Why a device does not answer any more; empty where it does.
using CheckDevice = std::function<std::string(const DeviceInfo &)>;

/// As `run`, a plan through `execute`. It skips what `report` holds already, and fills it as it
/// goes: it is complete at the end unless the stop token was used. A device has vanished where
/// `check` confirms it, or two more probes fail likewise.
void run_plan(const std::vector<PlannedProbe> &plan, std::span<const DeviceInfo> devices,
              const Execute &execute, const RunOptions &options, Observer &observer, Report &report,
              const CheckDevice &check = {});

/// Opens the device and writes some bytes to it. Throws Error where it does not answer.
void check_answers(const Device &device);

/// A report with everything in it but the devices: version, host, time, options.
[[nodiscard]] Report new_report(const RunOptions &options, std::vector<std::string> command_line);

} // namespace clprobe
