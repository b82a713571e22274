#include "common/local_sizes.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>

using namespace clprobe;
using namespace clprobe::probes;

namespace {

struct Body {
    unsigned body = 0;

    static auto columns() { return std::tuple{column("body", &Body::body)}; }
    bool operator==(const Body &) const = default;
};

constexpr NdRange picture = {{256, 256, 1}, {1, 1, 1}, 2};

bool has(const std::vector<LocalSize> &sizes, std::size_t x, std::size_t y) {
    return std::ranges::count(sizes, LocalSize{x, y}) == 1;
}

} // namespace

TEST_CASE("unit.local_sizes.are_all_that_the_device_allows") {
    DeviceInfo device;
    device.max_work_group_size = 128;
    device.max_work_item_sizes = {128, 64, 64};
    const auto sizes = local_sizes(device, picture);
    CHECK(sizes.size() == 8 + 7 + 6 + 5 + 4 + 3 + 2);
    CHECK(has(sizes, 128, 1));
    CHECK(has(sizes, 2, 64));
    CHECK_FALSE(has(sizes, 1, 128));
    CHECK(
        std::ranges::all_of(sizes, [](const LocalSize &size) { return size.work_items() <= 128; }));
    device.max_work_group_size = 1;
    CHECK(local_sizes(device, picture) == std::vector{LocalSize{1, 1}});
}

TEST_CASE("unit.local_sizes.divide_the_range") {
    const auto sizes = local_sizes({}, {{16, 12, 1}, {1, 1, 1}, 2});
    CHECK(sizes.size() == 5 * 3);
    CHECK(has(sizes, 16, 4));
    CHECK_FALSE(has(sizes, 16, 8));
}

TEST_CASE("unit.local_sizes.the_least_time_of_each") {
    Series grid{"grid", axes<SweptRow<Body>>(), {"time", Unit::second, {}}, {}};
    grid.point({0, 16, 4, 10}).samples = {3e-3, 2e-3, 4e-3};
    grid.point({0, 16, 4, 20}).samples = {3e-3};
    grid.point({0, 1, 1, 1}).samples = {9e-3};
    grid.point({1, 16, 4, 10}).samples = {1e-3};
    grid.point({0, 2, 2, 5});
    const auto times = local_size_times(&grid, Body{0});
    REQUIRE(times.size() == 2);
    CHECK(times[0].size == LocalSize{16, 4});
    CHECK(times[0].seconds_per_trip == 3e-3 / 20);
    CHECK(times[1].seconds_per_trip == 9e-3);
    CHECK(local_size_times(&grid, Body{2}).empty());
    grid.point({0, 0, 2, 5}).samples = {1e-3};
    CHECK_THROWS_AS(local_size_times(&grid, Body{0}), InvalidRow);
}

TEST_CASE("unit.local_sizes.a_sweep_cut_short_is_suspect") {
    Dataset data;
    data.number_attributes[untried_entry({1, 169})] = 3;
    Finding finding;
    finding.status = Status::measured;
    check_local_size(finding, data, {0, 169});
    CHECK(finding.status == Status::measured);
    check_local_size(finding, data, {1, 169});
    CHECK(finding.status == Status::suspect);
    CHECK(finding.note.find("3 neighbours") != std::string::npos);
}
