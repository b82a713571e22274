#include "plots.hpp"
#include "run_observer.hpp"
#include "style.hpp"

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
    std::size_t probes = 0;
    double seconds = 0;
    for (const DeviceInfo &device : devices)
        for (const PlannedProbe &planned : plan)
            if (!earlier_.contains({device.slug, planned.probe->info().name})) {
                ++probes;
                seconds += planned.seconds;
            }
    progress_.start(probes, seconds);
}

void RunObserver::probe_started(const PlannedProbe &planned, const DeviceInfo &device) {
    show_device(device);
    progress_.probe_started(planned.probe->info().name, planned.seconds);
}

void RunObserver::probe_progress(double share) {
    progress_.probe_progress(share);
}

void RunObserver::probe_finished(const Report &report, const DeviceRecord &device,
                                 const ProbeRecord &record) {
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

void RunObserver::say(const std::string &message) {
    progress_.clear();
    runner::say(message);
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
