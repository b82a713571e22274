#include "comparing.hpp"
#include "console.hpp"
#include "io/comparison.hpp"
#include "io/file.hpp"
#include "measure/session.hpp"

#include <clprobe/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <span>

namespace clprobe::runner {
namespace {

std::vector<Report> read_reports(std::span<const std::filesystem::path> files) {
    std::vector<Report> reports;
    for (const std::filesystem::path &file : files) {
        reports.push_back(read_report(file));
        if (!reports.back().complete)
            say(fmt::format("'{}' is of a run that was not completed", file.string()));
    }
    return reports;
}

int calibrate_command(const Options &options, const CompareOptions &compare) {
    const Calibration calibration = calibrate(read_reports(options.files), compare);
    if (options.json)
        write_file(*options.json, to_text(to_json(calibration)));
    if (options.json != "-")
        std::cout << calibration_text(calibration, style_of_stdout());
    return exit_done;
}

/// Refuses a device that is not the one of the report.
void check_same_device(const DeviceInfo &reported, const std::vector<DeviceInfo> &devices) {
    const auto found = std::ranges::find(devices, reported.slug, &DeviceInfo::slug);
    if (found == devices.end() || found->name != reported.name)
        throw InputError(fmt::format("--confirm measures {} ({}) again, and this machine does not "
                                     "have it; `clprobe devices` shows what it has",
                                     reported.name, reported.slug));
    if (have_different_uuids(*found, reported))
        throw InputError(fmt::format("--confirm measures {} again, and here is another device of "
                                     "the same name: its UUID was {} and is now {}",
                                     reported.name, reported.uuid, found->uuid));
    if (found->driver_version != reported.driver_version)
        throw InputError(fmt::format(
            "--confirm measures {} again with what the new report measured, and its driver was {} "
            "and is now {}",
            reported.name, reported.driver_version, found->driver_version));
}

/// Nothing, having said why, where there is no device to confirm on.
std::optional<Report> measure_again(const Comparison &comparison, const Report &now,
                                    const Options &options, const Registry &registry) {
    const Interrupts interrupts;
    const auto profile = parse_profile(now.profile);
    if (!profile)
        throw InputError(fmt::format("the new report's profile is '{}', which this program cannot "
                                     "run again",
                                     now.profile));
    const RunOptions run{*profile, now.seed, interrupts.token()};
    const Worker worker(registry,
                        {options.timeout, options.driver_output, options.isolate, run.stop});
    const Listing listing = worker.list();
    if (listing.devices.empty()) {
        say(listing.problem);
        return std::nullopt;
    }
    Report again = new_report(run, {"clprobe", "compare", "--confirm"});
    for (const DeviceComparison &device : comparison.devices) {
        const std::vector<std::string> probes = probes_to_confirm(device);
        if (probes.empty())
            continue;
        check_same_device(device.device, listing.devices);
        run_probes(plan(registry, probes, run.profile), device.device, worker, run,
                   "again: ", again);
    }
    return again;
}

bool anything_to_confirm(const Comparison &comparison) {
    return std::ranges::any_of(comparison.devices, [](const DeviceComparison &device) {
        return !probes_to_confirm(device).empty();
    });
}

} // namespace

int compare_command(const Options &options, const Registry &registry) {
    const CompareOptions compare_as = compare_options(options, registry);
    if (options.calibrate)
        return calibrate_command(options, compare_as);
    if (options.files.size() < 2)
        throw InputError("compare takes one base or several and then the new report, and there is "
                         "one file only; `clprobe compare --help` shows what it takes");
    const std::vector<Report> reports = read_reports(options.files);
    const std::span bases(reports.data(), reports.size() - 1);
    Comparison comparison = compare(bases, reports.back(), compare_as);
    if (options.confirm && anything_to_confirm(comparison)) {
        const auto again = measure_again(comparison, reports.back(), options, registry);
        if (!again)
            return exit_no_device;
        comparison = confirm(std::move(comparison), bases, *again, compare_as);
    }
    return show_comparison(comparison, options, "clprobe compare");
}

} // namespace clprobe::runner
