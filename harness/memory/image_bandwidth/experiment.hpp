#pragma once
#include "common/level_findings.hpp"
#include "memory/image_bandwidth/readers.hpp"

#include <clprobe/probe.hpp>
#include <clprobe/row.hpp>

#include <array>
#include <string>
#include <vector>

namespace clprobe::probes::image_bandwidth {

/// The names of the series, shared with the interpretation.
namespace series {
inline constexpr const char *locality = "locality";
inline constexpr const char *rates = "rates";
inline constexpr const char *footprint = "footprint";
} // namespace series

/// A tile of an image of one of `formats()`, read by all groups.
struct RateRow {
    std::size_t format = 0;
    Filter filter = Filter::nearest;
    Pattern pattern = Pattern::row;

    static auto columns() {
        return std::tuple{column("format", &RateRow::format, format_keys()),
                          column("filter", &RateRow::filter,
                                 std::array{name(Filter::nearest), name(Filter::linear)}),
                          column("pattern", &RateRow::pattern, pattern_names), trips()};
    }
};

/// The same without a filter.
struct LocalityRow {
    std::size_t format = 0;
    Pattern pattern = Pattern::row;

    static auto columns() {
        return std::tuple{column("format", &LocalityRow::format, format_keys()),
                          column("pattern", &LocalityRow::pattern, pattern_names), trips()};
    }
};

/// Texels that all work-items together read in a trip: numbers in the data, for the rates and for
/// the curve over the footprint.
inline constexpr const char *texels_a_trip = "texels_a_trip";
inline constexpr const char *curve_texels_a_trip = "curve_texels_a_trip";
/// Bytes of a texel of the curve over the footprint.
inline constexpr double word_texel_bytes = 16;

/// Where the data says why a format, or a filter on it, was not measured.
[[nodiscard]] std::string refusal(const std::string &format);
[[nodiscard]] std::string refusal(const std::string &format, const std::string &filter);

/// The form of every series that the probe makes.
[[nodiscard]] std::vector<SeriesShape> series_shapes();

/// Runs all the experiments, each for its share of the time there is.
void run_experiments(Bench &bench);

} // namespace clprobe::probes::image_bandwidth
