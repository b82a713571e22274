#include "interpreted.hpp"
#include "memory/image_latency/image_latency.hpp"
#include "synthetic.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>

#include <algorithm>
#include <cmath>

using namespace clprobe;
using namespace clprobe::probes::image_latency;
using Catch::Matchers::WithinRel;

namespace {

void add_slope(Series &series, std::vector<double> at, double seconds_a_trip, double noise,
               int blocks, Random &random) {
    for (int block = 0; block < blocks; ++block)
        for (const double trips : {100.0, 200.0, 400.0}) {
            at.push_back(trips);
            Point &point = series.point(at);
            at.pop_back();
            point.samples.push_back(2e-5 + trips * seconds_a_trip *
                                               std::exp(noise * std::abs(random.normal())));
            point.block.push_back(block);
        }
}

/// Pairs on a device where reads hit in 30 ns and miss in 60, and texels belong together in
/// rectangles of that form.
void add_pairs(Dataset &data, const char *name, const Extent &form, Random &random,
               double noise = 0.02, int blocks = 5) {
    for (const Direction direction : {Direction::x, Direction::y, Direction::block})
        for (const std::uint32_t distance : pair_distances) {
            const bool x = direction == Direction::y || distance < form.width;
            const bool y = direction == Direction::x || distance < form.height;
            const double second = distance == 0 || (x && y) ? 30e-9 : 60e-9;
            const SeriesShape shape = builtin("memory/image_latency")
                                          .info()
                                          .series[name == std::string(series::line_pairs) ? 4 : 3];
            add_slope(data.add(name, shape.axes, shape.measure),
                      {static_cast<double>(direction), static_cast<double>(distance)},
                      8 * (60e-9 + second), noise, blocks, random);
        }
}

void add_curve(Dataset &data, double last, Random &random) {
    const SeriesShape shape = builtin("memory/image_latency").info().series[1];
    Series &times = data.add(shape.name, shape.axes, shape.measure);
    for (double bytes = 1024; bytes <= last; bytes = std::round(bytes * 1.1)) {
        const double latency = bytes <= 200e3 ? 35e-9 : bytes <= 40e6 ? 140e-9 : 400e-9;
        add_slope(times, {bytes}, 16 * latency, 0.005, 3, random);
    }
}

Finding find(const Dataset &data, const std::string &key) {
    return finding(findings_of(data, {}), key);
}

} // namespace

TEST_CASE("unit.image_latency.finds_lines_and_sectors") {
    for (const Extent &line :
         {Extent{2, 4}, Extent{4, 1}, Extent{4, 4}, Extent{8, 1}, Extent{1, 8}})
        for (std::uint64_t seed = 1; seed <= 10; ++seed) {
            Random random(seed);
            Dataset data;
            add_pairs(data, series::line_pairs, line, random);
            add_pairs(data, series::fetch_pairs, {1, 1}, random);
            CAPTURE(line.width, line.height, seed);
            const Finding finding = find(data, "image.line_size");
            CHECK(finding.value == static_cast<double>(line.bytes()));
            CHECK(finding.note.find("a miss fetches 16 B along x by 1 row") != std::string::npos);
        }
}

TEST_CASE("unit.image_latency.a_sector_is_no_line") {
    Random random(1);
    Dataset data;
    add_pairs(data, series::fetch_pairs, {1, 2}, random);
    const Finding finding = find(data, "image.line_size");
    CHECK_FALSE(finding.value);
    CHECK(finding.note.find("a miss fetches 16 B along x by 2 rows") != std::string::npos);
}

TEST_CASE("unit.image_latency.directions_that_disagree_are_no_line") {
    Random random(1);
    Dataset data;
    add_pairs(data, series::line_pairs, {4, 4}, random);
    Dataset other;
    add_pairs(other, series::line_pairs, {1, 1}, random);
    for (const Point &point : other.series[0].points)
        if (point.at[0] == static_cast<double>(Direction::block))
            data.series[0].point(point.at) = point;
    CHECK_FALSE(find(data, "image.line_size").value);
}

TEST_CASE("unit.image_latency.lines_in_noise_are_right_or_not_decided") {
    int wrong = 0;
    int decided = 0;
    for (const double noise : {0.05, 0.1, 0.3})
        for (std::uint64_t seed = 1; seed <= 100; ++seed) {
            Random random(seed);
            Dataset data;
            add_pairs(data, series::line_pairs, {2, 4}, random, noise, 6);
            const Finding finding = find(data, "image.line_size");
            decided += finding.value.has_value();
            wrong += finding.value.value_or(128) != 128;
        }
    CHECK(wrong <= 3);
    CHECK(decided > 50);
}

TEST_CASE("unit.image_latency.finds_the_levels") {
    Random random(2);
    Dataset data;
    add_curve(data, 256e6, random);
    CHECK_THAT(*find(data, "image.l1.size").value, WithinRel(200e3, 0.1));
    CHECK_THAT(*find(data, "image.l2.size").value, WithinRel(40e6, 0.1));
    CHECK_THAT(*find(data, "image.l1.latency").value, WithinRel(35e-9, 0.03));
    CHECK_THAT(*find(data, "image.l2.latency").value, WithinRel(140e-9, 0.03));
    CHECK_THAT(*find(data, "image.memory.latency").value, WithinRel(400e-9, 0.03));
}

TEST_CASE("unit.image_latency.a_curve_cut_short_does_not_show_memory") {
    Random random(2);
    Dataset data;
    add_curve(data, 10e6, random);
    data.number_attributes[most_bytes] = 256e6;
    CHECK_FALSE(find(data, "image.memory.latency").value);
    CHECK_THAT(*find(data, "image.l2.latency").value, WithinRel(140e-9, 0.03));
}

TEST_CASE("unit.image_latency.takes_an_external_curve") {
    Dataset data;
    Series &external =
        data.add("latency", {{"footprint", Unit::byte, {}}}, {"latency", Unit::second, {}});
    for (double bytes = 1024; bytes <= 256e6; bytes *= 1.2)
        external.point({bytes}).samples = {bytes <= 16384 ? 20e-9 : 90e-9};
    CHECK_THAT(*find(data, "image.l1.size").value, WithinRel(16384.0, 0.12));
    CHECK_FALSE(find(data, "image.line_size").value);
}

TEST_CASE("unit.image_latency.finds_nothing_in_nothing") {
    for (const FindingKey &key : finding_keys())
        if (key.key.find('<') == std::string::npos)
            CHECK_FALSE(find({}, key.key).value);
    Dataset tiny;
    tiny.text_attributes[too_small] = "too small";
    CHECK(find(tiny, "image.line_size").note == "too small");
}
