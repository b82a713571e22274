#include "interpreted.hpp"

#include <clprobe/probes.hpp>

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

void add_launches(Dataset &data, const SeriesShape &shape, std::vector<double> at,
                  const LaunchLaw &law, Random &random) {
    Series &series = data.add(shape.name, shape.axes, shape.measure);
    for (int block = 0; block < 6; ++block)
        for (const double share : {0.25, 0.5, 1.0}) {
            at.push_back(share * law.most_trips);
            Point &point = series.point(at);
            const double time = 5e-6 + at.back() * law.seconds_per_trip;
            point.samples.push_back(time * std::exp(law.noise * random.normal()));
            point.block.push_back(block);
            at.pop_back();
        }
}
