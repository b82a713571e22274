#pragma once
#include <clprobe/probe.hpp>
#include <clprobe/report.hpp>
#include <clprobe/terminal.hpp>

#include <string>

namespace clprobe::runner {

/// The probe's curves as plots, with its findings marked; empty where it has none.
[[nodiscard]] std::string plots_text(const Probe &probe, const ProbeRecord &record,
                                     const TextStyle &style);

} // namespace clprobe::runner
