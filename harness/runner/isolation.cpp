#include "choices.hpp"
#include "commands.hpp"
#include "console.hpp"
#include "inspect/inspection.hpp"
#include "io/choices.hpp"
#include "io/file.hpp"
#include "io/network.hpp"
#include "isolation.hpp"
#include "measure/clock.hpp"
#include "measure/session.hpp"
#include "opencl/kernel_text.hpp"

#include <clprobe/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <exception>
#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

namespace clprobe::runner {
namespace {

/// Seconds that tuning may take beyond a probe's budget.
double longest_search(const PlannedProbe &planned, const RunOptions &options) {
    if (!options.tune || planned.prerequisite)
        return 0;
    return options.tune->every_plan || options.network ? 36000 : 1200; // of many layers
}

/// Ten times its budget: a machine may be busy with other things, and a compiler may have nothing
/// in its cache. Operators and networks build tens of programs.
double generous_seconds(const PlannedProbe &planned) {
    return std::max(planned.probe->info().on_request ? 300.0 : 60.0, 10 * planned.seconds);
}

/// One of the builds to inspect.
struct InspectedBuild {
    const Probe *probe = nullptr;
    KernelVariant variant;
};

std::vector<InspectedBuild> builds_of(const std::vector<const Probe *> &probes,
                                      const DeviceInfo &device) {
    std::vector<InspectedBuild> builds;
    for (const Probe *probe : probes)
        for (KernelVariant &variant : probe->kernels(device))
            builds.push_back({probe, std::move(variant)});
    return builds;
}

// What is done with a request, as a rule in a child process. Each returns the answer.

Device find_device(const Json &request) {
    const auto slug = request.at("device").get<std::string>();
    for (Device &device : enumerate())
        if (device.info().slug == slug)
            return std::move(device);
    throw Error(fmt::format("the device {} is no longer there", slug));
}

Json list() {
    Json infos = Json::array();
    for (const Device &device : enumerate())
        infos.push_back(to_json(device.info()));
    return infos;
}

Json check(const Json &request) {
    const Device device = find_device(request);
    if (request.at("answers").get<bool>()) {
        check_answers(device);
        return "";
    }
    const Context context(device);
    return context.profiling() ? "" : context.profiling_refusal();
}

std::optional<Search> search_of(const Json &request) {
    if (!request.contains("tune"))
        return std::nullopt;
    const Json &tune = request.at("tune");
    return Search{tune.at("every_plan").get<bool>(), tune.at("shape").get<std::string>()};
}

std::optional<BatchedNetwork> asked_network_of(const Json &request) {
    if (!request.contains("network"))
        return std::nullopt;
    return BatchedNetwork{read_network(to_text(request.at("network")), "-"),
                          request.at("batch").get<std::uint32_t>()};
}

Json probe(const Json &request, const Registry &registry, const std::stop_token &stop,
           const Send &send) {
    const PlannedProbe planned{registry.find(request.at("probe").get<std::string>()),
                               request.at("prerequisite").get<bool>(),
                               parse_profile(request.at("profile").get<std::string>()).value(),
                               request.at("seconds").get<double>()};
    if (planned.probe == nullptr)
        throw Error("the program was replaced while it ran");
    const RunOptions options{
        planned.profile,    request.at("seed").get<std::uint64_t>(),  stop,
        search_of(request), choices_from_json(request.at("choices")), asked_network_of(request)};
    const double start = steady_time();
    const Device device = find_device(request);
    const double opening = steady_time() - start;
    // A few times a second at most: each message costs the measurement.
    const auto progress = [&, last = 0.0](double share) mutable {
        if (const double now = steady_time(); now - last >= 0.2) {
            last = now;
            send({{"progress", share}});
        }
    };
    ProbeRecord record = run_probe(registry, planned, device, facts_from_json(request.at("facts")),
                                   options, progress);
    record.elapsed.setup += opening;
    return to_json(record);
}

/// The builds of some probes' kernels, from one of them on.
Json inspect(const Json &request, const Registry &registry, const std::stop_token &stop,
             const Send &send) {
    const InspectOptions options{request.at("disassemble").get<bool>(),
                                 request.at("launch").get<bool>()};
    const Context context(find_device(request));
    const auto probes = registry.match(request.at("probes").get<std::vector<std::string>>());
    const std::vector<InspectedBuild> builds = builds_of(probes, context.device().info());
    for (auto i = request.at("first").get<std::size_t>();
         i < builds.size() && !stop.stop_requested(); ++i) {
        const auto &[probe, variant] = builds[i];
        const KernelText text = with_override(registry.kernel(variant.text));
        Json kernels = Json::array();
        for (const InspectedKernel &kernel :
             clprobe::inspect(context, *probe, text, variant, options))
            kernels.push_back(to_json(kernel));
        send({{"kernels", std::move(kernels)}});
    }
    return true;
}

Json carry_out(const Json &request, const Registry &registry, const std::stop_token &stop,
               const Send &send) {
    const auto task = request.at("task").get<std::string>();
    if (task == "list")
        return list();
    if (task == "loader")
        return describe_loader();
    if (task == "driver")
        return try_driver(request.at("library").get<std::string>(),
                          request.at("all_symbols").get<bool>(), [&](const char *stage) {
                              send({{"stage", stage}});
                          });
    if (task == "check")
        return check(request);
    if (task == "inspect")
        return inspect(request, registry, stop, send);
    return probe(request, registry, stop, send);
}

void send_to_parent(const Json &message) {
    const std::string line = message.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
    std::string_view rest = line;
    while (!rest.empty()) {
        const auto count = ::write(message_descriptor, rest.data(), rest.size());
        if (count < 0 && errno != EINTR)
            throw Error("the parent process is gone");
        rest.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    }
}

/// A device must not stay busy when the parent was killed and nobody waits for the result.
void die_with(int parent) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent)
        ::_exit(exit_failed);
}

} // namespace

int run_as_child(const Registry &registry) {
    // What a driver's compiler starts must not hold the messages open.
    if (::fcntl(message_descriptor, F_SETFD, FD_CLOEXEC) != 0) {
        say("this command is for clprobe itself");
        return exit_usage;
    }
    const Interrupts interrupts;
    try {
        const Json request = parse_json(read_file("-"));
        die_with(request.at("parent").get<int>());
        send_to_parent(
            {{"answer", carry_out(request, registry, interrupts.token(), send_to_parent)}});
    } catch (const Cancelled &) {
        // The parent knows.
    } catch (const std::exception &error) {
        send_to_parent({{"error", error.what()}});
    }
    // The answer is out: what a driver does when it is unloaded must not spoil it.
    std::fflush(nullptr);
    ::_exit(exit_done);
}

Outcome Worker::ask(const char *task, Json request, double seconds, const Send &meanwhile) const {
    request["task"] = task;
    request["parent"] = ::getpid();
    Outcome outcome;
    const auto take = [&](const Json &message) {
        if (message.contains("error"))
            outcome.problem = message.at("error").get<std::string>();
        else if (message.contains("answer"))
            outcome.answer = message.at("answer");
        else
            meanwhile(message);
    };
    try {
        if (isolation_.isolate) {
            const ChildTask child{std::move(request), seconds, isolation_.verbose, isolation_.stop,
                                  isolation_.environment};
            const std::string end = run_child(child, take);
            if (outcome.answer.is_null() && outcome.problem.empty())
                outcome.problem = end;
        } else {
            outcome.answer = carry_out(request, registry_, isolation_.stop, meanwhile);
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
    const auto outcome = ask("list", Json::object(), std::min(limit(60), 60.0));
    Listing listing;
    if (outcome.problem.empty())
        for (const Json &info : outcome.answer)
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

std::string Worker::check(const DeviceInfo &device, bool answers) const {
    const auto outcome = ask("check", {{"device", device.slug}, {"answers", answers}}, 60);
    return outcome.problem.empty() ? outcome.answer.get<std::string>() : outcome.problem;
}

ProbeRecord Worker::run_probe(const PlannedProbe &planned, const DeviceInfo &device,
                              const Facts &facts, const RunOptions &options,
                              const std::function<void(double)> &progress) const {
    const double start = steady_time();
    // Networks take what was kept for their operators.
    const bool takes_choices = planned.probe->info().tunes || planned.probe->info().on_request;
    Json request{{"probe", planned.probe->info().name},
                 {"device", device.slug},
                 {"profile", name(planned.profile)},
                 {"seconds", planned.seconds},
                 {"prerequisite", planned.prerequisite},
                 {"seed", options.seed},
                 {"choices",
                  to_json(takes_choices ? kept_choices(device, registry_) : std::vector<Choice>{})},
                 {"facts", to_json(facts)}};
    if (options.tune)
        request["tune"] = {{"every_plan", options.tune->every_plan},
                           {"shape", options.tune->shape}};
    if (options.network) {
        request["network"] = to_json(options.network->network);
        request["batch"] = options.network->batch;
    }
    const auto outcome =
        ask("probe", std::move(request),
            limit(generous_seconds(planned) + longest_search(planned, options)),
            [&](const Json &message) { progress(message.at("progress").get<double>()); });
    const double total = steady_time() - start;
    ProbeRecord record;
    std::string problem = outcome.problem;
    try {
        if (problem.empty())
            record = probe_record_from_json(outcome.answer);
    } catch (const std::exception &error) {
        problem = fmt::format("its process sent a record that cannot be read: {}", error.what());
    }
    if (!problem.empty()) {
        record = failed_record(planned, device, facts, problem);
        record.elapsed.setup = total; // spent in the driver, as far as can be known
    }
    record.elapsed.total = total; // the cost of the process is the harness's own
    return record;
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
                                 limit(generous), [&](const Json &message) {
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

} // namespace clprobe::runner
