#pragma once
#include <clprobe/probe.hpp>
#include <clprobe/row.hpp>

#include <array>
#include <vector>

namespace clprobe::probes::divergence {

/// Paths of the kernel's switch.
inline constexpr unsigned ways = 32;
/// Work-items of which one goes round a loop twice as often.
inline constexpr unsigned one_of = 32;

namespace series {
inline constexpr const char *paths = "paths";
inline constexpr const char *loops = "loops";
} // namespace series

/// As many neighbours on as many paths.
struct PathsRow {
    unsigned paths = 1;

    static auto columns() {
        return std::tuple{column("paths", &PathsRow::paths).between(1, ways), trips()};
    }
};

/// Neighbours that go round a loop as often as each other, or one of 32 twice as often as others,
/// and all of them together as often.
struct LoopRow {
    bool unequal = false;

    static auto columns() {
        return std::tuple{column("rounds", &LoopRow::unequal, std::array{"equal", "unequal"}),
                          trips()};
    }
    /// How often the one and the others go round in a trip.
    [[nodiscard]] unsigned most() const { return unequal ? 2 * one_of : one_of + 1; }
    [[nodiscard]] unsigned least() const { return unequal ? one_of : one_of + 1; }
};

[[nodiscard]] std::vector<FindingKey> finding_keys();
/// What the data means: one finding a key.
[[nodiscard]] std::vector<Finding> findings_of(const Dataset &data, const Facts &facts);
/// The time over the number of paths, with that of one path as the unit.
[[nodiscard]] std::vector<Curve> curves_of(const Dataset &data);

} // namespace clprobe::probes::divergence
