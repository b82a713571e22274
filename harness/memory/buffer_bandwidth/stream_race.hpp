#pragma once
#include "memory/buffer_bandwidth/streams.hpp"

#include <optional>
#include <utility>
#include <vector>

namespace clprobe::probes::buffer_bandwidth {

/// Finds the fastest shape of an operation: what suits this kind of device first, then one property
/// after the other (a coordinate descent), the best of each being kept.
class StreamRace {
public:
    /// Samples go to `times`; only `reserve` of the probe's budget is left over.
    StreamRace(Bench &bench, Streams &streams, Series &times, double reserve);

    /// Nothing where no shape works.
    [[nodiscard]] std::optional<StreamShape> run(Operation operation);

private:
    using Ranking = std::vector<std::pair<double, StreamShape>>; ///< by seconds

    [[nodiscard]] bool cpu() const { return bench_.device().type == DeviceType::cpu; }
    [[nodiscard]] bool quick() const { return bench_.profile() <= Profile::quick; }
    [[nodiscard]] StreamShape first_shape(Operation operation) const;
    /// What to try beside the best so far; nothing after the last stage.
    [[nodiscard]] std::vector<StreamShape> alternatives(const StreamShape &best, int stage) const;
    [[nodiscard]] std::vector<StreamShape> cpu_alternatives(const StreamShape &best,
                                                            int stage) const;
    [[nodiscard]] std::vector<StreamShape> gpu_alternatives(const StreamShape &best,
                                                            int stage) const;
    void try_out(const StreamShape &shape, Ranking &ranking);

    Bench &bench_;
    Streams &streams_;
    Series &times_;
    double reserve_;
};

} // namespace clprobe::probes::buffer_bandwidth
