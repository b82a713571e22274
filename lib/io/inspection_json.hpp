#pragma once
#include "inspect/inspection.hpp"

#include <clprobe/json.hpp>

namespace clprobe {

/// As of reports: throw what the functions of <clprobe/json.hpp> throw.
[[nodiscard]] Json to_json(const InspectedKernel &kernel);
[[nodiscard]] Json to_json(const Inspection &inspection);
[[nodiscard]] InspectedKernel inspected_kernel_from_json(const Json &json);
[[nodiscard]] Inspection inspection_from_json(const Json &json);

} // namespace clprobe
