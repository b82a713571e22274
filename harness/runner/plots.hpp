#pragma once
#include <clprobe/probe.hpp>
#include <clprobe/registry.hpp>
#include <clprobe/report.hpp>
#include <clprobe/terminal.hpp>

#include <filesystem>
#include <string>

namespace clprobe::runner {

/// The probe's curves as plots, with its findings marked, and its heat maps; empty where it has
/// none.
[[nodiscard]] std::string plots_text(const Probe &probe, const ProbeRecord &record,
                                     const TextStyle &style);

/// Writes the first picture that a probe left in the report. Where none did it says so, and returns
/// false. Throws Error where the file cannot be written.
[[nodiscard]] bool write_picture(const Registry &registry, const Report &report,
                                 const std::filesystem::path &file);

} // namespace clprobe::runner
