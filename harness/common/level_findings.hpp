#pragma once
#include <clprobe/levels.hpp>
#include <clprobe/series.hpp>

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace clprobe::probes {

/// A series over footprint, or over footprint and trips, as a curve in order of the footprint: of
/// times over trips each block gives one sample, its slope over the trips divided by `per_trip`.
[[nodiscard]] std::vector<CurvePoint> curve_of(const Series &series, double per_trip = 1);

/// A curve of latency, the series that it comes from, what it is over, and the unit of it:
/// somebody's may be in cycles. Whether it is one of ours, whose samples were taken at several
/// times each.
struct LatencyCurve {
    std::string series;
    Axis x;
    std::vector<CurvePoint> points;
    Unit unit = Unit::second;
    bool ours = false;
};

/// The curve that the data holds: of times over trips in the series `raw`, or else somebody's in
/// `bare`. Nothing where there is neither.
[[nodiscard]] std::optional<LatencyCurve> latency_curve(const Dataset &data, const std::string &raw,
                                                        const std::string &bare, double per_trip);

/// The levels that it shows, of a curve of ours those that differ by more than its noise, `reason`
/// saying so where there is none; `too_small`, where it is not empty, is why it cannot show any.
[[nodiscard]] Levels levels_of(const std::optional<LatencyCurve> &curve,
                               const std::string &too_small);

/// Its medians, for people.
[[nodiscard]] Curve shown(const LatencyCurve &curve);

/// The key of the level of that number, counted from the fastest, from one with "<n>" for it.
[[nodiscard]] FindingKey numbered(FindingKey key, std::size_t level);

/// What the plateau of a level over footprint says, under that key.
[[nodiscard]] Finding plateau_finding(const FindingKey &key, const Level &level);

/// Whether the curve has one level, and no place of it is off another one by a quarter.
[[nodiscard]] bool is_flat(const Levels &levels, std::span<const CurvePoint> curve);

/// That level as the slowest one seen, under that key.
[[nodiscard]] Finding only_level_finding(const FindingKey &key, const Levels &levels);

/// Where a curve leaves a level that has a size, under that key: in a "rise in log latency".
[[nodiscard]] Finding size_finding(const FindingKey &key, const Level &level,
                                   const std::string &rise);

/// The same under the key with the level's number, and what a reader should know of it where there
/// is little between the level and the next one.
[[nodiscard]] Finding numbered_size_finding(const FindingKey &key, const Levels &levels,
                                            std::size_t level, const std::string &rise);

/// The keys that a latency curve makes: `<prefix>.l<n>.size`, `<prefix>.l<n>.latency` and
/// `<prefix>.memory.latency`.
[[nodiscard]] std::vector<FindingKey> latency_keys(const std::string &prefix);

/// What the levels of a latency curve say, under those keys; without a curve, that there are none.
/// The last level is memory, unless the curve ends in a rise. Of one that is not decided the
/// settled levels are told, and of the rest, or one that has one level only, which may be a cache
/// or memory, the reason.
[[nodiscard]] std::vector<Finding> latency_findings(const std::string &prefix, const Levels &levels,
                                                    const std::optional<LatencyCurve> &curve);

/// Memory's latency as the end of a curve tells it, where the levels before it stay open: the
/// middle of the last octave, where that is flat to a quarter and at least twice as slow as the
/// curve's start. Nothing elsewhere.
[[nodiscard]] std::optional<Finding> memory_at_end(const std::string &prefix,
                                                   const LatencyCurve &curve);

/// What the levels say of a curve that does not reach memory, and has no key for it.
[[nodiscard]] std::vector<Finding> cache_findings(const std::string &prefix, const Levels &levels,
                                                  const std::optional<LatencyCurve> &curve);

} // namespace clprobe::probes
