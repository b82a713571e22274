#include "csv_reading.hpp"

#include <clprobe/error.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace clprobe;

std::vector<Series> chase_layout() {
    return {{"chase", {footprint_axis}, latency_axis, {}}};
}

Series read_csv(std::string_view text, const std::vector<Series> &layouts) {
    return series_from_csv(text, "file.csv", layouts).series;
}

void check_refused(std::string_view text, const std::string &message,
                   const std::vector<Series> &layouts) {
    CAPTURE(text);
    CHECK_THROWS_MATCHES(
        read_csv(text, layouts), InputError,
        Catch::Matchers::MessageMatches(Catch::Matchers::ContainsSubstring(message)));
}
