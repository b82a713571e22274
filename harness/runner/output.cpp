#include "console.hpp"
#include "io/csv.hpp"
#include "io/file.hpp"
#include "measure/session.hpp"
#include "output.hpp"

#include <clprobe/error.hpp>
#include <clprobe/json.hpp>
#include <clprobe/page.hpp>
#include <clprobe/row.hpp>

#include <fmt/format.h>

namespace clprobe::runner {
namespace {

namespace fs = std::filesystem;

/// Whether the file is a stream or a device, which would hold one report after the other.
bool written_once(const fs::path &file) {
    return file == "-" || (fs::exists(file) && !fs::is_regular_file(file));
}

/// The report where it can still be put. A run may have taken hours: its samples must not be lost.
void rescue(const std::string &text) {
    try {
        say("the report is in " + write_temporary_file("clprobe-report", text).string());
    } catch (const Error &) {
        say("the report is on standard output");
        write_file("-", text);
    }
}

} // namespace

std::string plots_text(const Probe &probe, const ProbeRecord &record, const TextStyle &style) try {
    std::string text;
    const Dataset data = relabelled(record.data, probe.info());
    if (!problem_of(data, probe.info()).empty())
        return text;
    for (const Curve &curve : probe.curves(data))
        if (const std::string plot = plot_text(curve, record.findings, style); !plot.empty())
            text += plot + "\n";
    for (const HeatMap &map : probe.heat_maps(data))
        if (const std::string shown = heat_map_text(map, style); !shown.empty())
            text += shown + "\n";
    return text;
} catch (const InvalidRow &) {
    return {}; // its findings say so
}

std::vector<Expectations> expectations_of(const Options &options) {
    std::vector<Expectations> all;
    for (const fs::path &file : options.expectations)
        all.push_back(read_expectations(file));
    return all;
}

bool write_picture(const Registry &registry, const Report &report, const fs::path &file) {
    for (const DeviceRecord &device : report.devices)
        for (const ProbeRecord &record : device.probes) {
            const Probe *probe = registry.find(record.probe);
            const bool fits = probe != nullptr && problem_of(record.data, probe->info()).empty();
            const auto picture = fits ? probe->picture(record.data) : std::nullopt;
            if (!picture)
                continue;
            write_file(file, to_pgm(*picture));
            return true;
        }
    say("no probe of these left a picture");
    return false;
}

void ensure_pages() {
    if (!can_make_pages())
        throw InputError(
            "this clprobe was built without the libraries that draw pages; ./bootstrap "
            "downloads them, then build it again");
}

OutputFiles::OutputFiles(const Options &options, bool goes_on) : options_(options) {
    if (options_.html)
        ensure_pages();
    if ((options_.json == "-") + (options_.summary == "-") + (options_.html == "-") > 1)
        throw InputError("of --json, --summary and --html only one can go to standard output");
    try {
        for (const auto &file : {options_.json, options_.summary, options_.html, options_.picture})
            if (file)
                ensure_writable(*file);
        if (options_.csv) {
            std::error_code error;
            fs::create_directories(*options_.csv, error);
            if (error)
                throw Error(fmt::format("cannot make the folder '{}': {}", options_.csv->string(),
                                        error.message()));
            ensure_writable(*options_.csv / "x.csv");
        }
    } catch (const Error &error) {
        throw InputError(error.what());
    }
    if (options_.json && !written_once(*options_.json))
        lock_report(goes_on);
}

OutputFiles::~OutputFiles() {
    if (lock_)
        lock_->remove();
}

void OutputFiles::lock_report(bool goes_on) {
    const fs::path target = fs::weakly_canonical(*options_.json);
    const fs::path name = fmt::format(".{}.lock", target.filename().string());
    lock_.emplace(target.parent_path() / name);
    if (!lock_->try_lock())
        throw InputError(fmt::format("'{}' is being written by another run: {}",
                                     options_.json->string(), lock_->holder()));
    std::error_code error;
    const bool keep = !goes_on && fs::file_size(target, error) > 0 && !error;
    unfinished_ = *options_.json;
    if (keep)
        unfinished_ += ".partial";
}

void OutputFiles::update(const Report &report, const DeviceRecord &device,
                         const ProbeRecord &record) {
    if (!unfinished_.empty())
        attempt([&] { // once more at the end
            write_file(unfinished_, to_text(to_json(report)));
        });
    if (options_.csv)
        failed_ |= !attempt([&] {
            // The files are named by probe and series: a second device gets a folder of its own.
            const bool first = report.devices.front().device.slug == device.device.slug;
            const fs::path folder = first ? *options_.csv : *options_.csv / device.device.slug;
            fs::create_directories(folder);
            for (const CsvFile &file : to_csv(report, device, record))
                write_file(folder / file.name, file.text);
        });
}

/// Whether it could be written; the first that could not is said.
bool OutputFiles::attempt(const std::function<void()> &write) {
    try {
        write();
        return true;
    } catch (const std::exception &error) {
        if (!complained_)
            say(error.what());
        complained_ = true;
        return false;
    }
}

void OutputFiles::write_report(const Report &report, const std::string &text) {
    const fs::path &json = *options_.json;
    const bool beside = !unfinished_.empty() && unfinished_ != json;
    const fs::path &written = beside && !report.complete ? unfinished_ : json;
    write_file(written, text);
    if (on_stdout())
        return;
    say(fmt::format("the report is in {}", written.string()));
    if (report.complete) {
        std::error_code ignored;
        if (beside)
            fs::remove(unfinished_, ignored);
        return;
    }
    if (beside)
        say(fmt::format("the one of before is still in {}", json.string()));
    if (!unfinished_.empty())
        say(fmt::format("to go on: the same command with --resume {}{}", written.string(),
                        beside ? fmt::format(" --json {}", json.string()) : ""));
}

bool OutputFiles::finish(const Report &report) {
    const std::string text = to_text(to_json(report));
    if (options_.summary)
        failed_ |=
            !attempt([&] { write_file(*options_.summary, to_text(to_json(summary_of(report)))); });
    const bool lost = options_.json && !attempt([&] { write_report(report, text); });
    if (lost || (failed_ && !options_.json))
        rescue(text);
    return !lost && !failed_;
}

} // namespace clprobe::runner
