#pragma once
#include "analysis/log_curve.hpp"

#include <clprobe/levels.hpp>
#include <clprobe/probe.hpp>
#include <clprobe/row.hpp>

#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace clprobe::probes {

/// A chase through so many bytes; an external curve has no trips.
struct FootprintRow {
    std::size_t footprint = 0;

    static auto columns() {
        return std::tuple{column("footprint", &FootprintRow::footprint, Unit::byte), trips()};
    }
};
struct ExternalRow {
    double footprint = 0;

    static auto columns() {
        return std::tuple{column("footprint", &ExternalRow::footprint, Unit::byte)};
    }
};

/// The series that a latency curve comes from: an external one of that meaning, and own times.
inline constexpr const char *external_latency = "latency";
inline constexpr const char *chase_times = "times";
[[nodiscard]] std::vector<SeriesShape> latency_series(std::string meaning);

/// The slopes of the blocks, in order, divided by `per_trip`, each from the least times of its trip
/// counts: whatever disturbs a launch adds to its time, and the ring is the same throughout. Where
/// all long launches or all short ones were disturbed nevertheless, the line shows it: it falls, or
/// it starts below no time at all.
[[nodiscard]] std::vector<double> slopes_by_block(const std::vector<TripTime> &times,
                                                  double per_trip);

/// A series as a curve over a member of its rows, in order of that: of times over trips each block
/// gives one sample, its slope.
template <typename Row, typename Value>
[[nodiscard]] std::vector<CurvePoint> curve_over(const Series *series, Value Row::*x,
                                                 double per_trip = 1) {
    std::vector<CurvePoint> curve;
    for (const auto &[row, times] : times_by_row<Row>(series)) {
        if (times.empty())
            continue;
        CurvePoint &point = curve.emplace_back(CurvePoint{static_cast<double>(row.*x), {}});
        if constexpr (over_trips<Row>)
            point.samples = slopes_by_block(times, per_trip);
        else
            for (const TripTime &time : times)
                point.samples.push_back(time.seconds);
    }
    return pooled(std::move(curve));
}

/// A curve of latency, the series that it comes from, and its unit: an external one may be in
/// cycles. An own one has samples of each point that were taken at several times.
struct LatencyCurve {
    std::string series;
    std::vector<CurvePoint> points;
    Unit unit = Unit::second;
    bool own = false;
};

/// The curve that the data holds: of own times, so many hops a trip, or else the external one.
/// Nothing where there is neither.
[[nodiscard]] std::optional<LatencyCurve> latency_curve(const Dataset &data, double per_trip);

/// The levels that it shows, of an own curve those that differ by more than its noise, `reason`
/// saying so where there is none; `too_small`, where it is not empty, is why it cannot show any.
[[nodiscard]] Levels levels_of(const std::optional<LatencyCurve> &curve,
                               const std::string &too_small);

/// The points that have samples, each as their median and extremes, for people.
[[nodiscard]] std::vector<Curve::Point> medians_of(std::span<const CurvePoint> curve);

/// Its medians, for people, with the findings of that key marked.
[[nodiscard]] Curve shown(const LatencyCurve &curve, const std::string &mark);

/// The key of the level of that number, counted from the fastest, from one with "<n>" for it.
[[nodiscard]] FindingKey numbered(FindingKey key, std::size_t level);

/// The value of a level over footprint, from its plateau, under that key.
[[nodiscard]] Finding plateau_finding(const FindingKey &key, const Level &level);

/// The one level of a curve as the slowest one seen, under that key; nothing where it has others,
/// or a point of it is off another one by a quarter.
[[nodiscard]] std::optional<Finding> only_level_finding(const FindingKey &key, const Levels &levels,
                                                        std::span<const CurvePoint> curve);

/// Where a curve leaves a level that has a size, under that key: in a "rise in log latency".
[[nodiscard]] Finding size_finding(const FindingKey &key, const Level &level,
                                   const std::string &rise);

/// The same under the key with the level's number. Where there is little between the level and the
/// next one, it is suspect, as that may be a TLB's reach, unless the facts (of memory/tlb, or of
/// the other of latency and bandwidth) show which it is: a cache's size is then measured.
[[nodiscard]] Finding numbered_size_finding(const FindingKey &key, const Levels &levels,
                                            std::size_t level, const std::string &rise,
                                            const Facts &facts);

/// The keys that a latency curve makes: `<prefix>.l<n>.size`, `<prefix>.l<n>.latency` and
/// `<prefix>.memory.latency`.
[[nodiscard]] std::vector<FindingKey> latency_keys(const std::string &prefix);

/// The findings of the levels of a latency curve, under those keys; without a curve, that there are
/// none. The last level is memory, unless the curve ends in a rise. Of one that is not decided the
/// settled levels are reported, and of the rest, or one that has one level only, which may be a
/// cache or memory, the reason.
[[nodiscard]] std::vector<Finding> latency_findings(const std::string &prefix, const Levels &levels,
                                                    const std::optional<LatencyCurve> &curve,
                                                    const Facts &facts = {});

/// Memory's latency from the end of a curve, where the levels before it stay open: the
/// middle of the last octave, where that is flat to a quarter and at least twice as slow as the
/// curve's start. Nothing elsewhere.
[[nodiscard]] std::optional<Finding> memory_at_end(const std::string &prefix,
                                                   const LatencyCurve &curve);

/// The findings of the levels of a curve that does not reach memory, and has no key for it.
[[nodiscard]] std::vector<Finding> cache_findings(const std::string &prefix, const Levels &levels,
                                                  const std::optional<LatencyCurve> &curve,
                                                  const Facts &facts = {});

/// Adds a note to all findings of a level whose size none of the facts' sizes meets (by their
/// intervals): the two may count levels differently. Sizes by latency are `<prefix>.l<n>.size`,
/// those by bandwidth `<prefix>.l<n>.read_size`; the findings' own are of that kind.
void note_disagreement(std::vector<Finding> &findings, const Facts &facts,
                       const std::string &prefix, CurveKind own_kind);

} // namespace clprobe::probes
