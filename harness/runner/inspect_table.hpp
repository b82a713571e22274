#pragma once
#include "inspect/inspection.hpp"
#include "io/terminal.hpp"

#include <string>

namespace clprobe::runner {

/// The inspection for people: a table a probe and a row a kernel, of columns where anything is
/// known.
[[nodiscard]] std::string inspection_text(const Inspection &inspection, const TextStyle &style);

/// Each kernel's disassembly below its name.
[[nodiscard]] std::string disassembly_text(const Inspection &inspection);

/// What changed between the two, side by side; that nothing did, where nothing did.
[[nodiscard]] std::string changes_text(const Inspection &before, const Inspection &after,
                                       const TextStyle &style);

/// A kernel's name within its probe: "follow_ring", "8 live values: reside".
[[nodiscard]] std::string kernel_name(const std::string &variant, const std::string &function);

} // namespace clprobe::runner
