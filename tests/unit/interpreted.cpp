#include "interpreted.hpp"

#include <clprobe/registry.hpp>

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cmath>
#include <utility>

using namespace clprobe;

const Probe &builtin(std::string_view probe) {
    static const Registry probes = builtin_probes();
    INFO(probe);
    const Probe *found = probes.find(probe);
    REQUIRE(found != nullptr);
    return *found;
}

const Finding &finding(const std::vector<Finding> &findings, std::string_view key) {
    const auto found = std::ranges::find(findings, key, &Finding::key);
    INFO(key);
    REQUIRE(found != findings.end());
    return *found;
}

Finding finding(std::vector<Finding> &&findings, std::string_view key) {
    return finding(std::as_const(findings), key);
}

MadeUp::MadeUp(std::string_view probe, const Law &law, std::uint64_t seed)
    : probe_(builtin(probe)), law_(law), random_(seed) {}

void MadeUp::take(std::string_view name, std::vector<double> at, double seconds_per_trip) {
    const auto shape = std::ranges::find(probe_.info().series, name, &SeriesShape::name);
    INFO(name);
    REQUIRE(shape != probe_.info().series.end());
    Series &series = data.add(shape->name, shape->axes, shape->measure);
    for (int block = 0; block < law_.blocks; ++block)
        for (const double share : {0.25, 0.5, 1.0}) {
            at.push_back(share * law_.most_trips);
            Point &point = series.point(at);
            const double time = 5e-6 + at.back() * seconds_per_trip;
            point.samples.push_back(time * std::exp(law_.noise * random_.normal()));
            point.block.push_back(block);
            at.pop_back();
        }
}
