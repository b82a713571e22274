#include "console.hpp"
#include "drivers.hpp"
#include "inspect/inspection.hpp"
#include "isolation.hpp"
#include "measure/session.hpp"
#include "opencl/kernel_text.hpp"
#include "subprocess.hpp"

#include <clprobe/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <unistd.h>
#include <utility>

namespace clprobe::runner {

Outcome Worker::ask(const char *task, Json request, double seconds, const char *member,
                    const Send &meanwhile) const {
    request["task"] = task;
    request["parent"] = ::getpid();
    Outcome outcome;
    const auto take = [&](const Json &message) {
        if (message.contains("error"))
            outcome.problem = message.at("error").get<std::string>();
        else if (message.contains(member))
            outcome.answer = message;
        else if (meanwhile)
            meanwhile(message);
    };
    try {
        if (isolation_.isolate) {
            const ChildTask child{std::move(request), seconds, isolation_.verbose, isolation_.stop};
            const std::string end = run_child(child, take);
            if (outcome.answer.is_null() && outcome.problem.empty())
                outcome.problem = end;
        } else {
            take(carry_out(request, registry_, isolation_.stop, take));
        }
    } catch (const std::exception &error) { // a driver that writes into descriptors of others, say
        outcome.problem = error.what();
    }
    if (!outcome.problem.empty() && isolation_.stop.stop_requested())
        throw Cancelled();
    return outcome;
}

Listing Worker::list() const {
    // Some drivers start slowly, but none takes a minute for its first answer.
    const auto outcome = ask("list", Json::object(), std::min(limit(60), 60.0), "devices");
    Listing listing;
    if (outcome.problem.empty())
        for (const Json &info : outcome.answer.at("devices"))
            listing.devices.push_back(device_info_from_json(info));
    if (listing.devices.empty()) {
        listing.drivers = drivers();
        listing.problem =
            (outcome.problem.empty() ? "no OpenCL device"
                                     : "listing the OpenCL devices: " + outcome.problem) +
            '\n' + lines_of(*listing.drivers);
    }
    return listing;
}

Json Worker::drivers() const {
    Isolation isolation = isolation_;
    isolation.isolate = true;
    // A driver takes a second to load where it is slow.
    return drivers_report(Worker(registry_, isolation), std::min(limit(10), 10.0));
}

std::string Worker::profiling_refusal(const DeviceInfo &device) const {
    const auto outcome = check(device, false);
    return outcome.problem.empty() ? outcome.answer.at("refusal").get<std::string>()
                                   : outcome.problem;
}

std::string Worker::answer_problem(const DeviceInfo &device) const {
    return check(device, true).problem;
}

ProbeRecord Worker::run_probe(const PlannedProbe &planned, const DeviceInfo &device,
                              const Facts &facts, std::uint64_t seed,
                              const std::function<void(double)> &progress) const {
    const auto start = std::chrono::steady_clock::now();
    // Ten times: a machine busy with other things, a compiler that has nothing in its cache.
    const auto outcome =
        ask("probe",
            {{"probe", planned.probe->info().name},
             {"device", device.slug},
             {"profile", name(planned.profile)},
             {"seconds", planned.seconds},
             {"prerequisite", planned.prerequisite},
             {"seed", seed},
             {"facts", to_json(facts)}},
            limit(std::max(60.0, 10 * planned.seconds)), "record",
            [&](const Json &message) { progress(message.at("progress").get<double>()); });
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

std::vector<InspectedBuild> builds_of(const std::vector<const Probe *> &probes,
                                      const DeviceInfo &device) {
    std::vector<InspectedBuild> builds;
    for (const Probe *probe : probes)
        for (KernelVariant &variant : probe->kernels(device))
            builds.push_back({probe, std::move(variant)});
    return builds;
}

void Worker::inspect(const std::vector<const Probe *> &probes, const DeviceInfo &device,
                     const InspectOptions &options,
                     const std::function<void(InspectedKernel)> &take) const {
    const std::vector<InspectedBuild> builds = builds_of(probes, device);
    std::vector<std::string> names;
    for (const Probe *probe : probes)
        names.push_back(probe->info().name);
    for (std::size_t next = 0; next < builds.size(); ++next) {
        // A large kernel takes some compilers a minute, but not each.
        const double generous = 120 + 10 * static_cast<double>(builds.size() - next);
        const auto outcome = ask("inspect",
                                 {{"probes", names},
                                  {"device", device.slug},
                                  {"first", next},
                                  {"disassemble", options.disassemble},
                                  {"launch", options.launch}},
                                 limit(generous), "inspected", [&](const Json &message) {
                                     for (const Json &kernel : message.at("kernels"))
                                         take(inspected_kernel_from_json(kernel));
                                     ++next;
                                 });
        if (isolation_.stop.stop_requested())
            throw Cancelled();
        if (next < builds.size()) {
            const auto &[probe, variant] = builds[next];
            InspectedKernel lost =
                uninspected(*probe, with_override(registry_.kernel(variant.text)), variant);
            lost.error = outcome.problem;
            take(std::move(lost));
        }
    }
}

double Worker::limit(double generous) const {
    return isolation_.seconds > 0 ? isolation_.seconds : generous;
}

Outcome Worker::check(const DeviceInfo &device, bool answers) const {
    return ask("check", {{"device", device.slug}, {"answers", answers}}, 60, "refusal");
}

} // namespace clprobe::runner
