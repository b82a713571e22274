#include "analysis/trip_timing.hpp"
#include "common/verdicts.hpp"
#include "compute/dot_product/dot_product.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

namespace clprobe::probes::dot_product {
namespace {

/// More than this, by what other probes found to be the most, is too good.
constexpr double tolerable = 1.05;

constexpr double usual_vectors = 1024 * 256; ///< of an external series, which does not say

const FindingKey rate_key{"dot_product.rate", Unit::flop_per_second, Better::higher,
                          "the highest of them all"};
const FindingKey bandwidth_key{"dot_product.bandwidth", Unit::byte_per_second, Better::higher,
                               "vectors that are loaded and stored: the highest of them all"};

FindingKey variant_key(Memory memory, const Variant &variant) {
    return {fmt::format("dot_product.{}.{}.rate", name(memory), variant.published),
            Unit::flop_per_second, Better::higher,
            fmt::format("over {}s, {} operations a work-item", name(memory), variant.flops)};
}

/// What was measured of one variant over one memory with its best local size.
struct Measured {
    RateRow row;
    Variant variant;
    TripTiming timing;
};

class Interpretation {
public:
    Interpretation(const Dataset &data, const Facts &facts)
        : data_(data), facts_(facts),
          vectors_(data.number_attribute(entry::vectors).value_or(usual_vectors)) {
        for (const auto &[row, times] : times_by_row<RateRow>(data.find(series::rate))) {
            const auto variant =
                std::ranges::find(variants, row.kernel.multiplications, &Variant::published);
            const bool known = !all_.empty() && all_.back().row.kernel == row.kernel;
            if (const auto timing = time_per_trip(times);
                timing && !known && variant != variants.end())
                all_.push_back({row, *variant, *timing});
        }
    }

    [[nodiscard]] Finding rate_of(Memory memory, const Variant &variant) const {
        const FindingKey key = variant_key(memory, variant);
        if (const std::string reason = data_.text_attribute(entry::no_images);
            memory == Memory::image && !reason.empty())
            return without_value(key, Status::unsupported, reason);
        for (const Measured &of : all_)
            if (of.row.kernel == ProgramRow{memory, variant.published})
                return finding(key, of, of.variant.flops);
        return without_value(key, Status::inconclusive,
                             "the launches give no rate: too few, or time does not grow with "
                             "the trips");
    }

    [[nodiscard]] Finding best_rate() const {
        return best(rate_key, &Variant::flops, facts_.value("fma.fp32.rate"),
                    "more than multiply-adds alone reach");
    }

    [[nodiscard]] Finding best_bandwidth() const {
        std::optional<double> most;
        for (const char *key : {"read", "write", "copy", "triad"})
            if (const auto other = facts_.value(fmt::format("buffer.memory.{}_bandwidth", key)))
                most = std::max(most.value_or(0), *other);
        return best(bandwidth_key, &Variant::bytes, most,
                    "more than memory reaches: it came from a cache");
    }

private:
    /// The highest rate of that work, a member of the variants; suspect where it is more than
    /// `most`.
    template <typename Work>
    [[nodiscard]] Finding best(const FindingKey &key, Work work, std::optional<double> most,
                               const char *reason) const {
        if (all_.empty())
            return without_value(key, Status::inconclusive, "no variant has a rate");
        const auto best = std::ranges::max_element(all_, {}, [&](const Measured &of) {
            return std::invoke(work, of.variant) * vectors_ / of.timing.seconds;
        });
        Finding found = finding(key, *best, std::invoke(work, best->variant));
        if (most && *found.value > tolerable * *most)
            make_suspect(found, reason);
        return found;
    }

    /// The rate of so much work for each vector, with how it was found, and with what casts doubt
    /// on it.
    [[nodiscard]] Finding finding(const FindingKey &key, const Measured &of,
                                  unsigned of_vector) const {
        const TripTiming &timing = of.timing;
        const double work = of_vector * vectors_; // of a trip
        const double verified = data_.number_attribute(entry::verified).value_or(0);
        Finding finding = rate_finding(key, work, timing);
        finding.method = fmt::format(
            "{} multiplications over {}s, groups of {}; {} multiplications at the write-up's "
            "count; {}",
            of.variant.published, name(of.row.kernel.memory), name(of.row.size),
            format({vectors_ / timing.seconds * of.variant.published, Unit::op_per_second}),
            timing.method);
        if (verified > 0)
            finding.method += fmt::format("; {:.0f} vectors verified", verified);
        finding.evidence = {series::rate};
        if (!facts_.device)
            make_suspect(finding, "an external series does not say that the work was verified");
        else if (verified <= 0)
            make_suspect(finding, "no result was verified");
        check_timing(finding, timing);
        check_local_size(finding, data_, coordinates(of.row.kernel));
        return finding;
    }

    const Dataset &data_;
    const Facts &facts_;
    double vectors_; ///< of a trip
    std::vector<Measured> all_;
};

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
                {"rate", Unit::flop_per_second, {}}, variant.flops * vectors);
            for (const HeatMap::Cell &point : map.points)
                if (point.value > most) {
                    most = point.value;
                    best = map;
                }
        }
        maps.push_back(std::move(best));
    }
    return maps;
}

std::vector<Finding> findings_of(const Dataset &data, const Facts &facts) {
    const Interpretation interpretation(data, facts);
    std::vector<Finding> findings = {interpretation.best_rate(), interpretation.best_bandwidth()};
    for (const Memory memory : all_memories)
        for (const Variant &variant : variants)
            findings.push_back(interpretation.rate_of(memory, variant));
    return findings;
}

} // namespace clprobe::probes::dot_product
