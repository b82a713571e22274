#pragma once
#include <clprobe/probe.hpp>

#include <cstdint>
#include <istream>
#include <optional>
#include <string>

namespace clprobe::probes {

/// The pages of the mapping that holds the address, as /proc/self/smaps has it: "4 KiB", "2 MiB",
/// or "4 KiB, 37 % of it in huge ones". Nothing where it has no such mapping.
[[nodiscard]] std::optional<std::string> pages_at(std::istream &smaps, std::uint64_t address);

/// The pages that a buffer of a CPU device lies in; "unknown" elsewhere, as drivers do not report
/// it.
[[nodiscard]] std::string pages_of(const Bench &bench, const Buffer &buffer);

} // namespace clprobe::probes
