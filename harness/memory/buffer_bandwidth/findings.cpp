#include "analysis/level_joining.hpp"
#include "common/allowances.hpp"
#include "common/launch_rates.hpp"
#include "common/level_findings.hpp"
#include "common/tunings.hpp"
#include "common/verdicts.hpp"
#include "memory/buffer_bandwidth/buffer_bandwidth.hpp"

#include <clprobe/statistics.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

namespace clprobe::probes::buffer_bandwidth {
namespace {

constexpr double least_octaves = 0.45; ///< half of one, and a grid that does not hit it exactly

/// Scales the samples of each point so that the medians never rise.
void make_falling(std::vector<CurvePoint> &curve) {
    std::erase_if(curve, [](const CurvePoint &point) {
        return point.samples.empty() || !(median(point.samples) > 0);
    });
    std::ranges::sort(curve, {}, &CurvePoint::x);
    std::vector<double> slowness;
    for (const CurvePoint &point : curve)
        slowness.push_back(-std::log(median(point.samples)));
    slowness = isotonic_fit(slowness);
    for (std::size_t i = 0; i < curve.size(); ++i) {
        const double factor = std::exp(-slowness[i]) / median(curve[i].samples);
        for (double &sample : curve[i].samples)
            sample *= factor;
    }
}

/// Whether the level is too short to be one, although the points around it would show more: its
/// plateau, and all that lies between the knees on either side of it.
bool too_short(const Levels &found, std::size_t index, const std::vector<CurvePoint> &curve) {
    const Level &level = found.levels[index];
    const double least = std::exp2(least_octaves);
    const double from = index > 0 ? found.levels[index - 1].knee.high : curve.front().x;
    if (level.plateau.high >= least * level.plateau.low || level.knee.low >= least * from)
        return false;
    return std::ranges::any_of(curve, [&](const CurvePoint &point) {
        return (point.x < level.plateau.low && level.plateau.low < least * point.x) ||
               (point.x > level.plateau.high && point.x < least * level.plateau.high);
    });
}

/// Sums over points, around their means, of log bandwidth (y) over log footprint (x).
struct Sums {
    double count = 0, x = 0, y = 0, xx = 0, xy = 0, yy = 0;

    void add(const CurvePoint &point) {
        const double at = std::log(point.x);
        const double value = std::log(median(point.samples));
        const double dx = at - x;
        const double dy = value - y;
        count += 1;
        x += dx / count;
        y += dy / count;
        xx += dx * (at - x);
        xy += dx * (value - y);
        yy += dy * (value - y);
    }
};

/// Whether a level and the next one, hardly slower, are a slope: one line is nearer to the points
/// of both, by the sums of squares, than two levels are. Points made to fall lie on stairs, where
/// several have one middle, and no longer show their noise: the fit of levels takes some for steps.
bool one_slope(const Levels &found, std::size_t index, const std::vector<CurvePoint> &curve) {
    constexpr double hardly = 1.25;
    constexpr double nearer = 0.75; // of the sum of squares
    const Level &fast = found.levels[index];
    const Level &slow = found.levels[index + 1];
    if (fast.value > hardly * slow.value)
        return false;
    Sums both;
    Sums each[2];
    for (const CurvePoint &point : curve)
        if (fast.plateau.low <= point.x && point.x <= slow.plateau.high) {
            both.add(point);
            each[point.x < slow.plateau.low ? 0 : 1].add(point);
        }
    const double line = both.yy - (both.xx > 0 ? both.xy * both.xy / both.xx : 0);
    return line < nearer * (each[0].yy + each[1].yy);
}

const FindingKey level_bandwidth{
    "buffer.l<n>.read_bandwidth", Unit::byte_per_second, Better::higher,
    "read from that level by all units at once; counted from the fastest"};
const FindingKey level_size{"buffer.l<n>.read_size", Unit::byte, Better::none,
                            "the midpoint of the fall beyond the level in log bandwidth: the "
                            "cross-check of buffer.l<n>.size"};

FindingKey memory_key(Operation operation) {
    constexpr const char *meanings[] = {
        "one array read, which counts once", "one array written, which counts once",
        "one array copied to another, both counting (STREAM's convention)",
        "two arrays read and one written, all three counting (STREAM's convention)"};
    return {"buffer.memory." + name(operation) + "_bandwidth", Unit::byte_per_second,
            Better::higher, meanings[static_cast<std::size_t>(operation)]};
}

/// The first level by its fastest shape; nothing where there was none, or not in the level.
std::optional<Finding> tuned_level(const Dataset &data, const Level &level) {
    const auto winners = times_by_row<WalkRow>(data.find(entry::l1));
    if (winners.empty())
        return std::nullopt;
    const auto &[row, times] = winners.front();
    const auto footprint = static_cast<double>(row.footprint);
    auto finding = rate_of(numbered(level_bandwidth, 1), times, row.bytes_per_trip(), 0);
    if (!finding || footprint > level.plateau.high)
        return std::nullopt;
    finding->method = fmt::format("{} read round and round by {} groups of {}, {} B a load; {}",
                                  format({footprint, Unit::byte}), row.shape.groups,
                                  row.shape.local_size, row.shape.width * word, finding->method);
    finding->evidence = {entry::l1, entry::l1_race};
    return finding;
}

/// As people read it: "uint4, 8 a work-item, groups of 256".
std::string describe(const StreamShape &shape) {
    constexpr const char *forms[] = {"{}, {} a work-item a group's width apart, groups of {}",
                                     "{}, {} groups of {} side by side",
                                     "{}, a stretch for each work-item of {} groups of {}"};
    return fmt::format(fmt::runtime(forms[static_cast<std::size_t>(shape.layout)]),
                       program_of(shape.width).name, shape.share, shape.local_size);
}

/// The arrays that it goes over, each counted once, as STREAM counts.
double arrays_of(Operation operation) {
    constexpr double arrays[] = {1, 1, 2, 3};
    return arrays[static_cast<std::size_t>(operation)];
}

Finding stream_bandwidth(const Dataset &data, Operation operation) {
    const FindingKey key = memory_key(operation);
    for (const auto &[shape, times] : times_by_row<StreamShape>(data.find(entry::stream))) {
        if (shape.operation != operation)
            continue;
        auto finding = rate_of(key, times, arrays_of(operation), 1);
        if (!finding)
            return undecided(key, "time does not grow with the bytes");
        finding->method = describe(shape) + "; " + finding->method;
        finding->evidence = {entry::stream, entry::stream_race};
        return *finding;
    }
    const std::string reason = data.text_attribute(entry::no_streams);
    return undecided(key, reason.empty() ? "not measured" : reason);
}

/// The findings in the making, and what they are made of.
class Interpretation {
public:
    Interpretation(const Dataset &data, const Facts &facts) : data_(data), facts_(facts) {
        const std::vector<CurvePoint> curve = bandwidth_curve(data);
        if (data.find(entry::walk) != nullptr) {
            levels_ = falling_levels(curve);
        } else {
            // An external one may start up slowly, and its noise shows in single samples only.
            evidence_ = entry::external;
            levels_ = find_levels(curve, CurveKind::bandwidth);
        }
        if (const std::string reason = data.text_attribute(entry::too_small); !reason.empty())
            levels_ = {{}, 0, true, false, reason};
    }

    std::vector<Finding> findings() {
        add_caches();
        add_memory();
        doubt_first_level();
        doubt_memory();
        note_disagreement(findings_, facts_, "buffer", CurveKind::bandwidth);
        allow_on_cpu(findings_, facts_, through_memory,
                     [](const std::string &key) { return key.starts_with("buffer.memory."); });
        allow_on_cpu(findings_, facts_, in_own_caches, [](const std::string &key) {
            return key == numbered(level_bandwidth, 1).key;
        });
        return findings_;
    }

private:
    /// The levels before memory, which is the last one where the curve reaches it; of a curve that
    /// does not decide, those that hold nevertheless.
    std::size_t caches() const {
        const std::size_t count = levels_.levels.size();
        if (!levels_.decided)
            return std::min(count, levels_.settled);
        return count - (levels_.complete && count > 0 ? 1 : 0);
    }

    Finding *find(const std::string &key) {
        const auto found = std::ranges::find(findings_, key, &Finding::key);
        return found != findings_.end() && found->value ? &*found : nullptr;
    }

    void add_caches() {
        for (std::size_t i = 0; i < caches(); ++i) {
            const Level &level = levels_.levels[i];
            Finding bandwidth = plateau_finding(numbered(level_bandwidth, i + 1), level);
            if (const auto tuned = i == 0 ? tuned_level(data_, level) : std::nullopt)
                bandwidth = *tuned;
            bandwidth.evidence.emplace_back(evidence_);
            findings_.push_back(std::move(bandwidth));
            if (!level.size)
                continue;
            findings_.push_back(
                numbered_size_finding(level_size, levels_, i, "fall in log bandwidth", facts_));
            findings_.back().evidence = {evidence_};
        }
        if (levels_.decided && caches() > 0)
            return;
        const std::string reason =
            levels_.decided ? "the curve shows no more than one level, of a cache or of memory"
                            : levels_.reason;
        for (const FindingKey &key : {level_bandwidth, level_size})
            findings_.push_back(undecided(numbered(key, caches() + 1), reason));
    }

    void add_memory() {
        for (const Operation operation : all_operations)
            findings_.push_back(stream_bandwidth(data_, operation));
        Finding &read =
            *std::ranges::find(findings_, memory_key(Operation::read).key, &Finding::key);
        if (evidence_ != entry::external)
            return;
        if (auto only =
                only_level_finding(memory_key(Operation::read), levels_, bandwidth_curve(data_)))
            read = std::move(*only);
        else if (levels_.decided && caches() > 0 && levels_.complete)
            read = plateau_finding(memory_key(Operation::read), levels_.levels.back());
        if (read.value)
            read.evidence = {evidence_};
    }

    /// Memory is not faster than the cache before it, and no operation moves more than twice what a
    /// copy does: a bus that reads and writes at once may be that much faster at one of them than
    /// the other way round, and a store may have to read its line first.
    void doubt_memory() {
        const Finding *cache = nullptr;
        for (std::size_t i = caches(); i > 0 && cache == nullptr; --i)
            cache = find(numbered(level_bandwidth, i).key);
        Finding *read = find(memory_key(Operation::read).key);
        if (cache != nullptr && read != nullptr && read->interval->low > cache->interval->high)
            make_suspect(*read, "memory is not faster than the cache before it, " + cache->key);
        const Finding *copy = find(memory_key(Operation::copy).key);
        double bytes = 0; // of the arrays
        for (const auto &point : samples_by_row<StreamShape>(data_.find(entry::stream)))
            bytes = std::max(bytes, point.trips);
        const double last = caches() > 0 ? levels_.levels[caches() - 1].size.value_or(0) : 0;
        for (const Operation operation : all_operations) {
            Finding *finding = find(memory_key(operation).key);
            if (finding != nullptr && copy != nullptr && *finding->value > 2 * *copy->value)
                make_suspect(*finding, "it moves more than twice the bytes that a copy does");
            if (finding != nullptr && bytes > 0 && bytes < 2 * last)
                make_suspect(*finding, fmt::format("arrays of {} partly fit the last cache",
                                                   format({bytes, Unit::byte})));
        }
    }

    /// No device is known whose work-items load more than two words for a multiply-add that they
    /// could do.
    void doubt_first_level() {
        constexpr double flops_an_fma = 2;
        constexpr double most_bytes_an_fma = 8;
        Finding *first = find(numbered(level_bandwidth, 1).key);
        const auto flops = facts_.value("fma.fp32.rate");
        if (first != nullptr && flops && *first->value > *flops / flops_an_fma * most_bytes_an_fma)
            make_suspect(*first,
                         "its work-items would load more than two words in the time of each "
                         "multiply-add that they could do (fma.fp32.rate)");
    }

    const Dataset &data_;
    const Facts &facts_;
    const char *evidence_ = entry::walk;
    Levels levels_;
    std::vector<Finding> findings_;
};

} // namespace

Levels falling_levels(const std::vector<CurvePoint> &measured) {
    std::vector<CurvePoint> curve = measured;
    make_falling(curve);
    Levels found = find_levels(curve, CurveKind::bandwidth);
    for (std::size_t i = found.levels.size(); i-- > 0;)
        // The last one ends where the curve does.
        if (i + 1 < found.levels.size() && too_short(found, i, curve))
            remove_level(found, i);
    for (std::size_t i = found.levels.size(); i-- > 1;)
        if (one_slope(found, i - 1, curve)) {
            found.levels[i].plateau.low = found.levels[i - 1].plateau.low;
            found.levels.erase(found.levels.begin() + static_cast<std::ptrdiff_t>(i - 1));
            if (i - 1 < found.settled)
                --found.settled;
        }
    for (Level &level : found.levels)
        cover_samples(level, measured);
    return found;
}

std::vector<CurvePoint> bandwidth_curve(const Dataset &data) {
    const Series *walk = data.find(entry::walk);
    if (walk == nullptr || walk->points.empty())
        return curve_over(data.find(entry::external), &ExternalRow::footprint);
    std::vector<CurvePoint> curve;
    for (const auto &[row, times] : times_by_row<WalkRow>(walk))
        curve.push_back(
            {static_cast<double>(row.footprint), rates_by_block(times, row.bytes_per_trip(), 0)});
    return pooled(std::move(curve));
}

std::vector<Curve> curves_of(const Dataset &data) {
    Curve curve{data.find(entry::walk) != nullptr ? entry::walk : entry::external,
                {"footprint", Unit::byte, {}},
                {"bandwidth", Unit::byte_per_second, {}},
                medians_of(bandwidth_curve(data)),
                {level_size.key}};
    return {curve};
}

std::vector<Tuning> tunings_of(const Dataset &data) {
    std::vector<Tuning> tunings;
    for (const Operation operation : all_operations) {
        const auto bytes = [&](const StreamShape &shape) {
            return shape.operation == operation ? arrays_of(operation) : 0;
        };
        tunings.push_back({entry::stream_race,
                           name(operation) + " of memory",
                           {"bandwidth", Unit::byte_per_second, {}},
                           trials_of<StreamShape>(data.find(entry::stream_race), bytes, describe)});
    }
    return tunings;
}

std::vector<FindingKey> finding_keys() {
    std::vector<FindingKey> keys{level_bandwidth, level_size};
    for (const Operation operation : all_operations)
        keys.push_back(memory_key(operation));
    return keys;
}

std::vector<Finding> findings_of(const Dataset &data, const Facts &facts) {
    return Interpretation(data, facts).findings();
}

} // namespace clprobe::probes::buffer_bandwidth
