#pragma once
#include "synthetic.hpp"

#include <clprobe/probe.hpp>

#include <string_view>
#include <vector>

/// The built-in probe of that name, "memory/tlb".
[[nodiscard]] const clprobe::Probe &builtin(std::string_view probe);

/// The finding of that key, which has to be among these.
[[nodiscard]] const clprobe::Finding &finding(const std::vector<clprobe::Finding> &findings,
                                              std::string_view key);
[[nodiscard]] clprobe::Finding finding(std::vector<clprobe::Finding> &&findings,
                                       std::string_view key);

/// The data that a test makes up for a built-in probe: launches by a law of its own.
class MadeUp {
public:
    /// Launches of up to so many trips, with noise, in that many blocks.
    struct Law {
        double most_trips = 1000;
        double noise = 0.01;
        int blocks = 6;
    };

    MadeUp(std::string_view probe, const Law &law, std::uint64_t seed);

    /// Launches of a quarter, a half and all of the trips at a place of that series, whose last
    /// axis is the trips: so much a trip, and 5 us besides.
    void take(std::string_view series, std::vector<double> at, double seconds_per_trip);

    clprobe::Dataset data;

private:
    const clprobe::Probe &probe_;
    Law law_;
    Random random_;
};
