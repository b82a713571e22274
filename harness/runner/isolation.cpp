#include "drivers.hpp"
#include "io/inspection_json.hpp"
#include "isolation.hpp"
#include "measure/session.hpp"
#include "opencl/kernel_text.hpp"
#include "style.hpp"
#include "subprocess.hpp"

#include <clprobe/error.hpp>
#include <clprobe/json.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <unistd.h>
#include <utility>

namespace clprobe::runner {
namespace {

/// Some drivers start slowly, but none takes a minute for its first answer.
constexpr double listing_seconds = 60;

Listing without_device(const std::string &problem, const Isolation &isolation) {
    Listing listing{{}, problem, drivers_report(isolation)};
    listing.problem += '\n' + lines_of(*listing.drivers);
    return listing;
}

ChildOutcome ask_check_child(const DeviceInfo &device, bool answers, const Isolation &isolation) {
    return ask_child(check_child, {{"device", device.slug}, {"answers", answers}}, listing_seconds,
                     isolation, "refusal");
}

} // namespace

ChildOutcome ask_child(std::string_view command, Json request, double seconds,
                       const Isolation &isolation, const char *member,
                       const std::function<void(const Json &)> &meanwhile) {
    request["parent"] = ::getpid();
    const ChildTask task{std::string(command), std::move(request), seconds, isolation.verbose,
                         isolation.stop};
    ChildOutcome outcome;
    const auto take = [&](const Json &message) {
        if (message.contains("error"))
            outcome.problem = message.at("error").get<std::string>();
        else if (message.contains(member))
            outcome.answer = message;
        else if (meanwhile)
            meanwhile(message);
    };
    try {
        const ChildEnd end = run_child(task, take);
        if (outcome.answer.is_null() && outcome.problem.empty())
            outcome.problem = explain(end, task);
        if (end.left_behind > 0)
            say(fmt::format("process {} {}", end.left_behind, hangs_in_kernel));
    } catch (const std::exception &error) { // a driver that writes into descriptors of others, say
        outcome.problem = error.what();
    }
    if (!outcome.problem.empty() && task.stop.stop_requested())
        throw Cancelled();
    return outcome;
}

std::vector<InspectedBuild> builds_of(const std::vector<const Probe *> &probes,
                                      const DeviceInfo &device) {
    std::vector<InspectedBuild> builds;
    for (const Probe *probe : probes)
        for (KernelVariant &variant : probe->kernels(device))
            builds.push_back({probe, std::move(variant)});
    return builds;
}

void inspect_isolated(const Registry &registry, const std::vector<const Probe *> &probes,
                      const DeviceInfo &device, const InspectOptions &options,
                      const Isolation &isolation,
                      const std::function<void(InspectedKernel)> &take) {
    const std::vector<InspectedBuild> builds = builds_of(probes, device);
    std::vector<std::string> names;
    for (const Probe *probe : probes)
        names.push_back(probe->info().name);
    for (std::size_t next = 0; next < builds.size(); ++next) {
        // A large kernel takes some compilers a minute, but not each.
        const double limit = isolation.seconds > 0
                                 ? isolation.seconds
                                 : 120 + 10 * static_cast<double>(builds.size() - next);
        const auto outcome = ask_child(inspect_child,
                                       {{"probes", names},
                                        {"device", device.slug},
                                        {"first", next},
                                        {"disassemble", options.disassemble},
                                        {"launch", options.launch}},
                                       limit, isolation, "inspected", [&](const Json &message) {
                                           for (const Json &kernel : message.at("kernels"))
                                               take(inspected_kernel_from_json(kernel));
                                           ++next;
                                       });
        if (isolation.stop.stop_requested())
            throw Cancelled();
        if (next < builds.size()) {
            const auto &[probe, variant] = builds[next];
            InspectedKernel lost =
                uninspected(*probe, with_override(registry.kernel(variant.text)), variant);
            lost.error = outcome.problem;
            take(std::move(lost));
        }
    }
}

Listing listing_of(const std::vector<Device> &devices) {
    if (devices.empty())
        return without_device("no OpenCL device", {});
    Listing listing;
    for (const Device &device : devices)
        listing.devices.push_back(device.info());
    return listing;
}

Listing list_devices(const Isolation &isolation) {
    const double seconds =
        isolation.seconds > 0 ? std::min(isolation.seconds, listing_seconds) : listing_seconds;
    const auto outcome = ask_child(list_child, Json::object(), seconds, isolation, "devices");
    if (!outcome.problem.empty())
        return without_device("listing the OpenCL devices: " + outcome.problem, isolation);
    Listing listing;
    for (const Json &info : outcome.answer.at("devices"))
        listing.devices.push_back(device_info_from_json(info));
    return listing.devices.empty() ? without_device("no OpenCL device", isolation) : listing;
}

std::string profiling_refusal(const DeviceInfo &device, const Isolation &isolation) {
    const auto outcome = ask_check_child(device, false, isolation);
    return outcome.problem.empty() ? outcome.answer.at("refusal").get<std::string>()
                                   : outcome.problem;
}

std::string answer_problem(const DeviceInfo &device, const Isolation &isolation) {
    return ask_check_child(device, true, isolation).problem;
}

ProbeRecord run_probe_isolated(const PlannedProbe &planned, const DeviceInfo &device,
                               const Facts &facts, const RunOptions &options,
                               const Isolation &isolation,
                               const std::function<void(double)> &progress) {
    // Ten times: a machine busy with other things, a compiler that has nothing in its cache.
    const double limit =
        isolation.seconds > 0 ? isolation.seconds : std::max(60.0, 10 * planned.seconds);
    Json request = {{"probe", planned.probe->info().name},
                    {"device", device.slug},
                    {"profile", name(planned.profile)},
                    {"seconds", planned.seconds},
                    {"prerequisite", planned.prerequisite},
                    {"seed", options.seed},
                    {"facts", to_json(facts)}};
    const auto start = std::chrono::steady_clock::now();
    const auto outcome = ask_child(probe_child, std::move(request), limit, isolation, "record",
                                   [&](const Json &message) {
                                       if (progress)
                                           progress(message.at("progress").get<double>());
                                   });
    const std::chrono::duration<double> total = std::chrono::steady_clock::now() - start;
    ProbeRecord record;
    std::string problem = outcome.problem;
    try {
        if (problem.empty())
            record = probe_record_from_json(outcome.answer.at("record"));
    } catch (const std::exception &error) {
        problem = fmt::format("its process sent a record that cannot be read: {}", error.what());
    }
    if (!problem.empty()) {
        record = failed_record(planned, device, facts, problem);
        record.elapsed.setup = total.count(); // spent in the driver, as far as can be known
    }
    record.elapsed.total = total.count(); // the cost of the process is the harness's own
    return record;
}

} // namespace clprobe::runner
