#pragma once
#include <clprobe/finding.hpp>
#include <clprobe/levels.hpp>
#include <clprobe/report.hpp>
#include <clprobe/row.hpp>

#include <functional>
#include <map>
#include <optional>
#include <vector>

namespace clprobe::probes::tlb {

/// The names of the own series.
namespace series {
inline constexpr const char *packed = "packed";
inline constexpr const char *spread = "spread";
} // namespace series

/// A chase through so many lines side by side.
struct PackedRow {
    std::size_t lines = 0;

    static auto columns() { return std::tuple{column("lines", &PackedRow::lines), trips()}; }
};

/// A chase through so many pages, so many bytes apart.
struct SpreadRow {
    std::size_t stride = 0;
    std::size_t pages = 0;

    static auto columns() {
        return std::tuple{column("stride", &SpreadRow::stride, Unit::byte).between(1, 0x1p53),
                          column("pages", &SpreadRow::pages), trips()};
    }
};

/// The number in the data of how many lines of a page are touched.
inline constexpr const char *lines_a_page = "lines_a_page";
/// The text in the data that says why its sizes show no TLB, where they do not.
inline constexpr const char *too_small = "too_small";

/// What translation costs, over pages: the latency, less what as many lines take that lie side by
/// side, plus the least of that, so that it starts where they do. And by how much each point may be
/// wrong, because of what was taken off there.
struct Translation {
    std::vector<CurvePoint> curve;
    std::vector<double> doubts;
};

/// Of all strides of pages; empty ones where there is nothing to compare them with.
[[nodiscard]] std::map<double, Translation> translations(const Dataset &data);

/// An external series' curve, as if nothing had been taken off.
[[nodiscard]] Translation undoubted(std::vector<CurvePoint> curve);

/// Fewer points show no reach.
inline constexpr std::size_t least_points = 6;

/// Where a curve leaves the level that it starts on, on its own axis.
struct Reach {
    double stride = 0;
    double before = 0;   ///< the last point before the rise
    double quarter = 0;  ///< a quarter of the rise: slots that share entries outgrow them slowly
    double half = 0;     ///< the knee midpoint
    double behind = 0;   ///< the first point behind the rise
    Interval interval{}; ///< the tenths of the rise, and points that surely belong to either side
    /// Over in an octave and a half, surely within two, and flat for one on either side.
    bool clear = false;
};

/// That of a curve, on a linear scale; nothing where it does not rise beyond its noise. What comes
/// behind the first rise may be of any shape. Not `find_levels`, which finds the same on processors
/// and no level in the rises of 3 % of a GPU whose next buffer is hardly slower.
[[nodiscard]] std::optional<Reach> first_reach(const Translation &translation);

/// Whether the curve rises at its last points only, too few to show where it settles.
[[nodiscard]] bool rises_at_end(const Translation &translation);

/// Whether its trend in the last octave is little of a rise of that height.
[[nodiscard]] bool settles(const Translation &translation, double rise);

/// By falling strides: how many pages of it the first level holds, or nothing where it holds all
/// that were tried.
using PagesHeld = std::map<double, std::optional<double>, std::greater<>>;
[[nodiscard]] PagesHeld pages_held(const Dataset &data);

/// A search for the least stride at which each page has an entry of its own: from the largest
/// `landmark` down, until more pages are held than at the larger ones, as some share an entry; then
/// by powers of two in between.
struct StrideSearch {
    std::optional<double> next; ///< to be timed; nothing where the search is over
    int left = 0;               ///< strides that it takes to the end, if the next landmarks agree
    double alone = 0;           ///< the least stride known so far; 0: none
};
[[nodiscard]] StrideSearch search_strides(const std::vector<double> &landmarks,
                                          const PagesHeld &held);

/// What the data means.
[[nodiscard]] std::vector<FindingKey> finding_keys();
[[nodiscard]] std::vector<Finding> findings_of(const Dataset &data, const Facts &);

/// The curves of all strides, over the memory that they span.
[[nodiscard]] std::vector<Curve> curves_of(const Dataset &data);

} // namespace clprobe::probes::tlb
