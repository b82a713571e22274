#include "common/launch_size.hpp"
#include "opencl/device_limits.hpp"

#include <clprobe/error.hpp>

#include <algorithm>
#include <bit>
#include <limits>

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

Buffer granted_buffer(Bench &bench, std::size_t bytes) {
    for (constexpr std::size_t least = std::size_t{1} << 20;; bytes /= 2)
        try {
            return bench.buffer(bytes);
        } catch (const Error &error) {
            if (!error.code() || bytes < 2 * least)
                throw;
        }
}

std::optional<std::string> unsupported_without_images(const DeviceInfo &device) {
    return device.images ? std::nullopt : std::optional("the device has no images");
}

double remaining_after(const Bench &bench, double share) {
    return bench.tiny() ? -std::numeric_limits<double>::infinity()
                        : bench.remaining() - share * bench.budget();
}

} // namespace clprobe::probes
