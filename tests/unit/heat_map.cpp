#include "io/file.hpp"
#include "io/terminal.hpp"

#include <clprobe/series.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>
#include <limits>
#include <sstream>
#include <stdexcept>

using namespace clprobe;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr TextStyle plain{80, false, false};

std::vector<std::string> lines(const std::string &text) {
    std::istringstream in(text);
    std::vector<std::string> all;
    for (std::string line; std::getline(in, line);)
        all.push_back(line);
    return all;
}

/// Nine by nine local sizes of up to 256 work-items, the more the faster.
HeatMap sizes() {
    HeatMap map{"a kernel",
                {"local_x", Unit::one, {}},
                {"local_y", Unit::one, {}},
                {"rate", Unit::op_per_second, {}},
                {}};
    for (double y = 1; y <= 256; y *= 2)
        for (double x = 1; x * y <= 256; x *= 2)
            map.points.push_back({x, y, 1e9 * x * y});
    return map;
}

} // namespace

TEST_CASE("unit.heat_map.has_a_cell_for_each_place") {
    const auto shown = lines(heat_map_text(sizes(), plain));
    REQUIRE(shown.size() == 12);
    CHECK(std::ranges::all_of(shown, [](const auto &line) { return line.size() <= 80; }));
    CHECK_THAT(shown[0], ContainsSubstring("rate of a kernel, local_y over local_x, in Gop/s"));
    CHECK_THAT(shown[1], ContainsSubstring("256 |") && ContainsSubstring("256@"));
    CHECK(std::ranges::count(shown[1], '@') == 1);
    CHECK_THAT(shown[9], ContainsSubstring("  1 |") && ContainsSubstring("1.") &&
                             ContainsSubstring("64:") && ContainsSubstring("256@"));
    CHECK_THAT(shown[11], ContainsSubstring("1      2") && ContainsSubstring("256"));
    CHECK(shown[9].find("256@") + 2 == shown[11].find("256") + 2);
}

TEST_CASE("unit.heat_map.has_shades_alone_where_there_is_no_room") {
    const auto shown = lines(heat_map_text(sizes(), {40, true, false}));
    REQUIRE(shown.size() == 12);
    CHECK_THAT(shown[1], ContainsSubstring("█") && !ContainsSubstring("256█"));
    CHECK_THAT(shown[9], ContainsSubstring("·") && ContainsSubstring("░"));
}

TEST_CASE("unit.heat_map.takes_what_comes") {
    HeatMap map = sizes();
    map.points = {{1, 1, 1e9}, {2, 1, -1}, {2, 2, std::numeric_limits<double>::quiet_NaN()}};
    CHECK(heat_map_text(map, plain).empty());
    map.points.push_back({4, 1, 2e9});
    CHECK(lines(heat_map_text(map, plain)).size() == 4);
    CHECK(heat_map_text({}, plain).empty());
}

TEST_CASE("unit.picture.is_a_pgm") {
    CHECK(to_pgm({2, {0, 255, 65, 66, 67, 68}}) ==
          std::string("P5\n2 3\n255\n") + '\0' + "\xff" + "ABCD");
    CHECK_THROWS_AS(to_pgm({2, {1, 2, 3}}), std::invalid_argument);
    CHECK_THROWS_AS(to_pgm({}), std::invalid_argument);
}
