#include "memory/tlb/reach.hpp"
#include "memory/tlb/strides.hpp"
#include "memory/tlb/translation.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace clprobe::probes::tlb {
namespace {

/// Where pages begin to share entries.
struct Bracket {
    double shared = 0; ///< the largest stride at which they do
    double alone = 0;  ///< the smallest at which they do not; 0: none is known
};

Bracket bracket_of(const PagesHeld &held) {
    constexpr double more = 1.4; // two share an entry: twice as many, or less where they alias
    Bracket bracket;
    double entries = 0;
    for (const auto &[stride, pages] : held) {
        if (bracket.alone > 0 && (!pages || *pages > more * entries)) {
            bracket.shared = stride;
            break;
        }
        if (pages) {
            bracket.alone = stride;
            entries = std::max(entries, *pages);
        }
    }
    return bracket;
}

} // namespace

PagesHeld pages_held(const Dataset &data) {
    PagesHeld held;
    const auto by_stride = translations(data);
    for (const auto &[stride, translation] : by_stride)
        held[stride];
    for (const Reach &reach : first_reaches(by_stride))
        held[reach.stride] = reach.quarter;
    return held;
}

StrideSearch search_strides(const std::vector<double> &landmarks, const PagesHeld &held) {
    const Bracket bracket = bracket_of(held);
    if (bracket.shared == 0) {
        std::vector<double> wanted;
        std::copy_if(landmarks.begin(), landmarks.end(), std::back_inserter(wanted),
                     [&](double landmark) { return !held.contains(landmark); });
        if (wanted.empty())
            return {{}, 0, bracket.alone};
        return {std::ranges::max(wanted), static_cast<int>(wanted.size()), bracket.alone};
    }
    const int octaves = static_cast<int>(std::lround(std::log2(bracket.alone / bracket.shared)));
    if (octaves < 2)
        return {{}, 0, bracket.alone};
    return {bracket.shared * std::exp2(octaves / 2),
            static_cast<int>(std::ceil(std::log2(octaves))), bracket.alone};
}

} // namespace clprobe::probes::tlb
