#include "analysis/trip_timing.hpp"
#include "common/allowances.hpp"
#include "common/level_findings.hpp"
#include "memory/image_bandwidth/image_bandwidth.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <set>

namespace clprobe::probes::image_bandwidth {
namespace {

/// Rates within this share of the highest are at the same limit.
constexpr double alike = 0.9;

constexpr Filter filters[] = {Filter::nearest, Filter::linear};

FindingKey rate_key(const Format &format, Filter filter) {
    return {fmt::format("image.{}.{}.rate", format.key, name(filter)), Unit::texel_per_second,
            Better::higher,
            fmt::format("texels of {} read a second, {}, where all are in the first level",
                        name(format.format),
                        filter == Filter::nearest ? "one at a time" : "between four of them")};
}

const FindingKey level_key{"image.l<n>.read_bandwidth", Unit::byte_per_second, Better::higher,
                           "of a level's read by all units together"};
const FindingKey size_key{"image.l<n>.read_size", Unit::byte, Better::none,
                          "the midpoint of the fall beyond the level in log bandwidth: the "
                          "cross-check of image.l<n>.size"};
const FindingKey memory_key{"image.memory.read_bandwidth", Unit::byte_per_second, Better::higher,
                            "of the slowest level's"};

/// One of the measured rates.
struct Rate {
    RateRow row;
    TripTiming timing;
    double texels = 0; ///< a second

    [[nodiscard]] double bytes() const {
        return texels * static_cast<double>(formats[row.format].format.texel_bytes());
    }
};

std::vector<Rate> rates_of(const Dataset &data) {
    const double texels = data.number_attribute(texels_a_trip).value_or(0);
    std::vector<Rate> rates;
    for (const auto &[row, times] : times_by_row<RateRow>(data.find(series::rates)))
        if (const auto timing = time_per_trip(times))
            rates.push_back({row, *timing, texels / timing->seconds});
    return rates;
}

/// What stops formats from being read faster: so many texels a second, or so many bytes. Each is a
/// limit only where formats of different sizes come up against it.
template <typename Measure>
std::optional<double> limit_of(const std::vector<Rate> &rates, Filter filter, Measure measure) {
    double most = 0;
    for (const Rate &rate : rates)
        if (rate.row.filter == filter)
            most = std::max(most, std::invoke(measure, rate));
    std::set<std::size_t> sizes;
    for (const Rate &rate : rates)
        if (rate.row.filter == filter && std::invoke(measure, rate) >= alike * most)
            sizes.insert(formats[rate.row.format].format.texel_bytes());
    return sizes.size() > 1 ? std::optional(most) : std::nullopt;
}

std::string limited_by(const Rate &rate, const std::vector<Rate> &rates) {
    std::string limited;
    if (const auto texels = limit_of(rates, rate.row.filter, &Rate::texels);
        texels && rate.texels >= alike * *texels)
        limited = "at the limit in texels, " + format({*texels, Unit::texel_per_second});
    if (const auto bytes = limit_of(rates, rate.row.filter, &Rate::bytes);
        bytes && rate.bytes() >= alike * *bytes)
        limited += (limited.empty() ? "at the limit in bytes, " : ", and in bytes, ") +
                   format({*bytes, Unit::byte_per_second});
    return limited;
}

/// Whether it is any faster when all work-items read one texel: then the cache is the limit, else
/// what comes behind it.
std::string return_path(const Dataset &data, const RateRow &row) {
    const Series *locality = data.find(series::locality);
    const auto same = fit_slope(times_of(locality, LocalityRow{row.format, Pattern::same}));
    const auto used = fit_slope(times_of(locality, LocalityRow{row.format, row.pattern}));
    if (!same || !used || same->seconds_per_trip <= 0 || used->seconds_per_trip <= 0)
        return "";
    const double faster = used->seconds_per_trip / same->seconds_per_trip;
    if (faster < 1 / alike)
        return "no faster where all read one texel: limited behind the cache";
    return fmt::format("{:.2f} times as fast where all read one texel: limited by the cache",
                       faster);
}

void add_note(Finding &finding, const std::string &note) {
    if (!note.empty())
        finding.note += (finding.note.empty() ? "" : "; ") + note;
}

Finding rate_finding(const Dataset &data, const std::vector<Rate> &rates, std::size_t format,
                     Filter filter) {
    const FindingKey key = rate_key(formats[format], filter);
    for (const std::string &attribute :
         {refusal(formats[format].key), refusal(formats[format].key, name(filter))})
        if (const std::string reason = data.text_attribute(attribute); !reason.empty())
            return without_value(key, Status::unsupported, reason);
    const auto rate = std::ranges::find_if(rates, [&](const Rate &each) {
        return each.row.format == format && each.row.filter == filter;
    });
    if (rate == rates.end())
        return without_value(key, Status::inconclusive, "no slope over the trips");
    const double work = rate->texels * rate->timing.seconds;
    Finding finding = measured(
        key, rate->texels, {work / rate->timing.interval.high, work / rate->timing.interval.low});
    finding.method = fmt::format("a {} of work-items, each texel read once a trip; {}",
                                 pattern_names[static_cast<std::size_t>(rate->row.pattern)],
                                 rate->timing.method);
    finding.evidence = {series::rates};
    add_note(finding, limited_by(*rate, rates));
    if (filter == Filter::nearest)
        add_note(finding, return_path(data, rate->row));
    check_timing(finding, rate->timing);
    return finding;
}

std::vector<Finding> level_findings(const Levels &levels, const Facts &facts) {
    const bool reaches_memory = levels.decided && levels.complete && levels.levels.size() > 1;
    const bool alone = levels.levels.size() == 1 && levels.complete;
    const std::size_t reported = alone ? 0 : levels.decided ? levels.levels.size() : levels.settled;
    const std::string reason =
        alone && levels.decided
            ? "the curve shows no more than one level, of a cache, of memory or of the units"
            : levels.reason;
    std::vector<Finding> findings;
    for (std::size_t i = 0; i < reported; ++i) {
        const Level &level = levels.levels[i];
        const bool memory = reaches_memory && i + 1 == reported;
        findings.push_back(
            plateau_finding(memory ? memory_key : numbered(level_key, i + 1), level));
        if (level.size && !memory)
            findings.push_back(
                numbered_size_finding(size_key, levels, i, "fall in log bandwidth", facts));
    }
    for (Finding &finding : findings)
        finding.evidence = {series::footprint};
    if (reported == 0 || !levels.decided)
        for (const FindingKey &key : {level_key, size_key})
            findings.push_back(
                without_value(numbered(key, reported + 1), Status::inconclusive, reason));
    if (!reaches_memory)
        findings.push_back(without_value(memory_key, Status::inconclusive, reason));
    return findings;
}

/// Bandwidth over footprint.
std::vector<CurvePoint> bandwidth_curve(const Dataset &data) {
    const double texels = data.number_attribute(curve_texels_a_trip).value_or(0);
    if (texels <= 0)
        return {};
    std::vector<CurvePoint> curve = curve_over(data.find(series::footprint),
                                               &FootprintRow::footprint, texels * word_texel_bytes);
    for (CurvePoint &point : curve)
        for (double &sample : point.samples)
            sample = 1 / sample;
    return curve;
}

/// The levels of the curve; none where buffers are read faster from memory than images at best.
Levels levels_in(const Dataset &data, const Facts &facts) {
    const Levels levels = find_levels(bandwidth_curve(data), CurveKind::bandwidth);
    const auto buffers = facts.value("buffer.memory.read_bandwidth");
    if (levels.levels.empty() || !buffers || levels.levels.front().value > *buffers)
        return levels;
    Levels none;
    none.reason = fmt::format("images are read at {} at best, and buffers from memory at {}: what "
                              "bounds that is no cache, but the units' work for each texel",
                              format({levels.levels.front().value, Unit::byte_per_second}),
                              format({*buffers, Unit::byte_per_second}));
    return none;
}

} // namespace

std::vector<Curve> curves_of(const Dataset &data) {
    Curve curve =
        shown({series::footprint, bandwidth_curve(data), Unit::byte_per_second}, size_key.key);
    curve.y.name = "bandwidth";
    return {curve};
}

std::vector<FindingKey> finding_keys() {
    std::vector<FindingKey> keys;
    for (const Format &format : formats)
        for (const Filter filter : filters)
            keys.push_back(rate_key(format, filter));
    keys.insert(keys.end(), {level_key, size_key, memory_key});
    return keys;
}

std::vector<Finding> findings_of(const Dataset &data, const Facts &facts) {
    const std::vector<Rate> rates = rates_of(data);
    std::vector<Finding> findings;
    for (std::size_t format = 0; format < formats.size(); ++format)
        for (const Filter filter : filters)
            findings.push_back(rate_finding(data, rates, format, filter));
    allow_on_cpu(findings, facts, taking_part, [](const std::string &) { return true; });
    for (Finding &finding : level_findings(levels_in(data, facts), facts))
        findings.push_back(std::move(finding));
    note_disagreement(findings, facts, "image", CurveKind::bandwidth);
    return findings;
}

} // namespace clprobe::probes::image_bandwidth
