#include "csv_reading.hpp"

#include <clprobe/error.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace clprobe;

std::vector<Series> chase_layouts() {
    return {{"chase", {footprint_axis}, latency_axis, {}},
            {"chase", {footprint_axis}, {"latency", Unit::cycle, {}}, {}}};
}

std::vector<Series> read_layout() {
    return {{"read", {footprint_axis}, {"bandwidth", Unit::byte_per_second, {}}, {}}};
}

std::vector<Series> race_layout() {
    const Axis form{"form", Unit::one, {"fma", "a*b+c, fused"}};
    return {{"race", {form, {"trips", Unit::one, {}}}, latency_axis, {}}};
}

Series read_csv(std::string_view text, const std::vector<Series> &layouts,
                const CsvOptions &options) {
    return series_from_csv(text, "file.csv", layouts, options).series;
}

void check_row(std::string_view text, double bytes, double seconds, const CsvOptions &options) {
    CAPTURE(text);
    const auto points = read_csv(text, chase_layouts(), options).points;
    REQUIRE(points.size() == 1);
    CHECK(points[0].at == std::vector{bytes});
    CHECK(points[0].samples == std::vector{seconds});
}

std::vector<std::string> notes_of(std::string_view text, const CsvOptions &options) {
    return series_from_csv(text, "file.csv", chase_layouts(), options).notes;
}

void check_refused(std::string_view text, const std::string &message,
                   const std::vector<Series> &layouts, const CsvOptions &options) {
    CAPTURE(text);
    CHECK_THROWS_MATCHES(
        read_csv(text, layouts, options), InputError,
        Catch::Matchers::MessageMatches(Catch::Matchers::ContainsSubstring(message)));
}
