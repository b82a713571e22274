#include "common/operators.hpp"

#include <clprobe/error.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace clprobe::probes::operators {
namespace {

/// The findings, launches' costs with that end of their intervals as the value.
Facts with_launches_at(Facts facts, double Interval::*end) {
    for (Finding &finding : facts.findings)
        if (finding.key.starts_with("launch.") && finding.value && finding.interval)
            finding.value = (*finding.interval).*end;
    return facts;
}

void add_measured(std::vector<Finding> &findings, const ShapeKeys &keys, const Calls &calls,
                  const Facts &facts) {
    const auto add = [&](const FindingKey &key, double value, Interval interval) -> Finding & {
        Finding &finding = findings.emplace_back(measured(key, value, interval));
        finding.method = calls.method;
        finding.evidence = {calls.series};
        return finding;
    };
    add(keys.time, calls.seconds, calls.interval);
    const Interval rate{calls.work / calls.interval.high, calls.work / calls.interval.low};
    add(keys.rate, calls.work / calls.seconds, rate);

    const Finding *roof = facts.find(calls.roof);
    if (keys.kind.roof.empty()) {
        // Nothing is known to compare with.
    } else if (roof != nullptr && roof->status == Status::measured && roof->interval &&
               roof->interval->low > 0) {
        const double computed = calls.computed.value_or(calls.work);
        Finding &share = add(keys.roof_share, computed / calls.seconds / *roof->value,
                             {computed / calls.interval.high / roof->interval->high,
                              computed / calls.interval.low / roof->interval->low});
        if (share.interval->low > 1)
            make_suspect(share, "more than the device's " + keys.kind.roof);
    } else {
        findings.push_back(without_value(keys.roof_share, Status::inconclusive,
                                         "the " + keys.kind.roof + " was not measured"));
    }
    if (!keys.kind.has_prediction)
        return;
    if (calls.predicted) {
        const auto &[predicted, interval] = *calls.predicted;
        Finding &share =
            add(keys.predicted_share, predicted / calls.seconds,
                {interval.low / calls.interval.high, interval.high / calls.interval.low});
        constexpr double right = 1.25;
        if (share.interval->high * right < 1 || share.interval->low > right)
            share.note = "the model of rate and bandwidths is wrong here by more than a quarter";
    } else {
        findings.push_back(
            without_value(keys.predicted_share, Status::inconclusive,
                          "nothing to predict from: the " + keys.kind.roof + " was not measured"));
    }
}

} // namespace

ShapeKeys::ShapeKeys(const std::string &prefix, const std::string &call, const std::string &work,
                     RateKind rate_kind)
    : time{prefix + "time", Unit::second, Better::lower, call}, rate{prefix + rate_kind.name,
                                                                     rate_kind.unit, Better::higher,
                                                                     work},
      roof_share{prefix + "roof_share", Unit::one, Better::higher, rate_kind.share},
      predicted_share{prefix + "predicted_share", Unit::one, Better::none,
                      "the predicted time over the measured one"},
      kind(std::move(rate_kind)) {}

std::vector<FindingKey> ShapeKeys::all() const {
    std::vector<FindingKey> keys{time, rate};
    if (!kind.roof.empty())
        keys.push_back(roof_share);
    if (kind.has_prediction)
        keys.push_back(predicted_share);
    return keys;
}

std::optional<Prediction>
predicted_by(const Facts &facts,
             const std::function<std::optional<double>(const Facts &)> &seconds) {
    const auto value = seconds(facts);
    if (!value)
        return std::nullopt;
    const double low = seconds(with_launches_at(facts, &Interval::low)).value_or(*value);
    const double high = seconds(with_launches_at(facts, &Interval::high)).value_or(*value);
    return Prediction{*value, {std::min(low, *value), std::max(high, *value)}};
}

std::string prepare_unless_it_fails(const std::function<std::string()> &prepare,
                                    std::exception_ptr &failure) {
    try {
        return prepare();
    } catch (const Cancelled &) {
        throw;
    } catch (const VerificationError &) {
        throw;
    } catch (const Error &error) {
        failure = std::current_exception();
        return error.what();
    }
}

void time_blocks(const Bench &bench, const std::function<void(int block)> &time_block) {
    using Time = std::chrono::steady_clock;
    const auto end = Time::now() + std::chrono::duration<double>(
                                       std::max(0.9 * bench.remaining(), 0.3 * bench.budget()));
    constexpr int fewest = 3;
    const int most = bench.tiny() ? fewest : 60;
    for (int block = 0; block < most && (block < fewest || Time::now() < end); ++block)
        time_block(block);
}

void add_findings(std::vector<Finding> &findings, const ShapeKeys &keys, const std::string &shape,
                  const std::optional<Calls> &calls, const Dataset &data, const Facts &facts) {
    if (!calls || calls->interval.low <= 0) {
        std::string reason = calls ? "the calls take too different times"
                                   : data.text_attribute(entry::unmeasured + shape);
        if (reason.empty())
            reason = "fewer than two calls were timed";
        for (const FindingKey &key : keys.all())
            findings.push_back(without_value(key, Status::inconclusive, reason));
        return;
    }
    const std::size_t first = findings.size();
    add_measured(findings, keys, *calls, facts);
    for (std::size_t i = first; i < findings.size(); ++i)
        if (findings[i].status == Status::measured &&
            data.number_attribute(calls->verified).value_or(0) <= 0)
            make_suspect(findings[i], "the series does not say that results were verified");
}

} // namespace clprobe::probes::operators
