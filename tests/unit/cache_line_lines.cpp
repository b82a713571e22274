#include "memory/cache_line/explain.hpp"
#include "synthetic.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

// Synthetic curves over the stride with a known line, 1000 seeds each: bare ones, half of them with
// one sample a place, half with five. The line is 32 to 256 B; the rise to it is 5 % to 30x, linear
// in the stride, a power of it or a step; the noise 0 to 10 %; half of the curves go on to rise at
// twice the line or later (prefetch, pages), by less than to the line; in half one sample in twenty
// is an outlier of up to 3x; half lack one place in ten.

using namespace clprobe;
using namespace clprobe::cache_line;

namespace {

constexpr int seeds = 1000;

enum class Growth { linear, power, step };

struct Truth {
    double line = 64;
    double rise = 4;
    double noise = 0.02;
    Growth growth = Growth::linear;
    double later = 1; ///< a second rise,
    double at = 512;  ///< and where
    bool outliers = false;
    bool missing = false;
    int samples = 1;
};

double latency(const Truth &truth, double stride) {
    const double share = std::min(stride / truth.line, 1.0);
    double time = 1e-9;
    if (truth.growth == Growth::linear)
        time *= 1 + (truth.rise - 1) * share;
    else if (truth.growth == Growth::power)
        time *= std::pow(truth.rise, 1 + std::log2(share) / 6);
    else
        time *= share < 1 ? 1 : truth.rise;
    return stride >= truth.at ? time * truth.later : time;
}

std::vector<Place> measured(const Truth &truth, const std::vector<double> &strides,
                            Random &random) {
    Series series{"stride", {{"stride", Unit::byte, {}}}, {"latency", Unit::second, {}}, {}};
    // The median of five scatters by 0.54 of one sample's deviation.
    const double noise = truth.samples == 1 ? truth.noise : truth.noise / 0.54;
    for (const double stride : strides) {
        if (truth.missing && random.chance(0.1))
            continue;
        Point &point = series.point({stride});
        for (int i = 0; i < truth.samples; ++i) {
            double time = latency(truth, stride) * std::exp(noise * random.normal());
            if (truth.outliers && random.chance(0.05))
                time *= random.uniform(1, 3);
            point.samples.push_back(time);
        }
    }
    return places_of(series);
}

std::vector<double> powers(double low, double high) {
    std::vector<double> strides;
    for (double stride = low; stride <= high; stride *= 2)
        strides.push_back(stride);
    return strides;
}
std::vector<double> even(double step, double high) {
    std::vector<double> strides;
    for (double stride = step; stride <= high; stride += step)
        strides.push_back(stride);
    return strides;
}
std::vector<double> quarter_octaves(double low, double high) {
    std::vector<double> strides;
    for (double stride = low; stride <= high; stride *= 2)
        for (const double part : {1.0, 1.25, 1.5, 1.75})
            strides.push_back(stride * part);
    return strides;
}

Truth random_truth(Random &random) {
    Truth truth;
    truth.line = 32 << random.integer(0, 3);
    truth.rise = std::exp(random.uniform(std::log(1.05), std::log(30)));
    truth.noise = random.uniform(0, 0.1);
    const int kind = random.integer(0, 5);
    truth.growth = kind < 3 ? Growth::linear : kind < 5 ? Growth::step : Growth::power;
    truth.samples = random.chance(0.5) ? 1 : 5;
    truth.outliers = random.chance(0.5);
    truth.missing = random.chance(0.5);
    if (random.chance(0.5)) {
        truth.at = truth.line * (2 << random.integer(0, 2));
        truth.later = random.uniform(1, std::min(1.4, std::sqrt(truth.rise)));
    }
    return truth;
}

} // namespace

TEST_CASE("unit.cache_line.the stride sweep finds the line, and is hardly ever wrong") {
    // A dozen places tell a shape with an outlier from another less often than many do.
    const std::pair<std::vector<double>, double> sweeps[] = {
        {powers(4, 4096), 0.5}, {even(4, 1024), 0.9}, {quarter_octaves(4, 2048), 0.85}};
    int all_wrong = 0;
    for (const auto &[strides, least_right] : sweeps) {
        int right = 0, wrong = 0, clear = 0, clear_right = 0;
        for (std::uint64_t seed = 0; seed < seeds; ++seed) {
            Random random(seed);
            const Truth truth = random_truth(random);
            const Verdict verdict = line_by_stride(measured(truth, strides, random));
            const bool is_right = verdict.size == truth.line;
            right += is_right ? 1 : 0;
            wrong += verdict.size && !is_right ? 1 : 0;
            if (std::log(truth.rise) > 10 * truth.noise) {
                ++clear;
                clear_right += is_right ? 1 : 0;
            }
        }
        INFO(strides.size() << " strides: right " << right << ", wrong " << wrong << ", clear "
                            << clear_right << " of " << clear);
        CHECK(clear_right >= least_right * clear);
        CHECK(wrong <= 0.015 * seeds);
        all_wrong += wrong;
    }
    CHECK(all_wrong <= 0.01 * 3 * seeds);
}

TEST_CASE("unit.cache_line.a curve without a line gives none") {
    int sizes = 0;
    for (std::uint64_t seed = 0; seed < seeds; ++seed) {
        Random random(seed);
        Truth truth;
        truth.noise = random.uniform(0, 0.1);
        truth.rise = seed % 2 ? 1 : 4;
        truth.line = 1 << 20;
        truth.growth = Growth::power;
        sizes += line_by_stride(measured(truth, powers(4, 4096), random)).size ? 1 : 0;
    }
    CHECK(sizes <= 0.01 * seeds);
    CHECK_FALSE(line_by_stride({}).reason.empty());
}

TEST_CASE("unit.cache_line.capacity in slots finds the line, and is hardly ever wrong") {
    int right = 0, wrong = 0;
    for (std::uint64_t seed = 0; seed < seeds; ++seed) {
        Random random(seed);
        const double line = 32 << random.integer(0, 3);
        const double noise = random.uniform(0, 0.1);
        std::vector<Place> slots;
        for (const double stride : {20, 28, 44, 60, 92, 124, 188, 252, 380, 508}) {
            double knee = 2e5 / std::min(stride, line) * std::exp(noise * random.normal());
            if (random.chance(0.05))
                knee *= random.uniform(0.4, 2.5);
            if (!random.chance(0.1))
                slots.push_back({{stride}, knee, 0});
        }
        const Verdict verdict = line_by_capacity(slots);
        right += verdict.size == line ? 1 : 0;
        wrong += verdict.size && verdict.size != line ? 1 : 0;
    }
    INFO("right " << right << ", wrong " << wrong);
    CHECK(right >= 0.97 * seeds);
    CHECK(wrong <= 0.01 * seeds);
}

TEST_CASE("unit.cache_line.capacity in slots as two real devices answer it") {
    const auto size_of = [](const std::vector<double> &knees) {
        const double strides[] = {20, 28, 44, 60, 92, 124, 188, 252, 380, 508};
        std::vector<Place> slots;
        for (std::size_t i = 0; i < knees.size(); ++i)
            slots.push_back({{strides[i]}, knees[i], 0});
        return line_by_capacity(slots).size;
    };
    CHECK(size_of({12500, 8400, 5300, 4100, 2700, 1990, 1720, 1720, 1480, 1860}) == 128.0);
    CHECK(size_of({2460, 1900, 1300, 860, 800, 780, 760, 770, 720, 850}) == 64.0);
}

TEST_CASE("unit.cache_line.stride sweeps as real devices answer them") {
    const auto size_of = [](const std::vector<std::pair<double, double>> &curve) {
        std::vector<Place> places;
        for (const auto &[stride, time] : curve)
            places.push_back({{stride}, time, 0});
        return line_by_stride(places).size;
    };
    // H200, 2 MiB: the first level fetches sectors of 32 B.
    CHECK(size_of({{4, 30.89},
                   {8, 48.02},
                   {16, 80.06},
                   {32, 143.5},
                   {48, 143.7},
                   {64, 143.6},
                   {96, 145.6},
                   {128, 146.2},
                   {192, 147.3},
                   {256, 147.5},
                   {512, 148.2}}) == 32.0);
    CHECK(size_of({{4, 30.89},
                   {8, 48.02},
                   {16, 80.06},
                   {32, 143.5},
                   {64, 143.6},
                   {128, 146.2},
                   {256, 147.5},
                   {512, 148.2}}) == 32.0);
    // Zen 5, random within 2 KiB.
    CHECK(size_of({{4, 1.28},
                   {8, 1.33},
                   {16, 1.85},
                   {32, 3.49},
                   {48, 5.1},
                   {64, 6.35},
                   {96, 5.92},
                   {128, 5.85},
                   {192, 6.05},
                   {256, 7.65},
                   {384, 8.6}}) == 64.0);
    // Prefetch of the neighbouring line: a second, smaller rise.
    CHECK(size_of({{4, 1.2},
                   {8, 1.41},
                   {16, 1.9},
                   {32, 2.9},
                   {64, 5.0},
                   {128, 7.1},
                   {256, 7.2},
                   {512, 7.15},
                   {1024, 7.2}}) == 64.0);
    // A step, as two loads a stride apart have it.
    CHECK(size_of({{4, 20}, {8, 20}, {16, 20.1}, {32, 20}, {64, 41}, {128, 41}, {256, 41.2}}) ==
          64.0);
    // Latency in proportion to the stride.
    CHECK(size_of({{4, 3},
                   {8, 6},
                   {16, 12},
                   {32, 24},
                   {64, 48},
                   {128, 96},
                   {256, 97},
                   {512, 96},
                   {1024, 97}}) == 128.0);
}
