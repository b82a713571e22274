#pragma once
#include <clprobe/finding.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace clprobe {

struct Series;

/// The middle of the samples; of an even number of them, the mean of the two in the middle.
/// Throws std::invalid_argument where there are none.
[[nodiscard]] double median(std::span<const double> samples);

/// The q-quantile (0 to 1), interpolated between order statistics (Hyndman and Fan 1996, type 7).
/// Throws std::invalid_argument where there are no samples or q is outside 0 to 1.
[[nodiscard]] double quantile(std::span<const double> samples, double q);

/// 1.4826 times the median distance from the median: the standard deviation of a normal sample,
/// deaf to outliers. Throws std::invalid_argument where there are no samples.
[[nodiscard]] double robust_deviation(std::span<const double> samples);

/// Interval of the median from order statistics (binomial, no assumption on the distribution),
/// interpolated between neighbouring ones so that it covers what it says and not more
/// (Hettmansperger and Sheather 1986). Absent where n is too small to reach the confidence (fewer
/// than 6 samples at 0.95). Throws std::invalid_argument where that is not between 0 and 1.
[[nodiscard]] std::optional<Interval> median_interval(std::span<const double> samples,
                                                      double confidence = 0.95);

/// Interval of the median of values taken one in a block, the blocks spread over time, and of what
/// a second run would find. The interval of the median alone shrinks with every block, and a second
/// run, minutes later, falls outside it, as clocks and neighbours drift: from six values on it is
/// widened to their middle nine tenths; below that it is Student's. Throws std::invalid_argument
/// where there are fewer than two.
[[nodiscard]] Interval repeat_interval(std::span<const double> values);

/// The closest to the values, in the sense of least squares, that never falls from one to the next
/// (pool adjacent violators, Ayer et al. 1955).
[[nodiscard]] std::vector<double> isotonic_fit(std::span<const double> values);

/// The samples in a few numbers; what n is too small for is absent.
struct Summary {
    std::size_t n = 0;
    std::optional<double> median;
    std::optional<Interval> interval; ///< of the median, 95 %
    std::optional<double> low;        ///< 10 % quantile, n >= 10
    std::optional<double> high;       ///< 90 % quantile, n >= 10
    std::optional<double> minimum;
    std::optional<double> maximum;
    std::optional<double> deviation; ///< robust, n >= 3

    bool operator==(const Summary &) const = default;
};
/// Of samples in any order.
[[nodiscard]] Summary summarize(std::span<const double> samples);

/// One timed launch of a loop: how often it ran, how long that took, in which block of samples.
struct TripTime {
    double trips = 0;
    double seconds = 0;
    int block = 0;
};

/// Time as a straight line over trips: `seconds_per_trip` with its interval and what is left at no
/// trips (the launch). `growth` is the share of the time at the most trips that grows with them:
/// near 0 where a compiler removed the work. `nonlinearity` is the relative difference between the
/// slope over the upper half of the trip counts and that over the lower half: folded work, or a
/// clock that changes, shows there. It is absent where fewer than three trip counts were timed, and
/// its interval and that of the overhead where there is but one block.
struct SlopeFit {
    double seconds_per_trip = 0;
    Interval interval;
    double overhead = 0;
    std::optional<Interval> overhead_interval;
    double growth = 0;
    std::optional<double> nonlinearity;
    std::optional<Interval> nonlinearity_interval;
    std::size_t blocks = 0;
};

/// Robust slope of time over trips: in each block the median over pairs of samples of different
/// trip counts (Theil 1950, Sen 1968), over the blocks their median. The interval is
/// `repeat_interval` of the blocks, with a single block from the residuals of the line. Pairs
/// rather than the fastest samples, although interruptions only ever add time: taking the fastest
/// gains where a third of the launches is interrupted, but is biased by any other noise, and its
/// interval then misses the truth (coverage 60 to 90 % in simulation). Nothing where there are
/// fewer than two trip counts.
[[nodiscard]] std::optional<SlopeFit> fit_slope(std::span<const TripTime> samples);

/// The slope of the samples in `series` at these coordinates, the last axis being "trips"; nothing
/// where there are none.
[[nodiscard]] std::optional<SlopeFit> slope_at(const Series &series, const std::vector<double> &at);

} // namespace clprobe
