// The exports that are JSON.
#include "io/exports.hpp"
#include "io/terminal.hpp"
#include "model/invariants.hpp"

#include <clprobe/json.hpp>
#include <clprobe/statistics.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <span>
#include <utility>

namespace clprobe {
namespace {

/// The findings that may be compared.
std::vector<ExportedFinding> measured_findings(const Report &report) {
    std::vector<ExportedFinding> rows = exported_findings(report);
    std::erase_if(rows, [](const ExportedFinding &row) {
        return row.finding.status != Status::measured || !row.finding.value;
    });
    return rows;
}

/// A measure of Bencher: its name, and what a value is multiplied by.
std::pair<std::string, double> bencher_measure(const Finding &finding) {
    if (finding.unit == Unit::second && finding.better == Better::lower)
        return {"latency", 1e9};
    if (finding.unit == Unit::op_per_second && finding.better == Better::higher)
        return {"throughput", 1};
    static const std::map<Unit, std::string> words = {
        {Unit::one, "number"},
        {Unit::second, "seconds"},
        {Unit::cycle, "cycles"},
        {Unit::byte, "bytes"},
        {Unit::byte_per_second, "bytes-per-second"},
        {Unit::flop_per_second, "flops-per-second"},
        {Unit::op_per_second, "operations-per-second"},
        {Unit::texel_per_second, "texels-per-second"},
        {Unit::flop_per_byte, "flops-per-byte"},
        {Unit::hertz, "hertz"},
        {Unit::joule, "joules"}};
    const bool directed = finding.better != Better::none;
    return {fmt::format("{}{}{}", words.at(finding.unit), directed ? "-" : "",
                        directed ? name(finding.better) : ""),
            1};
}

Json github_action_entry(const ExportedFinding &row) {
    const auto [factor, unit] = tool_scale(row.finding.unit);
    Json json = {
        {"name", benchmark_name(row)}, {"unit", unit}, {"value", *row.finding.value * factor}};
    if (row.finding.interval)
        json["range"] = fmt::format("± {:.4g}", row.finding.interval->half_width() * factor);
    const DeviceInfo &device = row.device->device;
    json["extra"] = printable(
        fmt::format("{}, {}, profile {}", device.name, driver_text(device), row.probe->profile),
        {.utf8 = true});
    return json;
}

/// Repetitions of one benchmark as Google Benchmark lists them.
class GoogleBenchmarks {
public:
    /// `more` are further members of each entry. A time that is not positive is none.
    void add(const std::string &name, std::vector<double> seconds, double iterations,
             const Json &more = Json::object()) {
        std::erase_if(seconds, [](double time) { return !(time > 0 && std::isfinite(time)); });
        for (std::size_t i = 0; i < seconds.size(); ++i) {
            Json entry = {{"name", name},
                          {"family_index", families_},
                          {"per_family_instance_index", 0},
                          {"run_name", name},
                          {"run_type", "iteration"},
                          {"repetitions", seconds.size()},
                          {"repetition_index", i},
                          {"threads", 1},
                          {"iterations", static_cast<std::uint64_t>(std::min(iterations, 0x1p53))},
                          {"real_time", seconds[i] * 1e9},
                          {"cpu_time", seconds[i] * 1e9},
                          {"time_unit", "ns"}};
            entry.update(more);
            entries_.push_back(std::move(entry));
        }
        ++families_;
    }
    [[nodiscard]] const Json &entries() const { return entries_; }

private:
    Json entries_ = Json::array();
    std::size_t families_ = 0;
};

void add_finding(GoogleBenchmarks &benchmarks, const ExportedFinding &row) {
    constexpr double billion = 1e9;
    const double value = *row.finding.value;
    switch (row.finding.unit) {
    case Unit::second:
        benchmarks.add(benchmark_name(row), {value}, 1);
        break;
    case Unit::byte_per_second:
    case Unit::flop_per_second:
    case Unit::op_per_second:
    case Unit::texel_per_second: {
        const bool bytes = row.finding.unit == Unit::byte_per_second;
        const std::string_view unit = symbol(row.finding.unit);
        benchmarks.add(benchmark_name(row), {billion / value}, 1,
                       {{bytes ? "bytes_per_second" : "items_per_second", value},
                        {"label", fmt::format("time of 1e9 {}", unit.substr(0, unit.find('/')))}});
        break;
    }
    default:
        break;
    }
}

/// The samples of a series at the same coordinates, whatever the trips, by block.
using Blocks = std::map<int, std::vector<TripTime>>;

std::map<std::vector<double>, Blocks> samples_by_block(const Series &series) {
    const auto trips = std::ranges::find(series.axes, "trips", &Axis::name) - series.axes.begin();
    std::map<std::vector<double>, Blocks> rows;
    for (const Point &point : series.points) {
        if (point.block.empty() || !problem_of(series, point).empty())
            continue;
        std::vector<double> at = point.at;
        double count = 0;
        if (trips < std::ssize(at)) {
            count = at[static_cast<std::size_t>(trips)];
            at.erase(at.begin() + trips);
        }
        for (std::size_t i = 0; i < point.samples.size(); ++i)
            rows[at][point.block[i]].push_back({count, point.samples[i], point.block[i]});
    }
    return rows;
}

/// What each block shows: the time of a trip, else the middle time.
std::vector<double> times_of_blocks(const Blocks &blocks, bool over_trips) {
    std::vector<double> times;
    for (const auto &[number, samples] : blocks) {
        if (over_trips) {
            if (const auto fit = fit_slope(samples))
                times.push_back(fit->seconds_per_trip);
            continue;
        }
        std::vector<double> seconds;
        for (const TripTime &sample : samples)
            seconds.push_back(sample.seconds);
        times.push_back(median(seconds));
    }
    return times;
}

/// ".../footprint:32768/format:rgba8" behind the name of the series.
std::string point_name(std::string name, std::span<const Axis> axes,
                       std::span<const double> coordinates) {
    for (std::size_t i = 0; i < axes.size(); ++i) {
        const auto &labels = axes[i].labels;
        name += labels.empty() ? fmt::format("/{}:{}", axes[i].name, coordinates[i])
                               : fmt::format("/{}:{}", axes[i].name,
                                             labels[static_cast<std::size_t>(coordinates[i])]);
    }
    return printable(name, {.utf8 = true});
}

void add_points(GoogleBenchmarks &benchmarks, const std::string &name, const Series &series) {
    if (series.measure.unit != Unit::second)
        return;
    std::vector<Axis> axes = series.axes;
    const bool over_trips = std::erase_if(axes, [](auto &axis) { return axis.name == "trips"; });
    for (const auto &[at, blocks] : samples_by_block(series)) {
        const std::vector<double> times = times_of_blocks(blocks, over_trips);
        double most = 1;
        for (const auto &[number, samples] : blocks)
            most = std::max(most, std::ranges::max(samples, {}, &TripTime::trips).trips);
        if (times.size() >= 2)
            benchmarks.add(point_name(name, axes, at), times, most);
    }
}

} // namespace

std::string bencher_json(const Report &report) {
    std::map<std::string, Json> benchmarks;
    for (const ExportedFinding &row : measured_findings(report)) {
        const auto [measure, factor] = bencher_measure(row.finding);
        Json metric = {{"value", *row.finding.value * factor}};
        if (row.finding.interval) {
            metric["lower_value"] = row.finding.interval->low * factor;
            metric["upper_value"] = row.finding.interval->high * factor;
        }
        benchmarks[benchmark_name(row)] = {{measure, metric}};
    }
    return to_text(Json(benchmarks));
}

GithubActionFiles github_action_json(const Report &report) {
    Json bigger = Json::array();
    Json smaller = Json::array();
    for (const ExportedFinding &row : measured_findings(report))
        if (row.finding.better != Better::none)
            (row.finding.better == Better::higher ? bigger : smaller)
                .push_back(github_action_entry(row));
    return {to_text(bigger), to_text(smaller)};
}

std::string google_benchmark_json(const Report &report) {
    GoogleBenchmarks benchmarks;
    for (const ExportedFinding &row : measured_findings(report))
        add_finding(benchmarks, row);
    for (const DeviceRecord &device : report.devices)
        for (const ProbeRecord &record : device.probes)
            for (const Series &series : record.data.series)
                add_points(benchmarks,
                           fmt::format("{}/{}/{}", device.device.slug, record.probe, series.name),
                           series);
    const Json context = {{"date", report.started},
                          {"host_name", report.host.system},
                          {"executable", "clprobe " + report.tool_version},
                          {"num_cpus", report.host.processors},
                          {"caches", Json::array()},
                          {"library_build_type", "release"}};
    return to_text({{"context", context}, {"benchmarks", benchmarks.entries()}});
}

} // namespace clprobe
