#pragma once
#include <clprobe/network.hpp>

#include <string>

// How tables name a layer.
namespace clprobe {

/// "conv 3x3/2", as the papers write a kernel with its stride.
[[nodiscard]] std::string operator_title(const Layer &layer);

/// "64->96x56x56": the channels before, where they differ, and what comes out; of a sequence
/// "384x197", of one position "1000".
[[nodiscard]] std::string shape_title(const SizedLayer &sized);

} // namespace clprobe
