#include "measure/clock.hpp"
#include "measure/device_lock.hpp"
#include "measure/machine.hpp"
#include "measure/session.hpp"
#include "model/termination.hpp"

#include <clprobe/error.hpp>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ctime>

namespace clprobe {
namespace {

/// Runs `body` and turns whatever it throws into the ending of the probe.
template <typename Body>
std::optional<Termination> termination_after(Body &&body) {
    try {
        body();
        return std::nullopt;
    } catch (const VerificationError &error) {
        return Termination{Status::failed, error.what(), true};
    } catch (const Unsupported &error) {
        return Termination{Status::unsupported, error.what(), false};
    } catch (const Cancelled &) {
        return Termination{Status::inconclusive, "interrupted", false};
    } catch (const std::exception &error) {
        return Termination{Status::failed, error.what(), false};
    } catch (...) {
        return Termination{Status::failed, "the probe threw something that is no exception", false};
    }
}

void measure_on(const Device &device, const Registry &registry, const PlannedProbe &planned,
                const Facts &facts, const RunOptions &options,
                const std::function<void(double)> &progress, ProbeRecord &record) {
    record.clock = choose_clock(facts);
    const double opening = steady_time();
    std::optional<Context> context(device);
    record.elapsed.setup = steady_time() - opening;
    {
        const auto clock = make_clock(record.clock, *context);
        Bench bench(*context, *clock, registry, facts,
                    {planned.profile, planned.seconds, options.seed, options.stop, progress,
                     planned.probe->info().series,
                     planned.prerequisite ? std::nullopt : options.tune, options.choices,
                     options.network});
        const auto ending = termination_after([&] { planned.probe->measure(bench); });
        record.builds = bench.builds();
        record.elapsed.build = bench.elapsed().build;
        record.elapsed.launch = bench.elapsed().launch;
        record.elapsed.transfer = bench.elapsed().transfer;
        record.data = std::move(bench.data());
        if (ending)
            set_termination(record.data, *ending);
    }
    const double closing = steady_time(); // a tenth of a second and more on some drivers
    context.reset();
    record.elapsed.setup += steady_time() - closing;
}

ProbeRecord new_record(const PlannedProbe &planned, const Facts &facts) {
    ProbeRecord record;
    record.probe = planned.probe->info().name;
    record.profile = name(planned.profile);
    record.prerequisite = planned.prerequisite;
    record.facts = facts.findings;
    return record;
}

void conclude(ProbeRecord &record, const PlannedProbe &planned, const DeviceInfo &device) {
    record.findings = interpret(*planned.probe, record, &device);
    settle_status(record);
}

/// Notices when a device is gone, by how its probes fail.
class LossWatch {
public:
    explicit LossWatch(const CheckDevice &check) : check_(check) {}

    [[nodiscard]] bool lost() const { return lost_; }

    void watch(ProbeRecord &record, const PlannedProbe &planned, const DeviceInfo &device) {
        if (lost_)
            return;
        in_a_row_ = as_if_lost(record) ? in_a_row_ + 1 : 0;
        const bool confirmed = in_a_row_ > 0 && check_ && !check_(device).empty();
        lost_ = confirmed || in_a_row_ == 3;
        if (!lost_)
            return;
        set_termination(record.data,
                        {Status::failed,
                         fmt::format("the device is gone{}: {}",
                                     confirmed ? "" : ", it seems: three probes in a row failed",
                                     record.reason),
                         false});
        conclude(record, planned, device);
    }

private:
    static bool as_if_lost(const ProbeRecord &record) {
        constexpr std::array signs = {"CL_DEVICE_NOT_AVAILABLE", "CL_OUT_OF_RESOURCES",
                                      "CL_DEVICE_NOT_FOUND", "is no longer there"};
        return record.status == Status::failed && std::ranges::any_of(signs, [&](const char *sign) {
                   return record.reason.find(sign) != std::string::npos;
               });
    }

    const CheckDevice &check_;
    int in_a_row_ = 0;
    bool lost_ = false;
};

/// Interprets anew the records before the last one whose probes heed it.
void set_against_last(const std::vector<PlannedProbe> &plan, DeviceRecord &device,
                      Observer &observer, const Report &report) {
    for (std::size_t i = 0; i + 1 < device.probes.size(); ++i) {
        ProbeRecord &record = device.probes[i];
        const auto planned = std::ranges::find_if(
            plan, [&](const PlannedProbe &p) { return p.probe->info().name == record.probe; });
        if (planned == plan.end() || std::ranges::count(planned->probe->info().cross_checks,
                                                        device.probes.back().probe) == 0)
            continue;
        const std::vector<Finding> before = record.findings;
        record.facts = facts_for(*planned->probe, device).findings;
        conclude(record, *planned, device.device);
        if (record.findings != before)
            observer.findings_changed(report, device, record);
    }
}

} // namespace

ProbeRecord run_probe(const Registry &registry, const PlannedProbe &planned, const Device &device,
                      const Facts &facts, const RunOptions &options,
                      const std::function<void(double)> &progress) {
    const double start = steady_time();
    const LoadWatch watch;
    ProbeRecord record = new_record(planned, facts);
    if (const auto reason = planned.probe->unsupported(device.info())) {
        set_termination(record.data, {Status::unsupported, *reason, false});
    } else {
        const auto ending = termination_after(
            [&] { measure_on(device, registry, planned, facts, options, progress, record); });
        if (ending)
            set_termination(record.data, *ending);
    }
    record.load = watch.load();
    // Left in, these could not be written, and would cost the whole report.
    if (const auto problem = remove_misfits(record.data, planned.probe->info()); !problem.empty())
        set_termination(record.data, {Status::failed, problem, false});
    conclude(record, planned, device.info());
    record.elapsed.total = steady_time() - start;
    return record;
}

ProbeRecord failed_record(const PlannedProbe &planned, const DeviceInfo &device, const Facts &facts,
                          const std::string &reason) {
    ProbeRecord record = new_record(planned, facts);
    record.clock = choose_clock(facts);
    set_termination(record.data, {Status::failed, reason, false});
    conclude(record, planned, device);
    return record;
}

Report new_report(const RunOptions &options, std::vector<std::string> command_line) {
    Report report;
    report.tool_version = version();
    report.command_line = std::move(command_line);
    report.seed = options.seed;
    report.profile = name(options.profile);
    report.started = fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
    report.host = host_info();
    return report;
}

void check_answers(const Device &device) {
    const Context context(device);
    const Buffer buffer = context.buffer(sizeof(cl_uint));
    const cl_uint sent = 1;
    context.write_bytes(buffer, 0, sizeof sent, &sent);
}

void run_plan(const std::vector<PlannedProbe> &plan, std::span<const DeviceInfo> devices,
              const Execute &execute, const RunOptions &options, Observer &observer, Report &report,
              const CheckDevice &check) {
    report.complete = false;
    observer.run_started(plan, devices);
    for (const DeviceInfo &device : devices) {
        auto found = std::ranges::find_if(report.devices, [&](const DeviceRecord &candidate) {
            return candidate.device.slug == device.slug;
        });
        if (found == report.devices.end())
            found = report.devices.insert(report.devices.end(), DeviceRecord{device, {}});
        std::optional<DeviceLock> lock;
        LossWatch loss(check);
        for (const PlannedProbe &planned : plan) {
            if (std::ranges::count(found->probes, planned.probe->info().name, &ProbeRecord::probe))
                continue;
            if (options.stop.stop_requested())
                return;
            if (!lock)
                lock.emplace(
                    device,
                    [&](const std::string &holder) { observer.device_in_use(device, holder); },
                    options.stop);
            observer.probe_started(planned, device);
            const Facts facts = facts_for(*planned.probe, *found);
            found->probes.push_back(
                loss.lost() ? failed_record(planned, device, facts, "not tried: the device is gone")
                            : execute(planned, device, facts));
            loss.watch(found->probes.back(), planned, device);
            observer.probe_finished(report, *found, found->probes.back());
            set_against_last(plan, *found, observer, report);
        }
    }
    report.complete = !options.stop.stop_requested();
}

Report run(const Registry &registry, std::span<const std::string> patterns,
           std::span<const Device> devices, const RunOptions &options, Observer &observer) {
    std::vector<DeviceInfo> infos;
    for (const Device &device : devices)
        infos.push_back(device.info());
    const auto opened = [&](const DeviceInfo &info) -> const Device & {
        return *std::ranges::find_if(
            devices, [&](const Device &device) { return device.info().slug == info.slug; });
    };
    const Execute execute = [&](const PlannedProbe &planned, const DeviceInfo &info,
                                const Facts &facts) {
        return run_probe(registry, planned, opened(info), facts, options,
                         [&](double share) { observer.probe_progress(share); });
    };
    const CheckDevice check = [&](const DeviceInfo &info) -> std::string {
        try {
            check_answers(opened(info));
        } catch (const std::exception &error) {
            return error.what();
        }
        return "";
    };
    Report report = new_report(options, {});
    run_plan(plan(registry, patterns, options.profile), infos, execute, options, observer, report,
             check);
    return report;
}

} // namespace clprobe
