#include "compute/julia/julia.hpp"
#include "synthetic.hpp"

#include <clprobe/registry.hpp>

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <cmath>

using namespace clprobe;
using namespace clprobe::probes::julia;
using Catch::Approx;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr double launch = 20e-6; // s, of every launch

/// The iteration as a device that fuses nothing does it.
std::uint32_t plain_count(std::uint32_t column, std::uint32_t row, int iterations) {
    auto x = (static_cast<float>(column) / 256 - 0.5F) * 3;
    auto y = (static_cast<float>(row) / 256 - 0.5F) * 3;
    std::uint32_t count = 0;
    for (int i = 0; i < iterations; ++i) {
        const float next = x * x - y * y + published.c;
        y = 2 * x * y;
        x = next;
        count += x * x + y * y < 10 ? 1 : 0;
    }
    return count;
}

void add_rate(Dataset &data, Body body, int points, double per_trip, double noise = 0,
              int blocks = 8) {
    Series &times = data.add(series::rate, axes<RateRow>(), {"time", Unit::second, {}});
    Random random(static_cast<std::uint64_t>(body) * 2 + static_cast<std::uint64_t>(points) + 1);
    for (int block = 0; block < blocks; ++block)
        for (const double trips : {100.0, 200.0, 400.0}) {
            Point &point =
                times.point({static_cast<double>(body), static_cast<double>(points), 16, 4, trips});
            point.samples.push_back((launch + trips * per_trip) * (1 + noise * random.normal()));
            point.block.push_back(block);
        }
}

/// A device on which four iterations in the loop take 3.2 times as long as one.
Dataset device(double noise = 0, int blocks = 8) {
    Dataset data;
    data.number_attributes[entry::size] = 256;
    data.number_attributes[entry::verified] = 100;
    data.text_attributes[entry::arithmetic] = "px^2 + c not fused";
    for (const int points : {0, 1}) {
        add_rate(data, Body::plain, points, 10e-6, noise, blocks);
        add_rate(data, Body::unrolled, points, 32e-6, noise, blocks);
    }
    Series &grid = data.add(series::grid, axes<GridRow>(), {"time", Unit::second, {}});
    grid.point({1, 1, 1, 10}).samples = {3e-3};
    grid.point({1, 16, 4, 100}).samples = {3.3e-3, 3.2e-3};
    grid.point({1, 64, 2, 100}).samples = {3.24e-3};
    grid.point({1, 64, 1, 100}).samples = {3.4e-3};
    grid.point({0, 256, 1, 100}).samples = {1e-9};
    return data;
}

Facts known() {
    Facts facts;
    facts.device.emplace();
    return facts;
}

const Finding &find(const std::vector<Finding> &findings, std::string_view key) {
    for (const Finding &finding : findings)
        if (finding.key == key)
            return finding;
    FAIL("no finding " << key);
    return findings.front();
}

constexpr double truth = operations * 65536 * 4 / 32e-6;

} // namespace

TEST_CASE("unit.julia.counts_are_those_of_any_rounding") {
    unsigned undecided = 0;
    std::uint32_t most = 0;
    for (std::uint32_t row = 0; row < 256; row += 3)
        for (std::uint32_t column = 0; column < 256; ++column) {
            const auto count = count_of(published, column, row, 256, 1000);
            undecided += count ? 0 : 1;
            if (count) {
                most = std::max(most, *count);
                REQUIRE(*count == plain_count(column, row, 1000));
            }
        }
    CHECK(undecided < 256 * 86 / 100);
    CHECK(most >= 8);
    CHECK(most <= 17);
}

TEST_CASE("unit.julia.fewer_iterations_count_less") {
    CHECK(count_of(published, 128, 128, 256, 0) == 0u);
    CHECK(count_of(published, 128, 128, 256, 2) == 2u);
    CHECK(count_of(published, 0, 0, 256, 1000) == plain_count(0, 0, 1000));
}

TEST_CASE("unit.julia.a_bounded_point_never_rests") {
    for (const Arithmetic arithmetic : {Arithmetic::unfused, Arithmetic::fused})
        for (const std::uint32_t column : {0u, 77u, 255u}) {
            float last = last_of_bounded(arithmetic, column, 256, 20'000);
            for (const std::uint64_t fewer : {19'999u, 19'998u, 10'000u, 5'000u})
                CHECK(last_of_bounded(arithmetic, column, 256, fewer) != last);
            CHECK(std::abs(last) <= 2);
        }
    CHECK(last_of_bounded(Arithmetic::unfused, 9, 256, 500) !=
          last_of_bounded(Arithmetic::fused, 9, 256, 500));
    CHECK(count_of(bounded, 9, 0, 256, 12) == 12u);
}

TEST_CASE("unit.julia.finds_the_rates_and_the_size") {
    const auto findings = findings_of(device(), known());
    const Finding &rate = find(findings, "julia.rate");
    CHECK(rate.status == Status::measured);
    CHECK(*rate.value == Approx(truth));
    CHECK_THAT(rate.method, ContainsSubstring("four iterations") && ContainsSubstring("16 x 4") &&
                                ContainsSubstring("100 points verified"));
    CHECK(*find(findings, "julia.unrolled.rate").value == Approx(truth));
    CHECK(*find(findings, "julia.plain.rate").value == Approx(truth * 0.8));
    CHECK(*find(findings, "julia.bounded.rate").value == Approx(truth));
    const Finding &size = find(findings, "julia.best_local_size");
    CHECK(*size.value == 64);
    CHECK(size.interval == Interval{64, 128});
    CHECK_THAT(size.method, ContainsSubstring("16 x 4") && ContainsSubstring("1 more within"));
}

TEST_CASE("unit.julia.noise_is_in_the_interval") {
    const Finding rate = findings_of(device(0.02, 12), known()).front();
    REQUIRE(rate.interval);
    CHECK(rate.interval->contains(truth));
    CHECK(rate.interval->half_width() < 0.2 * truth);
}

TEST_CASE("unit.julia.work_on_infinities_must_not_be_faster") {
    Dataset data = device();
    Series &times = data.series.front();
    for (Point &point : times.points)
        if (point.at[1] == 1)
            for (double &sample : point.samples)
                sample *= 1.5;
    const auto findings = findings_of(data, known());
    CHECK(find(findings, "julia.rate").status == Status::suspect);
    CHECK_THAT(find(findings, "julia.rate").note, ContainsSubstring("1.50 times as fast"));
    CHECK(find(findings, "julia.bounded.rate").status == Status::measured);
}

TEST_CASE("unit.julia.a_loop_that_was_removed_has_no_rate") {
    Dataset data = device();
    for (Point &point : data.series.front().points)
        for (double &sample : point.samples)
            sample = launch;
    CHECK_FALSE(findings_of(data, known()).front().value);
}

TEST_CASE("unit.julia.finds_nothing_in_nothing") {
    const auto findings = findings_of({}, {});
    CHECK(findings.size() == finding_keys().size());
    for (const Finding &finding : findings) {
        CHECK(finding.status == Status::inconclusive);
        CHECK_FALSE(finding.note.empty());
    }
}

TEST_CASE("unit.julia.what_is_cut_short_or_unverified_is_no_measurement") {
    Dataset data = device();
    data.number_attributes.erase(entry::verified);
    CHECK_FALSE(findings_of(data, known()).front().value);
    CHECK(findings_of(device(), {}).front().status == Status::suspect);
    Dataset few;
    few.number_attributes = data.number_attributes;
    few.number_attributes[entry::verified] = 3;
    add_rate(few, Body::plain, 0, 10e-6, 0, 1);
    const auto findings = findings_of(few, known());
    CHECK(find(findings, "julia.unrolled.rate").status == Status::inconclusive);
    CHECK(find(findings, "julia.best_local_size").status == Status::inconclusive);
}

TEST_CASE("unit.julia.shows_the_picture_and_the_sizes") {
    Dataset data = device();
    data.number_attributes[entry::size] = 2;
    data.text_attributes[entry::picture] = {letter_of(0), letter_of(8), letter_of(4),
                                            letter_of(16)};
    const auto picture = picture_of(data);
    REQUIRE(picture);
    CHECK(*picture == Picture{2, {0, 127, 63, 255}});
    data.number_attributes[entry::size] = -2;
    CHECK_FALSE(picture_of(data));
    data.number_attributes[entry::size] = 2;
    data.text_attributes[entry::picture] += 'A';
    CHECK_FALSE(picture_of(data));
    CHECK_FALSE(picture_of({}));
    const auto maps = maps_of(device());
    REQUIRE(maps.size() == 2);
    CHECK(maps[0].points.size() == 1);
    CHECK(maps[1].points.size() == 4);
    CHECK(maps_of({}).empty());
}
