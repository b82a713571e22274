#include "run_observer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>

namespace clprobe::runner {

RunObserver::RunObserver(OutputFiles &files, const Probe *plotted)
    : files_(files), plotted_(plotted), style_(style_of_stdout()) {}

void RunObserver::show_earlier(const Report &report) {
    for (const DeviceRecord &device : report.devices) {
        show_device(device.device);
        for (const ProbeRecord &record : device.probes) {
            show(probe_text(record, style_));
            earlier_.emplace(device.device.slug, record.probe);
        }
    }
}

void RunObserver::run_started(const std::vector<PlannedProbe> &plan,
                              std::span<const DeviceInfo> devices) {
    double budget = 0;
    for (const DeviceInfo &device : devices)
        for (const PlannedProbe &planned : plan)
            if (!earlier_.contains({device.slug, planned.probe->info().name})) {
                ++probes_;
                budget += planned.seconds;
            }
    time_.run_started(budget);
}

void RunObserver::device_in_use(const DeviceInfo &device, const std::string &holder) {
    progress_.clear();
    say_in_use(device, holder);
}

void RunObserver::probe_started(const PlannedProbe &planned, const DeviceInfo &device) {
    show_device(device);
    if (position_++ == 0)
        start_ = std::chrono::steady_clock::now(); // a wait for the device does not count
    probe_ = planned.probe->info().name;
    time_.probe_started(planned.seconds);
    probe_progress(0);
}

void RunObserver::probe_progress(double share) {
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start_;
    progress_.show(fmt::format("[{}/{}] {}  {:.0f} %  about {:.0f} s left", position_, probes_,
                               probe_, 100 * std::clamp(share, 0.0, 1.0),
                               std::max(time_.left(elapsed.count(), share), 1.0)));
}

void RunObserver::probe_finished(const Report &report, const DeviceRecord &device,
                                 const ProbeRecord &record) {
    time_.probe_finished();
    show(probe_text(record, style_));
    if (plotted_ != nullptr && plotted_->info().name == record.probe)
        show(plots_text(*plotted_, record, style_));
    files_.update(report, device, record);
}

void RunObserver::findings_changed(const Report &report, const DeviceRecord &device,
                                   const ProbeRecord &record) {
    show(probe_text(record, style_));
    files_.update(report, device, record);
}

void RunObserver::run_finished(const Report &report) {
    show(footer_text(report, style_));
}

void RunObserver::show_device(const DeviceInfo &device) {
    if (device_shown_ != device.slug)
        show(device_text(device, style_));
    device_shown_ = device.slug;
}

void RunObserver::show(const std::string &text) {
    progress_.clear();
    if (!files_.on_stdout())
        std::cout << text << std::flush; // a person may be waiting for it
}

} // namespace clprobe::runner
