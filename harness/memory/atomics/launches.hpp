#pragma once
#include "memory/atomics/operations.hpp"

#include <clprobe/probe.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace clprobe::probes::atomics {

/// Operations of a work-item in one trip.
inline constexpr double operations_a_trip = 4;

/// The programs: what OpenCL C 1.2 has, and what the device's extension adds.
[[nodiscard]] std::vector<KernelVariant> programs_for(const DeviceInfo &device);

/// The kernels with their buffers, each launch verified by what it left. Launches refer to their
/// launcher, which has to outlive them.
class Launcher {
public:
    explicit Launcher(Bench &bench);

    /// Why the device does not have that operation; nothing where it does.
    [[nodiscard]] std::optional<std::string> lacks(const Atomic &atomic) const;
    /// Whether that is not a function of the language here, but inline PTX.
    [[nodiscard]] bool as_ptx(const Atomic &atomic) const;
    /// All work-items at once, on one word (in local memory one a group) or each on its own.
    [[nodiscard]] BoundLaunch many(const Atomic &atomic, Contention place, bool used);
    /// One work-item, one operation after the other, at the place of the last `move`.
    [[nodiscard]] BoundLaunch chain(const Atomic &atomic);

    /// Of `many`.
    [[nodiscard]] std::size_t work_items(const Atomic &atomic, Contention place) const {
        return groups(atomic, place) * group_size_;
    }
    /// Memory that chains may use, B.
    [[nodiscard]] std::size_t chain_bytes() const { return chain_memory_.bytes(); }
    /// Chains of global memory from now on use the word at that many bytes.
    void move(std::size_t bytes);

private:
    [[nodiscard]] std::size_t groups(const Atomic &atomic, Contention place) const;
    void build_extensions();
    /// Takes the minimum of floats for lacking where a first one returns the wrong value.
    void try_minimum();
    [[nodiscard]] Kernel kernel(const Atomic &atomic, const char *function) const;
    /// All but the check.
    [[nodiscard]] BoundLaunch unchecked(const Atomic &atomic, Contention place, bool used,
                                        const Words &words);
    /// What those work-items left, having shared the word of the first.
    [[nodiscard]] Outcome left_by(const LaunchOutcome &outcome, std::size_t first,
                                  std::size_t count) const;

    Bench &bench_;
    Program program_;
    std::size_t group_size_;
    std::size_t groups_;
    std::map<Operation, Program> extensions_;
    std::string no_extension_;
    Buffer memory_;
    Buffer seen_;
    Buffer chain_seen_;
    Buffer chain_memory_;
    std::uint32_t place_ = 0; ///< of chains, in words
};

} // namespace clprobe::probes::atomics
