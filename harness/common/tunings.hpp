#pragma once
#include <clprobe/row.hpp>
#include <clprobe/series.hpp>

#include <algorithm>
#include <vector>

namespace clprobe::probes {

/// What a search tried, each row by the best of its launches, whose own cost is not taken off.
/// `work` is what a row does in one trip, 0 of one that is not to count, and `describe` puts the
/// row into words.
template <typename Row, typename Work, typename Describe>
[[nodiscard]] std::vector<Tuning::Trial> trials_of(const Series *series, const Work &work,
                                                   const Describe &describe) {
    std::vector<Tuning::Trial> trials;
    for (const auto &[row, times] : times_by_row<Row>(series)) {
        double best = 0;
        for (const TripTime &time : times)
            if (time.seconds > 0)
                best = std::max(best, work(row) * time.trips / time.seconds);
        if (best > 0)
            trials.push_back({describe(row), best});
    }
    return trials;
}

} // namespace clprobe::probes
