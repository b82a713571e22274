#include <clprobe/row.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <array>
#include <cmath>
#include <limits>

using namespace clprobe;

namespace {

enum class Memory { global, local };

struct Where {
    Memory memory = Memory::global;
    std::size_t offset = 0;

    static auto columns() {
        return std::tuple{column("memory", &Where::memory, std::array{"global", "local"}),
                          column("offset", &Where::offset, Unit::byte)};
    }
    bool operator==(const Where &) const = default;
};

struct RateRow {
    Where where;
    bool used = false;
    unsigned width = 1;
    double ratio = 0;

    static auto columns() {
        return std::tuple{part(&RateRow::where),
                          column("result", &RateRow::used, std::array{"dropped", "used"}),
                          column("width", &RateRow::width).between(1, 16),
                          column("ratio", &RateRow::ratio), trips()};
    }
    bool operator==(const RateRow &) const = default;
};

const RateRow row{{Memory::local, 4096}, true, 4, 0.5};

Series series_of(std::vector<Point> points) {
    return {"rates", axes<RateRow>(), {"time", Unit::second, {}}, std::move(points)};
}

/// Why that row is refused.
std::string refusal(const std::vector<double> &at) {
    const Series series = series_of({{at, {}, {}}});
    try {
        (void)parse<RateRow>(series, series.points.front());
    } catch (const InvalidRow &error) {
        return error.what();
    }
    return {};
}

} // namespace

TEST_CASE("unit.row.axes and coordinates are those of the members") {
    CHECK(axes<RateRow>() == std::vector<Axis>{{"memory", Unit::one, {"global", "local"}},
                                               {"offset", Unit::byte, {}},
                                               {"result", Unit::one, {"dropped", "used"}},
                                               {"width", Unit::one, {}},
                                               {"ratio", Unit::one, {}},
                                               {"trips", Unit::one, {}}});
    CHECK(coordinates(row) == std::vector<double>{1, 4096, 1, 4, 0.5});
    CHECK(coordinates(row, 8) == std::vector<double>{1, 4096, 1, 4, 0.5, 8});
    CHECK(axes<Where>().size() == 2);
    CHECK(words(row) == std::vector<std::string>{"local", "4 KiB", "used", "4", "0.5"});
}

TEST_CASE("unit.row.coordinates are parsed and checked") {
    const Series series = series_of({{coordinates(row, 8), {}, {}}});
    CHECK(parse<RateRow>(series, series.points.front()) == row);
    CHECK(refusal(coordinates(row, 8)).empty());
    const double nan = std::nan("");
    for (const auto &at : std::vector<std::vector<double>>{{},
                                                           {1, 0, 0, 1, 0},
                                                           {1, 0, 0, 1, 0, 1, 1},
                                                           {2, 0, 0, 1, 0, 1},
                                                           {-1, 0, 0, 1, 0, 1},
                                                           {0.5, 0, 0, 1, 0, 1},
                                                           {0, 1e300, 0, 1, 0, 1},
                                                           {0, nan, 0, 1, 0, 1},
                                                           {0, 0, 2, 1, 0, 1},
                                                           {0, 0, 0, 0, 0, 1},
                                                           {0, 0, 0, 1, nan, 1},
                                                           {0, 0, 0, 1, 0, 0}}) {
        CAPTURE(at);
        CHECK_FALSE(refusal(at).empty());
    }
    CHECK(refusal({0, 0, 0, 17, 0, 1}) ==
          "series 'rates', point 1: 'width' is 17, no whole number from 1 to 16");
}

TEST_CASE("unit.row.launches are grouped by row") {
    RateRow other = row;
    other.where.offset = 0;
    const Series series = series_of({{coordinates(row, 4), {4, 5}, {0, 1}},
                                     {coordinates(other, 4), {7}, {}},
                                     {coordinates(row, 8), {8}, {2}}});
    const auto by_row = times_by_row<RateRow>(&series);
    REQUIRE(by_row.size() == 2);
    CHECK(by_row[0].row == other);
    CHECK(by_row[1].row == row);
    CHECK(by_row[1].times.size() == 3);
    CHECK(by_row[1].times.back().trips == 8);
    CHECK(by_row[1].times.back().block == 2);
    CHECK(times_of(&series, row).size() == 3);
    const auto samples = samples_by_row<RateRow>(&series);
    REQUIRE(samples.size() == 3);
    CHECK(samples[1].row == other);
    CHECK(samples[1].trips == 4);
    CHECK(samples[1].samples.front() == 7);
    CHECK(times_by_row<RateRow>(nullptr).empty());
}
