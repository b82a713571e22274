#pragma once
#include "analysis/trip_timing.hpp"

#include <clprobe/finding.hpp>
#include <clprobe/series.hpp>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace clprobe::probes {

/// A finding that stays open, and why.
[[nodiscard]] inline Finding undecided(const FindingKey &key, std::string reason,
                                       std::vector<std::string> evidence = {}) {
    Finding finding = without_value(key, Status::inconclusive, std::move(reason));
    finding.evidence = std::move(evidence);
    return finding;
}

/// A finding without a value where the data's text "<what>.unsupported" or "<what>.failed" says
/// why.
[[nodiscard]] inline std::optional<Finding> not_measured(const FindingKey &key, const Dataset &data,
                                                         const std::string &what) {
    for (const Status status : {Status::unsupported, Status::failed})
        if (std::string reason = data.text_attribute(what + "." + std::string(name(status)));
            !reason.empty())
            return without_value(key, status, std::move(reason));
    return std::nullopt;
}

/// Adds to the method what was verified of the launches; an external series does not say that.
inline void tell_verified(Finding &finding, bool external, const std::string &verified) {
    finding.method += "; " + (external ? "verification unknown" : verified);
    if (external)
        make_suspect(finding, "an external series does not say that the work was verified");
}

/// A count, a power of two or a choice: a second run finds the same, or another one altogether.
[[nodiscard]] inline Finding decided(const FindingKey &key, double value, std::string method,
                                     std::vector<std::string> evidence) {
    Finding finding = measured(key, value, {value, value});
    finding.method = std::move(method);
    finding.evidence = std::move(evidence);
    return finding;
}

/// So much work in each trip, as a rate.
[[nodiscard]] inline Finding rate_finding(const FindingKey &key, double work,
                                          const TripTiming &timing) {
    return measured(key, work / timing.seconds,
                    {work / timing.interval.high, work / timing.interval.low});
}

/// So many steps in each trip, one after the other, as the time of one.
[[nodiscard]] inline Finding step_finding(const FindingKey &key, double steps,
                                          const TripTiming &timing) {
    return measured(key, timing.seconds / steps,
                    {timing.interval.low / steps, timing.interval.high / steps});
}

} // namespace clprobe::probes
