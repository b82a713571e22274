#pragma once
#include "compute/fma_rate/variant.hpp"

#include <clprobe/probe.hpp>

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace clprobe::probes::fma_rate {

/// A variant made of another one.
using Move = std::function<Variant(const Variant &)>;

/// One property of a variant and what else to try for it, the most promising first.
struct Stage {
    std::string property; ///< for people
    std::vector<Move> moves;
};

/// Where a race starts and what it tries in turn, each stage from the best so far (a coordinate
/// descent).
struct SearchSpace {
    Variant start;
    std::vector<Stage> stages;
    double launch_seconds = 2e-3;
};

/// Written as fma(), in as many work-items, and few of them: where that is a function in software,
/// some compilers take seconds for each.
[[nodiscard]] Variant few_fmas(const Variant &from);

/// The course for a type on this kind of device. `first_winner` is the variant that won for the
/// first type: the others start from it. Smaller profiles try fewer values a stage.
[[nodiscard]] SearchSpace search_space_for(Real real, const DeviceInfo &device, std::size_t units,
                                           Profile profile,
                                           const std::optional<Variant> &first_winner);

} // namespace clprobe::probes::fma_rate
