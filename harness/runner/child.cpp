#include "commands.hpp"
#include "console.hpp"
#include "drivers.hpp"
#include "inspect/inspection.hpp"
#include "io/file.hpp"
#include "isolation.hpp"
#include "measure/session.hpp"
#include "opencl/kernel_text.hpp"
#include "subprocess.hpp"

#include <clprobe/error.hpp>
#include <clprobe/json.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <exception>
#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

namespace clprobe::runner {
namespace {

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

Device find_device(const std::string &slug) {
    for (Device &device : enumerate())
        if (device.info().slug == slug)
            return std::move(device);
    throw Error(fmt::format("the device {} is no longer there", slug));
}

Json list() {
    Json infos = Json::array();
    for (const Device &device : enumerate())
        infos.push_back(to_json(device.info()));
    return {{"devices", std::move(infos)}};
}

Json check(const Json &request) {
    const Device device = find_device(request.at("device").get<std::string>());
    if (request.at("answers").get<bool>())
        check_answers(device);
    const Context context(device);
    return {{"refusal", context.profiling() ? std::string() : context.profiling_refusal()}};
}

Json probe(const Json &request, const Registry &registry, const std::stop_token &stop,
           const Send &send) {
    using Clock = std::chrono::steady_clock;
    PlannedProbe planned;
    planned.probe = registry.find(request.at("probe").get<std::string>());
    if (planned.probe == nullptr)
        throw Error("the program was replaced while it ran");
    planned.prerequisite = request.at("prerequisite").get<bool>();
    planned.profile = parse_profile(request.at("profile").get<std::string>()).value();
    planned.seconds = request.at("seconds").get<double>();
    const RunOptions options{planned.profile, request.at("seed").get<std::uint64_t>(), stop};
    const auto start = Clock::now();
    const Device device = find_device(request.at("device").get<std::string>());
    const std::chrono::duration<double> opening = Clock::now() - start;
    // A few times a second at most: each message costs the measurement.
    const auto progress = [&, last = Clock::time_point()](double share) mutable {
        if (const auto now = Clock::now(); now - last >= std::chrono::milliseconds(200)) {
            last = now;
            send({{"progress", share}});
        }
    };
    ProbeRecord record = run_probe(registry, planned, device, facts_from_json(request.at("facts")),
                                   options, progress);
    record.elapsed.setup += opening.count();
    return {{"record", to_json(record)}};
}

Json inspect(const Json &request, const Registry &registry, const std::stop_token &stop,
             const Send &send) {
    const InspectOptions options{request.at("disassemble").get<bool>(),
                                 request.at("launch").get<bool>()};
    const Context context(find_device(request.at("device").get<std::string>()));
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
    return {{"inspected", true}};
}

} // namespace

Json carry_out(const Json &request, const Registry &registry, const std::stop_token &stop,
               const Send &send) {
    const auto task = request.at("task").get<std::string>();
    if (task == "list")
        return list();
    if (task == "loader")
        return {{"loader", describe_loader()}};
    if (task == "driver")
        return {
            {"driver", try_driver(request.at("library").get<std::string>(),
                                  request.at("all_symbols").get<bool>(), [&](const char *stage) {
                                      send({{"stage", stage}});
                                  })}};
    if (task == "check")
        return check(request);
    if (task == "inspect")
        return inspect(request, registry, stop, send);
    return probe(request, registry, stop, send);
}

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
        send_to_parent(carry_out(request, registry, interrupts.token(), send_to_parent));
    } catch (const Cancelled &) {
        // The parent knows.
    } catch (const std::exception &error) {
        send_to_parent({{"error", error.what()}});
    }
    // The answer is out: what a driver does when it is unloaded must not spoil it.
    std::fflush(nullptr);
    ::_exit(exit_done);
}

} // namespace clprobe::runner
