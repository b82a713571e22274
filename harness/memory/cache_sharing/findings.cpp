#include "memory/cache_sharing/cache_sharing.hpp"

#include <clprobe/statistics.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace clprobe::probes::cache_sharing {
namespace {

/// Seconds of a round of each victim and evictor, from a stretch of the measurement.
using Turn = std::map<std::pair<Path, Path>, double>;

/// The measurement in a few stretches of consecutive blocks, in each of which the quietest of the
/// launches count: whatever disturbs one adds to its time.
std::vector<Turn> turns_of(const Series &series) {
    constexpr int most_turns = 6;
    const auto rounds = times_by_row<RoundRow>(&series);
    int blocks = 0;
    for (const auto &[row, launches] : rounds)
        for (const TripTime &launch : launches)
            blocks = std::max(blocks, launch.block + 1);
    const int turns = std::min(most_turns, blocks / 2);
    std::vector<Turn> all;
    for (int turn = 0; turn < turns; ++turn) {
        Turn &times_of_turn = all.emplace_back();
        for (const auto &[row, launches] : rounds) {
            std::map<double, double> least;
            for (const auto &[trips, seconds, block] : launches)
                if (block * turns / blocks == turn) {
                    const auto [known, is_new] = least.try_emplace(trips, seconds);
                    known->second = std::min(known->second, seconds);
                }
            std::vector<TripTime> quietest;
            for (const auto &[trips, seconds] : least)
                quietest.push_back({trips, seconds, 0});
            if (const auto fit = fit_slope(quietest))
                times_of_turn[{row.victim, row.evictor}] = fit->seconds_per_trip;
        }
    }
    return all;
}

/// The victim's part of a round, once the evictor's is taken off.
std::optional<double> victim_time(const Turn &turn, Path victim, Path evictor) {
    const auto both = turn.find({victim, evictor});
    if (both == turn.end())
        return std::nullopt;
    if (evictor == Path::none)
        return both->second;
    const auto evicting = turn.find({Path::none, evictor});
    return evicting != turn.end() ? std::optional(both->second - evicting->second) : std::nullopt;
}

/// Which share of a victim the other path drives out, compared with what its own path does.
struct Eviction {
    double share = 0;
    Interval interval{}; ///< to expect of another turn
    std::string doubt;   ///< why there is none
};

Eviction eviction(const std::vector<Turn> &turns, Path victim, Path evictor) {
    constexpr double least_contrast = 1.08;
    std::vector<double> slower;
    std::vector<double> shares;
    for (const Turn &turn : turns) {
        const auto kept = victim_time(turn, victim, Path::none);
        const auto lost = victim_time(turn, victim, victim);
        const auto here = victim_time(turn, victim, evictor);
        if (!kept || !lost || !here || *kept <= 0 || *lost == *kept)
            continue;
        slower.push_back(*lost / *kept);
        shares.push_back((*here - *kept) / (*lost - *kept));
    }
    if (shares.size() < 2)
        return {0, {}, "too little was measured"};
    const double contrast = median(slower);
    const Interval contrasts = repeat_interval(slower);
    if (contrast < least_contrast || contrasts.low < 1)
        return {0,
                {},
                fmt::format("the {} path does not drive out what came through itself: it takes "
                            "{:.2f} times as long (from {:.2f} to {:.2f}), where a miss would show",
                            path_names[static_cast<std::size_t>(victim)], contrast, contrasts.low,
                            contrasts.high)};
    return {median(shares), repeat_interval(shares), ""};
}

std::string describe(const Eviction &image, const Eviction &buffer) {
    return fmt::format("of what an eviction through its own path costs, buffer reads cost the "
                       "image path {:.0f} %, and image reads the buffer path {:.0f} %",
                       100 * image.share, 100 * buffer.share);
}

} // namespace

const FindingKey &shared_key() {
    static const FindingKey key{"cache.l1.shared_with_image", Unit::one, Better::none,
                                "1 where image reads and buffer reads share their first cache, 0 "
                                "where each has its own"};
    return key;
}

Finding shared_finding(const Dataset &data) {
    const auto undecided = [](std::string reason) {
        return without_value(shared_key(), Status::inconclusive, std::move(reason));
    };
    if (const std::string reason = data.text_attribute(too_small); !reason.empty())
        return undecided(reason);
    const Series *series = data.find(times);
    if (series == nullptr)
        return undecided("nothing was measured");
    const std::vector<Turn> turns = turns_of(*series);
    const Eviction of_image = eviction(turns, Path::image, Path::buffer);
    const Eviction of_buffer = eviction(turns, Path::buffer, Path::image);
    for (const Eviction &each : {of_image, of_buffer})
        if (!each.doubt.empty())
            return undecided(each.doubt);
    const Interval &image = of_image.interval;
    const Interval &buffer = of_buffer.interval;
    const bool shared = image.low > 0.5 && buffer.low > 0.5;
    if (!shared && !(image.high < 0.5 && buffer.high < 0.5))
        return undecided("the two ways do not say the same, or too little: " +
                         describe(of_image, of_buffer));
    const double value = shared ? 1 : 0;
    Finding finding = measured(shared_key(), value, {value, value});
    finding.method = "eviction, both ways";
    finding.note = describe(of_image, of_buffer);
    finding.evidence = {times};
    return finding;
}

} // namespace clprobe::probes::cache_sharing
