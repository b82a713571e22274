#include "commands.hpp"
#include "drivers.hpp"
#include "io/file.hpp"
#include "io/inspection_json.hpp"
#include "isolation.hpp"
#include "measure/session.hpp"
#include "opencl/kernel_text.hpp"
#include "signals.hpp"
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

void send(const Json &message) {
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

/// Tells how the probe gets on, a few times a second at most: each message costs the measurement.
class ProgressMessages {
public:
    void operator()(double share) {
        const auto now = std::chrono::steady_clock::now();
        if (now - last_ < std::chrono::milliseconds(200))
            return;
        last_ = now;
        send({{"progress", share}});
    }

private:
    std::chrono::steady_clock::time_point last_{};
};

void list() {
    Json infos = Json::array();
    for (const Device &device : enumerate())
        infos.push_back(to_json(device.info()));
    send({{"devices", std::move(infos)}});
}

void load_driver(const Json &request) {
    const auto stage = [](const char *text) { send({{"stage", text}}); };
    send({{"driver", try_driver(request.at("library").get<std::string>(),
                                request.at("all_symbols").get<bool>(), stage)}});
}

void check(const Json &request) {
    const Device device = find_device(request.at("device").get<std::string>());
    if (request.at("answers").get<bool>())
        check_answers(device);
    const Context context(device);
    send({{"refusal", context.profiling() ? std::string() : context.profiling_refusal()}});
}

void probe(const Json &request, const Registry &registry, const std::stop_token &stop) {
    PlannedProbe planned;
    planned.probe = registry.find(request.at("probe").get<std::string>());
    if (planned.probe == nullptr)
        throw Error("the program was replaced while it ran");
    planned.prerequisite = request.at("prerequisite").get<bool>();
    planned.profile = parse_profile(request.at("profile").get<std::string>()).value();
    planned.seconds = request.at("seconds").get<double>();
    RunOptions options;
    options.profile = planned.profile;
    options.seed = request.at("seed").get<std::uint64_t>();
    options.stop = stop;
    const auto start = std::chrono::steady_clock::now();
    const Device device = find_device(request.at("device").get<std::string>());
    const std::chrono::duration<double> opening = std::chrono::steady_clock::now() - start;
    ProbeRecord record = run_probe(registry, planned, device, facts_from_json(request.at("facts")),
                                   options, ProgressMessages());
    record.elapsed.setup += opening.count();
    send({{"record", to_json(record)}});
}

void inspect(const Json &request, const Registry &registry, const std::stop_token &stop) {
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
    send({{"inspected", true}});
}

void carry_out(std::string_view command, const Registry &registry, const std::stop_token &stop) {
    const Json request = parse_json(read_file("-"));
    die_with(request.at("parent").get<int>());
    if (command == list_child)
        list();
    else if (command == loader_child)
        send({{"loader", describe_loader()}});
    else if (command == driver_child)
        load_driver(request);
    else if (command == check_child)
        check(request);
    else if (command == inspect_child)
        inspect(request, registry, stop);
    else
        probe(request, registry, stop);
}

} // namespace

bool is_child_command(std::string_view command) {
    constexpr std::string_view all[] = {list_child,  loader_child, driver_child,
                                        check_child, probe_child,  inspect_child};
    return std::ranges::find(all, command) != std::end(all);
}

int run_as_child(std::string_view command, const Registry &registry) {
    // What a driver's compiler starts must not hold the messages open.
    if (::fcntl(message_descriptor, F_SETFD, FD_CLOEXEC) != 0) {
        std::fprintf(stderr, "clprobe: %s is for clprobe itself\n", std::string(command).c_str());
        return exit_usage;
    }
    const Interrupts interrupts;
    try {
        carry_out(command, registry, interrupts.token());
    } catch (const Cancelled &) {
        // The parent knows.
    } catch (const std::exception &error) {
        send({{"error", error.what()}});
    }
    // The answer is out: what a driver does when it is unloaded must not spoil it.
    std::fflush(nullptr);
    ::_exit(exit_done);
}

} // namespace clprobe::runner
