#include "analysis/estimates.hpp"
#include "analysis/size_posterior.hpp"
#include "common/chase.hpp"
#include "common/level_findings.hpp"
#include "memory/image_latency/image_latency.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace clprobe::probes::image_latency {
namespace {

const FindingKey line_key{"image.line_size", Unit::byte, Better::none,
                          "what a tag of the first level of the image path covers"};

/// A texel along one direction, in the unit of sizes that are tried: the smallest of them.
constexpr double step = 8;

/// The size, in steps, of the blocks to which pairs along a direction belong.
SizeVerdict verdict_of(const Dataset &data, const char *name, Direction direction) {
    constexpr double least_ratio = 1.05;
    std::vector<AddressPair> pairs;
    for (const auto &[row, time] : estimates_of<PairsRow>(data.find(name)))
        if (row.direction == direction && time.samples >= std::size_t{least_pair_blocks})
            pairs.push_back({0, row.distance * step, time.value, time.error});
    return block_size(pairs, Together::faster, least_ratio);
}

/// Texels that belong together along a direction; nothing where that is not decided.
std::optional<std::uint32_t> length_of(const Dataset &data, const char *name, Direction direction) {
    const auto size = verdict_of(data, name, direction).size;
    return size ? std::optional(static_cast<std::uint32_t>(*size / step)) : std::nullopt;
}

std::string shown(const Extent &extent) {
    return fmt::format("{} along x by {} {}",
                       format({double{texel_bytes} * extent.width, Unit::byte}), extent.height,
                       extent.height == 1 ? "row" : "rows");
}

/// Why there is no rectangle: what each direction's pairs say.
std::string doubt(const Dataset &data, const char *name) {
    std::string reason;
    for (const Direction direction : {Direction::x, Direction::y, Direction::block}) {
        const auto verdict = verdict_of(data, name, direction);
        reason += fmt::format("{}pairs along {}: {}", reason.empty() ? "" : "; ",
                              direction_names[static_cast<std::size_t>(direction)],
                              verdict.size ? fmt::format("{} texels", *verdict.size / step)
                                           : verdict.reason);
    }
    return reason;
}

Finding line_finding(const Dataset &data) {
    if (const std::string reason = data.text_attribute(too_small); !reason.empty())
        return without_value(line_key, Status::inconclusive, reason);
    const auto line = extent_of(data, series::line_pairs);
    const auto fetched = extent_of(data, series::fetch_pairs);
    const std::string note = (line ? shown(*line) : doubt(data, series::line_pairs)) +
                             (fetched ? "; a miss fetches " + shown(*fetched) : "");
    if (!line)
        return without_value(line_key, Status::inconclusive, note);
    const double size = line->bytes();
    // Powers of two: a second run finds the same, or another by the factor of two.
    Finding finding = measured(line_key, size, {size, size});
    finding.method = "pairs of reads, as many as the first level holds of lines";
    finding.evidence = {series::line_pairs};
    finding.note = note;
    return finding;
}

Levels levels_of(const Dataset &data, const std::optional<LatencyCurve> &curve) {
    Levels levels = probes::levels_of(curve, data.text_attribute(too_small));
    // The last points of a curve take longest.
    if (!levels.levels.empty() && levels.complete &&
        4 * curve->points.back().x < data.number_attribute(most_bytes).value_or(0)) {
        levels.complete = false;
        levels.reason = "the time was up before the curve came to memory";
    }
    return levels;
}

} // namespace

std::vector<FindingKey> finding_keys() {
    std::vector<FindingKey> keys = latency_keys("image");
    keys.push_back(line_key);
    return keys;
}

std::optional<Extent> extent_of(const Dataset &data, const char *series) {
    const auto width = length_of(data, series, Direction::x);
    const auto height = length_of(data, series, Direction::y);
    const auto both = length_of(data, series, Direction::block);
    if (!width || !height || !both || *both != std::min(*width, *height))
        return std::nullopt;
    return Extent{*width, *height};
}

std::vector<Curve> curves_of(const Dataset &data) {
    const auto curve = latency_curve(data, RingMemory::hops);
    return curve ? std::vector{shown(*curve, "image.l<n>.size")} : std::vector<Curve>{};
}

std::vector<Finding> findings_of(const Dataset &data, const Facts &facts) {
    const auto curve = latency_curve(data, RingMemory::hops);
    std::vector<Finding> findings = latency_findings("image", levels_of(data, curve), curve, facts);
    note_disagreement(findings, facts, "image", CurveKind::latency);
    findings.push_back(line_finding(data));
    for (Finding &finding : findings)
        std::erase_if(finding.evidence,
                      [&](const std::string &name) { return data.find(name) == nullptr; });
    return findings;
}

} // namespace clprobe::probes::image_latency
