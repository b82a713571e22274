#include "analysis/wave_step.hpp"
#include "execution/occupancy/reading.hpp"

#include <clprobe/statistics.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <ranges>
#include <span>

namespace clprobe::probes {
namespace {

double least(std::span<const double> samples) {
    return *std::ranges::min_element(samples);
}

double most(std::span<const double> samples) {
    return *std::ranges::max_element(samples);
}

/// The points of a series that have samples; none where there is no such series.
template <typename Row>
std::vector<RowSamples<Row>> sampled(const Dataset &data, const char *name) {
    std::vector<RowSamples<Row>> points = samples_by_row<Row>(data.find(name));
    std::erase_if(points, [](const auto &point) { return point.samples.empty(); });
    return points;
}

/// What the compiler reported of each variant, by its live values.
std::map<double, double> reported(const Dataset &data, occupancy::Reported what) {
    std::map<double, double> values;
    for (const auto &[row, trips, samples] : sampled<CompilerRow>(data, occupancy::compiler))
        if (row.what == what)
            values[static_cast<double>(row.live)] = samples.front();
    return values;
}

/// The last place before the first that `is_beyond`, and that one.
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

constexpr auto spills = [](double bytes) { return bytes > 0; };

/// Private memory tells of a spill only where it is more than zero for some variant, but not for
/// that of the fewest values: else the driver counts something else, or does not count.
std::optional<Edge> private_memory_edge(const Dataset &data) {
    const Edge edge = edge_of(reported(data, occupancy::private_bytes), spills);
    if (edge.first == 0 || edge.last == 0)
        return std::nullopt;
    return edge;
}

/// Where one group alone, whose neighbours cannot matter, gets slower by the operation: a few
/// spilled values cost little, so the edge reaches from the last place that is not slower at all to
/// the first that clearly is.
std::optional<Edge> timed_spill(const Dataset &data) {
    std::map<std::size_t, double> times; // of an operation, by live values
    for (const auto &[row, trips, samples] : sampled<TurnRow>(data, occupancy::turns)) {
        const double seconds = least(samples) / (static_cast<double>(row.live) * trips);
        const auto place = times.emplace(row.live, seconds).first;
        place->second = std::min(place->second, seconds);
    }
    const WaveStep clear = find_wave_step(times);
    if (clear.above == 0)
        return std::nullopt;
    constexpr double hardly = 1.1;
    return Edge{static_cast<double>(find_wave_step(times, hardly).flat),
                static_cast<double>(clear.above)};
}

} // namespace

std::vector<SeriesShape> occupancy_series() {
    const Axis seconds{"time", Unit::second, {}};
    return {
        {occupancy::residents,
         axes<ResidentsRow>(),
         {"threads", Unit::one, {}},
         "work-items resident a compute unit, counted, over live values, the registers that the "
         "compiler made of them, and group size"},
        {occupancy::waves, axes<WaveRow>(), seconds,
         "time of chases through memory over the number of groups a compute unit"},
        {occupancy::local,
         axes<LocalRow>(),
         {"groups", Unit::one, {}},
         "groups resident a compute unit, counted, over the local memory of each"},
        {occupancy::turns, axes<TurnRow>(), seconds,
         "time of one group's turns of its live values"},
        {occupancy::compiler,
         axes<CompilerRow>(),
         {"said", Unit::one, {}},
         "what the driver's compiler says of each variant"},
    };
}

double registers_with(const Dataset &data, double live) {
    if (data.text_attribute(occupancy::registers_from) == "live values")
        return live;
    const std::map<double, double> counts = reported(data, occupancy::registers);
    const auto found = counts.find(live);
    return found == counts.end() ? live : found->second;
}

std::vector<Residency> read_residency(const Dataset &data) {
    // Where the compiler told its count of some variants only, it counts for none.
    const bool counted = data.text_attribute(occupancy::registers_from) != "live values";
    std::vector<Residency> curve;
    for (const auto &[row, trips, samples] : sampled<ResidentsRow>(data, occupancy::residents))
        curve.push_back({static_cast<double>(row.live),
                         static_cast<double>(counted ? row.registers : row.live),
                         static_cast<double>(row.group_size), most(samples)});
    std::map<double, std::map<double, double>> counts; // by group size and registers
    for (const Residency &place : curve) {
        double &threads = counts[place.group_size][place.registers];
        threads = std::max(threads, place.threads);
    }
    for (auto &[group_size, by_registers] : counts) {
        double with_more = 0;
        for (auto &[registers, threads] : std::views::reverse(by_registers))
            threads = with_more = std::max(threads, with_more);
    }
    for (Residency &place : curve)
        place.threads = counts[place.group_size][place.registers];
    return curve;
}

WaveTimes wave_times(const Dataset &data) {
    WaveTimes times;
    for (const auto &[row, trips, samples] : sampled<WaveRow>(data, occupancy::waves))
        times[{static_cast<double>(row.live), static_cast<double>(row.group_size)}][row.groups] =
            least(samples);
    return times;
}

std::optional<double> threads_by_time(const WaveTimes &waves, double live, double group_size) {
    const auto times = waves.find({live, group_size});
    if (times == waves.end())
        return std::nullopt;
    const WaveStep stairs = find_wave_step(times->second);
    if (stairs.above == 0 || stairs.above != stairs.flat + 1)
        return std::nullopt;
    return static_cast<double>(stairs.flat) * group_size;
}

Edge full_occupancy_edge(const Dataset &data) {
    std::map<double, double> most_threads; // by live values, over group sizes
    double full = 0;
    for (const Residency &place : read_residency(data)) {
        double &threads = most_threads[place.live];
        threads = std::max(threads, place.threads);
        full = std::max(full, place.threads);
    }
    return edge_of(most_threads, [&](double threads) { return threads < full; });
}

std::optional<SpillEdge> spill_edge(const Dataset &data) {
    if (const auto bytes = reported(data, occupancy::spilled_bytes);
        !bytes.empty() && data.text_attribute(occupancy::registers_from) == "compiler")
        return SpillEdge{edge_of(bytes, spills), "compiler"};
    if (const auto told = private_memory_edge(data))
        return SpillEdge{*told, "compiler"};
    if (const auto timed = timed_spill(data))
        return SpillEdge{*timed, "time"};
    return std::nullopt;
}

std::vector<RegisterStep> fullest_steps(const Dataset &data) {
    const std::vector<Residency> curve = read_residency(data);
    const auto spill = spill_edge(data);
    std::map<double, std::vector<Residency>> by_registers; // of each group size
    for (const Residency &place : curve)
        by_registers[place.group_size].push_back(place);
    for (auto &[group_size, places] : by_registers)
        std::ranges::stable_sort(places, {}, &Residency::registers);
    std::vector<RegisterStep> steps;
    for (const Residency &place : curve) {
        if (spill && spill->edge.first > 0 && place.live >= spill->edge.first)
            continue;
        const std::vector<Residency> &places = by_registers.at(place.group_size);
        const auto behind = std::ranges::partition_point(places, [&](const Residency &other) {
            return other.registers <= place.registers || other.threads >= place.threads;
        });
        if (behind != places.end())
            steps.push_back({place, *behind});
    }
    double most_held = 0;
    for (const RegisterStep &step : steps)
        most_held = std::max(most_held, step.held());
    std::erase_if(steps, [&](const RegisterStep &step) { return step.held() < most_held; });
    std::stable_sort(steps.begin(), steps.end(), [](const RegisterStep &a, const RegisterStep &b) {
        return std::pair(a.before.registers, a.before.live) <
               std::pair(b.before.registers, b.before.live);
    });
    return steps;
}

std::vector<LocalResidency> read_local(const Dataset &data) {
    std::vector<LocalResidency> curve;
    for (const auto &[row, trips, samples] : sampled<LocalRow>(data, occupancy::local))
        curve.push_back({static_cast<double>(row.bytes), most(samples)});
    std::sort(curve.begin(), curve.end(),
              [](const auto &a, const auto &b) { return a.bytes < b.bytes; });
    // More memory does not let more groups in: a count below that of more memory was too low.
    for (std::size_t i = curve.size(); i-- > 1;)
        curve[i - 1].groups = std::max(curve[i - 1].groups, curve[i].groups);
    return curve;
}

std::optional<LocalMemory> local_memory_of(const std::vector<LocalResidency> &curve) {
    constexpr double sharp = 0.05; // relative width of a place that counts for the line
    LocalMemory memory;
    std::vector<TripTime> line; // bytes over 1 / groups
    double widest = 0;
    for (std::size_t i = 0; i + 1 < curve.size(); ++i) {
        const auto &[bytes, groups] = curve[i];
        const double width = curve[i + 1].bytes - bytes;
        if (curve[i + 1].groups >= groups || bytes * groups == 0)
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
    const auto [fewest, most] = std::minmax_element(
        line.begin(), line.end(), [](const auto &a, const auto &b) { return a.trips < b.trips; });
    memory.bytes = fit->seconds_per_trip;
    memory.uncertainty = widest / (most->trips - fewest->trips);
    memory.own_of_group = std::max(0.0, -fit->overhead);
    return memory;
}

} // namespace clprobe::probes
