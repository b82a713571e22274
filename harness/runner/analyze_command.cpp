#include "commands.hpp"
#include "console.hpp"
#include "io/brief.hpp"
#include "io/csv.hpp"
#include "io/file.hpp"
#include "measure/session.hpp"
#include "output.hpp"

#include <clprobe/error.hpp>
#include <clprobe/json.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <sstream>

namespace clprobe::runner {
namespace {

namespace fs = std::filesystem;

/// A report that a file holds, or one made of the CSV files of a run or of the series of other
/// tools: these have no findings to compare with, and the latter are of no known device.
struct Document {
    enum class Origin { report, run, others };
    Report report;
    std::string file; ///< the first of them
    Origin origin = Origin::report;
};
using Origin = Document::Origin;

const Probe *chosen_probe(const Options &options, const Registry &registry) {
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
    for (const SeriesShape &shape : probe ? probe->info().series : std::vector<SeriesShape>()) {
        layouts.push_back({shape.name, shape.axes, shape.measure, {}});
        if (shape.measure.name == "latency") // of a tool that knows no clock
            layouts.push_back({shape.name, shape.axes, {"latency", Unit::cycle, {}}, {}});
    }
    return layouts;
}

/// Whether the text of a file is a report; else it is a CSV.
bool is_json(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\r\n");
    return first == std::string_view::npos || text[first] == '{';
}

/// The report, of which only that probe's records are wanted where one is named.
Document document_in(const std::string &text, const std::string &file, const Probe *probe) {
    Document document{read_report(text, file), file};
    if (probe == nullptr)
        return document;
    std::size_t left = 0;
    for (DeviceRecord &device : document.report.devices) {
        std::erase_if(device.probes, [&](const ProbeRecord &record) {
            return record.probe != probe->info().name;
        });
        left += device.probes.size();
    }
    if (left == 0)
        throw InputError(fmt::format("'{}' has nothing of {}", file, probe->info().name));
    return document;
}

void add_external(const std::string &file, const Probe &probe, Series series,
                  std::vector<Document> &documents) {
    auto found = std::ranges::find(documents, Origin::others, &Document::origin);
    if (found == documents.end()) {
        found = documents.insert(found, {{}, file, Origin::others});
        found->report.devices.emplace_back().probes.emplace_back().probe = probe.info().name;
    }
    Dataset &data = found->report.devices.front().probes.front().data;
    if (data.find(series.name) != nullptr)
        throw InputError(
            fmt::format("'{}' holds the series {}, as a file before it does", file, series.name));
    data.series.push_back(std::move(series));
}

std::vector<Document> read_documents(const Options &options, const Registry &registry) {
    const Probe *probe = chosen_probe(options, registry);
    const std::vector<Series> layouts = layouts_of(probe);
    std::vector<Document> documents;
    std::vector<CsvSeries> of_a_run;
    std::string run_file; ///< the first of a run
    for (const fs::path &path : options.files) {
        const std::string file = path.string();
        const std::string text = read_file(path);
        if (is_json(text)) {
            documents.push_back(document_in(text, file, probe));
            continue;
        }
        CsvSeries csv = series_from_csv(text, file, layouts, {options.columns, options.skip});
        for (const std::string &note : csv.notes)
            say(fmt::format("{}: {}", file, note));
        if (!csv.origin)
            add_external(file, *probe, std::move(csv.series), documents);
        else if (of_a_run.push_back(std::move(csv)); run_file.empty())
            run_file = file;
    }
    for (Report &report : reports_from_csv(of_a_run))
        documents.push_back({std::move(report), run_file, Origin::run});
    // Pictures are the first report's, and what others measured is shown last.
    std::stable_partition(documents.begin(), documents.end(), [](const Document &document) {
        return document.origin != Origin::others;
    });
    return documents;
}

std::string described(const Finding *finding) {
    if (finding == nullptr)
        return "not there";
    const std::string value = value_text(*finding, {});
    return fmt::format("{} {}", name(finding->status), value.empty() ? finding->note : value);
}

const Finding *find(const ProbeRecord &record, const std::string &key) {
    const auto found = std::ranges::find(record.findings, key, &Finding::key);
    return found == record.findings.end() ? nullptr : &*found;
}

/// Which findings are not those of before, to the last bit.
std::vector<std::string> differences(const ProbeRecord &before, const ProbeRecord &now) {
    std::vector<std::string> lines;
    const auto add = [&](const std::string &key, const Finding *was, const Finding *is) {
        lines.push_back(
            fmt::format("{} {}: was {}, is {}", now.probe, key, described(was), described(is)));
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

/// Interprets records anew and shows them, and says on stderr what is not as it was before.
class Analysis {
public:
    /// `probes` there are altogether. Of one alone each finding has a line, and curves are shown.
    Analysis(const Registry &registry, bool show, bool verbose, std::size_t probes)
        : registry_(registry), show_(show), verbose_(verbose), probes_(probes),
          style_(style_of_stdout()) {}

    /// Each line from here on names that file.
    void name_file(const std::string &file) {
        file_ = file + ": ";
        style_ = style_of_stdout();
        style_.width -= std::min(style_.width / 2, file_.size());
    }

    void add(Document &document) {
        const Origin origin = document.origin;
        if (document.report.summary)
            runner::say(fmt::format("'{}' is a summary, without samples: its findings are shown as "
                                    "they were when it was written",
                                    document.file));
        for (DeviceRecord &device : document.report.devices) {
            // CSV files of one device come as a report for each of its probes.
            const bool goes_on = brief_ && origin == Origin::run && device.device.slug == shown_;
            if (!goes_on)
                brief_.emplace(style_, origin == Origin::report ? device.probes.size() : probes_,
                               probes_ > 1);
            if (origin != Origin::others && !goes_on)
                show(device_text(device.device, style_));
            shown_ = device.device.slug;
            for (ProbeRecord &record : device.probes)
                document.report.summary
                    ? show(record)
                    : add(record, origin == Origin::others ? nullptr : &device.device,
                          origin == Origin::report);
        }
    }

    [[nodiscard]] bool same() const { return same_; }
    [[nodiscard]] bool any_failed() const { return any_failed_; }

private:
    void add(ProbeRecord &record, const DeviceInfo *device, bool has_findings) {
        const Probe *probe = registry_.find(record.probe);
        if (probe == nullptr)
            return say(fmt::format("{}this program has no probe {}: its findings stay as they are",
                                   file_, record.probe));
        const ProbeRecord before = record;
        record.findings = interpret(*probe, before, device);
        settle_status(record);
        show(record);
        if (has_findings)
            for (const std::string &difference : differences(before, record))
                say(file_ + "differs: " + difference);
    }
    void show(const ProbeRecord &record) {
        show(verbose_ ? probe_text(record, style_) : brief_->add(record));
        if (record.status == Status::failed) {
            any_failed_ = true;
            std::cout.flush();
            runner::say(fmt::format("{}: {}", record.probe, record.reason));
        }
        if (const Probe *probe = registry_.find(record.probe);
            (verbose_ || probes_ == 1) && probe != nullptr)
            show(plots_text(*probe, record, style_));
    }
    void show(const std::string &text) const {
        if (!show_)
            return;
        std::istringstream lines(text);
        for (std::string line; std::getline(lines, line);)
            std::cout << (line.empty() ? "" : file_) << line << '\n';
    }
    void say(const std::string &difference) {
        same_ = false;
        std::cout.flush();
        runner::say(difference);
    }

    const Registry &registry_;
    bool show_;
    bool verbose_;
    std::size_t probes_;
    TextStyle style_;
    std::optional<BriefText> brief_;
    std::string file_;  ///< before each line, where there are several
    std::string shown_; ///< the device whose heading was the last
    bool same_ = true;
    bool any_failed_ = false;
};

} // namespace

int analyze_command(const Options &options, const Registry &registry) {
    std::vector<Document> documents = read_documents(options, registry);
    const auto of_a_run = std::ranges::count(documents, Origin::run, &Document::origin);
    const bool several = std::ssize(documents) - of_a_run + (of_a_run > 0 ? 1 : 0) > 1;
    if ((options.json || options.summary) && documents.size() > 1)
        throw InputError(fmt::format("{} takes the findings of one report, and these files hold "
                                     "several",
                                     options.json ? "--json" : "--summary"));
    for (const Document &document : documents) {
        if (options.summary && document.origin == Origin::others)
            throw InputError(
                fmt::format("--summary is one of a report, and '{}' is none", document.file));
        if (options.verify && document.report.summary)
            throw InputError(fmt::format("'{}' is a summary: it holds no samples to verify its "
                                         "findings by",
                                         document.file));
    }
    std::size_t probes = 0;
    for (const Document &document : documents)
        for (const DeviceRecord &device : document.report.devices)
            probes += device.probes.size();
    Analysis analysis(registry, options.json != "-" && options.summary != "-", options.verbose,
                      probes);
    for (Document &document : documents) {
        if (several)
            analysis.name_file(document.file);
        analysis.add(document);
    }
    const Document &first = documents.front();
    if (options.json)
        write_file(*options.json, to_text(first.origin == Origin::others
                                              ? to_json(first.report.devices[0].probes[0])
                                              : to_json(first.report)));
    if (options.summary)
        write_file(*options.summary, to_text(to_json(summary_of(first.report))));
    if (options.picture && !write_picture(registry, first.report, *options.picture))
        return exit_failed;
    return analysis.any_failed() || (options.verify && !analysis.same()) ? exit_failed : exit_done;
}

} // namespace clprobe::runner
