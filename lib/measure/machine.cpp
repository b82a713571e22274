#include "measure/clock.hpp"
#include "measure/machine.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <thread>
#include <unistd.h>

namespace clprobe {
namespace {

double seconds_of(const timeval &time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

std::string processor_name() {
    std::ifstream file("/proc/cpuinfo");
    for (std::string line; std::getline(file, line);)
        if (line.starts_with("model name") && line.find(':') != std::string::npos)
            return line.substr(line.find(':') + 2);
    return {};
}

/// How long a fixed chain of dependent operations takes: the best of a few, so that one
/// interruption does not count but a slower clock or a shared core does.
double chain_seconds() {
    constexpr int steps = 50000;
    double best = 1e9;
    for (int round = 0; round < 5; ++round) {
        const double start = steady_time();
        volatile std::uint32_t sink = 1;
        std::uint32_t x = sink;
        for (int i = 0; i < steps; ++i)
            x = x * 1664525u + 1013904223u;
        sink = x;
        best = std::min(best, steady_time() - start);
    }
    return best;
}

} // namespace

std::string environment(const char *name) {
    const char *value = std::getenv(name);
    return value != nullptr ? value : "";
}

HostInfo host_info() {
    HostInfo host;
    utsname system{};
    if (uname(&system) == 0)
        host.system = std::string(system.sysname) + " " + system.release + " " + system.machine;
    host.cpu = processor_name();
    host.processors = std::thread::hardware_concurrency();
    constexpr std::array prefixes = {"POCL_",    "RUSTICL_", "OCL_ICD_", "MESA_",   "CUDA_",
                                     "CLPROBE_", "PAN_",     "OPENCL_",  "GALLIUM_"};
    for (char **entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        const std::string text = *entry;
        const bool matters = std::ranges::any_of(
            prefixes, [&](const char *prefix) { return text.starts_with(prefix); });
        if (const auto equals = text.find('='); matters && equals != std::string::npos)
            host.environment[text.substr(0, equals)] = text.substr(equals + 1);
    }
    return host;
}

std::optional<ProcessorTime> processor_time() {
    std::ifstream file("/proc/stat");
    std::string word;
    std::array<double, 8> ticks{}; // user nice system idle iowait irq softirq steal
    if (!(file >> word) || word != "cpu")
        return std::nullopt;
    for (double &value : ticks)
        if (!(file >> value))
            return std::nullopt;
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const double tick = 1.0 / static_cast<double>(sysconf(_SC_CLK_TCK));
    ProcessorTime time;
    time.busy = (ticks[0] + ticks[1] + ticks[2] + ticks[5] + ticks[6]) * tick;
    time.steal = ticks[7] * tick;
    time.own = seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
    return time;
}

LoadWatch::LoadWatch()
    : start_(steady_time()), at_start_(processor_time()), chain_at_start_(chain_seconds()) {}

MachineLoad LoadWatch::load() const {
    MachineLoad load;
    const double chain = chain_seconds();
    load.slowdown = std::max(chain, chain_at_start_) / std::min(chain, chain_at_start_) - 1;
    const auto time = processor_time();
    const double elapsed = steady_time() - start_;
    if (time && at_start_ && elapsed > 0) {
        // The system counts whole ticks for all, exact times for one: on sixteen processors that
        // use all of them the two accounts differ by a third of a processor.
        const double own = 1.03 * (time->own - at_start_->own);
        load.others = std::max(0.0, (time->busy - at_start_->busy - own) / elapsed);
        load.steal = (time->steal - at_start_->steal) / elapsed;
    }
    return load;
}

} // namespace clprobe
