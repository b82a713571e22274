#pragma once
#include "compute/fma_rate/model.hpp"

#include <clprobe/probe.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <string>

namespace clprobe::probes::fma_rate {

inline constexpr const char *kernel_text = "compute/fma_rate";

/// What the words that came back so far allow: none of the two is a failed verification. How many
/// were looked at.
struct Verdict {
    bool fused = true;
    bool unfused = true;
    std::uint64_t words = 0;
};

/// A variant ready to be launched: its outputs are poisoned before each launch, and a few of them,
/// chosen after it, are compared with the host's model.
struct Launchable {
    Variant variant;
    BoundLaunch launch;
    std::shared_ptr<Verdict> verdict;
};

/// Makes variants of one type launchable. Variants that differ in their ranges only share a
/// program.
class KernelCache {
public:
    KernelCache(Bench &bench, Real real) : bench_(bench), real_(real) {}

    [[nodiscard]] Real real() const { return real_; }
    [[nodiscard]] Bench &bench() const { return bench_; }
    /// Builds, launches once (some drivers compile only then) and verifies, with groups as large as
    /// the kernel and the device allow. Throws BuildError, VerificationError, Unsupported where
    /// `fma` rounds twice, or Error.
    [[nodiscard]] Launchable make(Variant variant);

private:
    const Program &program(const Variant &variant);

    Bench &bench_;
    Real real_;
    std::map<std::string, Program> programs_;
};

} // namespace clprobe::probes::fma_rate
