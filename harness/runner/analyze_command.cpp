#include "commands.hpp"
#include "exit_status.hpp"
#include "plots.hpp"
#include "style.hpp"

#include <clprobe/csv.hpp>
#include <clprobe/error.hpp>
#include <clprobe/file.hpp>
#include <clprobe/json.hpp>
#include <clprobe/session.hpp>
#include <clprobe/terminal.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <utility>

namespace clprobe::runner {
namespace {

namespace fs = std::filesystem;

/// A report that the files hold. Gathered from CSV files it has no findings to compare with.
struct Document {
    Report report;
    bool from_csv = false;
};

/// What the files hold: reports, and the data of bare CSV files, which no device is known of.
struct Inputs {
    std::vector<Document> documents;
    std::optional<ProbeRecord> bare;
};

const Probe *chosen_probe(const AnalyzeOptions &options, const Registry &registry) {
    if (!options.probe)
        return nullptr;
    const auto probes = registry.match(std::vector{*options.probe});
    if (probes.size() > 1)
        throw InputError(
            fmt::format("--probe takes one probe, and {} fit '{}'", probes.size(), *options.probe));
    return probes.front();
}

std::vector<Series> layouts_of(const Probe *probe) {
    std::vector<Series> layouts;
    if (probe == nullptr)
        return layouts;
    for (const SeriesShape &shape : probe->info().series) {
        layouts.push_back({shape.name, shape.axes, shape.measure, {}});
        if (shape.measure.name == "latency") // of somebody who knows no clock
            layouts.push_back({shape.name, shape.axes, {"latency", Unit::cycle, {}}, {}});
    }
    return layouts;
}

void add_bare(const fs::path &file, const Probe &probe, Series series, Inputs &inputs) {
    if (!inputs.bare)
        inputs.bare.emplace().probe = probe.info().name;
    Dataset &data = inputs.bare->data;
    if (data.find(series.name) != nullptr)
        throw InputError(fmt::format("'{}' holds the series {}, as a file before it does",
                                     file.string(), series.name));
    data.series.push_back(std::move(series));
}

Inputs read_inputs(const AnalyzeOptions &options, const Registry &registry) {
    const Probe *probe = chosen_probe(options, registry);
    const std::vector<Series> layouts = layouts_of(probe);
    Inputs inputs;
    std::vector<CsvSeries> of_a_run;
    for (const fs::path &file : options.files) {
        if (probe == nullptr && file.extension() != ".csv") {
            inputs.documents.push_back({read_report(file)});
            continue;
        }
        CsvSeries csv = series_from_csv(read_file(file), file.string(), layouts);
        for (const std::string &note : csv.notes)
            say(file.string() + ": " + note);
        if (csv.origin)
            of_a_run.push_back(std::move(csv));
        else
            add_bare(file, *probe, std::move(csv.series), inputs);
    }
    for (Report &report : reports_from_csv(of_a_run))
        inputs.documents.push_back({std::move(report), true});
    return inputs;
}

std::string described(const Finding &finding) {
    const std::string value = value_text(finding, {});
    return fmt::format("{} {}", name(finding.status), value.empty() ? finding.note : value);
}

const Finding *find(const ProbeRecord &record, const std::string &key) {
    const auto found = std::find_if(record.findings.begin(), record.findings.end(),
                                    [&](const Finding &finding) { return finding.key == key; });
    return found == record.findings.end() ? nullptr : &*found;
}

/// Which findings are not those of before, to the last bit.
std::vector<std::string> differences(const ProbeRecord &before, const ProbeRecord &now) {
    std::vector<std::string> lines;
    const auto add = [&](const std::string &key, const Finding *was, const Finding *is) {
        lines.push_back(fmt::format("{} {}: was {}, is {}", now.probe, key,
                                    was != nullptr ? described(*was) : "not there",
                                    is != nullptr ? described(*is) : "not there"));
    };
    for (const Finding &finding : now.findings) {
        const Finding *was = find(before, finding.key);
        if (was == nullptr || *was != finding)
            add(finding.key, was, &finding);
    }
    for (const Finding &finding : before.findings)
        if (find(now, finding.key) == nullptr)
            add(finding.key, &finding, nullptr);
    return lines;
}

/// The record with its findings made anew.
ProbeRecord anew(const Probe &probe, ProbeRecord record, const DeviceInfo *device) {
    record.findings = interpret(probe, record, device);
    settle_status(record);
    return record;
}

/// Interprets records anew and shows them, and says on stderr what is not as it was before.
class Analysis {
public:
    Analysis(const Registry &registry, bool show, bool plot)
        : registry_(registry), show_(show), plot_(plot), style_(style_of_stdout()) {}

    void add(Document &document) {
        for (DeviceRecord &device : document.report.devices) {
            // CSV files of one device come as a report for each of its probes.
            if (!document.from_csv || device.device.slug != shown_)
                show(device_text(device.device, style_));
            shown_ = device.device.slug;
            for (ProbeRecord &record : device.probes)
                add(record, device.device, document.from_csv);
        }
    }
    void show(const ProbeRecord &record) {
        show(probe_text(record, style_));
        if (const Probe *probe = registry_.find(record.probe); plot_ && probe != nullptr)
            show(plots_text(*probe, record, style_));
    }

    [[nodiscard]] bool same() const { return same_; }

private:
    void add(ProbeRecord &record, const DeviceInfo &device, bool from_csv) {
        const Probe *probe = registry_.find(record.probe);
        if (probe == nullptr)
            return say(fmt::format("this program has no probe {}: its findings stay as they are",
                                   record.probe));
        const ProbeRecord before = std::exchange(record, anew(*probe, record, &device));
        show(record);
        if (!from_csv)
            for (const std::string &difference : differences(before, record))
                say("differs: " + difference);
    }
    void show(const std::string &text) const {
        if (show_)
            std::cout << text;
    }
    void say(const std::string &difference) {
        same_ = false;
        std::cout.flush();
        runner::say(difference);
    }

    const Registry &registry_;
    bool show_;
    bool plot_; ///< curves too
    TextStyle style_;
    std::string shown_; ///< the device whose heading was the last
    bool same_ = true;
};

} // namespace

int analyze_command(const AnalyzeOptions &options, const Registry &registry) {
    Inputs inputs = read_inputs(options, registry);
    if (options.json && inputs.documents.size() + (inputs.bare ? 1 : 0) > 1)
        throw InputError("--json takes the findings of one report, and these files hold several");
    Analysis analysis(registry, options.json != "-", options.files.size() == 1);
    Json json;
    for (Document &document : inputs.documents) {
        analysis.add(document);
        json = to_json(document.report);
    }
    if (inputs.bare) {
        const ProbeRecord record = anew(*chosen_probe(options, registry), *inputs.bare, nullptr);
        analysis.show(record);
        json = to_json(record);
    }
    if (options.json)
        write_file(*options.json, to_text(json));
    if (options.picture &&
        (inputs.documents.empty() ||
         !write_picture(registry, inputs.documents.front().report, *options.picture)))
        return exit_failed;
    return options.verify && !analysis.same() ? exit_failed : exit_done;
}

} // namespace clprobe::runner
