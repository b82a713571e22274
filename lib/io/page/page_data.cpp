#include "io/page/page_data.hpp"
#include "io/terminal.hpp"
#include "measure/session.hpp"

#include <clprobe/datasheet.hpp>
#include <clprobe/row.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <initializer_list>
#include <map>
#include <string>

namespace clprobe {
namespace {

constexpr std::size_t most_points = 400; ///< of a curve: a picture has hardly more columns
constexpr std::size_t most_cells = 4096;
constexpr std::size_t most_trials = 200;

/// As precise as a picture, in few digits.
Json rounded(double number) {
    const std::string text = fmt::format("{:.5g}", number);
    double value = number;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

std::string_view name(DatasheetPart::Place place) {
    constexpr std::array names = {"unit", "cache", "memory", "images", "host", "other"};
    return names[static_cast<std::size_t>(place)];
}

/// Whether these have a place on axes that may be logarithmic.
bool can_be_drawn(std::initializer_list<double> numbers) {
    return std::ranges::all_of(numbers,
                               [](double number) { return std::isfinite(number) && number > 0; });
}

Json page_axis(const Axis &axis) {
    return {{"name", page_text(axis.name)}, {"unit", symbol(axis.unit)}};
}

/// Every so many-th of the elements, so that at most that many are left.
template <typename T>
std::vector<T> thinned_to(const std::vector<T> &all, std::size_t most) {
    std::vector<T> kept;
    const std::size_t step = all.empty() ? 1 : (all.size() - 1) / most + 1;
    for (std::size_t i = 0; i < all.size(); i += step)
        kept.push_back(all[i]);
    return kept;
}

/// One device's part of the data, which grows probe by probe.
class DevicePart {
public:
    DevicePart(const Report &report, const DeviceRecord &record, const Registry &registry,
               std::span<const CheckedExpectation> checked)
        : json_{{"name", page_text(record.device.name)},
                {"facts", facts_of(report, record)},
                {"counts", Json::object()},
                {"findings", Json::array()},
                {"curves", Json::array()},
                {"maps", Json::array()},
                {"tunings", Json::array()},
                {"claims", Json::array()}} {
        for (const ProbeRecord &probe : record.probes) {
            const std::size_t first = json_["findings"].size();
            for (const Finding &finding : probe.findings)
                add(finding, probe);
            if (const Probe *known = registry.find(probe.probe))
                draw(*known, probe, first);
        }
        add(datasheet_of(record, checked));
    }

    [[nodiscard]] Json take() && { return std::move(json_); }

private:
    static Json facts_of(const Report &report, const DeviceRecord &record) {
        const DeviceInfo &device = record.device;
        Json facts = Json::array();
        const auto add = [&](std::string_view name, std::string_view text) {
            if (!text.empty())
                facts.push_back({name, page_text(text)});
        };
        add("device", device.name);
        add("slug", device.slug);
        add("platform", fmt::format("{}, {}", device.platform, device.platform_version));
        add("driver", device.driver_version);
        add("UUID", device.uuid);
        add("clock", clock_of(record));
        add("date", report.started);
        add("profile", report.profile + (report.complete ? "" : "; the run did not end"));
        add("host", fmt::format("{}, {} processors of {}", report.host.system,
                                report.host.processors, report.host.cpu));
        add("command", fmt::format("{}", fmt::join(report.command_line, " ")));
        add("clprobe", report.tool_version);
        return facts;
    }

    /// Of the last probe: the first ones choose it.
    static std::string clock_of(const DeviceRecord &record) {
        if (record.probes.empty())
            return {};
        const ClockChoice &clock = record.probes.back().clock;
        return clock.reason.empty() ? clock.source : clock.source + ": " + clock.reason;
    }

    void add(const Finding &finding, const ProbeRecord &probe) {
        Json row{{"key", page_text(finding.key)},  {"probe", page_text(probe.probe)},
                 {"status", name(finding.status)}, {"better", name(finding.better)},
                 {"unit", symbol(finding.unit)},   {"method", page_text(finding.method)},
                 {"note", page_text(finding.note)}};
        if (finding.value) {
            row["value"] = *finding.value;
            row["text"] = value_text(finding, {.utf8 = true});
        }
        if (finding.interval)
            row["interval"] = {finding.interval->low, finding.interval->high};
        Json &count = json_["counts"][std::string(name(finding.status))];
        count = count.is_null() ? 1 : count.get<int>() + 1;
        places_[finding.key] = json_["findings"].size();
        json_["findings"].push_back(std::move(row));
    }

    void add(const Datasheet &sheet) {
        Json parts = Json::array();
        for (const DatasheetPart &part : sheet.parts) {
            Json values = Json::array();
            for (const DatasheetValue &value : part.values)
                values.push_back({page_text(value.name), places_.at(value.finding.key)});
            parts.push_back({{"place", name(part.place)},
                             {"name", page_text(part.name)},
                             {"level", part.level},
                             {"values", std::move(values)}});
        }
        Json rates = Json::array();
        for (const DatasheetRate &rate : sheet.rates) {
            Json &shown_rate = rates.emplace_back(Json{{"name", page_text(rate.name)},
                                                       {"finding", places_.at(rate.finding.key)},
                                                       {"headline", rate.headline}});
            if (rate.share) {
                shown_rate["roof"] = page_text(rate.roof);
                shown_rate["share"] = rounded(*rate.share);
            }
        }
        Json notes = Json::array();
        for (const DatasheetNote &note : sheet.notes) {
            Json keys = Json::array();
            for (const std::string &key : note.keys)
                if (const auto place = places_.find(key); place != places_.end())
                    keys.push_back(place->second);
            notes.push_back({{"topic", page_text(note.topic)},
                             {"text", page_text(note.text)},
                             {"findings", std::move(keys)}});
        }
        Json gaps = Json::array();
        for (const DatasheetGap &gap : sheet.gaps) {
            Json keys = Json::array();
            for (const std::string &key : gap.keys)
                keys.push_back(page_text(key));
            gaps.push_back({{"status", name(gap.status)},
                            {"reason", page_text(gap.reason)},
                            {"keys", std::move(keys)}});
        }
        json_["gaps"] = std::move(gaps);
        json_["parts"] = std::move(parts);
        json_["rates"] = std::move(rates);
        json_["notes"] = std::move(notes);
        for (const CheckedExpectation &claim : sheet.claims)
            add(claim);
    }

    void add(const CheckedExpectation &checked) {
        const Expectation &expectation = checked.expectation;
        Json claim{{"claim", page_text(expectation.claim)},
                   {"source", page_text(expectation.source)},
                   {"asked", page_text(asked_text(expectation))},
                   {"key", page_text(expectation.key)},
                   {"verdict", name(checked.verdict)},
                   {"reason", page_text(checked.reason)}};
        if (checked.finding)
            claim["finding"] = places_.at(checked.finding->key);
        json_["claims"].push_back(std::move(claim));
    }

    /// The places of the probe's findings, the first of which is at `first`, that fulfil that.
    template <typename Condition>
    static Json places(const ProbeRecord &probe, std::size_t first, const Condition &condition) {
        Json found = Json::array();
        for (std::size_t i = 0; i < probe.findings.size(); ++i)
            if (condition(probe.findings[i]))
                found.push_back(first + i);
        return found;
    }

    /// Its findings that rest on that series.
    static Json made_of(const std::string &series, const ProbeRecord &probe, std::size_t first) {
        return places(probe, first, [&](const Finding &finding) {
            return std::ranges::count(finding.evidence, series) > 0;
        });
    }

    /// What a probe draws of its data; nothing of data that are not as it says.
    void draw(const Probe &probe, const ProbeRecord &record, std::size_t first) try {
        const Dataset data = relabelled(record.data, probe.info());
        if (!problem_of(data, probe.info()).empty())
            return;
        for (const Curve &curve : probe.curves(data))
            draw(curve, record, first);
        for (const HeatMap &map : probe.heat_maps(data))
            draw(map, record, first);
        for (const Tuning &tuning : probe.tunings(data))
            draw(tuning, record, first);
    } catch (const InvalidRow &) {
        // Its findings say so.
    }

    void draw(const Curve &curve, const ProbeRecord &record, std::size_t first) {
        std::vector<Curve::Point> drawable = curve.points;
        std::erase_if(drawable, [](const Curve::Point &point) {
            return !can_be_drawn({point.x, point.y}) || !std::isfinite(point.least) ||
                   !std::isfinite(point.most);
        });
        Json points = Json::array();
        for (const Curve::Point &point : thinned_to(drawable, most_points)) {
            Json at{rounded(point.x), rounded(point.y)};
            if (point.samples > 0)
                for (const Json &more :
                     {Json(point.samples), rounded(point.least), rounded(point.most)})
                    at.push_back(more);
            points.push_back(std::move(at));
        }
        if (points.empty())
            return;
        json_["curves"].push_back(
            {{"probe", record.probe},
             {"series", curve.series},
             {"label", page_text(curve.label)},
             {"x", page_axis(curve.x)},
             {"y", page_axis(curve.y)},
             {"points", std::move(points)},
             {"marks", places(record, first,
                              [&](const Finding &finding) {
                                  return std::ranges::any_of(curve.marks,
                                                             [&](const std::string &mark) {
                                                                 return is_listed_as(finding.key,
                                                                                     mark);
                                                             }) &&
                                         std::ranges::count(finding.evidence, curve.series) > 0;
                              })},
             {"findings", made_of(curve.series, record, first)}});
    }

    void draw(const HeatMap &map, const ProbeRecord &record, std::size_t first) {
        std::vector<HeatMap::Cell> drawable = map.points;
        std::erase_if(drawable, [](const HeatMap::Cell &cell) {
            return !can_be_drawn({cell.x, cell.y, cell.value});
        });
        Json cells = Json::array();
        for (const HeatMap::Cell &cell : thinned_to(drawable, most_cells))
            cells.push_back({rounded(cell.x), rounded(cell.y), rounded(cell.value)});
        if (cells.empty())
            return;
        json_["maps"].push_back({{"probe", record.probe},
                                 {"title", page_text(map.title)},
                                 {"x", page_axis(map.x)},
                                 {"y", page_axis(map.y)},
                                 {"value", page_axis(map.value)},
                                 {"cells", std::move(cells)},
                                 {"findings", places(record, first, [&](const Finding &finding) {
                                      return finding.unit == map.value.unit;
                                  })}});
    }

    void draw(const Tuning &tuning, const ProbeRecord &record, std::size_t first) {
        Json trials = Json::array();
        for (const Tuning::Trial &trial : thinned_to(tuning.trials, most_trials))
            if (can_be_drawn({trial.value}))
                trials.push_back({page_text(trial.what), rounded(trial.value)});
        if (trials.empty())
            return;
        json_["tunings"].push_back({{"probe", record.probe},
                                    {"title", page_text(tuning.title)},
                                    {"value", page_axis(tuning.value)},
                                    {"trials", std::move(trials)},
                                    {"findings", made_of(tuning.series, record, first)}});
    }

    Json json_;
    std::map<std::string, std::size_t, std::less<>> places_; ///< of findings, the last of each key
};

/// Devices of one name are told apart by their number.
void number_names(Json &devices) {
    std::map<std::string, int> seen;
    std::map<std::string, int> all;
    for (const Json &device : devices)
        ++all[device["name"]];
    for (Json &device : devices) {
        const std::string name = device["name"];
        if (all[name] > 1)
            device["name"] = fmt::format("{} ({})", name, ++seen[name]);
    }
}

} // namespace

std::string page_text(std::string_view text) {
    return printable(text, {.utf8 = true});
}

Json page_data(std::span<const Report> reports, const Registry &registry,
               std::span<const Expectations> expectations) {
    Json devices = Json::array();
    for (const Report &report : reports) {
        const std::vector<CheckedExpectation> checked = check(report, expectations);
        for (const DeviceRecord &record : report.devices)
            devices.push_back(DevicePart(report, record, registry, checked).take());
    }
    number_names(devices);
    return {{"devices", std::move(devices)}, {"verdicts", page_verdicts(reports)}};
}

} // namespace clprobe
