#include "analysis/trip_timing.hpp"
#include "common/verdicts.hpp"
#include "compute/instruction_rate/instruction_rate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

namespace clprobe::probes::instruction_rate {
namespace {

/// Rates beyond so many instructions for each multiply-add that a lane does are no real ones: more
/// pipes there are not beside one another.
constexpr double most_beside_fma = 4;

FindingKey key_of(Instruction one, const std::string &what, Unit unit, Better better,
                  const std::string &meaning) {
    return {"instruction." + one.name() + "." + what, unit, better, meaning};
}

FindingKey rate_key(Instruction one) {
    return key_of(one, "rate", Unit::op_per_second, Better::higher,
                  "operations of the whole device in a second");
}
FindingKey latency_key(Instruction one) {
    return key_of(one, "latency", Unit::second, Better::lower,
                  "from one operation to the next that needs its result");
}
FindingKey ulp_key(Instruction one) {
    return key_of(one, "ulp", Unit::one, Better::lower,
                  "the largest error that was seen, in units in the last place");
}

class Interpretation {
public:
    Interpretation(const Dataset &data, const Facts &facts)
        : data_(data), facts_(facts), rates_(times_by_row<Variant>(data.find(series::rate))),
          latencies_(times_by_row<Variant>(data.find(series::latency))) {}

    [[nodiscard]] Finding rate(Instruction one) const {
        Finding finding =
            timed(one, rate_key(one), rates_, series::rate,
                  [](const FindingKey &key, const Variant &row, const TripTiming &of) {
                      return rate_finding(key, row.operations(), of);
                  });
        if (finding.value)
            set_against_fma(finding, one);
        return finding;
    }

    [[nodiscard]] Finding latency(Instruction one) const {
        return timed(one, latency_key(one), latencies_, series::latency,
                     [](const FindingKey &key, const Variant &row, const TripTiming &of) {
                         return step_finding(key, row.steps(), of);
                     });
    }

    [[nodiscard]] Finding ulp(Instruction one) const {
        const FindingKey key = ulp_key(one);
        for (const std::string &what : {one.name(), one.name() + entry::ulp})
            if (auto finding = not_measured(key, data_, what))
                return *std::move(finding);
        const auto worst = data_.number_attribute(one.name() + entry::ulp);
        const double tried = data_.number_attribute(one.name() + entry::tried).value_or(0);
        if (!worst || *worst < 0 || tried < 1)
            return undecided(key, "its results were not compared");
        Finding finding =
            decided(key, *worst,
                    fmt::format("the worst of {:.0f} results, that of {:.6g}", tried,
                                data_.number_attribute(one.name() + entry::worst_at).value_or(0)),
                    {});
        if (const auto allowed = allowed_ulp(one)) {
            finding.method += fmt::format("; OpenCL allows {}", *allowed);
            if (*worst > *allowed)
                finding.note =
                    fmt::format("more than the {} that OpenCL's full profile allows", *allowed);
        }
        return finding;
    }

private:
    template <typename Make>
    [[nodiscard]] Finding timed(Instruction one, const FindingKey &key,
                                const std::vector<RowTimes<Variant>> &rows, const char *series,
                                const Make &make) const {
        if (auto finding = not_measured(key, data_, one.name()))
            return *std::move(finding);
        const auto row = std::ranges::find_if(
            rows, [&](const auto &candidate) { return candidate.row.instruction() == one; });
        if (row == rows.end())
            return undecided(key, "not timed");
        const bool external = !facts_.device;
        const double verified = data_.number_attribute(verified_entry(one, series)).value_or(0);
        if (!external && verified <= 0)
            return undecided(key, "no result of the timed launches was verified", {series});
        const auto timing = time_per_trip(row->times);
        if (!timing)
            return undecided(key, "too few launches, or time does not grow with the trips",
                             {series});
        Finding finding = make(key, row->row, *timing);
        const std::string beside = loop_of(one).beside;
        finding.method =
            fmt::format("{}; {}{}", row->row.describe(),
                        beside.empty() ? "" : "each with " + beside + "; ", timing->method);
        finding.evidence = {series};
        tell_verified(finding, external,
                      fmt::format("{:.0f} results of the timed launches verified", verified));
        check_timing(finding, *timing);
        return finding;
    }

    void set_against_fma(Finding &finding, Instruction one) const {
        const auto flops = facts_.value("fma.fp32.rate");
        if (!flops || *flops <= 0)
            return;
        const double lanes = *flops / 2;
        const unsigned a_step = loop_of(one).a_step;
        finding.method += fmt::format("; {:.3g} instructions for each of fma.fp32.rate",
                                      *finding.value / a_step / lanes);
        const double a_lane = std::max(1.0, 32.0 / bits_of(one.type)); // of a word's bits
        if (finding.interval->low > most_beside_fma * lanes * a_lane * a_step)
            make_suspect(finding,
                         "more than four instructions for each multiply-add of fma.fp32.rate");
    }

    const Dataset &data_;
    const Facts &facts_;
    std::vector<RowTimes<Variant>> rates_;
    std::vector<RowTimes<Variant>> latencies_;
};

} // namespace

std::string verified_entry(Instruction instruction, const std::string &series) {
    return instruction.name() + "." + series + ".verified";
}

std::vector<FindingKey> finding_keys() {
    std::vector<FindingKey> keys;
    for (const Instruction &one : all_instructions()) {
        keys.push_back(rate_key(one));
        keys.push_back(latency_key(one));
        if (is_function(one.type, one.op))
            keys.push_back(ulp_key(one));
    }
    return keys;
}

std::vector<Finding> findings_of(const Dataset &data, const Facts &facts) {
    const Interpretation interpretation(data, facts);
    std::vector<Finding> findings;
    for (const Instruction &one : all_instructions()) {
        findings.push_back(interpretation.rate(one));
        findings.push_back(interpretation.latency(one));
        if (is_function(one.type, one.op))
            findings.push_back(interpretation.ulp(one));
    }
    return findings;
}

} // namespace clprobe::probes::instruction_rate
