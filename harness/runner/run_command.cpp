#include "choices.hpp"
#include "commands.hpp"
#include "console.hpp"
#include "io/brief.hpp"
#include "io/datasheet_text.hpp"
#include "io/file.hpp"
#include "isolation.hpp"
#include "measure/clock.hpp"
#include "measure/session.hpp"
#include "names.hpp"
#include "opencl/kernel_text.hpp"
#include "output.hpp"

#include <clprobe/error.hpp>
#include <clprobe/page.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iostream>
#include <map>
#include <random>
#include <set>

namespace clprobe::runner {
namespace {

[[noreturn]] void refuse(const std::string &difference) {
    throw InputError("cannot go on with this report: " + difference +
                     "; start a new one without --resume");
}

std::optional<Report> previous_report(const Options &options) {
    if (!options.resume)
        return std::nullopt;
    Report report = read_report(*options.resume);
    if (report.summary)
        refuse("it is a summary, without samples");
    if (options.profile && *options.profile != report.profile)
        refuse(fmt::format("its profile is {}, not {}", report.profile, *options.profile));
    if (options.seed && *options.seed != report.seed)
        refuse(fmt::format("its seed is {}, not {}", report.seed, *options.seed));
    return report;
}

/// What the caller chose, else what the report to go on with has, else the default.
RunOptions run_options(const Options &options, const std::optional<Report> &previous,
                       std::stop_token stop) {
    const auto name = options.profile.value_or(previous ? previous->profile : "standard");
    std::random_device device;
    const std::uint64_t drawn = std::uint64_t{device()} << 32 | device();
    const std::uint64_t otherwise =
        previous ? previous->seed : drawn >> 11; // exact as a double, for JSON readers
    RunOptions run{profile_named(name), options.seed.value_or(otherwise), std::move(stop),
                   options.tune};
    run.network = options.tuned_network;
    return run;
}

/// The devices to measure. Without a selector a run goes on with the devices of its report.
std::vector<DeviceInfo> chosen_devices(const std::vector<DeviceInfo> &all, const Options &options,
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

/// Other answers (free memory, say) may differ from one day to the next.
void check_device(const DeviceInfo &before, const DeviceInfo &now) {
    if (before.name != now.name || before.vendor != now.vendor || before.platform != now.platform)
        refuse(fmt::format("{} was \"{}\" and is now \"{}\"", now.slug, before.name, now.name));
    if (have_different_uuids(before, now))
        refuse(fmt::format("{} was another device of the same name: its UUID was {} and is now {}",
                           now.slug, before.uuid, now.uuid));
    if (before.driver_version != now.driver_version ||
        before.platform_version != now.platform_version)
        refuse(fmt::format("the driver of {} was {} ({}) and is now {} ({})", now.slug,
                           before.driver_version, before.platform_version, now.driver_version,
                           now.platform_version));
}

/// Refuses, saying what differs, where going on with the report would mix what cannot be compared:
/// another version of the tool, other kernels, or, of a device that is to be measured now, another
/// driver.
void check_resumable(const Report &report, const Registry &registry,
                     std::span<const DeviceInfo> devices) {
    if (report.tool_version != version())
        refuse(fmt::format("it was made by clprobe {}, and this is {}", report.tool_version,
                           version()));
    const auto &kernels = registry.kernels();
    for (const DeviceRecord &record : report.devices) {
        for (const DeviceInfo &now : devices)
            if (now.slug == record.device.slug)
                check_device(record.device, now);
        for (const ProbeRecord &probe : record.probes)
            for (const BuildRecord &build : probe.builds) {
                const auto text = std::ranges::find(kernels, build.kernel, &KernelText::name);
                if (text == kernels.end() || with_override(*text).sha256 != build.sha256)
                    refuse(fmt::format("the kernel {} has changed since", build.kernel));
            }
    }
}

/// Takes out the records that have to be made anew: the failed ones, those that an interruption cut
/// short, and those made briefly for another probe that are now asked for themselves.
void forget_unfinished(Report &report, std::span<const PlannedProbe> planned) {
    const auto asked_for = [&](const std::string &probe) {
        return std::ranges::any_of(planned, [&](const PlannedProbe &candidate) {
            return !candidate.prerequisite && candidate.probe->info().name == probe;
        });
    };
    for (DeviceRecord &device : report.devices)
        std::erase_if(device.probes, [&](const ProbeRecord &record) {
            return record.status == Status::failed || record.reason == "interrupted" ||
                   (record.prerequisite && asked_for(record.probe));
        });
}

/// Whether any shape that the search was for came up: it has a choice, or why there is none.
bool has_shape(const Dataset &data) {
    return std::ranges::any_of(data.text_attributes, [](const auto &attribute) {
        const auto &[name, text] = attribute;
        return name.starts_with("choice.") ||
               (name.starts_with("unmeasured.") && !text.starts_with(shape_not_asked_for) &&
                !text.starts_with(own_not_asked_for));
    });
}

/// A line for each shape that plans were raced for: the fastest.
std::string races_text(const Probe &probe, const Dataset &data) {
    std::string text;
    for (const Tuning &tuning : probe.tunings(data)) {
        if (tuning.trials.empty())
            continue;
        const auto best = std::ranges::max_element(tuning.trials, {}, &Tuning::Trial::value);
        text +=
            fmt::format("{}: {}, the fastest of {}: {}\n", tuning.title,
                        format({best->value, tuning.value.unit}), tuning.trials.size(), best->what);
        if (tuning.likely_over_best)
            text += fmt::format("    the best of the likely ones takes {:.3f} times as long\n",
                                *tuning.likely_over_best);
    }
    return text;
}

/// Shows a run as it goes: each probe's findings as soon as it is done, the current one on the
/// progress line; and keeps the files up to date.
class RunObserver : public Observer {
public:
    /// `probes`: how many there are for each device. `only`, where given, is the one probe that was
    /// asked for: its findings have a line each, and its curves are shown.
    /// Where a network was tuned, what its races found is shown in place of the probes' findings,
    /// which are of other shapes.
    RunObserver(OutputFiles &files, std::size_t probes, const Probe *only, bool verbose,
                const RunOptions &run)
        : files_(files), planned_(probes), only_(only), verbose_(verbose),
          network_(run.network.has_value()), tune_(run.tune) {}

    void run_started(const std::vector<PlannedProbe> &plan,
                     std::span<const DeviceInfo> devices) override {
        for (const DeviceInfo &device : devices)
            for (const PlannedProbe &planned : plan)
                if (!earlier_.contains({device.slug, planned.probe->info().name})) {
                    ++probes_;
                    budget_ += planned.seconds;
                }
    }
    void device_in_use(const DeviceInfo &device, const std::string &holder) override {
        progress_.clear();
        say_in_use(device, holder);
    }
    void probe_started(const PlannedProbe &planned, const DeviceInfo &device) override {
        show_device(device);
        if (position_++ == 0)
            start_ = steady_time(); // a wait for the device does not count
        probe_ = &planned;
        probe_progress(0);
    }
    void probe_progress(double share) override {
        const double used = std::clamp(share, 0.0, 1.0);
        const double left =
            time_left(budget_, spent_ + used * probe_->seconds, steady_time() - start_);
        progress_.show(fmt::format("[{}/{}] {}  {:.0f} %  about {:.0f} s left", position_, probes_,
                                   probe_->probe->info().name, 100 * used, std::max(left, 1.0)));
    }
    void probe_finished(const Report &report, const DeviceRecord &device,
                        const ProbeRecord &record) override {
        spent_ += probe_->seconds;
        if (!network_)
            show(device, record);
        if (tune_ && !probe_->prerequisite) {
            show(races_text(*probe_->probe, record.data));
            found_shape_ |= has_shape(record.data);
        }
        if (!network_ && only_ != nullptr && only_->info().name == record.probe)
            show(plots_text(*only_, record, style_));
        files_.update(report, device, record);
    }
    void findings_changed(const Report &report, const DeviceRecord &device,
                          const ProbeRecord &record) override {
        if (!network_)
            show(brief(device.device).changed(record));
        files_.update(report, device, record);
    }

    /// What a resumed run has already: it is shown, and its time is not to come.
    void show_earlier(const Report &report) {
        for (const DeviceRecord &device : report.devices) {
            show_device(device.device);
            for (const ProbeRecord &record : device.probes) {
                show(device, record);
                earlier_.emplace(device.device.slug, record.probe);
            }
        }
    }
    /// Whether a shape was searched for, or could have been.
    [[nodiscard]] bool found_shape() const { return found_shape_; }

    /// The line under the findings, and what they say together.
    void run_finished(const Report &report) {
        if (network_)
            return;
        show(footer_text(report, style_));
        if (only_ == nullptr)
            for (const DeviceRecord &device : report.devices)
                show("\n" + datasheet_text(report, device, style_));
    }

private:
    BriefText &brief(const DeviceInfo &device) {
        return briefs_.try_emplace(device.slug, style_, planned_, only_ == nullptr).first->second;
    }
    void show(const DeviceRecord &device, const ProbeRecord &record) {
        const std::string text = brief(device.device).add(record);
        show(verbose_ ? probe_text(record, style_) : text);
    }
    void show_device(const DeviceInfo &device) {
        if (device_shown_ != device.slug)
            show(device_text(device, style_));
        device_shown_ = device.slug;
    }
    void show(const std::string &text) {
        progress_.clear();
        if (!files_.on_stdout())
            std::cout << text << std::flush; // a person may be waiting for it
    }

    OutputFiles &files_;
    std::size_t planned_;
    const Probe *only_;
    bool verbose_;
    bool network_;
    std::optional<Search> tune_;
    bool found_shape_ = false;
    TextStyle style_ = style_of_stdout();
    std::map<std::string, BriefText> briefs_; ///< by the device's slug
    ProgressLine progress_;
    std::string device_shown_;
    std::set<std::pair<std::string, std::string>> earlier_; ///< slug and probe
    double start_ = 0;                                      ///< by `steady_time`
    double budget_ = 0;                                     ///< of all probes, s
    double spent_ = 0;                                      ///< of it, by the probes that are done
    std::size_t probes_ = 0;
    std::size_t position_ = 0;            ///< of the current probe, from 1
    const PlannedProbe *probe_ = nullptr; ///< the current one
};

/// The probe, where one alone was asked for.
const Probe *asked_for_one(const std::vector<PlannedProbe> &planned) {
    const auto asked = [](const PlannedProbe &probe) { return !probe.prerequisite; };
    const auto first = std::ranges::find_if(planned, asked);
    return std::ranges::count_if(planned, asked) == 1 ? first->probe : nullptr;
}

/// Throws InputError where one of the probes that were asked for has no choice to make.
void check_tunable(const std::vector<PlannedProbe> &planned, const Registry &registry) {
    std::vector<std::string> tunable;
    for (const auto &probe : registry.probes())
        if (probe->info().tunes)
            tunable.push_back(probe->info().name);
    for (const PlannedProbe &each : planned)
        if (!each.prerequisite && !each.probe->info().tunes)
            throw InputError(fmt::format("{} has no choice to make: tune takes {}",
                                         each.probe->info().name, fmt::join(tunable, ", ")));
}

bool any_failed(const Report &report) {
    for (const DeviceRecord &device : report.devices)
        for (const ProbeRecord &record : device.probes)
            if (record.status == Status::failed)
                return true;
    return false;
}

} // namespace

int run_command(Options options, const Registry &registry, std::vector<std::string> command_line) {
    const Interrupts interrupts;
    const auto previous = previous_report(options);
    const RunOptions run = run_options(options, previous, interrupts.token());
    const auto planned = plan(registry, options.probes, run.profile);
    if (run.tune)
        check_tunable(planned, registry);
    if (!options.json)
        options.json = options.resume;
    OutputFiles files(options, previous && !previous->complete && options.json == options.resume);
    RunObserver observer(files, planned.size(), asked_for_one(planned), options.verbose, run);
    const Worker worker(registry,
                        {options.timeout, options.driver_output, options.isolate, run.stop});

    const Listing listing = worker.list();
    if (listing.devices.empty()) {
        say(listing.problem);
        return exit_no_device;
    }
    const auto devices = chosen_devices(listing.devices, options, previous);
    Report report = new_report(run, std::move(command_line));
    if (previous) {
        check_resumable(*previous, registry, devices);
        report = *previous;
        forget_unfinished(report, planned);
        observer.show_earlier(report);
    }
    if (run.tune)
        for (const DeviceInfo &device : devices)
            (void)choices_file(device); // there has to be a place for them
    bool failed = false;
    try {
        const auto execute = [&](const PlannedProbe &probe, const DeviceInfo &device,
                                 const Facts &facts) {
            return worker.run_probe(probe, device, facts, run,
                                    [&](double share) { observer.probe_progress(share); });
        };
        run_plan(planned, devices, execute, run, observer, report,
                 [&](const DeviceInfo &device) { return worker.check(device, true); });
    } catch (const Cancelled &) {
        // The report is not complete.
    } catch (const Error &error) { // what was measured so far is not lost by it
        say(error.what());
        failed = true;
    }
    observer.run_finished(report);
    if (run.tune && !run.tune->shape.empty() && report.complete && !observer.found_shape())
        throw InputError(
            fmt::format("no shape of these has '{}' in its name: `clprobe list` shows them, in "
                        "the keys of findings",
                        run.tune->shape));
    failed |= !files.finish(report);
    if (run.tune)
        for (const DeviceRecord &device : report.devices)
            keep_choices(device, registry);
    if (options.html)
        write_file(*options.html, page(std::span(&report, 1), registry));
    if (failed || (options.picture && !write_picture(registry, report, *options.picture)))
        return exit_failed;
    if (!report.complete)
        return exit_interrupted();
    return any_failed(report) ? exit_failed : exit_done;
}

int tune_command(Options options, const Registry &registry, std::vector<std::string> command_line) {
    const auto is_probe = [&](const std::string &name) {
        try {
            (void)registry.match(std::vector{name});
            return true;
        } catch (const InputError &) {
            return false;
        }
    };
    const auto others = std::ranges::count_if(options.probes, std::not_fn(is_probe));
    if (others > 0 && options.probes.size() > 1)
        throw InputError(fmt::format("tune takes probes, or one network alone: '{}' is no probe",
                                     *std::ranges::find_if_not(options.probes, is_probe)));
    if (others > 0) {
        const std::string name = options.probes.front();
        options.probes = {"workloads/convolution", "workloads/gemm", "workloads/attention",
                          "workloads/softmax_norm"};
        const auto network = [&] {
            try {
                return network_named(name);
            } catch (const InputError &error) {
                throw InputError(fmt::format("no probe, and {}", error.what()));
            }
        }();
        options.tuned_network = batched_network(network, options.batch);
    } else if (options.batch != 1) {
        throw InputError("--batch is of a network: probes have shapes of their own");
    }
    return run_command(std::move(options), registry, std::move(command_line));
}

} // namespace clprobe::runner
