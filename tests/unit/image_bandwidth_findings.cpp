#include "interpreted.hpp"
#include "memory/image_bandwidth/image_bandwidth.hpp"
#include "synthetic.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>

#include <algorithm>
#include <array>
#include <cmath>

using namespace clprobe;
using namespace clprobe::probes::image_bandwidth;
using Catch::Matchers::WithinRel;

namespace {

constexpr double texels_in_a_trip = 1 << 20;
constexpr std::array<double, 6> bytes{1, 4, 8, 4, 8, 16};

/// A device that reads so many texels a second, but no more than so many bytes.
struct Truth {
    double texels = 2e12;
    double bytes = 8e12;
    double noise = 0.002;
    int blocks = 6;

    [[nodiscard]] double rate(std::size_t format) const {
        return std::min(texels, bytes / image_bytes(format));
    }
    [[nodiscard]] static double image_bytes(std::size_t format) { return ::bytes.at(format); }
};

void add_slope(Series &series, std::vector<double> at, double seconds_a_trip, const Truth &truth,
               Random &random) {
    for (int block = 0; block < truth.blocks; ++block)
        for (const double trips : {250.0, 500.0, 1000.0}) {
            at.push_back(trips);
            Point &point = series.point(at);
            at.pop_back();
            point.samples.push_back(1e-5 + trips * seconds_a_trip *
                                               std::exp(truth.noise * random.normal()));
            point.block.push_back(block);
        }
}

Dataset measured_on(const Truth &truth) {
    Random random(3);
    Dataset data;
    data.number_attributes[texels_a_trip] = texels_in_a_trip;
    data.number_attributes[curve_texels_a_trip] = texels_in_a_trip;
    for (const SeriesShape &shape : builtin("memory/image_bandwidth").info().series)
        data.add(shape.name, shape.axes, shape.measure);
    for (std::size_t format = 0; format < bytes.size(); ++format)
        for (const double filter : {0.0, 1.0})
            add_slope(data.add(series::rates, {}, {}), {static_cast<double>(format), filter, 2},
                      texels_in_a_trip / truth.rate(format), truth, random);
    for (const double pattern : {2.0, 4.0})
        add_slope(data.add(series::locality, {}, {}), {5, pattern},
                  texels_in_a_trip / truth.rate(5), truth, random);
    return data;
}

void add_footprints(Dataset &data, double last, const Truth &truth) {
    Random random(4);
    Series &series = data.add(series::footprint, {}, {});
    for (double footprint = 4096; footprint <= last; footprint *= std::sqrt(2)) {
        const double bandwidth = footprint <= 300e3 ? 8e12 : footprint <= 50e6 ? 5e12 : 3e12;
        add_slope(series, {std::round(footprint)}, texels_in_a_trip * word_texel_bytes / bandwidth,
                  truth, random);
    }
}

std::vector<Finding> interpret(const Dataset &data, const Facts &facts = {}) {
    return builtin("memory/image_bandwidth").interpret(data, facts);
}

bool says(const Finding &finding, const std::string &text) {
    return finding.note.find(text) != std::string::npos;
}

} // namespace

TEST_CASE("unit.image_bandwidth.tells_a_limit_in_texels_from_one_in_bytes") {
    const auto findings = interpret(measured_on({}));
    const Finding r8 = finding(findings, "image.r8.nearest.rate");
    CHECK_THAT(*r8.value, WithinRel(2e12, 0.01));
    CHECK(r8.interval->contains(*r8.value));
    CHECK(says(r8, "limit in texels"));
    CHECK_FALSE(says(r8, "in bytes"));
    const Finding rgba8 = finding(findings, "image.rgba8.nearest.rate"); // at both
    CHECK(says(rgba8, "limit in texels"));
    CHECK(says(rgba8, "in bytes"));
    for (const char *key : {"image.rgba16f.linear.rate", "image.rgba32f.nearest.rate"}) {
        const Finding found = finding(findings, key);
        CHECK(found.status == Status::measured);
        CHECK(says(found, "limit in bytes"));
        CHECK_FALSE(says(found, "in texels"));
    }
    CHECK_THAT(*finding(findings, "image.rgba32f.nearest.rate").value, WithinRel(0.5e12, 0.01));
    CHECK(says(finding(findings, "image.rgba32f.nearest.rate"), "limited behind the cache"));
}

TEST_CASE("unit.image_bandwidth.one_format_shows_no_limit_in_bytes") {
    const auto findings = interpret(measured_on({.texels = 1e12, .bytes = 1e14}));
    const Finding widest = finding(findings, "image.rgba32f.nearest.rate");
    CHECK(says(widest, "limit in texels"));
    CHECK_FALSE(says(widest, "in bytes"));
}

TEST_CASE("unit.image_bandwidth.a_format_that_is_missing_leaves_the_others") {
    Dataset data = measured_on({});
    Series &rates = data.add(series::rates, {}, {});
    std::erase_if(rates.points, [](const Point &point) {
        return point.at[0] == 2 || (point.at[0] == 1 && point.at[1] == 1);
    });
    data.text_attributes[refusal("rg32f")] = "the device has no RG32F images";
    data.text_attributes[refusal("r32f", "linear")] = "not their mean";
    const auto findings = interpret(data);
    for (const char *key :
         {"image.rg32f.nearest.rate", "image.rg32f.linear.rate", "image.r32f.linear.rate"}) {
        const Finding found = finding(findings, key);
        CHECK(found.status == Status::unsupported);
        CHECK_FALSE(found.note.empty());
    }
    CHECK(finding(findings, "image.r32f.nearest.rate").status == Status::measured);
    CHECK(finding(findings, "image.rgba32f.linear.rate").status == Status::measured);
}

TEST_CASE("unit.image_bandwidth.finds_the_levels_of_the_curve") {
    for (const double noise : {0.0, 0.01}) {
        const Truth truth{.noise = noise};
        Dataset data = measured_on(truth);
        add_footprints(data, 1 << 30, truth);
        const auto findings = interpret(data);
        CAPTURE(noise);
        CHECK_THAT(*finding(findings, "image.l1.read_bandwidth").value, WithinRel(8e12, 0.02));
        CHECK_THAT(*finding(findings, "image.l2.read_bandwidth").value, WithinRel(5e12, 0.02));
        CHECK_THAT(*finding(findings, "image.memory.read_bandwidth").value, WithinRel(3e12, 0.02));
    }
}

TEST_CASE("unit.image_bandwidth.what_memory_outdoes_has_no_levels") {
    Dataset data = measured_on({});
    add_footprints(data, 1 << 30, {});
    const FindingKey memory{
        "buffer.memory.read_bandwidth", Unit::byte_per_second, Better::higher, {}};
    const auto levels_beside = [&](double bandwidth) {
        const auto findings =
            interpret(data, {{}, {measured(memory, bandwidth, {bandwidth, bandwidth})}});
        return std::ranges::count_if(findings, [](const Finding &each) {
            return each.value && each.key.ends_with("read_bandwidth");
        });
    };
    CHECK(levels_beside(4e12) == 3);
    CHECK(levels_beside(20e12) == 0);
}

TEST_CASE("unit.image_bandwidth.one_level_is_neither_a_cache_nor_memory") {
    Dataset data = measured_on({});
    add_footprints(data, 256e3, {});
    const auto findings = interpret(data);
    CHECK_FALSE(finding(findings, "image.l1.read_bandwidth").value);
    CHECK_FALSE(finding(findings, "image.memory.read_bandwidth").value);
}

TEST_CASE("unit.image_bandwidth.every_key_is_made_or_refused") {
    const auto &makes = builtin("memory/image_bandwidth").info().findings;
    Dataset cut = measured_on({.blocks = 1});
    cut.series.pop_back();
    for (const Dataset &data : {Dataset{}, cut, measured_on({})}) {
        const auto findings = interpret(data);
        for (const FindingKey &key : makes)
            if (key.key.find('<') == std::string::npos)
                CHECK(std::ranges::count(findings, key.key, &Finding::key) == 1);
        for (const Finding &finding : findings)
            CHECK((finding.value || !finding.note.empty()));
    }
}
