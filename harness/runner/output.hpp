#pragma once
#include <clprobe/report.hpp>

#include <exception>
#include <filesystem>
#include <optional>

namespace clprobe::runner {

/// The files that a run leaves: the report, written anew after each probe so that whatever ends the
/// program costs one probe at most, and the CSV of each series. A picture is written by whom it is
/// made, at the end.
class OutputFiles {
public:
    /// "-" is standard output. Throws InputError where something cannot be written, before time is
    /// spent on measuring.
    OutputFiles(std::optional<std::filesystem::path> json, std::optional<std::filesystem::path> csv,
                const std::optional<std::filesystem::path> &picture);

    /// Whether standard output belongs to the report.
    [[nodiscard]] bool on_stdout() const { return json_ == "-"; }

    /// After each probe. What cannot be written now is said once, on stderr.
    void update(const Report &report, const DeviceRecord &device, const ProbeRecord &record);

    /// At the end. Where something could not be written, says so, leaves the report in the folder
    /// for temporary files or on standard output, and returns false.
    [[nodiscard]] bool finish(const Report &report);

private:
    void write_csv(const Report &report, const DeviceRecord &device, const ProbeRecord &record);
    void complain(const std::exception &error);

    std::optional<std::filesystem::path> json_;
    std::optional<std::filesystem::path> csv_;
    bool csv_failed_ = false;
    bool complained_ = false;
};

} // namespace clprobe::runner
