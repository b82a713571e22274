#pragma once
#include <clprobe/probe.hpp>

#include <string_view>
#include <vector>

/// The built-in probe of that name, "memory/tlb".
[[nodiscard]] const clprobe::Probe &builtin(std::string_view probe);

/// The finding of that key, which has to be among these.
[[nodiscard]] const clprobe::Finding &finding(const std::vector<clprobe::Finding> &findings,
                                              std::string_view key);
[[nodiscard]] clprobe::Finding finding(std::vector<clprobe::Finding> &&findings,
                                       std::string_view key);
