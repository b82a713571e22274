#pragma once
#include "commands.hpp"
#include "io/terminal.hpp"
#include "measure/device_lock.hpp"

#include <clprobe/expectations.hpp>
#include <clprobe/probe.hpp>
#include <clprobe/registry.hpp>
#include <clprobe/report.hpp>

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace clprobe::runner {

/// The probe's curves as plots, with its findings marked, and its heat maps; empty where it has
/// none.
[[nodiscard]] std::string plots_text(const Probe &probe, const ProbeRecord &record,
                                     const TextStyle &style);

/// Writes the first picture that a probe left in the report. Where none did it says so, and returns
/// false. Throws Error where the file cannot be written.
[[nodiscard]] bool write_picture(const Registry &registry, const Report &report,
                                 const std::filesystem::path &file);

/// Throws InputError where this build makes no pages, which says what to install.
void ensure_pages();

/// What is to be shown with its verdicts, of each file that was named.
[[nodiscard]] std::vector<Expectations> expectations_of(const Options &options);

/// The files that a run leaves: the report, written anew after each probe so that whatever ends the
/// program costs one probe at most, and the CSV of each series. A report that was there before is
/// replaced by a complete one only: the new one stands beside it, FILE.partial, until then.
class OutputFiles {
public:
    /// `goes_on`: the report in `json` is the one that the run goes on with, and is not complete.
    /// Throws InputError where something cannot be written, or another run writes to the same
    /// report, before time is spent on measuring.
    OutputFiles(const Options &options, bool goes_on);
    ~OutputFiles();
    OutputFiles(const OutputFiles &) = delete;
    OutputFiles &operator=(const OutputFiles &) = delete;

    /// Whether standard output belongs to the report, its summary or its page.
    [[nodiscard]] bool on_stdout() const {
        return options_.json == "-" || options_.summary == "-" || options_.html == "-";
    }

    /// After each probe. What cannot be written now is said once, on stderr.
    void update(const Report &report, const DeviceRecord &device, const ProbeRecord &record);

    /// At the end: says where the report is, and how to go on with one that is not complete. Where
    /// something could not be written, says so, leaves the report in the folder for temporary files
    /// or on standard output, and returns false.
    [[nodiscard]] bool finish(const Report &report);

private:
    void lock_report(bool goes_on);
    void write_report(const Report &report, const std::string &text);
    bool attempt(const std::function<void()> &write);

    const Options &options_;
    std::optional<FileLock> lock_;
    std::filesystem::path unfinished_; ///< where the report is until it is complete
    bool failed_ = false;              ///< to write a file besides the report
    bool complained_ = false;
};

} // namespace clprobe::runner
