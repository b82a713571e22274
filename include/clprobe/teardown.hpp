#pragma once
#include <clprobe/finding.hpp>
#include <clprobe/network.hpp>
#include <clprobe/report.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace clprobe {

/// A time made of a device's findings, with the interval that theirs allow for: each end is made
/// of their ends that make it shortest and longest.
struct PredictedTime {
    double seconds = 0;
    Interval interval;

    bool operator==(const PredictedTime &) const = default;
};

/// The least time that one part of the device takes for its share of a layer.
struct TimeFloor {
    std::string by; ///< "compute", "L1" and so on, "memory", "launch"
    PredictedTime time;
};

/// A layer on a device.
struct LayerTeardown {
    std::string name;
    /// The highest first; of what takes no part, or was not measured, there is none.
    std::vector<TimeFloor> floors;
    std::string bound; ///< the highest floor's `by`; empty where there is no prediction
    /// What is between two launches, and the highest of the other floors; of the whole at least
    /// what the host needs for all launches (`seconds_in_a_row`); absent where the device's report
    /// lacks a rate that this layer is bound by: the multiply-adds', or the bandwidth of what it
    /// moves.
    std::optional<PredictedTime> predicted;
    /// Of the multiply-adds' rate that the prediction comes to; absent where there are none.
    std::optional<double> share;
    /// Seconds, and of the rate that they come to: see `add_measured`.
    std::optional<double> measured;
    std::optional<double> measured_share;
};

/// Which finding could not be used, and why.
struct AbsentFinding {
    std::string key;
    std::string reason;
};

/// A network on a device, layer by layer: what bounds it there, and how long it is predicted to
/// take. Texts may come from a foreign report: escape them for the format that shows them.
struct Teardown {
    DeviceInfo device;
    std::vector<Finding> findings; ///< that the times are made of
    std::vector<AbsentFinding> absent;
    std::vector<LayerTeardown> layers;
    LayerTeardown whole;      ///< the sums over all layers, and the share of all
    std::size_t launches = 0; ///< one a layer
    /// Of runs of the whole network, as `workloads/network` found them: see `add_measured`.
    std::vector<Finding> runs;
};

/// What the report's findings of a device say of these layers: a pure function. A time is the work
/// over the measured rate. Weights, and what an attention has cached, come from memory, since at
/// one image after the other nothing keeps them; a layer's inputs and outputs come from the
/// smallest level of `buffer.l<n>` that holds them together, at its read bandwidth, else from
/// memory. Only findings that are plainly `measured` are used.
[[nodiscard]] Teardown teardown_of(const std::vector<SizedLayer> &layers,
                                   const DeviceRecord &record, ElementType type);

/// Adds what `workloads/network` measured of that network, which has to be one that each of its
/// runs measures, or the one that it was asked for: of each layer what a round adds to others of
/// that layer, of the whole what a run adds to others, and what was found of runs, launches and
/// memory. Adds nothing where the network's time is not plainly `measured`, and no layers' times
/// where the report holds no samples. The teardown is of that record, in single precision, for that
/// batch.
void add_measured(Teardown &teardown, const BatchedNetwork &network, const DeviceRecord &record);

/// Why a record has no times of that network.
[[nodiscard]] std::string why_unmeasured(const DeviceRecord &record, const BatchedNetwork &network);

} // namespace clprobe
