#include "common/chase.hpp"
#include "common/level_findings.hpp"
#include "memory/cache_line/knees.hpp"
#include "memory/tlb/findings.hpp"

#include <clprobe/levels.hpp>
#include <clprobe/statistics.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>
#include <set>

namespace clprobe::tlb {
namespace {

using probes::Chase;
using probes::curve_of;

std::set<double> strides_of(const Dataset &data) {
    std::set<double> strides;
    if (const Series *spread = data.find(series::spread))
        for (const Point &point : spread->points)
            strides.insert(point.at.front());
    return strides;
}

/// The points at one value of the first axis, without it.
Series slice(const Series &all, double first) {
    Series part{all.name, {all.axes.begin() + 1, all.axes.end()}, all.measure, {}};
    for (const Point &point : all.points)
        if (point.at.front() == first)
            part.points.push_back(
                {{point.at.begin() + 1, point.at.end()}, point.samples, point.block});
    return part;
}

/// The medians of a curve, joined by straight lines over log x.
class Joined {
public:
    explicit Joined(const std::vector<CurvePoint> &curve) {
        for (const CurvePoint &point : curve)
            if (!point.samples.empty())
                places_[std::log(point.x)] = median(point.samples);
    }
    [[nodiscard]] bool empty() const { return places_.empty(); }
    [[nodiscard]] double least() const {
        return std::min_element(places_.begin(), places_.end(),
                                [](const auto &a, const auto &b) { return a.second < b.second; })
            ->second;
    }
    [[nodiscard]] double at(double x) const {
        const auto behind = places_.lower_bound(std::log(x));
        if (behind == places_.end())
            return places_.rbegin()->second;
        if (behind == places_.begin())
            return behind->second;
        const auto before = std::prev(behind);
        const double share = (std::log(x) - before->first) / (behind->first - before->first);
        return before->second + share * (behind->second - before->second);
    }

private:
    std::map<double, double> places_;
};

/// A curve over pages as one over the memory that they span.
std::vector<CurvePoint> over_span(std::vector<CurvePoint> curve, double stride) {
    for (CurvePoint &point : curve)
        point.x *= stride;
    return curve;
}

/// The pages that the first level holds at a stride.
struct Reach {
    double stride = 0;
    double pages = 0;
    Interval interval; ///< the places around that surely belong to either side
};

/// The place before `x` where two in a row have no sample above `limit`, and the one behind where
/// two in a row have none below.
Interval surely_between(const std::vector<CurvePoint> &curve, double x, double limit) {
    Interval between{curve.front().x, curve.back().x};
    const auto all = [&](std::size_t i, bool above) {
        return std::all_of(curve[i].samples.begin(), curve[i].samples.end(),
                           [&](double sample) { return (sample > limit) == above; });
    };
    for (std::size_t i = 1; i < curve.size(); ++i) {
        if (curve[i].x < x && all(i - 1, false) && all(i, false))
            between.low = curve[i].x;
        if (curve[i - 1].x > x && all(i - 1, true) && all(i, true))
            between.high = std::min(between.high, curve[i - 1].x);
    }
    return between;
}

/// Where the curve leaves the level that it starts on: the split of its places that has least
/// against it. What comes behind may be of any shape.
std::optional<Reach> first_reach(double stride, const std::vector<CurvePoint> &curve) {
    constexpr double risen = 1.25;
    constexpr std::size_t least_places = 6;
    std::vector<cache_line::Place> places;
    for (const CurvePoint &point : curve)
        if (!point.samples.empty() && median(point.samples) > 0)
            places.push_back({{point.x}, median(point.samples), 0, point.samples.size()});
    if (places.size() < least_places)
        return std::nullopt;
    const double start = median(std::array{places[0].value, places[1].value, places[2].value});
    const auto pages = cache_line::crossing(places, risen * start);
    if (!pages)
        return std::nullopt;
    return Reach{stride, *pages, surely_between(curve, *pages, risen * start)};
}

std::vector<Reach> first_reaches(const Dataset &data) {
    std::vector<Reach> reaches;
    for (const double stride : strides_of(data))
        if (const auto reach = first_reach(stride, translation_curve(data, stride)))
            reaches.push_back(*reach);
    return reaches;
}

/// How far the strides contradict pages of that size: by the ratio, in octaves, between the most
/// and the least entries that they make the first level have.
double contradiction(const std::vector<Reach> &reaches, double page) {
    double least = INFINITY;
    double most = 0;
    for (const Reach &reach : reaches) {
        const double entries = reach.pages / std::max(1.0, page / reach.stride);
        least = std::min(least, entries);
        most = std::max(most, entries);
    }
    return std::log2(most / least);
}

struct PageSize {
    std::optional<double> bytes;
    std::string reason;
};

/// Pages of the size that makes the first level have the same number of entries whatever the
/// stride: below it, several slots share an entry.
PageSize page_size(const std::vector<Reach> &reaches) {
    if (reaches.size() < 2)
        return {{}, "too few strides show where a TLB is outgrown"};
    constexpr double agreement = 0.5;  // of an octave
    constexpr double difference = 0.5; // more, for every other size
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

} // namespace

std::vector<CurvePoint> translation_curve(const Dataset &data, double stride) {
    const Series *spread = data.find(series::spread);
    const Series *packed = data.find(series::packed);
    if (spread == nullptr || packed == nullptr)
        return {};
    const Joined reference(curve_of(*packed, Chase::hops));
    if (reference.empty())
        return {};
    const double lines = data.number(lines_a_page).value_or(1);
    // Where as many lines outgrow a cache, the difference is that of two steep rises.
    constexpr double near = 1.4;
    constexpr double steep = 1.2;
    std::vector<CurvePoint> curve = curve_of(slice(*spread, stride), Chase::hops);
    std::erase_if(curve, [&](const CurvePoint &point) {
        const double x = point.x * lines;
        return reference.at(x * near) > steep * reference.at(x / near);
    });
    for (CurvePoint &point : curve)
        for (double &sample : point.samples)
            sample += reference.least() - reference.at(point.x * lines);
    return curve;
}

namespace {

FindingKey reach_key(std::size_t level) {
    FindingKey key = finding_keys()[0];
    key.key = fmt::format("tlb.l{}.reach", level);
    return key;
}

/// The levels of a curve over the memory that pages span, by where each is outgrown; the first of
/// them is where the curve leaves the level that it starts on, whatever is behind.
std::vector<Finding> reach_findings(const std::vector<CurvePoint> &curve,
                                    const std::string &evidence) {
    const auto first = first_reach(1, curve);
    if (!first)
        return {without_value(reach_key(1), Status::inconclusive,
                              "no TLB is outgrown by the memory spanned")};
    std::vector<Finding> findings{measured(reach_key(1), first->pages, first->interval)};
    findings.back().method = "where the latency leaves the level that it starts on";
    const Levels levels = find_levels(curve, CurveKind::latency);
    if (!levels.decided)
        findings.push_back(without_value(reach_key(2), Status::inconclusive, levels.reason));
    for (std::size_t i = 1; levels.decided && i < levels.levels.size(); ++i) {
        const Level &level = levels.levels[i];
        if (!level.size || *level.size <= first->interval.high)
            continue;
        findings.push_back(measured(reach_key(findings.size() + 1), *level.size, level.knee));
        findings.back().method = "half-way of the rise in log latency";
    }
    for (Finding &finding : findings)
        finding.evidence = {evidence};
    return findings;
}

Finding page_finding(const std::vector<Reach> &reaches) {
    const PageSize page = page_size(reaches);
    if (!page.bytes)
        return without_value(finding_keys()[1], Status::inconclusive, page.reason);
    Finding finding = measured(finding_keys()[1], *page.bytes, {*page.bytes, *page.bytes});
    finding.method = "the first TLB's entries, the same at all strides";
    finding.evidence = {series::spread, series::packed};
    if (*page.bytes == reaches.front().stride)
        finding.note = "or less: no smaller stride was tried";
    if (*page.bytes == reaches.back().stride)
        finding.note = "or more: no larger stride shows it";
    return finding;
}

} // namespace

std::vector<FindingKey> finding_keys() {
    return {{"tlb.l<n>.reach", Unit::byte, Better::higher,
             "the memory whose pages the level holds, if one place of each is used"},
            {"page.size", Unit::byte, Better::none, "what one entry of the first level covers"}};
}

std::vector<Finding> findings_of(const Dataset &data) {
    const std::string reason = data.word(too_small);
    if (!reason.empty())
        return {without_value(reach_key(1), Status::inconclusive, reason),
                without_value(finding_keys()[1], Status::inconclusive, reason)};
    std::vector<Finding> findings;
    if (const Series *bare = data.find(series::bare)) {
        findings = reach_findings(curve_of(*bare), series::bare);
        findings.push_back(without_value(finding_keys()[1], Status::inconclusive,
                                         "one curve does not tell it from the number of entries"));
        return findings;
    }
    const std::vector<Reach> reaches = first_reaches(data);
    const Finding page = page_finding(reaches);
    // Slots closer than a page share its entry, and further apart they skip pages: the stride that
    // is the page's tells the reach most directly.
    double stride = 0;
    for (const double tried : strides_of(data))
        if (stride == 0 || tried <= page.value.value_or(0))
            stride = tried;
    if (page.value)
        findings =
            reach_findings(over_span(translation_curve(data, stride), stride), series::spread);
    else
        findings = {without_value(reach_key(1), Status::inconclusive, page.note)};
    findings.push_back(page);
    return findings;
}

std::vector<Curve> curves_of(const Dataset &data) {
    std::vector<Curve> curves;
    if (const auto bare = probes::latency_curve(data, {}, series::bare, 1))
        curves.push_back(probes::shown(*bare));
    for (const double stride : strides_of(data))
        curves.push_back(
            probes::shown({series::spread,
                           {"span at a stride of " + format({stride, Unit::byte}), Unit::byte, {}},
                           over_span(translation_curve(data, stride), stride)}));
    return curves;
}

} // namespace clprobe::tlb
