#include "common/launch_size.hpp"
#include "common/paths.hpp"

#include <fmt/format.h>

namespace clprobe::probes {

std::uint32_t after_steps_of_path(std::uint32_t path, std::uint32_t x, std::uint32_t b,
                                  std::uint64_t steps) {
    const std::uint32_t factor = 2654435761U + 461845906U * path;
    if (path % 2 == 0)
        for (std::uint64_t step = 0; step < steps; ++step)
            x = (x * factor) ^ b;
    else
        for (std::uint64_t step = 0; step < steps; ++step)
            x = (x ^ b) * factor;
    return x;
}

std::string ways_option(unsigned ways) {
    return fmt::format("-DWAYS={}", ways);
}

NdRange filling_range(const Bench &bench, const Kernel &kernel, unsigned ways) {
    constexpr std::size_t groups_a_unit = 4;
    const std::size_t size = group_size(bench, kernel, bench.tiny() ? 8 : 256);
    const std::size_t wanted = bench.tiny() ? 1 : groups_a_unit * units_of(bench);
    return NdRange::linear((wanted + ways - 1) / ways * ways, size);
}

} // namespace clprobe::probes
