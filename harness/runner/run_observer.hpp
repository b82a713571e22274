#pragma once
#include "io/terminal.hpp"
#include "output.hpp"
#include "style.hpp"

#include <clprobe/session.hpp>

#include <algorithm>
#include <chrono>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace clprobe::runner {

/// How long a run still takes: the budgets that are left, at the pace of the run so far. All in
/// seconds.
class TimeLeft {
public:
    /// The budgets of all its probes.
    void run_started(double budget) { budget_ = budget; }
    void probe_started(double budget) { probe_ = budget; }
    void probe_finished() { spent_ += std::exchange(probe_, 0); }

    /// `elapsed` since the start of the run, with `share` of this probe's budget used.
    [[nodiscard]] double left(double elapsed, double share) const {
        // Until some of the budget is spent, the budget is all that is known of the pace.
        const double known = 0.1 * budget_;
        const double done = spent_ + probe_ * std::clamp(share, 0.0, 1.0);
        const double pace = done + known > 0 ? (elapsed + known) / (done + known) : 1;
        return pace * std::max(budget_ - done, 0.0);
    }

private:
    double budget_ = 0;
    double spent_ = 0; ///< of the budget, by the probes that are done
    double probe_ = 0; ///< the budget of the one that runs
};

/// Shows a run as it goes: each probe's part of the table as soon as it is done, the current one
/// on the progress line; and keeps the files up to date.
class RunObserver : public Observer {
public:
    /// `plotted`, where given, is the one probe whose curves are shown with its findings.
    RunObserver(OutputFiles &files, const Probe *plotted);

    void run_started(const std::vector<PlannedProbe> &plan,
                     std::span<const DeviceInfo> devices) override;
    void device_in_use(const DeviceInfo &device, const std::string &holder) override;
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

private:
    void show_device(const DeviceInfo &device);
    void show(const std::string &text);

    OutputFiles &files_;
    const Probe *plotted_;
    TextStyle style_;
    ProgressLine progress_;
    std::string device_shown_;
    std::set<std::pair<std::string, std::string>> earlier_; ///< slug and probe
    std::chrono::steady_clock::time_point start_;
    TimeLeft time_;
    std::size_t probes_ = 0;
    std::size_t position_ = 0; ///< of the current probe, from 1
    std::string probe_;
};

} // namespace clprobe::runner
