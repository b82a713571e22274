#pragma once
#include "compute/julia/model.hpp"

#include <clprobe/probe.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace clprobe::probes::julia {

/// The loop's body: one iteration, or four.
enum class Body { plain, unrolled };
inline constexpr Body all_bodies[] = {Body::plain, Body::unrolled};
[[nodiscard]] constexpr unsigned iterations_of(Body body) {
    return body == Body::plain ? 1 : 4;
}
inline constexpr std::array<const char *, 2> body_names{"plain", "unrolled"};
[[nodiscard]] constexpr const char *name(Body body) {
    return body_names[static_cast<std::size_t>(body)];
}

inline constexpr const char *kernel_text = "compute/julia";
inline constexpr const char *kernel_function = "julia";
[[nodiscard]] std::string build_options(Body body);

/// What the outputs that came back so far allow, and how many were looked at.
struct Verdict {
    bool fused = true;
    bool unfused = true;
    std::uint64_t points = 0;
};

/// Launches of the kernel with one body over a picture of `size` x `size` points, one work-item a
/// point. Before each launch the output is poisoned; after it, points chosen then are compared with
/// the host's model.
class Launcher {
public:
    Launcher(Bench &bench, Body body, std::uint32_t size);

    [[nodiscard]] Body body() const { return body_; }
    [[nodiscard]] const Verdict &verdict() const { return *verdict_; }
    /// With some local size, which the caller replaces. The launcher has to outlive it.
    [[nodiscard]] BoundLaunch launch(const Operands &operands);
    /// The counts of all points of the last launch, row after row.
    [[nodiscard]] std::vector<std::uint32_t> counts();

private:
    void check_published(const LaunchOutcome &outcome, std::uint64_t iterations);
    void check_bounded(const LaunchOutcome &outcome, std::uint64_t iterations);

    Bench &bench_;
    Body body_;
    std::uint32_t size_;
    Program program_;
    Buffer output_;
    std::shared_ptr<Verdict> verdict_ = std::make_shared<Verdict>();
};

} // namespace clprobe::probes::julia
