#pragma once
#include <clprobe/series.hpp>

#include <functional>
#include <map>
#include <optional>
#include <vector>

namespace clprobe::probes::tlb {

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

} // namespace clprobe::probes::tlb
