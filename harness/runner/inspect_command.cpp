#include "commands.hpp"
#include "inspect_table.hpp"
#include "io/file.hpp"
#include "io/inspection_json.hpp"
#include "isolation.hpp"
#include "measure/device_lock.hpp"
#include "opencl/kernel_text.hpp"
#include "signals.hpp"
#include "style.hpp"

#include <clprobe/error.hpp>
#include <clprobe/json.hpp>
#include <clprobe/report.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <iostream>
#include <optional>

namespace clprobe::runner {
namespace {

/// Lists devices and inspects the kernels of probes, in child processes or in this one.
class Workplace {
public:
    Workplace(const Registry &registry, const InspectCommandOptions &options, std::stop_token stop)
        : registry_(registry), inspect_{options.disassemble, options.launch},
          isolation_{options.timeout, options.verbose, std::move(stop)}, isolate_(options.isolate) {
    }

    Listing list() {
        if (isolate_)
            return list_devices(isolation_);
        devices_ = enumerate();
        return listing_of(devices_);
    }

    void inspect(const std::vector<const Probe *> &probes, const DeviceInfo &device,
                 const std::function<void(InspectedKernel)> &take) {
        if (isolate_)
            inspect_isolated(registry_, probes, device, inspect_, isolation_, take);
        else
            inspect_here(probes, device, take);
    }

private:
    void inspect_here(const std::vector<const Probe *> &probes, const DeviceInfo &device,
                      const std::function<void(InspectedKernel)> &take) {
        const Context context(*std::find_if(devices_.begin(), devices_.end(), [&](const Device &d) {
            return d.info().slug == device.slug;
        }));
        for (const auto &[probe, variant] : builds_of(probes, device)) {
            if (isolation_.stop.stop_requested())
                throw Cancelled();
            const KernelText text = with_override(registry_.kernel(variant.text));
            for (InspectedKernel &kernel :
                 clprobe::inspect(context, *probe, text, variant, inspect_))
                take(std::move(kernel));
        }
    }

    const Registry &registry_;
    InspectOptions inspect_;
    Isolation isolation_;
    bool isolate_;
    std::vector<Device> devices_;
};

const DeviceInfo &chosen_device(const std::vector<DeviceInfo> &devices,
                                const std::string &selector) {
    const auto chosen = select(devices, selector);
    if (chosen.size() != 1)
        throw InputError("inspect looks at one device at a time: choose it with --device");
    return devices[chosen.front()];
}

/// An earlier inspection, of the probes that were asked for.
Inspection read_inspection(const std::filesystem::path &file, const InspectCommandOptions &options,
                           const Registry &registry) {
    const std::string text = read_file(file);
    Inspection inspection;
    try {
        inspection = inspection_from_json(parse_json(text));
    } catch (const InputError &error) {
        throw InputError(fmt::format("'{}': {}", file.string(), error.what()));
    }
    if (options.probes.empty())
        return inspection; // it may hold probes that are no more
    const std::vector<const Probe *> asked = registry.match(options.probes);
    std::erase_if(inspection.kernels, [&](const InspectedKernel &kernel) {
        return std::ranges::none_of(
            asked, [&](const Probe *probe) { return probe->info().name == kernel.probe; });
    });
    return inspection;
}

/// Nothing, having said why, where there is no device.
std::optional<Inspection> inspect_device(const InspectCommandOptions &options,
                                         const Registry &registry) {
    const Interrupts interrupts;
    const std::vector<const Probe *> probes = registry.match(options.probes);
    make_compilers_talk();
    Workplace workplace(registry, options, interrupts.token());
    const Listing listing = workplace.list();
    if (listing.devices.empty()) {
        say(listing.problem);
        return std::nullopt;
    }
    Inspection inspection{
        std::string(version()), chosen_device(listing.devices, options.device.value_or("")), {}};
    const DeviceLock lock(
        inspection.device,
        [&](const std::string &holder) { say_in_use(inspection.device, holder); },
        interrupts.token());
    ProgressLine progress;
    workplace.inspect(probes, inspection.device, [&](InspectedKernel kernel) {
        inspection.kernels.push_back(std::move(kernel));
        progress.show(fmt::format("{}, now those of {}",
                                  counted(inspection.kernels.size(), "kernel"),
                                  inspection.kernels.back().probe));
    });
    return inspection;
}

void print(const Inspection &inspection, const std::optional<Inspection> &before, bool code) {
    const TextStyle style = style_of_stdout();
    std::cout << (before ? changes_text(*before, inspection, style)
                         : inspection_text(inspection, style));
    if (code)
        std::cout << disassembly_text(inspection);
}

bool failed(const InspectedKernel &kernel) {
    return !kernel.error.empty() || (kernel.launch && !kernel.launch->error.empty());
}

} // namespace

int inspect_command(const InspectCommandOptions &options, const Registry &registry) {
    if (options.json)
        ensure_writable(*options.json);
    std::optional<Inspection> before;
    if (options.compare)
        before = read_inspection(*options.compare, options, registry);
    const std::optional<Inspection> inspection =
        options.read ? read_inspection(*options.read, options, registry)
                     : inspect_device(options, registry);
    if (!inspection)
        return exit_no_device;
    if (options.json)
        write_file(*options.json, to_text(to_json(*inspection)));
    if (!options.json || *options.json != "-")
        print(*inspection, before, options.disassemble && !options.json);
    const bool changed = before && !changed_kernels(*before, *inspection).empty();
    return changed || std::ranges::any_of(inspection->kernels, failed) ? exit_failed : exit_done;
}

} // namespace clprobe::runner
