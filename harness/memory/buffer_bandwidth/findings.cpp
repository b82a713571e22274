#include "analysis/trip_timing.hpp"
#include "common/level_findings.hpp"
#include "memory/buffer_bandwidth/experiment.hpp"
#include "memory/buffer_bandwidth/falling.hpp"
#include "memory/buffer_bandwidth/findings.hpp"
#include "memory/buffer_bandwidth/rates.hpp"
#include "memory/buffer_bandwidth/streams.hpp"
#include "memory/buffer_bandwidth/walks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace clprobe::probes::buffer_bandwidth {
namespace {

const FindingKey level_bandwidth{
    "buffer.l<n>.read_bandwidth", Unit::byte_per_second, Better::higher,
    "read from that level by all units at once; counted from the fastest"};
const FindingKey level_size{"buffer.l<n>.read_size", Unit::byte, Better::none,
                            "where the fall beyond the level is half-way in log bandwidth: the "
                            "second opinion on buffer.l<n>.size"};

FindingKey memory_key(Operation operation) {
    constexpr const char *meanings[] = {
        "one array read, which counts once", "one array written, which counts once",
        "one array copied to another, both counting (STREAM's convention)",
        "two arrays read and one written, all three counting (STREAM's convention)"};
    return {"buffer.memory." + name(operation) + "_bandwidth", Unit::byte_per_second,
            Better::higher, meanings[static_cast<std::size_t>(operation)]};
}

/// The first level by the winner of its race; nothing where there was none, or not in the level.
std::optional<Finding> raced_level(const Dataset &data, const Level &level) {
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

Finding stream_bandwidth(const Dataset &data, Operation operation) {
    const FindingKey key = memory_key(operation);
    for (const auto &[shape, times] : times_by_row<StreamShape>(data.find(entry::stream))) {
        if (shape.operation != operation)
            continue;
        auto finding = rate_of(key, times, arrays_of(operation), 1);
        if (!finding)
            return without_value(key, Status::inconclusive, "time does not grow with the bytes");
        finding->method = shape.describe() + "; " + finding->method;
        finding->evidence = {entry::stream, entry::stream_race};
        return *finding;
    }
    const std::string reason = data.text_attribute(entry::no_streams);
    return without_value(key, Status::inconclusive, reason.empty() ? "not measured" : reason);
}

/// The findings in the making, and what they are made of.
class Interpretation {
public:
    Interpretation(const Dataset &data, const Facts &facts) : data_(data), facts_(facts) {
        const std::vector<CurvePoint> curve = bandwidth_curve(data);
        if (data.find(entry::walk) != nullptr) {
            levels_ = falling_levels(curve);
        } else {
            // Somebody's may start up slowly, and its noise shows in single samples only.
            evidence_ = entry::bare;
            levels_ = find_levels(curve, CurveKind::bandwidth);
        }
        if (const std::string reason = data.text_attribute(entry::too_small); !reason.empty())
            levels_ = {{}, 0, true, false, reason};
    }

    std::vector<Finding> findings();

private:
    void add_caches();
    void add_memory();
    void doubt_memory();
    void doubt_first_level();
    [[nodiscard]] std::size_t caches() const;
    [[nodiscard]] Finding *find(const std::string &key);
    [[nodiscard]] const Finding *last_cache();

    const Dataset &data_;
    const Facts &facts_;
    const char *evidence_ = entry::walk;
    Levels levels_;
    std::vector<Finding> findings_;
};

/// The levels before memory, which is the last one where the curve reaches it; of a curve that does
/// not decide, those that hold nevertheless.
std::size_t Interpretation::caches() const {
    const std::size_t count = levels_.levels.size();
    if (!levels_.decided)
        return std::min(count, levels_.settled);
    return count - (levels_.complete && count > 0 ? 1 : 0);
}

Finding *Interpretation::find(const std::string &key) {
    const auto found = std::ranges::find(findings_, key, &Finding::key);
    return found != findings_.end() && found->value ? &*found : nullptr;
}

void Interpretation::add_caches() {
    for (std::size_t i = 0; i < caches(); ++i) {
        const Level &level = levels_.levels[i];
        Finding bandwidth = plateau_finding(numbered(level_bandwidth, i + 1), level);
        if (const auto raced = i == 0 ? raced_level(data_, level) : std::nullopt)
            bandwidth = *raced;
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
        findings_.push_back(
            without_value(numbered(key, caches() + 1), Status::inconclusive, reason));
}

void Interpretation::add_memory() {
    for (const Operation operation : all_operations)
        findings_.push_back(stream_bandwidth(data_, operation));
    Finding &read = *std::ranges::find(findings_, memory_key(Operation::read).key, &Finding::key);
    if (evidence_ != entry::bare)
        return;
    if (is_flat(levels_, bandwidth_curve(data_)))
        read = only_level_finding(memory_key(Operation::read), levels_);
    else if (levels_.decided && caches() > 0 && levels_.complete)
        read = plateau_finding(memory_key(Operation::read), levels_.levels.back());
    if (read.value)
        read.evidence = {evidence_};
}

const Finding *Interpretation::last_cache() {
    for (std::size_t i = caches(); i > 0; --i)
        if (const Finding *finding = find(numbered(level_bandwidth, i).key))
            return finding;
    return nullptr;
}

/// Memory is not faster than the cache before it, and no operation moves more than twice what a
/// copy does: a bus that reads and writes at once may be that much faster at one of them than the
/// other way round, and a store may have to read its line first.
void Interpretation::doubt_memory() {
    const Finding *cache = last_cache();
    Finding *read = find(memory_key(Operation::read).key);
    if (cache != nullptr && read != nullptr && read->interval->low > cache->interval->high)
        make_suspect(*read, "memory is not faster than the cache before it, " + cache->key);
    const Finding *copy = find(memory_key(Operation::copy).key);
    for (const Operation operation : all_operations) {
        Finding *finding = find(memory_key(operation).key);
        if (finding != nullptr && copy != nullptr && *finding->value > 2 * *copy->value)
            make_suspect(*finding, "it moves more than twice the bytes that a copy does");
        if (finding == nullptr || caches() == 0 || !levels_.levels[caches() - 1].size)
            continue;
        double bytes = 0;
        for (const auto &point : samples_by_row<StreamShape>(data_.find(entry::stream)))
            bytes = std::max(bytes, point.trips);
        if (bytes > 0 && bytes < 2 * *levels_.levels[caches() - 1].size)
            make_suspect(*finding, fmt::format("arrays of {} partly fit the last cache",
                                               format({bytes, Unit::byte})));
    }
}

/// No device is known whose lanes load more than two words for a multiply-add that they could do.
void Interpretation::doubt_first_level() {
    constexpr double flops_an_fma = 2;
    constexpr double most_bytes_an_fma = 8;
    Finding *first = find(numbered(level_bandwidth, 1).key);
    const auto flops = facts_.value("fma.fp32.rate");
    if (first != nullptr && flops && *first->value > *flops / flops_an_fma * most_bytes_an_fma)
        make_suspect(*first, "its lanes would load more than two words in the time of each "
                             "multiply-add that they could do (fma.fp32.rate)");
}

std::vector<Finding> Interpretation::findings() {
    add_caches();
    add_memory();
    doubt_first_level();
    doubt_memory();
    note_disagreement(findings_, facts_,
                      {.prefix = "buffer", .own = "read_size", .other = "size", .by = "latency"});
    return findings_;
}

} // namespace

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
