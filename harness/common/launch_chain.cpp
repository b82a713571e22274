#include "common/launch_chain.hpp"

#include <chrono>

namespace clprobe::probes {

LaunchChain::LaunchChain(const Context &plain, const std::vector<BoundLaunch> &launches) {
    for (const BoundLaunch &launch : launches) {
        launch.prepare(plain, 1);
        launches_.emplace_back(plain, launch.kernel, launch.range);
    }
    if (!launches_.empty())
        launches_.back().finish();
}

double LaunchChain::seconds(std::size_t rounds) const {
    const auto start = std::chrono::steady_clock::now();
    for (std::size_t round = 0; round < rounds; ++round)
        for (const CallLoops &launch : launches_)
            launch.enqueue(1);
    launches_.back().finish();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

} // namespace clprobe::probes
