#pragma once
#include <clprobe/probe.hpp>

#include <string>
#include <vector>

namespace clprobe::probes::fma_rate {

/// What `measure` leaves beside the series, for each type: why a type was not measured, and how
/// its work was verified. Names in a Dataset's words and numbers.
namespace entry {
inline const std::string unsupported = ".unsupported"; ///< word: the reason
inline const std::string failed = ".failed";           ///< word: the reason
inline const std::string rejection = ".rejection";     ///< word: why the last variant was left out
inline const std::string rejected = ".rejected";       ///< number: variants left out
inline const std::string arithmetic = ".arithmetic";   ///< word: "fused", "unfused" or "either"
inline const std::string verified = ".verified_words"; ///< number: of the timed launches
} // namespace entry

[[nodiscard]] std::vector<FindingKey> finding_keys();
[[nodiscard]] std::vector<Finding> interpret(const Dataset &data, const Facts &facts);

} // namespace clprobe::probes::fma_rate
