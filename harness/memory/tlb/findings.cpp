#include "common/chase.hpp"
#include "common/level_findings.hpp"
#include "memory/tlb/findings.hpp"
#include "memory/tlb/reach.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <utility>

namespace clprobe::probes::tlb {
namespace {

FindingKey reach_key(std::size_t level) {
    FindingKey key = finding_keys()[0];
    key.key = fmt::format("tlb.l{}.reach", level);
    return key;
}

/// Why a curve shows no reach.
std::string why_none(const Translation &translation) {
    if (translation.curve.size() < least_points)
        return fmt::format("too few points with samples: {}", translation.curve.size());
    if (rises_at_end(translation))
        return "the latency rises in the last places only, too few to tell a TLB";
    return "no TLB is outgrown by the memory spanned";
}

std::string no_further(const std::vector<CurvePoint> &curve) {
    return "no further TLB is outgrown by " + format({curve.back().x, Unit::byte});
}

/// The levels of a curve over the memory that pages span, by where each is outgrown, as far as they
/// show clearly: what rises slowly can be page tables that leave the caches. The first so many
/// levels need not, where something else vouches for them.
std::vector<Finding> reach_findings(const Translation &translation, const std::string &evidence,
                                    std::size_t vouched) {
    std::vector<Finding> findings;
    Translation rest = translation;
    for (std::size_t level = 1;; ++level) {
        const auto reach = first_reach(rest);
        if (!reach)
            break;
        if (level > vouched && !reach->clear) {
            findings.push_back(without_value(
                reach_key(level), Status::inconclusive,
                fmt::format("the latency rises slowly from {} on: no level shows clearly",
                            format({reach->before, Unit::byte}))));
            break;
        }
        findings.push_back(measured(reach_key(level), reach->half, reach->interval));
        findings.back().method = "half-way of the rise from the level before";
        rest = behind(std::move(rest), *reach);
    }
    if (findings.empty())
        findings.push_back(without_value(reach_key(1), Status::inconclusive, why_none(rest)));
    if (findings.back().value)
        findings.back().note =
            rises_at_end(rest)
                ? "the latency rises once more in the last places, too few to tell a further TLB"
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
    if (!levels.empty()) // a rise in the last points is too little to tell a TLB
        levels.back().size.reset();
    if (found.complete && levels.size() > 1 &&
        !settles(undoubted(curve), levels.back().value - levels[levels.size() - 2].value)) {
        levels.pop_back();
        levels.back().size.reset();
        found.reason = "the latency rises up to the last place";
    }
    std::vector<Finding> findings;
    for (const Level &level : levels) {
        const std::size_t number = findings.size() + 1;
        if (!level.size || (!found.decided && number > found.settled))
            break;
        findings.push_back(size_finding(reach_key(number), level, "rise in log latency"));
        findings.back().evidence = {external_latency};
    }
    if (!findings.empty())
        findings.back().note = found.reason.empty() ? no_further(curve) : found.reason;
    return findings;
}

/// Of somebody's curve, by whichever way shows more of them: nothing is told of it that would tell
/// other slow rises from a TLB's. Where both show one, the levels tell its size better: between two
/// places far apart it is the one before.
std::vector<Finding> bare_reaches(const std::vector<CurvePoint> &curve) {
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

Finding page_finding(const std::vector<Reach> &reaches, double smallest_stride) {
    const PageSize page = page_size(reaches);
    if (!page.bytes)
        return without_value(finding_keys()[1], Status::inconclusive, page.reason);
    constexpr double smallest = 4096; // that is asked for
    if (*page.bytes == smallest_stride && *page.bytes > smallest)
        return without_value(finding_keys()[1], Status::inconclusive,
                             fmt::format("{} or less: there was time for no smaller stride",
                                         format({*page.bytes, Unit::byte})));
    Finding finding = measured(finding_keys()[1], *page.bytes, {*page.bytes, *page.bytes});
    finding.method = "what makes the first TLB have the same number of entries at all strides";
    finding.evidence = {series::spread, series::packed};
    if (*page.bytes == smallest_stride)
        finding.note = "or less: no smaller stride was tried";
    else if (*page.bytes == reaches.front().stride)
        finding.note = "or less: no smaller stride shows it";
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
    const std::string reason = data.text_attribute(too_small);
    if (!reason.empty())
        return {without_value(reach_key(1), Status::inconclusive, reason),
                without_value(finding_keys()[1], Status::inconclusive, reason)};
    std::vector<Finding> findings;
    if (const Series *bare = data.find(external_latency)) {
        findings = bare_reaches(curve_over(bare, &ExternalRow::footprint));
        findings.push_back(without_value(finding_keys()[1], Status::inconclusive,
                                         "one curve does not tell it from the number of entries"));
        return findings;
    }
    std::map<double, Translation> by_stride = translations(data);
    const std::vector<Reach> reaches = first_reaches(by_stride);
    const Finding page = page_finding(reaches, by_stride.empty() ? 0 : by_stride.begin()->first);
    if (!page.value)
        return {without_value(reach_key(1), Status::inconclusive, page.note), page};
    // Slots closer than a page share its entry, and further apart they skip pages: the stride that
    // is the page's tells the levels most directly.
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
    if (const auto bare = latency_curve(data, 1))
        curves.push_back(shown(*bare, "tlb.l<n>.reach"));
    for (auto &[stride, translation] : translations(data)) {
        std::vector<CurvePoint> points = over_span(std::move(translation), stride).curve;
        const Axis span{"span at a stride of " + format({stride, Unit::byte}), Unit::byte, {}};
        curves.push_back(shown({series::spread, span, std::move(points)}, "tlb.l<n>.reach"));
    }
    return curves;
}

} // namespace clprobe::probes::tlb
