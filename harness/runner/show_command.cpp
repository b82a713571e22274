#include "commands.hpp"
#include "console.hpp"
#include "io/datasheet_text.hpp"
#include "io/report_markdown.hpp"
#include "output.hpp"

#include <clprobe/error.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iostream>
#include <set>

namespace clprobe::runner {
namespace {

bool has(const Report &report, const std::string &probe) {
    return std::ranges::any_of(report.devices, [&](const DeviceRecord &device) {
        return std::ranges::count(device.probes, probe, &ProbeRecord::probe) > 0;
    });
}

/// The probes of the report that are asked for: this program need not know them.
std::set<std::string> chosen_probes(const Report &report, const Options &options,
                                    const Registry &registry) {
    std::set<std::string> chosen;
    for (const std::string &pattern : options.probes) {
        if (has(report, pattern)) {
            chosen.insert(pattern);
            continue;
        }
        for (const Probe *const probe : registry.match(std::vector{pattern}))
            chosen.insert(probe->info().name);
    }
    if (std::ranges::none_of(chosen, [&](const std::string &probe) { return has(report, probe); }))
        throw InputError(fmt::format("'{}' has nothing of {}", options.report.string(),
                                     fmt::join(options.probes, ", ")));
    return chosen;
}

/// The findings of a probe with their methods, and its curves where the report has the samples.
std::string probe_shown(const ProbeRecord &record, const Registry &registry,
                        const TextStyle &style) {
    std::string text = probe_text(record, style);
    if (const Probe *const probe = registry.find(record.probe); probe != nullptr)
        text += plots_text(*probe, record, style);
    return text;
}

} // namespace

int show_command(const Options &options, const Registry &registry) {
    const Report report = read_report(options.report);
    const auto checked = check(report, expectations_of(options));
    if (checked.empty() && !options.expectations.empty())
        throw InputError("none of the expectations is about a device of this report");
    const TextStyle style = style_of_stdout();
    std::set<std::string> chosen;
    if (!options.probes.empty())
        chosen = chosen_probes(report, options, registry);
    for (const DeviceRecord &device : report.devices) {
        if (&device != &report.devices.front())
            std::cout << '\n';
        if (chosen.empty()) {
            std::cout << (options.as_markdown ? datasheet_markdown(report, device, checked)
                                              : datasheet_text(report, device, style, checked));
            continue;
        }
        std::cout << (options.as_markdown ? device_markdown(device.device)
                                          : device_text(device.device, style));
        for (const ProbeRecord &record : device.probes)
            if (chosen.contains(record.probe))
                std::cout << (options.as_markdown ? probe_markdown(record)
                                                  : probe_shown(record, registry, style));
    }
    return exit_done;
}

} // namespace clprobe::runner
