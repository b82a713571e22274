#pragma once
#include <clprobe/report.hpp>

#include <algorithm>
#include <concepts>
#include <string>
#include <vector>

// What differs from one run to the next by more than within a run: no sample of a run shows it
// (docs/adr/0011-a-clock-that-is-not-held.md, docs/adr/0018-comparing-reports.md).
namespace clprobe::probes {

/// Has the finding's interval reach so far to either side, at least: 0.1 for 10 %.
inline void widen_to(Finding &finding, double share) {
    if (!finding.interval)
        return;
    finding.interval->low = std::min(finding.interval->low, (1 - share) * *finding.value);
    finding.interval->high = std::max(finding.interval->high, (1 + share) * *finding.value);
}

/// What the processors of a CPU do together depends on where the system, and a hypervisor below it,
/// put them: on which cores, beside which neighbours, on which way to memory. That stays for a run
/// and is another one in the next. Half-widths that intervals have at least, relative:
constexpr double through_memory = 0.5;      ///< a way that they share with others
constexpr double taking_part = 0.5;         ///< a short launch waits for all of them, or has one
constexpr double between_processors = 0.25; ///< a word goes from one to the other
constexpr double in_own_caches = 0.2;       ///< each reads from the cache that it has to itself

/// What the host does for a device, its own processor has a pace for, which other work on the
/// machine, its clock, and where the process lies decide, for a run as well. Half-widths likewise:
constexpr double copies_of_host = 0.5;    ///< bytes that its processor moves
constexpr double calls_of_host = 0.35;    ///< a call of the driver
constexpr double mappings_of_host = 0.35; ///< in which a driver makes and frees memory
constexpr double commands_of_host = 0.2;  ///< from a command's call until it is done
constexpr double longest_commands = 0.5;  ///< of those the longest in a hundred

/// Has the intervals of these keys reach so far, on a CPU.
void allow_on_cpu(std::vector<Finding> &findings, const Facts &facts, double share,
                  const std::predicate<const std::string &> auto &is_one) {
    if (facts.device && facts.device->type == DeviceType::cpu)
        for (Finding &finding : findings)
            if (is_one(finding.key))
                widen_to(finding, share);
}

} // namespace clprobe::probes
