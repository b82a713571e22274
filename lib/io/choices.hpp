#pragma once
#include <clprobe/json.hpp>
#include <clprobe/probe.hpp>

#include <vector>

namespace clprobe {

[[nodiscard]] Json to_json(const std::vector<Choice> &choices);
/// Throws InputError, naming the place, where it is not what `to_json` makes.
[[nodiscard]] std::vector<Choice> choices_from_json(const Json &json);

} // namespace clprobe
