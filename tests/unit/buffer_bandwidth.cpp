#include "interpreted.hpp"
#include "memory/buffer_bandwidth/buffer_bandwidth.hpp"
#include "synthetic.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>
#include <cmath>

using namespace clprobe;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::WithinRel;

namespace {

const Probe &probe() {
    return builtin("memory/buffer_bandwidth");
}

double value_of(const std::vector<Finding> &findings, const std::string &key) {
    const Finding &found = finding(findings, key);
    INFO(key << ": " << found.note);
    REQUIRE(found.value.has_value());
    CHECK(found.interval->contains(*found.value));
    return *found.value;
}

/// A device with two caches. A launch takes 20 us and what the bytes need, and noise makes it
/// longer.
struct ModelDevice {
    double memory = 40e9;
    double copy = 36e9;
    double array = 256 << 20;
    double noise = 0;
    Random random{1};

    [[nodiscard]] double bandwidth(double footprint) const {
        return footprint <= 32768 ? 900e9 : footprint <= 1 << 20 ? 300e9 : memory;
    }
    double time(double bytes, double bytes_per_second) {
        return 2e-5 + bytes / bytes_per_second * std::exp(noise * std::abs(random.normal()));
    }
    void walk(Dataset &data, const std::string &series, double footprint, int blocks) {
        const SeriesShape &shape =
            *std::ranges::find(probe().info().series, series, &SeriesShape::name);
        const std::vector<double> at = {footprint, 16, 1, 8};
        for (int block = 0; block < blocks; ++block)
            for (const double trips : {250e3, 500e3, 1e6}) {
                std::vector<double> place = at;
                place.push_back(trips);
                Point &point = data.add(series, shape.axes, shape.measure).point(place);
                point.samples.push_back(time(trips * 32 * 16 * 8, bandwidth(footprint)));
                point.block.push_back(block);
            }
    }
    void stream(Dataset &data, double operation, double bytes_per_second) {
        const SeriesShape &shape = probe().info().series.back();
        for (int block = 0; block < 8; ++block)
            for (const double share : {0.25, 0.5, 1.0}) {
                Point &point = data.add(shape.name, shape.axes, shape.measure)
                                   .point({operation, 2, 16, 1, 32, share * array});
                const double arrays = std::max(1.0, operation);
                point.samples.push_back(time(arrays * share * array, bytes_per_second));
                point.block.push_back(block);
            }
    }
    Dataset measure(double most = 128 << 20, int blocks = 4) {
        Dataset data;
        for (double bytes = 4096; bytes <= most; bytes = std::floor(bytes * 1.19 / 512) * 512)
            walk(data, "walk", bytes, blocks);
        walk(data, "l1", 16384, 8);
        for (const double operation : {0.0, 1.0, 2.0, 3.0})
            stream(data, operation, operation == 0 ? memory : copy);
        return data;
    }
};

std::vector<Finding> findings_of(const Dataset &data, const Facts &facts = {}) {
    return probe().interpret(data, facts);
}

} // namespace

TEST_CASE("unit.buffer_bandwidth.finds_each_level_and_memory") {
    for (const double noise : {0.0, 0.02}) {
        CAPTURE(noise);
        ModelDevice device{.noise = noise};
        const auto findings = findings_of(device.measure());
        CHECK_THAT(value_of(findings, "buffer.l1.read_bandwidth"), WithinRel(900e9, 0.04));
        CHECK_THAT(value_of(findings, "buffer.l2.read_bandwidth"), WithinRel(300e9, 0.04));
        CHECK_THAT(value_of(findings, "buffer.l1.read_size"), WithinRel(32768.0, 0.15));
        CHECK_THAT(value_of(findings, "buffer.l2.read_size"), WithinRel(1048576.0, 0.15));
        CHECK_THAT(value_of(findings, "buffer.memory.read_bandwidth"), WithinRel(40e9, 0.04));
        for (const char *key : {"write", "copy", "triad"})
            CHECK_THAT(value_of(findings, std::string("buffer.memory.") + key + "_bandwidth"),
                       WithinRel(36e9, 0.04));
        CHECK(std::ranges::all_of(findings, [](const Finding &finding) {
            return finding.status == Status::measured && finding.note.empty();
        }));
    }
}

TEST_CASE("unit.buffer_bandwidth.takes_a_bare_curve") {
    const ModelDevice device;
    Dataset data;
    const SeriesShape &shape = probe().info().series.front();
    for (double bytes = 1024; bytes <= 64 << 20; bytes = std::floor(bytes * 1.2))
        data.add(shape.name, shape.axes, shape.measure).point({bytes}).samples = {
            device.bandwidth(bytes)};
    const auto findings = findings_of(data);
    CHECK_THAT(value_of(findings, "buffer.l1.read_bandwidth"), WithinRel(900e9, 0.01));
    CHECK_THAT(value_of(findings, "buffer.l2.read_bandwidth"), WithinRel(300e9, 0.01));
    CHECK_THAT(value_of(findings, "buffer.memory.read_bandwidth"), WithinRel(40e9, 0.01));
    CHECK(finding(findings, "buffer.memory.copy_bandwidth").status == Status::inconclusive);
}

// One sample a place, which starts up slowly and has a dip.
TEST_CASE("unit.buffer_bandwidth.takes_a_bare_curve_as_uneven_as_people_publish") {
    Random random(5);
    Dataset data;
    const SeriesShape &shape = probe().info().series.front();
    for (double kib = 2; kib < 1e5; kib *= std::sqrt(2)) {
        const double level = kib < 600 ? 2e12 : kib < 9000 ? 8e11 : 2e11;
        const double share = (kib > 1400 && kib < 2100 ? 0.6 : 1) / (1 + 40 / kib);
        data.add(shape.name, shape.axes, shape.measure)
            .point({1024 * kib})
            .samples.push_back(level * share * std::exp(0.01 * random.normal()));
    }
    const auto findings = findings_of(data);
    CHECK_THAT(value_of(findings, "buffer.l1.read_bandwidth"), WithinRel(1.85e12, 0.05));
    CHECK_THAT(value_of(findings, "buffer.l1.read_size"), WithinRel(512 * 1024.0, 0.01));
    CHECK_THAT(value_of(findings, "buffer.l2.read_bandwidth"), WithinRel(8e11, 0.03));
    CHECK_THAT(value_of(findings, "buffer.l2.read_size"), WithinRel(8192 * 1024.0, 0.01));
    CHECK_THAT(value_of(findings, "buffer.memory.read_bandwidth"), WithinRel(2e11, 0.03));
}

TEST_CASE("unit.buffer_bandwidth.neither_a_hump_nor_a_stair_of_a_fall_is_a_level") {
    const ModelDevice device;
    Dataset data;
    const SeriesShape &shape = probe().info().series.front();
    for (double bytes = 1024; bytes <= 64 << 20; bytes = std::floor(bytes * 1.19)) {
        const bool hump = bytes > 500e3 && bytes < 750e3;
        const bool stair = bytes > 1.05e6 && bytes < 1.35e6;
        data.add(shape.name, shape.axes, shape.measure).point({bytes}).samples = {
            hump    ? 400e9
            : stair ? 110e9
                    : device.bandwidth(bytes)};
    }
    const auto findings = findings_of(data);
    CHECK_THAT(value_of(findings, "buffer.l2.read_bandwidth"), WithinRel(300e9, 0.1));
    CHECK(std::ranges::count(findings, "buffer.l3.read_bandwidth", &Finding::key) == 0);
    CHECK_THAT(value_of(findings, "buffer.memory.read_bandwidth"), WithinRel(40e9, 0.01));
    CHECK(finding(findings, "buffer.l2.read_size").interval->contains(1.2e6));
}

namespace {

/// Three levels of which the middle one is a slope, or else two with a small step between them.
/// Places differ by the one deviation, samples of a place by the other.
std::vector<CurvePoint> middle_level_curve(Random &random, bool sloping, double of_places,
                                           double of_samples) {
    std::vector<CurvePoint> curve;
    for (double bytes = 4096; bytes < 64 << 20; bytes *= std::exp2(1.0 / 3)) {
        const double octaves = std::log2(bytes / 131072);
        const double level = bytes < 131072    ? 32e12
                             : bytes > 8.1e6   ? 4e12
                             : sloping         ? 10e12 * (1 - 0.025 * octaves)
                             : bytes < 1 << 20 ? 10e12
                                               : 8.6e12;
        const double median = level * std::exp(of_places * random.normal());
        curve.push_back({bytes, {}});
        for (int block = 0; block < 4; ++block)
            curve.back().samples.push_back(median * std::exp(of_samples * random.normal()));
    }
    return curve;
}

} // namespace

// Banks make places differ by some per cent, always the same ones.
TEST_CASE("unit.buffer_bandwidth.a_slope_is_one_level_and_a_small_step_two") {
    for (const unsigned seed : {1u, 2u, 3u, 4u})
        for (const bool sloping : {true, false}) {
            CAPTURE(seed, sloping);
            Random random(seed);
            const Levels levels = probes::buffer_bandwidth::falling_levels(
                middle_level_curve(random, sloping, 0.01, 0.001));
            CHECK(levels.decided);
            CHECK(levels.levels.size() == (sloping ? 3 : 4));
            CHECK_THAT(*levels.levels[levels.levels.size() - 2].size, WithinRel(8.1e6, 0.2));
            CHECK(levels.levels[1].interval.contains(sloping ? 9.5e12 : 10e12));
        }
}

// Places that differ by more make stairs of a slope: fewer where the slope over all of them is
// asked.
TEST_CASE("unit.buffer_bandwidth.few_noisy_slopes_are_two_levels") {
    constexpr int runs = 60;
    int one_level = 0;
    for (unsigned seed = 1; seed <= runs; ++seed) {
        Random random(seed);
        const Levels levels =
            probes::buffer_bandwidth::falling_levels(middle_level_curve(random, true, 0.02, 0.006));
        one_level += levels.levels.size() == 3 ? 1 : 0;
    }
    CAPTURE(one_level);
    CHECK(one_level >= 0.85 * runs);
}

TEST_CASE("unit.buffer_bandwidth.finds_nothing_where_nothing_shows") {
    ModelDevice device;
    Dataset flat;
    for (double bytes = 4096; bytes <= 16384; bytes += 1024)
        device.walk(flat, "walk", bytes, 3);
    Dataset tiny = device.measure();
    tiny.text_attributes["too_small"] = "the tiny profile's sizes show no level";
    for (const Dataset &data : {Dataset{}, flat, tiny})
        for (const Finding &finding : findings_of(data))
            if (finding.key.starts_with("buffer.l")) {
                CHECK(finding.status == Status::inconclusive);
                CHECK_FALSE(finding.note.empty());
            }
    CHECK(finding(findings_of({}), "buffer.memory.read_bandwidth").note == "not measured");
}

TEST_CASE("unit.buffer_bandwidth.what_was_cut_short_is_left_out") {
    ModelDevice device;
    Dataset data = device.measure();
    std::erase_if(data.series, [](const Series &series) { return series.name == "l1"; });
    Series &streams = *std::ranges::find(data.series, "stream", &Series::name);
    std::erase_if(streams.points, [](const Point &point) { return point.at.front() > 1; });
    data.text_attributes["no_streams"] = "allocating a buffer of 268435456 B";
    const auto findings = findings_of(data);
    CHECK_THAT(value_of(findings, "buffer.l1.read_bandwidth"), WithinRel(900e9, 0.04));
    CHECK_THAT(value_of(findings, "buffer.memory.write_bandwidth"), WithinRel(36e9, 0.01));
    CHECK_THAT(finding(findings, "buffer.memory.triad_bandwidth").note,
               ContainsSubstring("allocating"));
}

TEST_CASE("unit.buffer_bandwidth.too_good_is_suspect") {
    const auto doubt = [](ModelDevice device, const std::string &key, const Facts &facts = {}) {
        const Finding found = finding(findings_of(device.measure(), facts), key);
        CHECK(found.status == Status::suspect);
        return found.note;
    };
    const std::string read = "buffer.memory.read_bandwidth";
    CHECK_THAT(doubt({.copy = 15e9}, read), ContainsSubstring("twice the bytes that a copy"));
    CHECK_THAT(doubt({.array = 1 << 20}, "buffer.memory.triad_bandwidth"),
               ContainsSubstring("partly fit the last cache"));
    Facts facts;
    facts.findings = {
        measured({"fma.fp32.rate", Unit::flop_per_second, Better::higher, ""}, 100e9, {})};
    CHECK_THAT(doubt({}, "buffer.l1.read_bandwidth", facts), ContainsSubstring("fma.fp32.rate"));

    ModelDevice device;
    Dataset data = device.measure();
    Series &streams = *std::ranges::find(data.series, "stream", &Series::name);
    for (Point &point : streams.points)
        for (double &time : point.samples)
            time /= 10;
    CHECK_THAT(finding(findings_of(data), read).note, ContainsSubstring("the cache before it"));
}

TEST_CASE("unit.buffer_bandwidth.work_that_was_removed_is_suspect") {
    ModelDevice device;
    Dataset data = device.measure();
    Series &streams = *std::ranges::find(data.series, "stream", &Series::name);
    for (Point &point : streams.points)
        std::ranges::fill(point.samples, 6e-3 + 1e-12 * point.at.back());
    const auto findings = findings_of(data);
    const Finding &read = finding(findings, "buffer.memory.read_bandwidth");
    CHECK(read.status != Status::measured);
}

TEST_CASE("unit.buffer_bandwidth.says_where_latency_disagrees") {
    ModelDevice device;
    const auto size = [](int level, double bytes) {
        return measured(
            {"buffer.l" + std::to_string(level) + ".size", Unit::byte, Better::none, ""}, bytes,
            {0.95 * bytes, 1.05 * bytes});
    };
    Facts facts;
    facts.findings = {size(1, 32768)};
    auto findings = findings_of(device.measure(), facts);
    CHECK(finding(findings, "buffer.l1.read_bandwidth").note.empty());
    CHECK_THAT(finding(findings, "buffer.l2.read_size").note,
               ContainsSubstring("nearest lies at 32 KiB"));

    facts.findings.push_back(size(2, 4 << 20));
    findings = findings_of(device.measure(), facts);
    for (const char *key : {"buffer.l2.read_size", "buffer.l2.read_bandwidth"})
        CHECK_THAT(finding(findings, key).note, ContainsSubstring("nearest lies at 4 MiB"));
}
