#include "opencl/kernel_text.hpp"
#include "resume.hpp"

#include <clprobe/error.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace clprobe::runner {
namespace {

[[noreturn]] void refuse(const std::string &difference) {
    throw InputError("cannot go on with this report: " + difference +
                     "; start a new one without --resume");
}

/// Whether both are the same device under the same driver. Other answers (free memory, say) may
/// differ from one day to the next.
bool same(const DeviceInfo &a, const DeviceInfo &b) {
    return a.name == b.name && a.vendor == b.vendor && a.platform == b.platform;
}

void check_device(const DeviceInfo &before, const DeviceInfo &now) {
    if (!same(before, now))
        refuse(fmt::format("{} was \"{}\" and is now \"{}\"", now.slug, before.name, now.name));
    if (before.driver_version != now.driver_version ||
        before.platform_version != now.platform_version)
        refuse(fmt::format("the driver of {} was {} ({}) and is now {} ({})", now.slug,
                           before.driver_version, before.platform_version, now.driver_version,
                           now.platform_version));
}

void check_kernel(const BuildRecord &build, const Registry &registry) {
    const auto &kernels = registry.kernels();
    const auto text = std::find_if(kernels.begin(), kernels.end(), [&](const KernelText &kernel) {
        return kernel.name == build.kernel;
    });
    if (text == kernels.end() || with_override(*text).sha256 != build.sha256)
        refuse(fmt::format("the kernel {} has changed since", build.kernel));
}

} // namespace

void check_resumable(const Report &report, std::string_view tool_version, const Registry &registry,
                     std::span<const DeviceInfo> devices) {
    if (report.tool_version != tool_version)
        refuse(fmt::format("it was made by clprobe {}, and this is {}", report.tool_version,
                           tool_version));
    for (const DeviceRecord &record : report.devices) {
        for (const DeviceInfo &now : devices)
            if (now.slug == record.device.slug)
                check_device(record.device, now);
        for (const ProbeRecord &probe : record.probes)
            for (const BuildRecord &build : probe.builds)
                check_kernel(build, registry);
    }
}

void forget_unfinished(Report &report, std::span<const PlannedProbe> planned) {
    const auto asked_for = [&](const std::string &probe) {
        return std::any_of(planned.begin(), planned.end(), [&](const PlannedProbe &candidate) {
            return !candidate.prerequisite && candidate.probe->info().name == probe;
        });
    };
    for (DeviceRecord &device : report.devices)
        std::erase_if(device.probes, [&](const ProbeRecord &record) {
            return record.status == Status::failed || record.reason == "interrupted" ||
                   (record.prerequisite && asked_for(record.probe));
        });
}

} // namespace clprobe::runner
