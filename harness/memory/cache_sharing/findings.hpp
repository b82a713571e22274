#pragma once
#include "memory/cache_sharing/rounds.hpp"

#include <clprobe/finding.hpp>
#include <clprobe/row.hpp>

#include <string>

namespace clprobe::probes::cache_sharing {

/// A round in which the victim is followed, and then the evictor.
struct RoundRow {
    Path victim = Path::none;
    Path evictor = Path::none;

    static auto columns() {
        return std::tuple{column("victim", &RoundRow::victim, path_names),
                          column("evictor", &RoundRow::evictor, path_names), trips()};
    }
};

/// The series of their times, and the text attribute that says why it tells nothing, where it does
/// not.
inline constexpr const char *times = "rounds";
inline constexpr const char *too_small = "too_small";

[[nodiscard]] const FindingKey &shared_key();

/// Whether reads through either path drive out what came through the other.
[[nodiscard]] Finding shared_finding(const Dataset &data);

} // namespace clprobe::probes::cache_sharing
