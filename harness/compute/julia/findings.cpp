#include "analysis/trip_timing.hpp"
#include "compute/julia/julia.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace clprobe::probes::julia {
namespace {

/// Local sizes that take no longer than this, by the best one's time, are as good: a second run may
/// choose any of them.
constexpr double as_good = 1.02;
/// Points at infinity are not to be faster than this, by the rate of those that stay near.
constexpr double alike = 1.1;

constexpr double usual_size = 256; ///< of an external series, which does not say

const FindingKey rate_key{"julia.rate", Unit::op_per_second, Better::higher,
                          "operations of all points' iterations, nine each, with the better body"};
const FindingKey plain_key{"julia.plain.rate", Unit::op_per_second, Better::higher,
                           "with one iteration in the loop"};
const FindingKey unrolled_key{"julia.unrolled.rate", Unit::op_per_second, Better::higher,
                              "with four iterations in the loop"};
const FindingKey bounded_key{"julia.bounded.rate", Unit::op_per_second, Better::higher,
                             "the same, of points that never leave the plane"};
const FindingKey size_key{"julia.best_local_size", Unit::one, Better::none,
                          "work-items of the best group; the interval holds all that are as good"};

const char *words_for(Body body) {
    return body == Body::plain ? "one iteration in the loop" : "four iterations in the loop";
}

/// What was measured of one body with one kind of points.
struct Measured {
    RateRow row;
    TripTiming timing;
    double rate = 0;
    Interval interval;
};

class Interpretation {
public:
    Interpretation(const Dataset &data, const Facts &facts)
        : data_(data), external_(!facts.device),
          size_(data.number_attribute(entry::size).value_or(usual_size)) {}

    /// The body whose rate on the published points is higher.
    [[nodiscard]] Body better_body() const {
        const auto plain = measured_of(Body::plain, Points::escaping);
        const auto unrolled = measured_of(Body::unrolled, Points::escaping);
        return plain && (!unrolled || plain->rate > unrolled->rate) ? Body::plain : Body::unrolled;
    }

    [[nodiscard]] Finding rate(const FindingKey &key, Body body, Points points) const {
        const auto of = measured_of(body, points);
        if (!of)
            return without_value(key, Status::inconclusive,
                                 "the launches give no rate: too few, or time does not grow with "
                                 "the trips");
        const double verified = data_.number_attribute(entry::verified).value_or(0);
        if (!external_ && verified <= 0)
            return without_value(key, Status::inconclusive, "no point was verified");
        Finding finding = measured(key, of->rate, of->interval);
        finding.method = fmt::format("{}, groups of {}; {}", words_for(body), name(of->row.size),
                                     of->timing.method);
        if (verified > 0)
            finding.method += fmt::format("; {:.0f} points verified, {}", verified,
                                          data_.text_attribute(entry::arithmetic));
        finding.evidence = {series::rate};
        if (external_)
            make_suspect(finding, "an external series does not say that the work was verified");
        check_timing(finding, of->timing);
        check_local_size(finding, data_, coordinates(GridKernel{body}));
        // Most of the published points' work is on NaN: where that is faster than work on numbers,
        // the rate says nothing of that.
        if (const auto finite = measured_of(body, Points::confined);
            points == Points::escaping && finite &&
            of->interval.low > alike * finite->interval.high)
            make_suspect(finding, fmt::format("{:.2f} times as fast as on points that stay finite",
                                              of->rate / finite->rate));
        return finding;
    }

    [[nodiscard]] Finding best_size(Body body) const {
        const auto times = local_size_times(data_.find(series::grid), GridKernel{body});
        if (times.size() < 2)
            return without_value(size_key, Status::inconclusive, "fewer than two sizes were timed");
        const auto best = std::ranges::min_element(times, {}, &LocalSizeTime::seconds_per_trip);
        const auto size = static_cast<double>(best->size.work_items());
        Interval interval{size, size};
        std::size_t others = 0;
        for (const LocalSizeTime &time : times) {
            if (time.seconds_per_trip > as_good * best->seconds_per_trip || time.size == best->size)
                continue;
            ++others;
            const auto items = static_cast<double>(time.size.work_items());
            interval = {std::min(interval.low, items), std::max(interval.high, items)};
        }
        Finding finding = measured(size_key, size, interval);
        finding.method = fmt::format("{}, the fastest of {} sizes with {}; {} more within 2 %",
                                     name(best->size), times.size(), words_for(body), others);
        finding.evidence = {series::grid};
        check_local_size(finding, data_, coordinates(GridKernel{body}));
        return finding;
    }

private:
    [[nodiscard]] std::optional<Measured> measured_of(Body body, Points points) const {
        for (const auto &[row, times] : times_by_row<RateRow>(data_.find(series::rate)))
            if (const auto timing =
                    row.kernel == RateKernel{body, points} ? time_per_trip(times) : std::nullopt) {
                const double work = operations * size_ * size_ * iterations_of(body);
                return Measured{row,
                                *timing,
                                work / timing->seconds,
                                {work / timing->interval.high, work / timing->interval.low}};
            }
        return std::nullopt;
    }

    const Dataset &data_;
    bool external_;
    double size_; ///< points along each side
};

} // namespace

std::vector<FindingKey> finding_keys() {
    return {rate_key, plain_key, unrolled_key, bounded_key, size_key};
}

std::vector<HeatMap> maps_of(const Dataset &data) {
    std::vector<HeatMap> maps;
    const Series *grid = data.find(series::grid);
    const double size = data.number_attribute(entry::size).value_or(usual_size);
    for (const Body body : all_bodies)
        if (grid != nullptr)
            maps.push_back(local_size_map(local_size_times(grid, GridKernel{body}), words_for(body),
                                          {"rate", Unit::op_per_second, {}},
                                          operations * size * size * iterations_of(body)));
    return maps;
}

std::optional<Picture> picture_of(const Dataset &data) {
    const std::string letters = data.text_attribute(entry::picture);
    const double size = data.number_attribute(entry::size).value_or(0);
    if (letters.empty() || size < 1 || size * size != static_cast<double>(letters.size()))
        return std::nullopt;
    const int most = std::max(1, *std::ranges::max_element(letters) - 'A');
    Picture picture{static_cast<std::size_t>(size), {}};
    for (const char letter : letters)
        picture.grey.push_back(
            static_cast<std::uint8_t>(std::clamp(255 * (letter - 'A') / most, 0, 255)));
    return picture;
}

std::vector<Finding> findings_of(const Dataset &data, const Facts &facts) {
    const Interpretation interpretation(data, facts);
    const Body better = interpretation.better_body();
    return {interpretation.rate(rate_key, better, Points::escaping),
            interpretation.rate(plain_key, Body::plain, Points::escaping),
            interpretation.rate(unrolled_key, Body::unrolled, Points::escaping),
            interpretation.rate(bounded_key, better, Points::confined),
            interpretation.best_size(better)};
}

} // namespace clprobe::probes::julia
