#pragma once
#include <clprobe/finding.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// Findings that belong together by their keys, whose parts are what stands between the dots.
namespace clprobe {

/// Findings with a value, of one unit, whose keys differ in some of their parts only.
struct Family {
    std::string pattern; ///< "buffer.*.latency"; the key where there is one member
    std::vector<const Finding *> members;
};

/// The findings, which all have a value, as at most so many families where that can be: no more of
/// them are put together than that takes. In the findings' order.
[[nodiscard]] std::vector<Family> families_of(std::span<const Finding *const> findings,
                                              std::size_t most);

/// The first part of a key: "buffer" of "buffer.l1.latency".
[[nodiscard]] inline std::string_view key_family(std::string_view key) {
    return key.substr(0, key.find('.'));
}

/// What of a key stands where the pattern has "*": "l1" of "buffer.l1.latency".
[[nodiscard]] std::string differing_part(std::string_view key, std::string_view pattern);

/// One pattern for all these keys, "*" where they differ or where some end: "fma.fp16.*".
[[nodiscard]] std::string common_pattern(std::span<const std::string> keys);

/// Why a finding is suspect, by its note: what `make_suspect` added to it last.
[[nodiscard]] std::string suspicion_in(const std::string &note);

/// A reason without its numbers: those of one cause often differ in nothing else.
[[nodiscard]] std::string without_numbers(std::string reason);

} // namespace clprobe
