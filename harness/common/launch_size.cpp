#include "common/launch_size.hpp"
#include "opencl/device_limits.hpp"

#include <clprobe/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <fstream>
#include <limits>
#include <map>
#include <sstream>

namespace clprobe::probes {

bool is_cpu(const Bench &bench) {
    return bench.device().type == DeviceType::cpu;
}

std::size_t group_size(const Bench &bench, std::size_t wanted, std::size_t local_bytes) {
    if (local_bytes > 0)
        wanted = std::min(wanted, largest_local_memory(bench.device()) / local_bytes);
    return std::bit_floor(std::clamp<std::size_t>(wanted, 1, largest_group(bench.device())));
}

std::size_t group_size(const Bench &bench, const Kernel &kernel, std::size_t wanted) {
    return group_size(bench, std::min(wanted, kernel.max_group_size().value_or(wanted)));
}

std::size_t group_size(const Bench &bench, const Program &program,
                       const std::vector<std::string> &kernels, std::size_t wanted) {
    for (const std::string &kernel : kernels)
        wanted = group_size(bench, program.kernel(kernel), wanted);
    return wanted;
}

std::size_t units_of(const Bench &bench) {
    const auto claimed = static_cast<double>(bench.device().compute_units.value_or(1));
    return static_cast<std::size_t>(
        std::max(1.0, bench.facts().value("compute_units").value_or(claimed)));
}

std::optional<std::string> unsupported_without_images(const DeviceInfo &device) {
    return device.images ? std::nullopt : std::optional("the device has no images");
}

std::optional<std::string> pages_at(std::istream &smaps, std::uint64_t address) {
    bool inside = false;
    std::map<std::string, double> kibibytes; // of lines such as "Rss:    1234 kB"
    for (std::string line; std::getline(smaps, line);) {
        std::uint64_t first = 0;
        std::uint64_t end = 0;
        char dash = 0;
        std::istringstream header(line);
        if (header >> std::hex >> first >> dash >> end && dash == '-') {
            if (inside)
                break;
            inside = first <= address && address < end;
        } else if (inside) {
            std::istringstream fields(line);
            std::string name;
            fields >> name;
            fields >> kibibytes[name];
        }
    }
    if (kibibytes["KernelPageSize:"] == 0)
        return std::nullopt;
    const std::string size = format({1024 * kibibytes["KernelPageSize:"], Unit::byte});
    const double huge = kibibytes["AnonHugePages:"] / kibibytes["Rss:"];
    return huge > 0 ? fmt::format("{}, {:.0f} % of it in huge ones", size, 100 * huge) : size;
}

std::string pages_of(const Bench &bench, const Buffer &buffer) {
    const std::string unknown = "unknown";
    if (!is_cpu(bench))
        return unknown;
    try {
        const Mapping mapping = bench.context().map(buffer, 0, buffer.bytes(), CL_MAP_READ);
        std::ifstream smaps("/proc/self/smaps");
        const auto middle = mapping.bytes().data() + buffer.bytes() / 2;
        return pages_at(smaps, reinterpret_cast<std::uintptr_t>(middle)).value_or(unknown);
    } catch (const Error &) {
        return unknown; // no reason to measure nothing
    }
}

double remaining_after(const Bench &bench, double share) {
    return bench.tiny() ? -std::numeric_limits<double>::infinity()
                        : bench.remaining() - share * bench.budget();
}

} // namespace clprobe::probes
