#include "analysis/trip_timing.hpp"
#include "common/tunings.hpp"
#include "common/verdicts.hpp"
#include "compute/matrix_rate/matrix_rate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace clprobe::probes::matrix_rate {
namespace {

constexpr std::array aspect_names{"rate", "local_rate", "latency"};

/// Operations of integers are no floating-point ones.
Unit rate_unit(const Type &type) {
    return type.sum == Format::int32 ? Unit::op_per_second : Unit::flop_per_second;
}

FindingKey key_of(const Type &type, Aspect aspect) {
    const std::string key = "matrix.ptx." + what_of(type, aspect);
    const std::string what = " by instructions of inline PTX, which OpenCL C itself does not have";
    switch (aspect) {
    case Aspect::rate:
        return {key, rate_unit(type), Better::higher,
                "multiply-adds of matrices by the whole device, each counting two," + what +
                    "; operands in registers"};
    case Aspect::local_rate:
        return {key, rate_unit(type), Better::higher,
                "the same, operands fetched from local memory for each step"};
    case Aspect::latency:
        return {key, Unit::second, Better::lower,
                "from one such instruction to the next that adds to its result"};
    }
    return {};
}

class Interpretation {
public:
    Interpretation(const Dataset &data, const Facts &facts)
        : data_(data), external_(!facts.device),
          rates_(times_by_row<Variant>(data.find(series::rate))),
          latencies_(times_by_row<Variant>(data.find(series::latency))) {}

    [[nodiscard]] Finding of(const Type &type, Aspect aspect) const {
        const FindingKey key = key_of(type, aspect);
        const std::string what = what_of(type, aspect);
        if (auto finding = not_measured(key, data_, what))
            return *std::move(finding);
        const RowTimes<Variant> *const row = row_of(type, aspect);
        if (row == nullptr)
            return undecided(key, "not timed");
        const double verified = data_.number_attribute(what + entry::verified).value_or(0);
        if (!external_ && verified <= 0)
            return undecided(key, "no output of the timed launches was verified");
        const auto timing = time_per_trip(row->times);
        if (!timing)
            return undecided(key, "too few launches, or time does not grow with the trips");
        const bool latency = aspect == Aspect::latency;
        Finding finding = latency ? step_finding(key, row->row.steps(), *timing)
                                  : rate_finding(key, row->row.operations(), *timing);
        finding.method = fmt::format("inline PTX {}; {}", row->row.describe(), timing->method);
        finding.evidence = {latency ? series::latency : series::rate};
        tell_verified(finding, external_,
                      fmt::format("{:.0f} words of the timed launches bit-exact", verified));
        check_timing(finding, *timing);
        if (const std::string untried = data_.text_attribute(what + entry::untried);
            !untried.empty())
            make_suspect(finding, "not tried, and may be faster: " + untried);
        return finding;
    }

private:
    [[nodiscard]] const RowTimes<Variant> *row_of(const Type &type, Aspect aspect) const {
        const auto &rows = aspect == Aspect::latency ? latencies_ : rates_;
        const Source source = aspect == Aspect::local_rate ? Source::local : Source::registers;
        const auto found = std::ranges::find_if(rows, [&](const RowTimes<Variant> &one) {
            return instruction(one.row.mma).type == type && one.row.source == source;
        });
        return found == rows.end() ? nullptr : &*found;
    }

    const Dataset &data_;
    bool external_;
    std::vector<RowTimes<Variant>> rates_;
    std::vector<RowTimes<Variant>> latencies_;
};

/// The same work takes no less where operands are fetched for it: what is faster so did not do all
/// of the other, or that was slowed down.
void check_order(Finding &rate, const Finding &local) {
    if (rate.value && local.value && local.interval->low > 1.02 * rate.interval->high)
        make_suspect(rate, "the same with operands from local memory is faster");
}

} // namespace

std::string what_of(const Type &type, Aspect aspect) {
    return type.name() + "." + aspect_names[static_cast<std::size_t>(aspect)];
}

std::vector<FindingKey> finding_keys() {
    std::vector<FindingKey> keys;
    for (const Type &type : all_types())
        for (const Aspect aspect : all_aspects)
            keys.push_back(key_of(type, aspect));
    return keys;
}

std::vector<Finding> findings_of(const Dataset &data, const Facts &facts) {
    const Interpretation interpretation(data, facts);
    std::vector<Finding> findings;
    for (const Type &type : all_types()) {
        Finding rate = interpretation.of(type, Aspect::rate);
        Finding local = interpretation.of(type, Aspect::local_rate);
        check_order(rate, local);
        findings.push_back(std::move(rate));
        findings.push_back(std::move(local));
        findings.push_back(interpretation.of(type, Aspect::latency));
    }
    return findings;
}

std::vector<Tuning> tunings_of(const Dataset &data) {
    std::vector<Tuning> tunings;
    for (const Type &type : all_types()) {
        const auto operations = [&](const Variant &variant) {
            const bool counts = instruction(variant.mma).type == type && variant.groups > 1;
            return counts ? variant.operations() : 0;
        };
        const auto describe = [](const Variant &variant) { return variant.describe(); };
        tunings.push_back({series::race,
                           "matrix products of " + type.name() + " by inline PTX",
                           {"rate", rate_unit(type), {}},
                           trials_of<Variant>(data.find(series::race), operations, describe)});
    }
    return tunings;
}

} // namespace clprobe::probes::matrix_rate
