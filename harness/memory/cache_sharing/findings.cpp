#include "memory/cache_line/places.hpp"
#include "memory/cache_sharing/findings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

namespace clprobe::probes::cache_sharing {
namespace {

/// A value and how far it may be off.
struct Measure {
    double value = 0;
    double error = 0;

    friend Measure operator-(const Measure &a, const Measure &b) {
        return {a.value - b.value, std::hypot(a.error, b.error)};
    }
};

using cache_line::Place;
using Places = std::vector<Place>;

/// Time of a round.
std::optional<Measure> round_time(const Places &places, Path victim, Path evictor) {
    constexpr std::size_t least_samples = 3;
    const std::vector<double> at{static_cast<double>(victim), static_cast<double>(evictor)};
    const auto place = std::find_if(places.begin(), places.end(),
                                    [&](const Place &candidate) { return candidate.at == at; });
    if (place == places.end() || place->samples < least_samples)
        return std::nullopt;
    return Measure{place->value, place->value * place->error};
}

/// Time that the victim takes of a round.
std::optional<Measure> victim_time(const Places &places, Path victim, Path evictor) {
    const auto both = round_time(places, victim, evictor);
    if (!both || evictor == Path::none)
        return both;
    const auto evicting = round_time(places, Path::none, evictor);
    return evicting ? std::optional(*both - *evicting) : std::nullopt;
}

/// Which share of a victim the other path drives out, compared with what its own path does.
struct Eviction {
    Measure share;
    std::string doubt; ///< why there is none
};

Eviction eviction(const Places &places, Path victim, Path evictor) {
    constexpr double least_contrast = 1.08;
    const std::string_view own = path_names[static_cast<std::size_t>(victim)];
    const auto kept = victim_time(places, victim, Path::none);
    const auto lost = victim_time(places, victim, victim);
    const auto here = victim_time(places, victim, evictor);
    if (!kept || !lost || !here || kept->value <= 0)
        return {{}, "too little was measured"};
    const Measure contrast = *lost - *kept;
    if (lost->value < least_contrast * kept->value || contrast.value < 2 * contrast.error)
        return {{},
                fmt::format("the {} path does not drive out what came through itself: it takes "
                            "{:.2f} times as long, where a miss would show",
                            own, lost->value / kept->value)};
    const Measure more = *here - *kept;
    const double share = more.value / contrast.value;
    return {{share, std::hypot(more.error, share * contrast.error) / contrast.value}, ""};
}

std::string describe(const Eviction &image, const Eviction &buffer) {
    return fmt::format("of what an eviction through its own path costs, buffer reads cost the "
                       "image path {:.0f} %, and image reads the buffer path {:.0f} %",
                       100 * image.share.value, 100 * buffer.share.value);
}

bool evicted(const Eviction &eviction) {
    return eviction.share.value - eviction.share.error > 0.5;
}
bool spared(const Eviction &eviction) {
    return eviction.share.value + eviction.share.error < 0.5;
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
    if (const std::string reason = data.word(too_small); !reason.empty())
        return undecided(reason);
    const Series *series = data.find(times);
    if (series == nullptr)
        return undecided("nothing was measured");
    const Places places = cache_line::places_of(*series);
    const Eviction of_image = eviction(places, Path::image, Path::buffer);
    const Eviction of_buffer = eviction(places, Path::buffer, Path::image);
    for (const Eviction &each : {of_image, of_buffer})
        if (!each.doubt.empty())
            return undecided(each.doubt);
    const bool shared = evicted(of_image) && evicted(of_buffer);
    if (!shared && !(spared(of_image) && spared(of_buffer)))
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
