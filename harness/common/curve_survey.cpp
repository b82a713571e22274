#include "analysis/refinement.hpp"
#include "common/curve_survey.hpp"

#include <algorithm>
#include <map>

namespace clprobe::probes {
namespace {

/// Sweeps over footprints, each a block of samples, while there is time.
class Sweeps {
public:
    Sweeps(Bench &bench, const CurveSurvey &wanted, double share)
        : bench_(bench), wanted_(wanted), until_((1 - share) * bench.budget()) {}

    [[nodiscard]] bool time_left() const { return bench_.tiny() || bench_.remaining() > until_; }

    /// Passes over footprints that took more than `most_seconds`.
    void over(const std::vector<std::size_t> &footprints, double most_seconds) {
        const int block = next_block_++;
        for (const std::size_t footprint : footprints) {
            if (!time_left())
                return;
            if (seconds_[footprint] > most_seconds)
                continue;
            const double before = bench_.remaining();
            wanted_.sample(footprint, block);
            seconds_[footprint] = before - bench_.remaining();
        }
    }

private:
    Bench &bench_;
    const CurveSurvey &wanted_;
    double until_;
    int next_block_ = 0;
    std::map<std::size_t, double> seconds_; ///< that a footprint took
};

} // namespace

void survey(Bench &bench, const CurveSurvey &wanted, double share) {
    constexpr int sweeps_a_point = 2;
    constexpr int most_rounds = 12; // an octave is narrowed down to a point in fewer
    // What takes longer waits for its second sample until the curve is known.
    const double most_seconds = 0.02 * bench.budget();
    Sweeps sweeps(bench, wanted, share);
    std::vector<std::size_t> all = coarse_footprints(wanted.least, wanted.most);
    std::vector<std::size_t> wanting = all;
    for (int round = 0; !wanting.empty() && round < most_rounds; ++round) {
        for (int i = 0; i < sweeps_a_point; ++i)
            sweeps.over(wanting, most_seconds);
        if (bench.tiny() || !sweeps.time_left())
            return;
        const std::vector<CurvePoint> curve = wanted.curve();
        wanting = points_between(curve, wanted.least / 4, wanted.rise);
        all.insert(all.end(), wanting.begin(), wanting.end());
        const std::vector<std::size_t> doubtful = doubtful_points(curve);
        wanting.insert(wanting.end(), doubtful.begin(), doubtful.end());
    }
    for (int sweep = 0; sweeps.time_left(); ++sweep) {
        std::vector<std::size_t> footprints =
            sweep % 2 == 0 ? all : uncertain_points(wanted.curve());
        std::shuffle(footprints.begin(), footprints.end(), bench.random());
        sweeps.over(footprints, bench.budget());
    }
}

} // namespace clprobe::probes
