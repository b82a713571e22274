#pragma once
#include <clprobe/levels.hpp>
#include <clprobe/row.hpp>

#include <map>
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

/// How many lines of a page are touched, by this name among the data's numbers.
inline constexpr const char *lines_a_page = "lines_a_page";

/// What translation costs, over pages: the latency, less what as many lines take that lie side by
/// side, plus the least of that, so that it starts where they do. And how much of it is not
/// believed at each place, as what was taken off there may be off by that.
struct Translation {
    std::vector<CurvePoint> curve;
    std::vector<double> doubts;
};

/// Of all strides of pages; empty ones where there is nothing to tell them from.
[[nodiscard]] std::map<double, Translation> translations(const Dataset &data);

/// Somebody's curve, as if nothing had been taken off.
[[nodiscard]] Translation undoubted(std::vector<CurvePoint> curve);

/// A curve over pages as one over the memory that they span.
[[nodiscard]] Translation over_span(Translation translation, double stride);

} // namespace clprobe::probes::tlb
