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

/// What launches take by the law of a test: so much a trip, with noise, and 5 us besides.
struct LaunchLaw {
    double most_trips = 0;
    double seconds_per_trip = 0;
    double noise = 0;
};

/// Adds to the series of that shape, whose last axis is the trips, six blocks of launches of a
/// quarter, a half and all of the trips at a place.
void add_launches(clprobe::Dataset &data, const clprobe::SeriesShape &shape, std::vector<double> at,
                  const LaunchLaw &law, Random &random);
