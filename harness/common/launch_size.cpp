#include "common/launch_size.hpp"

#include <algorithm>

namespace clprobe::probes {

bool is_cpu(const Bench &bench) {
    return bench.device().type == DeviceType::cpu;
}

std::size_t group_size(const Bench &bench, std::uint64_t wanted) {
    const std::uint64_t of_device = bench.device().max_work_group_size.value_or(64);
    return static_cast<std::size_t>(std::min(wanted, of_device));
}

std::size_t group_size(const Bench &bench, const Kernel &kernel, std::uint64_t wanted) {
    return group_size(bench,
                      std::min<std::uint64_t>(wanted, kernel.max_group_size().value_or(wanted)));
}

std::size_t units_of(const Bench &bench) {
    const auto claimed = static_cast<double>(bench.device().compute_units.value_or(1));
    return static_cast<std::size_t>(
        std::max(1.0, bench.facts().value("compute_units").value_or(claimed)));
}

} // namespace clprobe::probes
