#pragma once
#include <clprobe/row.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace clprobe {

/// What an experiment shows at one point of a curve: a value, and the relative standard error of
/// that, 0 where too few samples tell.
struct Estimate {
    double x = 0; ///< where a row has several axes: 0
    double value = 0;
    double error = 0;
    std::size_t samples = 1; ///< the fewest at any number of trips
};

/// The time of one trip: the slope over the trips of the quietest of the times, so that a launch
/// that was disturbed spoils no other. A value of 0 where there is none.
[[nodiscard]] Estimate slope_estimate(std::span<const TripTime> times);
/// The median of an external series' samples: nothing is known of what disturbed them. A value of 0
/// where there is none.
[[nodiscard]] Estimate level_estimate(std::span<const TripTime> samples);

template <typename Row>
struct RowEstimate {
    Row row;
    Estimate estimate;
};
/// The positive estimates of a series in order of their coordinates; none where it is null. Of rows
/// over trips by the slope. Of more than a thousand rows every so many-th stands for all: there is
/// no time to set each against every hypothesis. Throws InvalidRow.
template <typename Row>
[[nodiscard]] std::vector<RowEstimate<Row>> estimates_of(const Series *series) {
    constexpr std::size_t most = 1000;
    const std::vector<RowTimes<Row>> rows = times_by_row<Row>(series);
    std::vector<RowEstimate<Row>> estimates;
    for (std::size_t i = 0; i < rows.size(); i += 1 + (rows.size() - 1) / most)
        if (const Estimate estimate =
                over_trips<Row> ? slope_estimate(rows[i].times) : level_estimate(rows[i].times);
            estimate.value > 0)
            estimates.push_back({rows[i].row, estimate});
    return estimates;
}
/// The same as a curve over a member of the row.
template <typename Row, typename Value>
[[nodiscard]] std::vector<Estimate> estimates_over(const Series *series, Value Row::*x) {
    std::vector<Estimate> curve;
    for (auto &[row, estimate] : estimates_of<Row>(series)) {
        curve.push_back(estimate);
        curve.back().x = static_cast<double>(row.*x);
    }
    return curve;
}

/// Where a curve passes `threshold`: the split of its points with the
/// least contradiction. Nothing where it is always above or always below.
[[nodiscard]] std::optional<double> crossing(const std::vector<Estimate> &curve, double threshold);

} // namespace clprobe
