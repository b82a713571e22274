#pragma once
#include "memory/tlb/translation.hpp"

#include <clprobe/finding.hpp>

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace clprobe::probes::tlb {

/// Fewer places show none.
inline constexpr std::size_t least_points = 6;

/// Where a curve leaves the level that it starts on, in its own places.
struct Reach {
    double stride = 0;
    double before = 0;   ///< the last place before the rise
    double quarter = 0;  ///< a quarter of the rise: slots that share entries outgrow them slowly
    double half = 0;     ///< half-way of it
    double behind = 0;   ///< the first place behind it
    Interval interval{}; ///< the tenths of the rise, and places that surely belong to either side
    /// Over in an octave and a half, surely within two, and flat for one on either side.
    bool clear = false;
};

/// That of a curve, on a linear scale; nothing where it does not rise beyond its noise. What comes
/// behind the first rise may be of any shape. Not `find_levels`, which finds the same on processors
/// and no level in the rises of 3 % of a GPU whose next buffer is hardly slower.
[[nodiscard]] std::optional<Reach> first_reach(const Translation &translation);

/// Whether it rises in the last places only, too few to tell where it settles.
[[nodiscard]] bool rises_at_end(const Translation &translation);

/// Whether its trend in the last octave is little of a rise of that height.
[[nodiscard]] bool settles(const Translation &translation, double rise);

/// Of each stride whose curve has one, by rising strides.
[[nodiscard]] std::vector<Reach> first_reaches(const std::map<double, Translation> &translations);

/// The part of a curve behind its first rise.
[[nodiscard]] Translation behind(Translation translation, const Reach &reach);

/// What an entry of the first level covers, or why that is not told.
struct PageSize {
    std::optional<double> bytes;
    std::string reason;
};

/// Entries of the size that makes the first level have the same number of them whatever the
/// stride: below it, several slots share an entry.
[[nodiscard]] PageSize page_size(std::span<const Reach> reaches);

} // namespace clprobe::probes::tlb
