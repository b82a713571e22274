#pragma once
#include "inspect/inspection.hpp"

#include <string>
#include <string_view>

namespace clprobe {

/// What two inspections say of a probe's code, in a few words, to stand beside a change of its
/// speed: "the code is the same" where both are disassembled and equal, else what differs first.
/// Empty where the probe has no kernel in either.
[[nodiscard]] std::string code_difference(const Inspection &before, const Inspection &after,
                                          std::string_view probe);

} // namespace clprobe
