#pragma once
#include "compute/fma_rate/variant.hpp"

#include <clprobe/probe.hpp>

#include <cstddef>
#include <functional>
#include <optional>
#include <vector>

namespace clprobe::probes::fma_rate {

/// A variant made of another one.
using Move = std::function<Variant(const Variant &)>;

/// What else to try for one property of a variant, the most promising first.
struct Stage {
    std::vector<Move> moves;

    [[nodiscard]] std::vector<Variant> operator()(const Variant &best) const;
};

/// Where tuning starts and what it tries in turn, each stage from the best so far (a coordinate
/// descent).
struct SearchSpace {
    Variant start;
    std::vector<Stage> stages;
};

/// Written as fma(), in as many work-items, and few of them: where that is a function in software,
/// some compilers take seconds for each.
[[nodiscard]] Variant few_fmas(const Variant &from);

/// That of a type on this kind of device. `first_winner` is the variant that won for the
/// first type: the others start from it. Smaller profiles try fewer values a stage.
[[nodiscard]] SearchSpace search_space_for(Real real, const DeviceInfo &device, std::size_t units,
                                           Profile profile,
                                           const std::optional<Variant> &first_winner);

/// What people may want to inspect: for each type that the device has, the forms over widths of
/// vectors, then the other recurrences and the single chain of the latency, all in the shape that
/// tuning starts from.
[[nodiscard]] std::vector<KernelVariant> inspected(const DeviceInfo &device);

} // namespace clprobe::probes::fma_rate
