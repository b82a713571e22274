#include "analysis/trip_timing.hpp"
#include "common/local_sizes.hpp"
#include "compute/dot_product/findings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace clprobe::probes::dot_product {
namespace {

/// More than this, by what other probes found to be the most, is too good.
constexpr double tolerable = 1.05;

constexpr double usual_vectors = 1024 * 256; ///< of a bare series, which does not say

const FindingKey rate_key{"dot_product.rate", Unit::flop_per_second, Better::higher,
                          "the highest of them all"};
const FindingKey bandwidth_key{"dot_product.bandwidth", Unit::byte_per_second, Better::higher,
                               "vectors that are loaded and stored: the highest of them all"};

FindingKey variant_key(Memory memory, const Variant &variant) {
    return {fmt::format("dot_product.{}.{}.rate", name(memory), variant.published),
            Unit::flop_per_second, Better::higher,
            fmt::format("over {}s, {} operations a work-item", name(memory),
                        operations_of(variant).flops())};
}

std::string shape(Memory memory, const Variant &variant, const LocalSize &size) {
    return fmt::format("{} multiplications over {}s, groups of {}", variant.published, name(memory),
                       name(size));
}

/// What was measured of one variant over one memory with its best local size.
struct Measured {
    Memory memory = Memory::buffer;
    Variant variant;
    LocalSize size;
    TripTiming timing;

    /// Of so much work a vector.
    [[nodiscard]] Finding finding(const FindingKey &key, double work) const {
        Finding made = measured(key, work / timing.seconds,
                                {work / timing.interval.high, work / timing.interval.low});
        made.evidence = {series::rate};
        return made;
    }
};

class Interpretation {
public:
    Interpretation(const Dataset &data, const Facts &facts);

    [[nodiscard]] std::vector<Finding> findings() const;

private:
    [[nodiscard]] std::optional<Measured> measured_of(Memory memory, const Variant &variant) const;
    [[nodiscard]] Finding variant_rate(Memory memory, const Variant &variant) const;
    [[nodiscard]] Finding best_rate() const;
    [[nodiscard]] Finding best_bandwidth() const;
    /// With how it was found, and with what casts doubt on it.
    [[nodiscard]] Finding checked(Finding finding, const Measured &of) const;
    [[nodiscard]] double vectors_a_second(const Measured &of) const {
        return vectors_ / of.timing.seconds;
    }
    [[nodiscard]] double flops(const Measured &of) const {
        return operations_of(of.variant).flops() * vectors_;
    }
    [[nodiscard]] double bytes(const Measured &of) const { return bytes_of(of.variant) * vectors_; }

    const Dataset &data_;
    const Facts &facts_;
    double vectors_; ///< of a trip
    std::vector<RowTimes<RateRow>> rows_;
    std::vector<Measured> all_;
};

Interpretation::Interpretation(const Dataset &data, const Facts &facts)
    : data_(data), facts_(facts),
      vectors_(data.number_attribute(entry::vectors).value_or(usual_vectors)),
      rows_(times_by_row<RateRow>(data.find(series::rate))) {
    for (const Memory memory : all_memories)
        for (const Variant &variant : variants)
            if (auto of = measured_of(memory, variant))
                all_.push_back(std::move(*of));
}

std::optional<Measured> Interpretation::measured_of(Memory memory, const Variant &variant) const {
    for (const auto &[row, times] : rows_)
        if (const auto timing = row.kernel == ProgramRow{memory, variant.published}
                                    ? time_per_trip(times)
                                    : std::nullopt)
            return Measured{memory, variant, row.size, *timing};
    return std::nullopt;
}

Finding Interpretation::checked(Finding finding, const Measured &of) const {
    const double verified = data_.number_attribute(entry::verified).value_or(0);
    finding.method = fmt::format(
        "{}; {} multiplications at the write-up's count; {}", shape(of.memory, of.variant, of.size),
        format({vectors_a_second(of) * of.variant.published, Unit::op_per_second}),
        of.timing.method);
    if (verified > 0)
        finding.method += fmt::format("; {:.0f} vectors verified", verified);
    if (!facts_.device)
        make_suspect(finding, "a bare series does not say that the work was verified");
    else if (verified <= 0)
        make_suspect(finding, "no result was verified");
    check_timing(finding, of.timing);
    check_local_size(finding, data_, coordinates(ProgramRow{of.memory, of.variant.published}));
    return finding;
}

Finding Interpretation::variant_rate(Memory memory, const Variant &variant) const {
    const FindingKey key = variant_key(memory, variant);
    if (const std::string reason = data_.text_attribute(entry::no_images);
        memory == Memory::image && !reason.empty())
        return without_value(key, Status::unsupported, reason);
    for (const Measured &of : all_)
        if (of.memory == memory && of.variant.published == variant.published)
            return checked(of.finding(key, flops(of)), of);
    return without_value(key, Status::inconclusive,
                         "the launches do not tell a rate: too few, or time does not grow with the "
                         "trips");
}

Finding Interpretation::best_rate() const {
    if (all_.empty())
        return without_value(rate_key, Status::inconclusive, "no variant has a rate");
    const auto best = std::ranges::max_element(
        all_, {}, [&](const Measured &of) { return flops(of) / of.timing.seconds; });
    Finding finding = checked(best->finding(rate_key, flops(*best)), *best);
    const auto most = facts_.value("fma.fp32.rate");
    if (most && finding.value > tolerable * *most)
        make_suspect(finding, "more than multiply-adds alone reach");
    return finding;
}

Finding Interpretation::best_bandwidth() const {
    if (all_.empty())
        return without_value(bandwidth_key, Status::inconclusive, "no variant has a rate");
    const auto best = std::ranges::max_element(
        all_, {}, [&](const Measured &of) { return bytes(of) / of.timing.seconds; });
    Finding finding = checked(best->finding(bandwidth_key, bytes(*best)), *best);
    std::optional<double> most;
    for (const char *key : {"read", "write", "copy", "triad"})
        if (const auto other = facts_.value(fmt::format("buffer.memory.{}_bandwidth", key)))
            most = std::max(most.value_or(0), *other);
    if (most && finding.value > tolerable * *most)
        make_suspect(finding, "more than memory reaches: it came from a cache");
    return finding;
}

std::vector<Finding> Interpretation::findings() const {
    std::vector<Finding> findings = {best_rate(), best_bandwidth()};
    for (const Memory memory : all_memories)
        for (const Variant &variant : variants)
            findings.push_back(variant_rate(memory, variant));
    return findings;
}

} // namespace

std::vector<FindingKey> finding_keys() {
    std::vector<FindingKey> keys = {rate_key, bandwidth_key};
    for (const Memory memory : all_memories)
        for (const Variant &variant : variants)
            keys.push_back(variant_key(memory, variant));
    return keys;
}

std::vector<HeatMap> maps_of(const Dataset &data) {
    std::vector<HeatMap> maps;
    const Series *grid = data.find(series::grid);
    if (grid == nullptr)
        return maps;
    const double vectors = data.number_attribute(entry::vectors).value_or(usual_vectors);
    for (const Memory memory : all_memories) {
        HeatMap best;
        double most = 0;
        for (const Variant &variant : variants) {
            HeatMap map = local_size_map(
                local_size_times(grid, ProgramRow{memory, variant.published}),
                fmt::format("{} multiplications over {}s", variant.published, name(memory)),
                {"rate", Unit::flop_per_second, {}}, operations_of(variant).flops() * vectors);
            for (const HeatMap::Cell &place : map.points)
                if (place.value > most) {
                    most = place.value;
                    best = map;
                }
        }
        maps.push_back(std::move(best));
    }
    return maps;
}

std::vector<Finding> findings_of(const Dataset &data, const Facts &facts) {
    return Interpretation(data, facts).findings();
}

} // namespace clprobe::probes::dot_product
