#pragma once
#include <clprobe/network.hpp>
#include <clprobe/report.hpp>

#include <map>
#include <optional>
#include <string>
#include <vector>

// The same computations by OpenCL devices and by a library of the processor's, side by side.
namespace clprobe {

/// What one side took for a computation.
struct CallTimes {
    std::vector<double> seconds; ///< of calls, or means of some in a row
    std::string implementation;  ///< which of a library's kernels, with counts
    std::string absent;          ///< why there are no times
};

/// A device, or a library with so many threads.
struct TimedSide {
    std::string name;                   ///< "gpu0", "oneDNN, 1 thread"
    std::string title;                  ///< with what it is, and its version
    std::optional<double> roof;         ///< its own rate of multiply-adds, flop/s
    std::optional<DeviceRecord> device; ///< what was found of a device; of a library there is none
    std::map<std::string, CallTimes> times; ///< by the network's name

    /// Those of that network; without seconds where there are none.
    [[nodiscard]] const CallTimes &of(const Network &network) const;
};

/// Computations are networks. An operator is one of a single layer.
struct AgainstCpu {
    std::vector<Network> networks;
    std::vector<TimedSide> sides; ///< devices first
    unsigned rounds = 0;          ///< in which the sides took turns
};

/// What stands in a row's cell.
struct CallFigures {
    double p50 = 0; ///< seconds
    double p90 = 0;
    double rate = 0;             ///< flop/s at p50; 0 where nothing is multiplied
    std::optional<double> share; ///< of the side's own roof
};
/// Nothing without times.
[[nodiscard]] std::optional<CallFigures> figures_of(const Network &network, const TimedSide &side);

/// The library that takes least for it; null where none has times.
[[nodiscard]] const TimedSide *fastest_library(const AgainstCpu &table, const Network &network);

/// Why the device takes longer for the network than the library does, by what was found of both:
/// launches, the bound that no kernel of the device beats, rates, what its kernel leaves, half
/// precision. Empty where it does not take longer, or one of them has no times.
[[nodiscard]] std::string why_slower(const Network &network, const TimedSide &device,
                                     const TimedSide &library);

/// Seconds that the network's input takes to the device and its results back, by pageable
/// transfers that the host waits for. Nothing where these were not measured.
[[nodiscard]] std::optional<double> transfer_seconds(const Network &network,
                                                     const DeviceRecord &record);

/// The operators of which `workloads/convolution` and `workloads/gemm` took times, and the networks
/// that come with clprobe of which `workloads/network` did.
[[nodiscard]] std::vector<Network> computations_of(const DeviceRecord &record);

/// The network's convolutions, dense layers and pools, each of them once, by itself.
[[nodiscard]] std::vector<Network> single_layers(const Network &network);

/// Adds to the side what its device's record has of these computations. Layers come from
/// `workloads/network` where `whole` is theirs. Where nothing was timed it says why, as far as the
/// record does.
void add_times(TimedSide &side, const std::vector<Network> &networks, const Network *whole,
               const DeviceRecord &record);

} // namespace clprobe
