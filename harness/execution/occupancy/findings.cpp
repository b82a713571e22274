#include "execution/occupancy/findings.hpp"
#include "execution/occupancy/reading.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace clprobe::probes {
namespace {

const FindingKey max_threads_key{"occupancy.max_threads_per_cu", Unit::one, Better::higher,
                                 "most work-items resident at once on a compute unit"};
const FindingKey full_limit_key{"registers.full_occupancy_limit", Unit::one, Better::higher,
                                "most registers of a work-item with which as many are resident"};
const FindingKey spill_limit_key{"registers.spill_limit", Unit::one, Better::higher,
                                 "most registers of a work-item before values are spilled"};
const FindingKey file_key{"register_file.bytes_per_cu", Unit::byte, Better::higher,
                          "most register memory that resident work-items hold together"};
const FindingKey local_key{"local_memory.bytes_per_cu", Unit::byte, Better::higher,
                           "local memory that the groups resident on a compute unit share"};

std::string registers_are(const Dataset &data) {
    return data.text_attribute(occupancy::registers_from) == "compiler"
               ? "registers as the compiler reports them"
               : "registers taken to be the values that the source keeps alive: the compiler does "
                 "not tell its own count";
}

/// Marks a finding where time does not bear out half of the places of the counted curve that it
/// rests on.
void compare_with_time(Finding &finding, const Dataset &data,
                       const std::vector<Residency> &evidence) {
    const WaveTimes waves = wave_times(data);
    int timed = 0;
    int different = 0;
    std::string difference;
    for (const Residency &place : evidence) {
        const auto by_time = threads_by_time(waves, place.live, place.group_size);
        if (!by_time)
            continue;
        ++timed;
        if (std::abs(*by_time / place.threads - 1) <= 0.05)
            continue;
        ++different;
        difference = fmt::format("with {:.0f} live values in groups of {:.0f}, {:.0f} work-items "
                                 "are resident by count, {:.0f} by time",
                                 place.live, place.group_size, place.threads, *by_time);
    }
    if (timed == 0)
        finding.method += "; not compared with time";
    else if (2 * different >= timed)
        make_suspect(finding, difference);
    else
        finding.method += "; the time of waves of groups agrees";
}

/// The place with the most resident of those with so many live values.
Residency fullest_with(const std::vector<Residency> &curve, double live) {
    Residency fullest;
    for (const Residency &place : curve)
        if (place.live == live && place.threads > fullest.threads)
            fullest = place;
    return fullest;
}

Finding max_threads(const Dataset &data, const std::vector<Residency> &curve) {
    double most = 0;
    for (const Residency &place : curve)
        most = std::max(most, place.threads);
    std::vector<Residency> evidence;
    std::copy_if(curve.begin(), curve.end(), std::back_inserter(evidence),
                 [&](const Residency &place) { return place.threads == most; });
    Finding finding = measured(max_threads_key, most, {most, most});
    finding.method = "groups counted by a poll among those resident, most of several polls, over "
                     "the measured compute units";
    finding.evidence = {occupancy::residents, occupancy::waves};
    compare_with_time(finding, data, evidence);
    return finding;
}

Finding full_limit(const Dataset &data, const std::vector<Residency> &curve) {
    const Edge edge = full_occupancy_edge(data);
    if (edge.first == 0)
        return without_value(full_limit_key, Status::inconclusive,
                             fmt::format("as many work-items are resident with {:.0f} live values, "
                                         "the most that were tried",
                                         edge.last));
    const Residency last = fullest_with(curve, edge.last);
    const Residency first = fullest_with(curve, edge.first);
    Finding finding = measured(full_limit_key, last.registers,
                               {last.registers, std::max(last.registers, first.registers - 1)});
    finding.method = "most registers at which the count is as high as ever; " + registers_are(data);
    finding.evidence = {occupancy::residents, occupancy::waves, occupancy::compiler};
    compare_with_time(finding, data, {last, first});
    return finding;
}

Finding spill_limit(const Dataset &data) {
    const auto spill = spill_edge(data);
    if (!spill)
        return without_value(spill_limit_key, Status::inconclusive,
                             "the compiler tells of no spill, and the time of an operation shows "
                             "none either");
    const Edge &edge = spill->edge;
    if (edge.first == 0 || edge.last == 0)
        return without_value(spill_limit_key, Status::inconclusive,
                             fmt::format("{} of the live values that were tried are spilled",
                                         edge.first == 0 ? "none" : "all"));
    const double last = registers_with(data, edge.last);
    const double first = registers_with(data, edge.first);
    // A compiler that spills does so at its limit, so it may report the same count either side.
    const bool counted = data.text_attribute(occupancy::registers_from) == "compiler";
    const double high = counted ? std::max(last, first) : std::max(last, first - 1);
    Finding finding = measured(spill_limit_key, last, {last, high});
    finding.method =
        (spill->known_by == "compiler"
             ? "most registers of which the compiler reports no spill; "
             : "most registers before one group alone takes longer for an operation; ") +
        registers_are(data);
    finding.evidence = {spill->known_by == "compiler" ? occupancy::compiler : occupancy::turns};
    return finding;
}

Finding register_file(const Dataset &data) {
    const std::vector<RegisterStep> steps = fullest_steps(data);
    if (steps.empty())
        return without_value(file_key, Status::inconclusive,
                             "no number of registers that was tried keeps work-items out");
    const RegisterStep step =
        *std::min_element(steps.begin(), steps.end(),
                          [](const auto &a, const auto &b) { return a.too_much() < b.too_much(); });
    Finding finding = measured(file_key, step.held(), {step.held(), step.too_much()});
    finding.method = fmt::format("{:.0f} work-items of {:.0f} registers of 4 B are resident, and "
                                 "fewer with {:.0f}; {}",
                                 step.before.threads, step.before.registers, step.behind.registers,
                                 registers_are(data));
    finding.evidence = {occupancy::residents, occupancy::waves, occupancy::compiler};
    compare_with_time(finding, data, {step.before, step.behind});
    return finding;
}

Finding local_memory(const Dataset &data) {
    const auto memory = local_memory_of(read_local(data));
    if (!memory)
        return without_value(local_key, Status::inconclusive,
                             "no local memory that a group may have keeps other groups out");
    Finding finding = measured(local_key, memory->bytes,
                               {std::max(memory->held, memory->bytes - memory->uncertainty),
                                memory->bytes + memory->uncertainty});
    finding.method =
        fmt::format("from the most local memory that lets few and many groups be "
                    "resident, by count; they hold {} together at most, and the "
                    "driver some {} more for each",
                    format({memory->held, Unit::byte}), format({memory->own_of_group, Unit::byte}));
    finding.evidence = {occupancy::local};
    return finding;
}

} // namespace

std::vector<FindingKey> occupancy_keys() {
    return {max_threads_key, full_limit_key, spill_limit_key, file_key, local_key};
}

std::vector<Finding> occupancy_findings(const Dataset &data) {
    const std::vector<Residency> curve = read_residency(data);
    std::string reason = data.text_attribute(occupancy::no_residency);
    if (reason.empty() && curve.empty())
        reason = "no groups were counted";
    std::vector<Finding> findings;
    if (!reason.empty()) {
        for (const FindingKey &key : occupancy_keys())
            findings.push_back(without_value(key, Status::inconclusive, reason));
        return findings;
    }
    return {max_threads(data, curve), full_limit(data, curve), spill_limit(data),
            register_file(data), local_memory(data)};
}

} // namespace clprobe::probes
