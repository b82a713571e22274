#include "interpreted.hpp"

#include <clprobe/registry.hpp>
#include <clprobe/session.hpp>

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cmath>
#include <random>

using namespace clprobe;

namespace {

/// How a device of our making takes its time. Each launch takes `level` times the noise: a factor
/// of exp(noise * |normal|), and with a probability of `outliers` two to five times that.
struct ModelDevice {
    int units = 1;
    int fits = 1; ///< groups that a unit runs at the speed of one
    double noise = 0;
    double outliers = 0;
    double full_load = 1; ///< time with all units busy over that with one
    double launch = 0;    ///< what a launch costs beside its loop, in seconds
    std::mt19937_64 random{1};

    double time(int groups, double loop = 1) {
        const int waves = (groups + units - 1) / units;
        const double level = std::max(1.0, static_cast<double>(waves) / fits);
        const double load =
            1 + (full_load - 1) * std::min(1.0, static_cast<double>(groups) / units);
        double seconds = (launch + 2e-3 * level * load * loop) *
                         std::exp(noise * std::abs(std::normal_distribution<>()(random)));
        if (std::uniform_real_distribution<>()(random) < outliers)
            seconds *= std::uniform_real_distribution<>(2, 5)(random);
        return seconds;
    }
};

/// What the probe's own search would have taken of that device.
Dataset staircase(ModelDevice &device, int samples, double half = 0.5) {
    Dataset data;
    Series &series = data.add("staircase", {{"groups", Unit::one, {}}, {"trips", Unit::one, {}}},
                              {"time", Unit::second, {}});
    const int step = device.units * device.fits;
    for (int groups :
         {1, 2, 3, 4, 5, 8, 16, step / 2, step - 1, step, step + 1, 2 * step, 2 * step + 1})
        for (int sample = 0; sample < samples && groups > 0; ++sample)
            series.point({static_cast<double>(groups), 1000})
                .samples.push_back(device.time(groups));
    for (int sample = 0; sample < samples; ++sample)
        series.point({1, 500}).samples.push_back(device.time(1, half));
    return data;
}

Finding interpretation(const Dataset &data) {
    const auto findings = builtin("execution/compute_units").interpret(data, {});
    REQUIRE(findings.size() == 1);
    return findings.front();
}

} // namespace

TEST_CASE("unit.compute_units.an exact staircase gives its units") {
    for (const int units : {1, 2, 3, 4, 7, 16, 36, 132, 304}) {
        ModelDevice device{.units = units};
        const Finding finding = interpretation(staircase(device, 1));
        CHECK(finding.status == Status::measured);
        CHECK(finding.value == units);
        CHECK(finding.interval == Interval{static_cast<double>(units), static_cast<double>(units)});
    }
}

TEST_CASE("unit.compute_units.a clock that falls under load does not hide the units") {
    ModelDevice device{.units = 16, .full_load = 1.3};
    CHECK(interpretation(staircase(device, 1)).value == 16);
}

TEST_CASE(
    "unit.compute_units.what a launch costs does no harm where the loop takes longer by far") {
    for (const int units : {1, 2, 8, 100}) {
        ModelDevice little{.units = units, .launch = 0.12e-3};
        CHECK(interpretation(staircase(little, 1)).value == units);
        ModelDevice much{.units = units, .launch = 0.6e-3};
        CHECK(interpretation(staircase(much, 1)).status == Status::inconclusive);
    }
}

TEST_CASE("unit.compute_units.groups that do not fill a unit are not taken for units") {
    for (const int fits : {2, 3, 4}) {
        ModelDevice device{.units = 8, .fits = fits};
        CHECK(interpretation(staircase(device, 1)).status == Status::inconclusive);
    }
}

TEST_CASE("unit.compute_units.work that a compiler removed is no evidence") {
    ModelDevice device{.units = 8};
    CHECK(interpretation(staircase(device, 1, 1)).status == Status::inconclusive);
}

TEST_CASE("unit.compute_units.of a processor that others used no sound count is taken") {
    const Registry probes = builtin_probes();
    ModelDevice device{.units = 1};
    ProbeRecord record;
    record.data = staircase(device, 1);
    DeviceInfo processors;
    processors.type = DeviceType::cpu;
    for (const double others : {0.0, 0.97}) {
        record.load.others = others;
        const auto findings =
            interpret(*probes.find("execution/compute_units"), record, &processors);
        CHECK(findings.at(0).status == (others > 0 ? Status::suspect : Status::measured));
    }
}

TEST_CASE("unit.compute_units.no data, no units") {
    CHECK(interpretation({}).status == Status::inconclusive);
    ModelDevice device{.units = 100};
    Dataset data = staircase(device, 1);
    std::erase_if(data.series.front().points, [](const Point &point) { return point.at[0] > 100; });
    CHECK(interpretation(data).status == Status::inconclusive);
}

// Of 1000 devices: 1 to 200 units, noise of 0 to 10 %, up to 20 % outliers, clocks that fall by up
// to 30 %, one in ten with groups that fill half a unit; eight samples a place.
TEST_CASE("unit.compute_units.noise is seldom taken for units") {
    int right = 0;
    int wrong = 0;
    int countable = 0;
    for (unsigned seed = 0; seed < 1000; ++seed) {
        std::mt19937_64 random(seed);
        const auto between = [&](double low, double high) {
            return std::uniform_real_distribution<>(low, high)(random);
        };
        ModelDevice device{.units = static_cast<int>(std::exp(between(0, std::log(200.0)))),
                           .fits = seed % 10 == 0 ? 2 : 1,
                           .noise = between(0, 0.1),
                           .outliers = between(0, 0.2),
                           .full_load = between(1, 1.3),
                           .random = random};
        const Finding finding = interpretation(staircase(device, 8));
        countable += device.fits == 1;
        if (finding.status == Status::measured)
            ++(finding.value == device.units ? right : wrong);
    }
    CHECK(right >= 0.98 * countable);
    CHECK(wrong <= 10);
}
