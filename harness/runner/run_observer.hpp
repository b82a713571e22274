#pragma once
#include "output.hpp"
#include "progress.hpp"

#include <clprobe/session.hpp>
#include <clprobe/terminal.hpp>

#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace clprobe::runner {

/// Shows a run as it goes: each probe's part of the table as soon as it is done, what it is at on
/// the progress line, and keeps the files up to date.
class RunObserver : public Observer {
public:
    /// `plotted`, where given, is the one probe whose curves are shown with its findings.
    RunObserver(OutputFiles &files, const Probe *plotted);

    void run_started(const std::vector<PlannedProbe> &plan,
                     std::span<const DeviceInfo> devices) override;
    void probe_started(const PlannedProbe &planned, const DeviceInfo &device) override;
    void probe_progress(double share) override;
    void probe_finished(const Report &report, const DeviceRecord &device,
                        const ProbeRecord &record) override;
    void findings_changed(const Report &report, const DeviceRecord &device,
                          const ProbeRecord &record) override;

    /// What a resumed run has already: it is shown, and its time is not to come.
    void show_earlier(const Report &report);
    /// The line under the table.
    void run_finished(const Report &report);
    /// A message for people, on stderr.
    void say(const std::string &message);

private:
    void show_device(const DeviceInfo &device);
    void show(const std::string &text);

    OutputFiles &files_;
    const Probe *plotted_;
    TextStyle style_;
    ProgressLine progress_;
    std::string device_shown_;
    std::set<std::pair<std::string, std::string>> earlier_; ///< slug and probe
};

} // namespace clprobe::runner
