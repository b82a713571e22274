#include "analysis/wave_step.hpp"
#include "execution/occupancy/occupancy.hpp"

#include <clprobe/statistics.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>
#include <map>
#include <utility>

namespace clprobe::probes::occupancy {
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

/// One point of the counted curve.
struct Residency {
    double live = 0;
    double registers = 0;
    double group_size = 0;
    double threads = 0; ///< resident a compute unit
};

/// A point of the counted curve, and the one of the same group size with the fewest registers more
/// that keep work-items out.
struct RegisterStep {
    Residency before;
    Residency behind;

    /// Bytes of registers that the resident work-items hold, at 4 B a register.
    [[nodiscard]] double held() const { return 4 * before.threads * before.registers; }
    /// What as many would hold with the registers that keep some of them out.
    [[nodiscard]] double too_much() const { return 4 * before.threads * behind.registers; }
};

/// An edge of spilling (`first` is 0 where nothing is spilled), and the series that shows it: the
/// compiler's report, or times of turns.
struct Spill {
    Edge edge;
    std::string shown_by;
};

/// The points of a series that have samples; none where there is no such series.
template <typename Row>
std::vector<RowSamples<Row>> sampled(const Dataset &data, const char *name) {
    std::vector<RowSamples<Row>> points = samples_by_row<Row>(data.find(name));
    std::erase_if(points, [](const auto &point) { return point.samples.empty(); });
    return points;
}

/// Where the compiler reported its count of some variants only, it counts for none.
bool registers_counted(const Dataset &data) {
    return data.text_attribute(registers_from) != "live values";
}

/// What the compiler reported of each variant, by its live values.
std::map<double, double> reported(const Dataset &data, Reported what) {
    std::map<double, double> values;
    for (const auto &[row, trips, samples] : sampled<CompilerRow>(data, compiler))
        if (row.what == what)
            values[static_cast<double>(row.live)] = samples.front();
    return values;
}

/// Registers of a work-item with so many live values: those that the compiler reported, or else the
/// live values themselves.
double registers_with(const Dataset &data, double live) {
    if (!registers_counted(data))
        return live;
    const std::map<double, double> counts = reported(data, Reported::registers);
    const auto found = counts.find(live);
    return found == counts.end() ? live : found->second;
}

/// The counted curve, the most of each point's counts. The poll only ever counts too few: where it
/// counted less than with more registers, it takes that count.
std::vector<Residency> counted_curve(const Dataset &data) {
    const bool counted = registers_counted(data);
    std::vector<Residency> curve;
    // By group size and registers, those with most first.
    std::map<double, std::map<double, double, std::greater<>>> counts;
    for (const auto &[row, trips, samples] : sampled<ResidentsRow>(data, residents)) {
        const Residency &point = curve.emplace_back(Residency{
            static_cast<double>(row.live), static_cast<double>(counted ? row.registers : row.live),
            static_cast<double>(row.group_size), std::ranges::max(samples)});
        double &threads = counts[point.group_size][point.registers];
        threads = std::max(threads, point.threads);
    }
    for (auto &[group_size, by_registers] : counts) {
        double with_more = 0;
        for (auto &[registers, threads] : by_registers)
            threads = with_more = std::max(threads, with_more);
    }
    for (Residency &point : curve)
        point.threads = counts[point.group_size][point.registers];
    return curve;
}

/// Marks a finding where time does not bear out half of the points of the counted curve that it
/// rests on: as many groups as are resident run in the time of one, and one more does not. Points
/// whose step was not found between neighbouring numbers of groups are not compared.
void compare_with_time(Finding &finding, const Dataset &data,
                       const std::vector<Residency> &evidence) {
    std::map<std::pair<double, double>, std::map<std::size_t, double>> times;
    for (const auto &[row, trips, samples] : sampled<WaveRow>(data, waves))
        times[{static_cast<double>(row.live), static_cast<double>(row.group_size)}][row.groups] =
            std::ranges::min(samples);
    int timed = 0;
    int different = 0;
    std::string difference;
    for (const Residency &point : evidence) {
        const WaveStep stairs = find_wave_step(times[{point.live, point.group_size}]);
        if (stairs.above == 0 || stairs.above != stairs.flat + 1)
            continue;
        ++timed;
        const double by_time = static_cast<double>(stairs.flat) * point.group_size;
        if (std::abs(by_time / point.threads - 1) <= 0.05)
            continue;
        ++different;
        difference = fmt::format("with {:.0f} live values in groups of {:.0f}, {:.0f} work-items "
                                 "are resident by count, {:.0f} by time",
                                 point.live, point.group_size, point.threads, by_time);
    }
    if (timed == 0)
        finding.method += "; not compared with time";
    else if (2 * different >= timed)
        make_suspect(finding, difference);
    else
        finding.method += "; the time of waves of groups agrees";
}

/// The last point before the first that `is_beyond`, and that one.
template <typename Beyond>
Edge edge_of(const std::map<double, double> &curve, const Beyond &is_beyond) {
    Edge edge;
    for (const auto &[live, value] : curve) {
        if (is_beyond(value)) {
            edge.first = live;
            break;
        }
        edge.last = live;
    }
    return edge;
}

/// Where one group alone, whose neighbours cannot matter, gets slower by the operation: a few
/// spilled values cost little, so the edge reaches from the last point that is not slower at all to
/// the first that clearly is.
std::optional<Spill> timed_spill(const Dataset &data) {
    std::map<std::size_t, double> times; // of an operation, by live values
    for (const auto &[row, trips, samples] : sampled<TurnRow>(data, turns)) {
        const double seconds = std::ranges::min(samples) / (static_cast<double>(row.live) * trips);
        const auto least = times.emplace(row.live, seconds).first;
        least->second = std::min(least->second, seconds);
    }
    const WaveStep clear = find_wave_step(times);
    if (clear.above == 0)
        return std::nullopt;
    constexpr double hardly = 1.1;
    return Spill{
        {static_cast<double>(find_wave_step(times, hardly).flat), static_cast<double>(clear.above)},
        turns};
}

/// Nothing where neither shows it.
std::optional<Spill> spill_in(const Dataset &data) {
    const auto spills = [](double bytes) { return bytes > 0; };
    if (const auto bytes = reported(data, Reported::spilled_bytes);
        !bytes.empty() && data.text_attribute(registers_from) == "compiler")
        return Spill{edge_of(bytes, spills), compiler};
    // Private memory shows a spill only where it is more than zero for some variant, but not for
    // that of the fewest values: else the driver counts something else, or does not count.
    if (const Edge edge = edge_of(reported(data, Reported::private_bytes), spills);
        edge.first > 0 && edge.last > 0)
        return Spill{edge, compiler};
    return timed_spill(data);
}

/// The steps before which the most registers are held, by rising registers; spilled variants do not
/// count. Empty where no step was seen.
std::vector<RegisterStep> fullest_steps(const Dataset &data) {
    const std::vector<Residency> curve = counted_curve(data);
    const auto spill = spill_in(data);
    std::map<double, std::vector<Residency>> by_registers; // of each group size
    for (const Residency &point : curve)
        by_registers[point.group_size].push_back(point);
    for (auto &[group_size, points] : by_registers)
        std::ranges::stable_sort(points, {}, &Residency::registers);
    std::vector<RegisterStep> steps;
    double most_held = 0;
    for (const Residency &point : curve) {
        if (spill && spill->edge.first > 0 && point.live >= spill->edge.first)
            continue;
        const std::vector<Residency> &points = by_registers.at(point.group_size);
        const auto behind = std::ranges::partition_point(points, [&](const Residency &other) {
            return other.registers <= point.registers || other.threads >= point.threads;
        });
        if (behind == points.end())
            continue;
        steps.push_back({point, *behind});
        most_held = std::max(most_held, steps.back().held());
    }
    std::erase_if(steps, [&](const RegisterStep &step) { return step.held() < most_held; });
    std::ranges::stable_sort(steps, {}, [](const RegisterStep &step) {
        return std::pair(step.before.registers, step.before.live);
    });
    return steps;
}

std::string registers_are(const Dataset &data) {
    return data.text_attribute(registers_from) == "compiler"
               ? "registers as the compiler reports them"
               : "registers taken to be the values that the source keeps alive: the compiler does "
                 "not report its own count";
}

Finding max_threads(const Dataset &data, const std::vector<Residency> &curve) {
    const double most = std::ranges::max_element(curve, {}, &Residency::threads)->threads;
    std::vector<Residency> evidence;
    std::ranges::copy_if(curve, std::back_inserter(evidence),
                         [&](const Residency &point) { return point.threads == most; });
    Finding finding = measured(max_threads_key, most, {most, most});
    finding.method = "groups counted by a poll among those resident, most of several polls, over "
                     "the measured compute units";
    finding.evidence = {residents, waves};
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
    const auto fullest_with = [&](double live) {
        Residency fullest;
        for (const Residency &point : curve)
            if (point.live == live && point.threads > fullest.threads)
                fullest = point;
        return fullest;
    };
    const Residency last = fullest_with(edge.last);
    const Residency first = fullest_with(edge.first);
    Finding finding = measured(full_limit_key, last.registers,
                               {last.registers, std::max(last.registers, first.registers - 1)});
    finding.method = "most registers at which the count is as high as ever; " + registers_are(data);
    finding.evidence = {residents, waves, compiler};
    compare_with_time(finding, data, {last, first});
    return finding;
}

Finding spill_limit(const Dataset &data) {
    const auto spill = spill_in(data);
    if (!spill)
        return without_value(spill_limit_key, Status::inconclusive,
                             "the compiler reports no spill, and the time of an operation shows "
                             "none either");
    const Edge &edge = spill->edge;
    if (edge.first == 0 || edge.last == 0)
        return without_value(spill_limit_key, Status::inconclusive,
                             fmt::format("{} of the live values that were tried are spilled",
                                         edge.first == 0 ? "none" : "all"));
    const double last = registers_with(data, edge.last);
    const double first = registers_with(data, edge.first);
    // A compiler that spills does so at its limit, so it may report the same count either side.
    const bool counted = data.text_attribute(registers_from) == "compiler";
    const double high = counted ? std::max(last, first) : std::max(last, first - 1);
    Finding finding = measured(spill_limit_key, last, {last, high});
    finding.method =
        (spill->shown_by == compiler
             ? "most registers of which the compiler reports no spill; "
             : "most registers before one group alone takes longer for an operation; ") +
        registers_are(data);
    finding.evidence = {spill->shown_by};
    return finding;
}

Finding register_file(const Dataset &data) {
    const std::vector<RegisterStep> steps = fullest_steps(data);
    if (steps.empty())
        return without_value(file_key, Status::inconclusive,
                             "no number of registers that was tried keeps work-items out");
    const RegisterStep step = *std::ranges::min_element(steps, {}, &RegisterStep::too_much);
    Finding finding = measured(file_key, step.held(), {step.held(), step.too_much()});
    finding.method = fmt::format("{:.0f} work-items of {:.0f} registers of 4 B are resident, and "
                                 "fewer with {:.0f}; {}",
                                 step.before.threads, step.before.registers, step.behind.registers,
                                 registers_are(data));
    finding.evidence = {residents, waves, compiler};
    compare_with_time(finding, data, {step.before, step.behind});
    return finding;
}

Finding local_memory(const Dataset &data) {
    std::map<double, double> groups_by_bytes;
    for (const auto &[row, trips, samples] : sampled<LocalRow>(data, local))
        groups_by_bytes[static_cast<double>(row.bytes)] = std::ranges::max(samples);
    // More memory does not let more groups in: a count below that of more memory was too low.
    double with_more = 0;
    std::for_each(groups_by_bytes.rbegin(), groups_by_bytes.rend(),
                  [&](auto &at) { at.second = with_more = std::max(at.second, with_more); });
    const auto memory = local_memory_of(groups_by_bytes);
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
    finding.evidence = {local};
    return finding;
}

} // namespace

std::vector<FindingKey> finding_keys() {
    return {max_threads_key, full_limit_key, spill_limit_key, file_key, local_key};
}

std::vector<Finding> findings_of(const Dataset &data, const Facts &) {
    const std::vector<Residency> curve = counted_curve(data);
    std::string reason = data.text_attribute(no_residency);
    if (reason.empty() && curve.empty())
        reason = "no groups were counted";
    if (reason.empty())
        return {max_threads(data, curve), full_limit(data, curve), spill_limit(data),
                register_file(data), local_memory(data)};
    std::vector<Finding> findings;
    for (const FindingKey &key : finding_keys())
        findings.push_back(without_value(key, Status::inconclusive, reason));
    return findings;
}

std::vector<Curve> curves_of(const Dataset &data) {
    std::map<double, Curve> by_group_size;
    for (const Residency &point : counted_curve(data)) {
        Curve &curve = by_group_size[point.group_size];
        curve.points.push_back({point.registers, point.threads});
    }
    std::vector<Curve> curves;
    for (auto &[group_size, curve] : by_group_size) {
        curve.series = residents;
        curve.x.name = registers_counted(data) ? "registers" : "live values";
        curve.y.name = "work-items resident";
        curve.marks = {full_limit_key.key};
        curve.label = fmt::format("groups of {:.0f}", group_size);
        std::ranges::sort(curve.points, {}, &Curve::Point::x);
        curves.push_back(std::move(curve));
    }
    return curves;
}

Edge full_occupancy_edge(const Dataset &data) {
    std::map<double, double> most_threads; // by live values, over group sizes
    double full = 0;
    for (const Residency &point : counted_curve(data)) {
        double &threads = most_threads[point.live];
        threads = std::max(threads, point.threads);
        full = std::max(full, point.threads);
    }
    return edge_of(most_threads, [&](double threads) { return threads < full; });
}

Edge spill_edge(const Dataset &data) {
    const auto spill = spill_in(data);
    return spill ? spill->edge : Edge{};
}

Edge register_file_edge(const Dataset &data) {
    const std::vector<RegisterStep> steps = fullest_steps(data);
    return steps.empty() ? Edge{} : Edge{steps.back().before.live, steps.back().behind.live};
}

std::optional<LocalMemory> local_memory_of(const std::map<double, double> &groups_by_bytes) {
    constexpr double sharp = 0.05; // relative width of a step that counts for the line
    LocalMemory memory;
    std::vector<TripTime> line; // bytes over 1 / groups
    double widest = 0;
    for (auto next = groups_by_bytes.begin(), at = next; next != groups_by_bytes.end();
         at = next++) {
        const auto &[bytes, groups] = *at;
        const double width = next->first - bytes;
        if (next->second >= groups || bytes * groups == 0)
            continue;
        if (bytes * groups > memory.held) {
            memory.held = memory.bytes = bytes * groups;
            memory.uncertainty = width * groups;
        }
        if (width > sharp * bytes)
            continue;
        line.push_back({1 / groups, bytes + width / 2, 0});
        widest = std::max(widest, width);
    }
    if (memory.held == 0)
        return std::nullopt;
    const auto fit = fit_slope(line);
    if (!fit || fit->seconds_per_trip < memory.held)
        return memory;
    const auto [fewest, most] = std::ranges::minmax_element(line, {}, &TripTime::trips);
    memory.bytes = fit->seconds_per_trip;
    memory.uncertainty = widest / (most->trips - fewest->trips);
    memory.own_of_group = std::max(0.0, -fit->overhead);
    return memory;
}

} // namespace clprobe::probes::occupancy
