#include "model/pattern.hpp"
#include "model/text.hpp"

#include <clprobe/error.hpp>
#include <clprobe/expectations.hpp>

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <map>
#include <utility>

namespace clprobe {
namespace {

constexpr Names<ExpectationVerdict, 3> expectation_verdicts = {
    {{ExpectationVerdict::confirmed, "confirmed"},
     {ExpectationVerdict::refuted, "refuted"},
     {ExpectationVerdict::untestable, "untestable"}}};

/// The values that satisfy the expectation.
Interval asked_range(const Expectation &expectation) {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    Interval range{expectation.at_least.value_or(-infinity),
                   expectation.at_most.value_or(infinity)};
    if (expectation.value) {
        const double margin = std::abs(*expectation.value) * expectation.tolerance;
        range = {*expectation.value - margin, *expectation.value + margin};
    }
    // Scaling a number that is written in decimals may move it by its last bits.
    constexpr double dust = 1e-12;
    return {range.low - dust * std::abs(range.low), range.high + dust * std::abs(range.high)};
}

ExpectationVerdict verdict_of(const Interval &found, const Interval &asked) {
    if (asked.low <= found.low && found.high <= asked.high)
        return ExpectationVerdict::confirmed;
    return found.high < asked.low || found.low > asked.high ? ExpectationVerdict::refuted
                                                            : ExpectationVerdict::untestable;
}

CheckedExpectation checked(const std::string &device, const Expectation &expectation,
                           const Finding &finding) {
    if (finding.unit != expectation.unit)
        throw InputError(fmt::format("'{}' is asked for in {}, and {} is in {}", expectation.key,
                                     symbol(expectation.unit), finding.key, symbol(finding.unit)));
    CheckedExpectation result{device, expectation, finding, ExpectationVerdict::untestable, {}};
    if (finding.status != Status::measured)
        result.reason = fmt::format("{}: {}", name(finding.status), finding.note);
    else if (!finding.interval)
        result.reason = "it has no interval";
    else if (result.verdict = verdict_of(*finding.interval, asked_range(expectation));
             result.verdict == ExpectationVerdict::untestable)
        result.reason = "the interval is too wide to tell";
    return result;
}

/// The device's findings by their keys, of those with one key the last, which is that of the probe
/// that ran anew.
using FindingsByKey = std::map<std::string_view, const Finding *>;

FindingsByKey findings_by_key(const DeviceRecord &device) {
    FindingsByKey findings;
    for (const ProbeRecord &record : device.probes)
        for (const Finding &finding : record.findings)
            findings[finding.key] = &finding;
    return findings;
}

/// Those that the key names. A key that is there names itself, whatever stars are in it.
std::vector<const Finding *> fitting(const std::string &key, const FindingsByKey &findings) {
    if (const auto found = findings.find(key); found != findings.end())
        return {found->second};
    std::vector<const Finding *> fit;
    if (key.find('*') != std::string::npos)
        for (const auto &[candidate, finding] : findings)
            if (fits_pattern(key, candidate))
                fit.push_back(finding);
    return fit;
}

} // namespace

std::string_view name(ExpectationVerdict verdict) {
    return word_of(expectation_verdicts, verdict);
}

std::string asked_text(const Expectation &expectation) {
    const auto text = [&](double number) { return format({number, expectation.unit}, 6); };
    if (expectation.value && expectation.tolerance > 0)
        return fmt::format("{} within {:g} %", text(*expectation.value),
                           100 * expectation.tolerance);
    if (expectation.value)
        return text(*expectation.value);
    if (expectation.at_least && expectation.at_most)
        return fmt::format("{} to {}", text(*expectation.at_least), text(*expectation.at_most));
    return expectation.at_least ? "at least " + text(*expectation.at_least)
                                : "at most " + text(expectation.at_most.value_or(0));
}

bool applies_to(const Expectations &expectations, const DeviceInfo &device) {
    return fits_pattern("*" + lower(expectations.device) + "*", lower(device.name));
}

std::vector<CheckedExpectation> check(const Report &report, const Expectations &expectations) {
    constexpr std::size_t most_results = 100'000;
    std::vector<CheckedExpectation> results;
    for (const DeviceRecord &device : report.devices) {
        if (!applies_to(expectations, device.device))
            continue;
        const std::string &slug = device.device.slug;
        const FindingsByKey findings = findings_by_key(device);
        for (const Expectation &expectation : expectations.expectations) {
            const auto fit = fitting(expectation.key, findings);
            for (const Finding *finding : fit)
                results.push_back(checked(slug, expectation, *finding));
            if (fit.empty())
                results.push_back({slug, expectation, std::nullopt, ExpectationVerdict::untestable,
                                   "not measured"});
            if (results.size() > most_results)
                throw InputError(fmt::format("'{}': more than {} findings to check",
                                             expectation.key, most_results));
        }
    }
    return results;
}

std::vector<CheckedExpectation> check(const Report &report, std::span<const Expectations> files) {
    std::vector<CheckedExpectation> all;
    for (const Expectations &file : files)
        for (CheckedExpectation &checked : check(report, file))
            all.push_back(std::move(checked));
    return all;
}

} // namespace clprobe
