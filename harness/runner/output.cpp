#include "output.hpp"

#include <clprobe/csv.hpp>
#include <clprobe/error.hpp>
#include <clprobe/file.hpp>
#include <clprobe/json.hpp>

#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <unistd.h>
#include <utility>

namespace clprobe::runner {
namespace {

namespace fs = std::filesystem;

void prepare_folder(const fs::path &folder) {
    std::error_code error;
    fs::create_directories(folder, error);
    if (error)
        throw InputError(
            fmt::format("cannot make the folder '{}': {}", folder.string(), error.message()));
    ensure_writable(folder / "x.csv");
}

/// Whether the file is a stream or a device, which would hold one report after the other.
bool written_once(const fs::path &file) {
    return file == "-" || (fs::exists(file) && !fs::is_regular_file(file));
}

/// The report where it can still be put. A run may have taken hours: its samples must not be lost.
void rescue(const std::string &text) {
    std::error_code error;
    const fs::path folder = fs::temp_directory_path(error);
    const fs::path file = folder / fmt::format("clprobe-report-{}.json", ::getpid());
    try {
        write_file(file, text);
        fmt::print(stderr, "clprobe: the report is in {}\n", file.string());
    } catch (const Error &) {
        fmt::print(stderr, "clprobe: the report is on standard output\n");
        write_file("-", text);
    }
}

} // namespace

OutputFiles::OutputFiles(std::optional<fs::path> json, std::optional<fs::path> csv,
                         const std::optional<fs::path> &picture)
    : json_(std::move(json)), csv_(std::move(csv)) {
    try {
        if (json_)
            ensure_writable(*json_);
        if (csv_)
            prepare_folder(*csv_);
        if (picture)
            ensure_writable(*picture);
    } catch (const Error &error) {
        throw InputError(error.what());
    }
}

void OutputFiles::update(const Report &report, const DeviceRecord &device,
                         const ProbeRecord &record) {
    try {
        if (json_ && !written_once(*json_))
            write_file(*json_, to_text(to_json(report)));
    } catch (const std::exception &error) {
        complain(error); // tried again at the end
    }
    try {
        if (csv_)
            write_csv(report, device, record);
    } catch (const std::exception &error) {
        complain(error);
        csv_failed_ = true;
    }
}

void OutputFiles::write_csv(const Report &report, const DeviceRecord &device,
                            const ProbeRecord &record) {
    // The files are named by probe and series: a second device gets a folder of its own.
    const bool first = report.devices.front().device.slug == device.device.slug;
    const fs::path folder = first ? *csv_ : *csv_ / device.device.slug;
    fs::create_directories(folder);
    for (const CsvFile &file : to_csv(report, device, record))
        write_file(folder / file.name, file.text);
}

void OutputFiles::complain(const std::exception &error) {
    if (!complained_)
        fmt::print(stderr, "clprobe: {}\n", error.what());
    complained_ = true;
}

bool OutputFiles::finish(const Report &report) {
    const std::string text = to_text(to_json(report));
    bool json_failed = false;
    try {
        if (json_)
            write_file(*json_, text);
    } catch (const std::exception &error) {
        complain(error);
        json_failed = true;
    }
    if (json_failed || (csv_failed_ && !json_))
        rescue(text);
    return !json_failed && !csv_failed_;
}

} // namespace clprobe::runner
