#include "analysis/trip_timing.hpp"
#include "common/tunings.hpp"
#include "common/verdicts.hpp"
#include "compute/fma_rate/fma_rate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace clprobe::probes::fma_rate {
namespace {

class Interpretation {
public:
    Interpretation(const Dataset &data, const Facts &facts, Real real)
        : data_(data), external_(!facts.device), real_(real), type_(name(real)) {}

    [[nodiscard]] Finding rate(const FindingKey &key) const {
        if (auto reason = no_measurement(key))
            return *reason;
        const Series *series = data_.find(type_ + ".rate");
        if (!series || series->points.empty())
            return without_value(key, Status::inconclusive, "the winner's rate was not measured");
        const auto variant = parse<Variant>(*series, series->points.front());
        const auto timing = time_per_trip(times_of(series, variant));
        if (!timing)
            return without_value(key, Status::inconclusive,
                                 "the launches give no rate: too few, or time does not grow "
                                 "with the trips");
        const double flops = 2 * variant.per_trip();
        Finding finding = rate_finding(key, flops, *timing);
        explain(finding, variant, *timing);
        finding.evidence = {type_ + ".rate", type_ + ".race"};
        check_tuning(finding);
        note_rejections(finding);
        return finding;
    }

    [[nodiscard]] Finding latency(const FindingKey &key) const {
        if (auto reason = no_measurement(key))
            return *reason;
        const auto rows = times_by_row<Variant>(data_.find(type_ + ".latency"));
        const auto one = std::ranges::find(rows, 1u, [](const auto &of) { return of.row.chains; });
        if (one == rows.end())
            return without_value(key, Status::inconclusive,
                                 "a single chain of dependent operations was not measured");
        const auto timing = time_per_trip(one->times);
        if (!timing)
            return without_value(key, Status::inconclusive,
                                 "the launches give no latency: too few, or time does not "
                                 "grow with the trips");
        const double steps = one->row.body;
        Finding finding = measured(key, timing->seconds / steps,
                                   {timing->interval.low / steps, timing->interval.high / steps});
        explain(finding, one->row, *timing);
        finding.evidence = {type_ + ".latency"};
        check_knee(finding, rows);
        return finding;
    }

private:
    [[nodiscard]] double verified() const {
        return data_.number_attribute(type_ + entry::verified).value_or(0);
    }

    /// Why this type has no value, if so.
    [[nodiscard]] std::optional<Finding> no_measurement(const FindingKey &key) const {
        if (auto finding = not_measured(key, data_, type_))
            return finding;
        if (!data_.find(type_ + ".rate") && !data_.find(type_ + ".latency"))
            return without_value(key, Status::inconclusive,
                                 "no time was left for " + type_of(real_));
        if (!external_ && verified() <= 0)
            return without_value(key, Status::inconclusive,
                                 "no output of the timed launches was verified");
        return std::nullopt;
    }

    /// How it was measured, and what casts doubt on it.
    void explain(Finding &finding, const Variant &variant, const TripTiming &timing) const {
        finding.method = variant.describe(real_) + "; " + timing.method;
        if (variant.form == Form::ptx)
            finding.note = "by inline PTX: OpenCL C has no half precision here";
        const std::string arithmetic = data_.text_attribute(type_ + entry::arithmetic);
        tell_verified(finding, external_,
                      fmt::format("{:.0f} words of the timed launches bit-exact{}", verified(),
                                  arithmetic.empty() ? "" : ", " + arithmetic));
        check_timing(finding, timing);
    }

    /// A tuning launch, its cost not taken off, is never faster than the device: where the winner
    /// stays behind, something slowed all of its launches. Workers of a CPU that the system stacks
    /// on one core do.
    void check_tuning(Finding &finding) const {
        double best = 0;
        for (const auto &[variant, trips, samples] :
             samples_by_row<Variant>(data_.find(type_ + ".race"))) {
            const auto least = std::ranges::min_element(samples);
            if (least != samples.end() && *least > 0)
                best = std::max(best, 2 * variant.per_trip() * trips / *least);
        }
        if (finding.interval->high < 0.9 * best)
            make_suspect(finding,
                         "the tuning before it reached " + format({best, Unit::flop_per_second}));
    }

    void note_rejections(Finding &finding) const {
        const double rejected = data_.number_attribute(type_ + entry::rejected).value_or(0);
        if (rejected > 0)
            finding.note += fmt::format("{}{:.0f} {} left out, the last because: {}",
                                        finding.note.empty() ? "" : "; ", rejected,
                                        rejected == 1 ? "variant was" : "variants were",
                                        data_.text_attribute(type_ + entry::rejection));
    }

    /// Further chains must not make a trip shorter: the single one would not have been bound by its
    /// dependences then. Where they begin to make it longer is the knee, which shows how many
    /// operations are in flight.
    static void check_knee(Finding &finding, const std::vector<RowTimes<Variant>> &rows) {
        std::vector<std::pair<unsigned, double>> by_chains;
        for (const auto &[variant, times] : rows)
            if (const auto fit = fit_slope(times)) {
                const double steps = static_cast<double>(variant.body) / variant.chains;
                by_chains.emplace_back(variant.chains, fit->seconds_per_trip / steps);
            }
        std::ranges::sort(by_chains);
        if (by_chains.size() < 2)
            return;
        const double alone = *finding.value;
        if (by_chains[1].second < 0.9 * alone)
            make_suspect(finding, fmt::format("{} chains step faster than a single one",
                                              by_chains[1].first));
        const auto [chains, seconds] = by_chains.back();
        const double in_flight = alone * chains / seconds;
        finding.method += fmt::format(
            "; {} chains: an operation every {:.3g} ns, {}{:.1f} in flight", chains,
            seconds / chains * 1e9, in_flight > 0.9 * chains ? "at least " : "", in_flight);
    }

    const Dataset &data_;
    bool external_;
    Real real_;
    std::string type_;
};

} // namespace

std::vector<FindingKey> finding_keys() {
    std::vector<FindingKey> keys;
    for (const Real real : all_reals) {
        const std::string type = name(real);
        keys.push_back(
            {"fma." + type + ".rate", Unit::flop_per_second, Better::higher,
             "multiply-adds of " + type_of(real) + " by the whole device, each counting two"});
        keys.push_back(
            {"fma." + type + ".latency", Unit::second, Better::lower,
             "from one multiply-add of " + type_of(real) + " to the next that needs its result"});
    }
    return keys;
}

std::vector<Finding> findings_of(const Dataset &data, const Facts &facts) {
    const std::vector<FindingKey> keys = finding_keys();
    std::vector<Finding> findings;
    for (std::size_t i = 0; i < std::size(all_reals); ++i) {
        const Interpretation interpretation(data, facts, all_reals[i]);
        findings.push_back(interpretation.rate(keys[2 * i]));
        findings.push_back(interpretation.latency(keys[2 * i + 1]));
    }
    return findings;
}

std::vector<Tuning> tunings_of(const Dataset &data) {
    std::vector<Tuning> tunings;
    for (const Real real : all_reals) {
        const std::string series = name(real) + ".race";
        const auto flops = [](const Variant &variant) { return 2 * variant.per_trip(); };
        const auto describe = [&](const Variant &variant) { return variant.describe(real); };
        tunings.push_back({series,
                           "multiply-adds of " + type_of(real),
                           {"rate", Unit::flop_per_second, {}},
                           trials_of<Variant>(data.find(series), flops, describe)});
    }
    return tunings;
}

} // namespace clprobe::probes::fma_rate
