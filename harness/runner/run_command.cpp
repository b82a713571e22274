#include "commands.hpp"
#include "isolation.hpp"
#include "measure/session.hpp"
#include "resume.hpp"
#include "run_observer.hpp"
#include "signals.hpp"
#include "style.hpp"

#include <clprobe/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <random>
#include <utility>

namespace clprobe::runner {
namespace {

Profile profile_of(const std::string &text) {
    if (const auto profile = parse_profile(text))
        return *profile;
    throw InputError(unknown_name("profile", text,
                                  {{"tiny", ""}, {"quick", ""}, {"standard", ""}, {"thorough", ""}},
                                  "tiny, quick, standard and thorough are"));
}

std::uint64_t drawn_seed() {
    std::random_device device;
    return (std::uint64_t{device()} << 32 | device()) >> 11; // exact as a double, for JSON readers
}

std::optional<Report> previous_report(const RunCommandOptions &options) {
    if (!options.resume)
        return std::nullopt;
    Report report = read_report(*options.resume);
    if (report.summary)
        throw InputError("cannot go on with this report: it is a summary, without samples");
    if (options.profile && *options.profile != report.profile)
        throw InputError(fmt::format("cannot go on with this report: its profile is {}, not {}",
                                     report.profile, *options.profile));
    if (options.seed && *options.seed != report.seed)
        throw InputError(fmt::format("cannot go on with this report: its seed is {}, not {}",
                                     report.seed, *options.seed));
    return report;
}

/// What the caller chose, else what the report to go on with has, else the default.
RunOptions run_options(const RunCommandOptions &options, const std::optional<Report> &previous,
                       const Interrupts &interrupts) {
    RunOptions run;
    run.profile = profile_of(options.profile.value_or(previous ? previous->profile : "standard"));
    run.seed = options.seed ? *options.seed : previous ? previous->seed : drawn_seed();
    run.stop = interrupts.token();
    return run;
}

/// The devices to measure. Without a selector a run goes on with the devices of its report.
std::vector<DeviceInfo> chosen_devices(const std::vector<DeviceInfo> &all,
                                       const RunCommandOptions &options,
                                       const std::optional<Report> &previous) {
    std::vector<DeviceInfo> chosen;
    const auto choose = [&](std::string_view selector) {
        for (const std::size_t index : select(all, selector))
            chosen.push_back(all[index]);
    };
    if (options.device || !previous || previous->devices.empty())
        choose(options.device.value_or(""));
    else
        for (const DeviceRecord &record : previous->devices)
            choose(record.device.slug);
    return chosen;
}

/// Lists the devices and runs each probe on them, in child processes or in this one.
class Executor {
public:
    Executor(const Registry &registry, const RunOptions &run, const Isolation &isolation,
             bool isolate, RunObserver &observer)
        : registry_(registry), run_(run), isolation_(isolation), isolate_(isolate),
          observer_(observer) {}

    Listing list() {
        if (isolate_)
            return list_devices(isolation_);
        devices_ = enumerate();
        return listing_of(devices_);
    }

    ProbeRecord operator()(const PlannedProbe &planned, const DeviceInfo &device,
                           const Facts &facts) {
        const auto progress = [this](double share) { observer_.probe_progress(share); };
        if (isolate_)
            return run_probe_isolated(planned, device, facts, run_, isolation_, progress);
        return run_probe(registry_, planned, opened(device), facts, run_, progress);
    }

    /// Why the device does not answer any more; empty where it does.
    std::string check(const DeviceInfo &device) {
        if (isolate_)
            return answer_problem(device, isolation_);
        try {
            check_answers(opened(device));
        } catch (const std::exception &error) {
            return error.what();
        }
        return "";
    }

private:
    [[nodiscard]] const Device &opened(const DeviceInfo &device) const {
        return *std::ranges::find_if(devices_,
                                     [&](const Device &d) { return d.info().slug == device.slug; });
    }

    const Registry &registry_;
    const RunOptions &run_;
    const Isolation &isolation_;
    bool isolate_;
    RunObserver &observer_;
    std::vector<Device> devices_;
};

/// The probe, where one alone was asked for.
const Probe *asked_for_one(const std::vector<PlannedProbe> &planned) {
    const auto asked = [](const PlannedProbe &probe) { return !probe.prerequisite; };
    const auto first = std::ranges::find_if(planned, asked);
    return std::ranges::count_if(planned, asked) == 1 ? first->probe : nullptr;
}

bool any_failed(const Report &report) {
    for (const DeviceRecord &device : report.devices)
        for (const ProbeRecord &record : device.probes)
            if (record.status == Status::failed)
                return true;
    return false;
}

} // namespace

int run_command(const RunCommandOptions &options, const Registry &registry,
                std::vector<std::string> command_line) {
    const Interrupts interrupts;
    const auto previous = previous_report(options);
    const RunOptions run = run_options(options, previous, interrupts);
    const auto planned = plan(registry, options.probes, run.profile);
    const auto json = options.json ? options.json : options.resume;
    OutputFiles files({json, options.summary, options.csv, options.picture,
                       previous && !previous->complete && json == options.resume});
    RunObserver observer(files, asked_for_one(planned));
    const Isolation isolation{options.timeout, options.verbose, run.stop};
    Executor executor(registry, run, isolation, options.isolate, observer);

    const Listing listing = executor.list();
    if (listing.devices.empty()) {
        say(listing.problem);
        return exit_no_device;
    }
    const auto devices = chosen_devices(listing.devices, options, previous);
    Report report = new_report(run, std::move(command_line));
    if (previous) {
        check_resumable(*previous, report.tool_version, registry, devices);
        report = *previous;
        forget_unfinished(report, planned);
        observer.show_earlier(report);
    }
    bool failed = false;
    try {
        run_plan(planned, devices, std::ref(executor), run, observer, report,
                 [&](const DeviceInfo &device) { return executor.check(device); });
    } catch (const Cancelled &) {
        // The report is not complete.
    } catch (const Error &error) { // what was measured so far is not lost by it
        say(error.what());
        failed = true;
    }
    observer.run_finished(report);
    failed |= !files.finish(report);
    if (failed || (options.picture && !write_picture(registry, report, *options.picture)))
        return exit_failed;
    if (!report.complete)
        return exit_interrupted();
    return any_failed(report) ? exit_failed : exit_done;
}

} // namespace clprobe::runner
