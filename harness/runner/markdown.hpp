#pragma once
#include <clprobe/probe.hpp>
#include <clprobe/registry.hpp>

#include <string>

namespace clprobe::runner {

/// The page of a probe in docs/probes/, from what the probe says of itself.
[[nodiscard]] std::string probe_page(const ProbeInfo &info);

/// The name of that page, "compute-fma_rate.md".
[[nodiscard]] std::string page_name(const ProbeInfo &info);

/// The page that leads to all of them.
[[nodiscard]] std::string index_page(const Registry &registry);

} // namespace clprobe::runner
