#include "common/launch_chain.hpp"

#include <chrono>
#include <utility>

namespace clprobe::probes {

LaunchChain::LaunchChain(Context plain, std::vector<BoundLaunch> launches)
    : plain_(std::move(plain)), launches_(std::move(launches)) {
    for (const BoundLaunch &launch : launches_)
        loops_.emplace_back(plain_, launch.kernel, launch.range);
    prepare();
}

void LaunchChain::prepare() const {
    for (const BoundLaunch &launch : launches_)
        launch.prepare(plain_, 1);
}

void LaunchChain::verify(std::mt19937_64 &random) const {
    prepare();
    (void)seconds(1);
    for (const BoundLaunch &launch : launches_)
        if (launch.check)
            launch.check(LaunchOutcome(plain_, launch, 1, random));
}

double LaunchChain::seconds(std::size_t rounds) const {
    const auto start = std::chrono::steady_clock::now();
    for (std::size_t round = 0; round < rounds; ++round)
        for (const CallLoops &loop : loops_)
            loop.enqueue(1);
    if (!loops_.empty())
        loops_.back().finish();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

} // namespace clprobe::probes
