#include "common/chase.hpp"
#include "common/level_findings.hpp"
#include "common/verdicts.hpp"
#include "memory/tlb/tlb.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <span>
#include <utility>

namespace clprobe::probes::tlb {
namespace {

const FindingKey reach_keys{"tlb.l<n>.reach", Unit::byte, Better::higher,
                            "the memory whose pages the level holds, if one place of each is used"};
const FindingKey page_key{"page.size", Unit::byte, Better::none,
                          "what one entry of the first level covers"};

/// A curve over pages as one over the memory that they span.
Translation over_span(Translation translation, double stride) {
    for (CurvePoint &point : translation.curve)
        point.x *= stride;
    return translation;
}

/// The part of a curve behind its first rise.
Translation behind(const Translation &translation, const Reach &reach) {
    Translation rest;
    for (std::size_t i = 0; i < translation.curve.size(); ++i)
        if (translation.curve[i].x >= reach.behind) {
            rest.curve.push_back(translation.curve[i]);
            rest.doubts.push_back(translation.doubts[i]);
        }
    return rest;
}

/// Why a curve shows no reach.
std::string why_none(const Translation &translation) {
    if (translation.curve.size() < least_points)
        return fmt::format("too few points with samples: {}", translation.curve.size());
    if (rises_at_end(translation))
        return "the latency rises at the last points only, too few to show a TLB";
    return "no TLB is outgrown by the memory spanned";
}

std::string no_further(const std::vector<CurvePoint> &curve) {
    return "no further TLB is outgrown by " + format({curve.back().x, Unit::byte});
}

/// The levels of a curve over the memory that pages span, by where each is outgrown, as far as they
/// show clearly: what rises slowly can be page tables that leave the caches. The first so many
/// levels need not, where other strides confirm them.
std::vector<Finding> reach_findings(const Translation &translation, const std::string &evidence,
                                    std::size_t vouched) {
    std::vector<Finding> findings;
    Translation rest = translation;
    for (std::size_t level = 1;; ++level) {
        const auto reach = first_reach(rest);
        if (!reach)
            break;
        if (level > vouched && !reach->clear) {
            findings.push_back(
                undecided(numbered(reach_keys, level),
                          fmt::format("the latency rises slowly from {} on: no level shows clearly",
                                      format({reach->before, Unit::byte}))));
            break;
        }
        findings.push_back(measured(numbered(reach_keys, level), reach->half, reach->interval));
        findings.back().method = "midpoint of the rise from the level before";
        rest = behind(rest, *reach);
    }
    if (findings.empty())
        findings.push_back(undecided(numbered(reach_keys, 1), why_none(rest)));
    if (findings.back().value)
        findings.back().note =
            rises_at_end(rest)
                ? "the latency rises once more at the last points, too few to show a further TLB"
                : no_further(translation.curve);
    for (Finding &finding : findings)
        finding.evidence = {evidence};
    return findings;
}

/// The same of levels that need not show as clearly, nor from few repetitions, but rise by 5 %. A
/// last one that the curve does not settle on is none.
std::vector<Finding> level_reaches(const std::vector<CurvePoint> &curve) {
    Levels found = find_levels(curve, CurveKind::latency);
    std::vector<Level> &levels = found.levels;
    if (!levels.empty()) // a rise in the last points is too little to show a TLB
        levels.back().size.reset();
    if (found.complete && levels.size() > 1 &&
        !settles(undoubted(curve), levels.back().value - levels[levels.size() - 2].value)) {
        levels.pop_back();
        levels.back().size.reset();
        found.reason = "the latency rises up to the last point";
    }
    std::vector<Finding> findings;
    for (const Level &level : levels) {
        const std::size_t number = findings.size() + 1;
        if (!level.size || (!found.decided && number > found.settled))
            break;
        findings.push_back(
            size_finding(numbered(reach_keys, number), level, "rise in log latency"));
        findings.back().evidence = {external_latency};
    }
    if (!findings.empty())
        findings.back().note = found.reason.empty() ? no_further(curve) : found.reason;
    return findings;
}

/// Of an external series' curve, by whichever way shows more of them: nothing is known of it that
/// would set other slow rises apart from a TLB's. Where both show one, the levels give its size
/// better: between two points far apart it is the one before.
std::vector<Finding> external_reaches(const std::vector<CurvePoint> &curve) {
    std::vector<Finding> findings = reach_findings(undoubted(curve), external_latency, 0);
    std::vector<Finding> levels = level_reaches(curve);
    const auto has_value = [](const Finding &finding) { return finding.value.has_value(); };
    if (std::ssize(levels) > std::ranges::count_if(findings, has_value))
        return levels;
    for (Finding &reach : findings)
        for (const Finding &level : levels)
            if (reach.interval && reach.interval->contains(*level.value)) {
                reach.value = level.value;
                reach.interval = level.interval;
                reach.method = level.method;
            }
    return findings;
}

/// The one whose interval is the narrowest among strides at which no two slots share an entry.
std::optional<Reach> sharpest_reach(std::vector<Reach> reaches, double page) {
    std::erase_if(reaches, [page](const Reach &reach) { return reach.stride < page; });
    if (reaches.empty())
        return std::nullopt;
    const auto width = [](const Reach &reach) { return reach.interval.high / reach.interval.low; };
    return *std::ranges::min_element(reaches, {}, width);
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

/// Of the size that makes the first level have the same number of entries whatever the stride:
/// below it, several slots share an entry.
Finding page_finding(const std::vector<Reach> &reaches, double smallest_stride) {
    if (reaches.size() < 2)
        return undecided(page_key, "too few strides show where a TLB is outgrown");
    constexpr double agreement = 0.7;  // of an octave
    constexpr double difference = 0.3; // more, for every other size
    std::map<double, double> by_size;
    for (double size = reaches.front().stride; size <= reaches.back().stride; size *= 2)
        by_size[size] = contradiction(reaches, size);
    const auto [page, least] =
        *std::ranges::min_element(by_size, {}, &std::pair<const double, double>::second);
    if (least > agreement)
        return undecided(page_key, "the strides contradict each other");
    for (const auto &[size, off] : by_size)
        if (size != page && off < least + difference)
            return undecided(page_key,
                             fmt::format("{} and {} explain the strides alike",
                                         format({page, Unit::byte}), format({size, Unit::byte})));
    constexpr double smallest = 4096; // that is asked for
    if (page == smallest_stride && page > smallest)
        return undecided(page_key, fmt::format("{} or less: there was time for no smaller stride",
                                               format({page, Unit::byte})));
    Finding finding = decided(
        page_key, page, "what makes the first TLB have the same number of entries at all strides",
        {series::spread, series::packed});
    if (page == smallest_stride)
        finding.note = "or less: no smaller stride was tried";
    else if (page == reaches.front().stride)
        finding.note = "or less: no smaller stride shows it";
    if (page == reaches.back().stride)
        finding.note = "or more: no larger stride shows it";
    return finding;
}

} // namespace

std::vector<FindingKey> finding_keys() {
    return {reach_keys, page_key};
}

std::vector<Finding> findings_of(const Dataset &data, const Facts &) {
    if (const std::string reason = data.text_attribute(too_small); !reason.empty())
        return {undecided(numbered(reach_keys, 1), reason), undecided(page_key, reason)};
    std::vector<Finding> findings;
    if (const Series *external = data.find(external_latency)) {
        findings = external_reaches(curve_over(external, &ExternalRow::footprint));
        findings.push_back(
            undecided(page_key, "one curve does not tell it from the number of entries"));
        return findings;
    }
    std::map<double, Translation> by_stride = translations(data);
    std::vector<Reach> reaches; // by rising strides
    for (const auto &[stride, translation] : by_stride)
        if (const auto reach = first_reach(translation)) {
            reaches.push_back(*reach);
            reaches.back().stride = stride;
        }
    const Finding page = page_finding(reaches, by_stride.empty() ? 0 : by_stride.begin()->first);
    if (!page.value)
        return {undecided(numbered(reach_keys, 1), page.note), page};
    // Slots closer than a page share its entry, and further apart they skip pages: the stride that
    // is the page's shows the levels most directly.
    double stride = 0;
    for (const Reach &reach : reaches)
        if (stride == 0 || reach.stride <= *page.value)
            stride = reach.stride;
    findings = reach_findings(over_span(std::move(by_stride[stride]), stride), series::spread, 1);
    if (const auto sharpest = sharpest_reach(reaches, *page.value)) {
        findings.front().value = sharpest->half * *page.value;
        findings.front().interval = {sharpest->interval.low * *page.value,
                                     sharpest->interval.high * *page.value};
        findings.front().method = "its entries, at the stride that shows them best, and the page";
    }
    findings.push_back(page);
    return findings;
}

std::vector<Curve> curves_of(const Dataset &data) {
    std::vector<Curve> curves;
    if (const auto external = latency_curve(data, 1))
        curves.push_back(shown(*external, reach_keys.key));
    for (auto &[stride, translation] : translations(data)) {
        std::vector<CurvePoint> points = over_span(std::move(translation), stride).curve;
        curves.push_back(shown({series::spread, std::move(points)}, reach_keys.key));
        curves.back().x.name = "span";
        curves.back().label = "a stride of " + format({stride, Unit::byte});
    }
    return curves;
}

} // namespace clprobe::probes::tlb
