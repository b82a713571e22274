#include "analysis/estimates.hpp"
#include "memory/tlb/reach.hpp"

#include <clprobe/statistics.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numeric>

namespace clprobe::probes::tlb {
namespace {

/// The place before `x` where two in a row are not above `limit`, and the one behind where two in a
/// row are not below; in nine samples of ten.
Interval surely_between(const std::vector<CurvePoint> &curve, double x, double limit) {
    constexpr double odd = 0.1;
    Interval between{curve.front().x, curve.back().x};
    for (std::size_t i = 1; i < curve.size(); ++i) {
        const auto most = [&](std::size_t at) { return quantile(curve[at].samples, 1 - odd); };
        const auto least = [&](std::size_t at) { return quantile(curve[at].samples, odd); };
        if (curve[i].x < x && most(i - 1) <= limit && most(i) <= limit)
            between.low = curve[i].x;
        if (curve[i - 1].x > x && least(i - 1) > limit && least(i) > limit)
            between.high = std::min(between.high, curve[i - 1].x);
    }
    return between;
}

/// Relative: how much a point's median varies, by its samples, or how much neighbours differ, if
/// that is more.
double noise_of(const std::vector<CurvePoint> &curve) {
    std::vector<double> errors;
    std::vector<double> steps;
    for (std::size_t i = 0; i < curve.size(); ++i) {
        const std::vector<double> &samples = curve[i].samples;
        const double middle = median(samples);
        if (samples.size() > 1)
            errors.push_back((quantile(samples, 0.84) - quantile(samples, 0.16)) / 2 / middle /
                             std::sqrt(static_cast<double>(samples.size())));
        if (i > 0)
            steps.push_back(std::abs(middle / median(curve[i - 1].samples) - 1));
    }
    return std::max(errors.empty() ? 0 : median(errors), steps.empty() ? 0 : median(steps));
}

/// Where the curve is flat from place `first` on, and how high: it grows in the next octave by
/// little of what it has grown by since its start.
Estimate settled_behind(const std::vector<Estimate> &places, std::size_t first, double start) {
    constexpr double little = 0.15;
    for (std::size_t i = first;; ++i) {
        std::vector<double> octave;
        for (std::size_t j = i; j < places.size(); ++j)
            if (places[j].x <= 2 * places[i].x)
                octave.push_back(places[j].value);
        const double middle = median(octave);
        if (i + 1 == places.size() ||
            middle - places[i].value <= little * (places[i].value - start))
            return {places[i].x, middle, 0, octave.size()};
    }
}

/// Whether the curve's trend in the octave from x on is little of `rise`, and nearly all of that
/// was timed.
bool is_flat(const std::vector<Estimate> &places, double x, double rise) {
    constexpr double little = 0.25;
    constexpr double octave = 2;
    constexpr double rounded = 0.99;
    constexpr double nearly = 0.95;
    if (places.back().x < nearly * octave * x)
        return false;
    std::vector<double> octaves;
    std::vector<double> values;
    for (const Estimate &place : places)
        if (place.x >= x && place.x * rounded <= octave * x) {
            octaves.push_back(std::log2(place.x));
            values.push_back(place.value);
        }
    if (values.size() < 2)
        return false;
    const double middle =
        std::accumulate(octaves.begin(), octaves.end(), 0.0) / static_cast<double>(octaves.size());
    double spread = 0;
    double together = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
        spread += (octaves[i] - middle) * (octaves[i] - middle);
        together += (octaves[i] - middle) * values[i];
    }
    return std::abs(together / spread) <= little * rise;
}

/// How far the strides contradict pages of that size: by the ratio, in octaves, between the most
/// and the least entries that they make the first level have. Where many slots share an entry they
/// outgrow it late, but not early.
double contradiction(std::span<const Reach> reaches, double page) {
    constexpr double many = 4;
    double nearest = 0; // of the strides at which slots share an entry
    for (const Reach &reach : reaches)
        if (reach.stride < page)
            nearest = std::max(nearest, reach.stride);
    double least = INFINITY;
    double most = 0;
    for (const Reach &reach : reaches) {
        const double entries = reach.quarter / std::max(1.0, page / reach.stride);
        least = std::min(least, entries);
        if (reach.stride >= std::min(nearest, page / many))
            most = std::max(most, entries);
    }
    return std::log2(most / least);
}

constexpr std::size_t in_a_row = 3;

std::vector<Estimate> medians_of(const Translation &translation) {
    std::vector<Estimate> places;
    for (const CurvePoint &point : translation.curve)
        places.push_back({point.x, median(point.samples), 0, point.samples.size()});
    return places;
}

/// Of so many places at the start, or of the first three: fewer say little.
double level_of_first(const std::vector<Estimate> &places, std::size_t count) {
    std::vector<double> values;
    for (std::size_t i = 0; i < std::max(count, in_a_row); ++i)
        values.push_back(places[i].value);
    return median(values);
}

/// Places in a row that are above all before them: three, or fewer where the curve ends with them.
struct Risen {
    std::size_t first = 0;
    std::size_t count = 0;
};

Risen first_risen(const Translation &translation, const std::vector<Estimate> &places) {
    constexpr double least_rise = 0.015;
    constexpr double clear = 3; // times the noise
    const double noticeable = std::max(least_rise, clear * noise_of(translation.curve));
    std::size_t row = 0;
    std::size_t at = 0;
    for (; at < places.size() && row < in_a_row; ++at) {
        const double before = level_of_first(places, at - row);
        row = places[at].value > before + std::max(noticeable * before, translation.doubts[at])
                  ? row + 1
                  : 0;
    }
    return {at - row, row};
}

/// Three places in a row are enough, and two at the end where there is but one an octave.
bool is_enough(const Risen &risen, const std::vector<Estimate> &places) {
    constexpr double nearly_octave = 1.9;
    return risen.count >= in_a_row ||
           (risen.count == 2 && places.back().x >= nearly_octave * places[places.size() - 2].x);
}

} // namespace

bool rises_at_end(const Translation &translation) {
    if (translation.curve.size() < least_points)
        return false;
    const std::vector<Estimate> places = medians_of(translation);
    const Risen risen = first_risen(translation, places);
    return risen.count > 0 && !is_enough(risen, places);
}

bool settles(const Translation &translation, double rise) {
    const std::vector<Estimate> places = medians_of(translation);
    return is_flat(places, places.back().x / 2, rise);
}

std::optional<Reach> first_reach(const Translation &translation) {
    if (translation.curve.size() < least_points)
        return std::nullopt;
    const std::vector<Estimate> places = medians_of(translation);
    const Risen risen = first_risen(translation, places);
    if (!is_enough(risen, places))
        return std::nullopt;
    const double start = level_of_first(places, risen.first);
    const Estimate settled = settled_behind(places, risen.first, start);
    const auto rise = [&](double share) { return start + share * (settled.value - start); };
    const auto tenth = crossing(places, rise(0.1));
    const auto quarter = crossing(places, rise(0.25));
    const auto half = crossing(places, rise(0.5));
    const auto most = crossing(places, rise(0.9));
    if (!tenth || !quarter || !half || !most)
        return std::nullopt;
    // With random replacement a share m of the hops misses, m = 1 - exp(-m span / reach): nine of
    // ten at 2.6 times the reach.
    constexpr double sharp = 2.8;
    const double height = settled.value - start;
    Reach reach{0, places[risen.first > 0 ? risen.first - 1 : 0].x, *quarter, *half, settled.x, {}};
    reach.interval = surely_between(translation.curve, *half, rise(0.5));
    reach.interval.low = std::min({reach.interval.low, *tenth, reach.before});
    // What others on a shared core take of it makes a ramp that ends where all of it is outgrown.
    reach.interval.high = std::max(reach.interval.high, reach.behind);
    constexpr double certain = 4;
    reach.clear = *most <= sharp * *tenth && reach.interval.high <= certain * reach.interval.low &&
                  is_flat(places, reach.before / 2, height) && is_flat(places, settled.x, height);
    return reach;
}

std::vector<Reach> first_reaches(const std::map<double, Translation> &translations) {
    std::vector<Reach> reaches;
    for (const auto &[stride, translation] : translations)
        if (auto reach = first_reach(translation)) {
            reach->stride = stride;
            reaches.push_back(*reach);
        }
    return reaches;
}

Translation behind(Translation translation, const Reach &reach) {
    Translation rest;
    for (std::size_t i = 0; i < translation.curve.size(); ++i)
        if (translation.curve[i].x >= reach.behind) {
            rest.curve.push_back(std::move(translation.curve[i]));
            rest.doubts.push_back(translation.doubts[i]);
        }
    return rest;
}

PageSize page_size(std::span<const Reach> reaches) {
    if (reaches.size() < 2)
        return {{}, "too few strides show where a TLB is outgrown"};
    constexpr double agreement = 0.7;  // of an octave
    constexpr double difference = 0.3; // more, for every other size
    std::map<double, double> by_size;
    for (double size = reaches.front().stride; size <= reaches.back().stride; size *= 2)
        by_size[size] = contradiction(reaches, size);
    const auto best =
        std::min_element(by_size.begin(), by_size.end(),
                         [](const auto &a, const auto &b) { return a.second < b.second; });
    if (best->second > agreement)
        return {{}, "the strides contradict each other"};
    for (const auto &[size, off] : by_size)
        if (size != best->first && off < best->second + difference)
            return {{},
                    fmt::format("{} and {} explain the strides alike",
                                format({best->first, Unit::byte}), format({size, Unit::byte}))};
    return {best->first, {}};
}

} // namespace clprobe::probes::tlb
