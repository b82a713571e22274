#include "memory/cache_line/fit.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace clprobe::cache_line {
namespace {

/// Outliers: how many of the places took longer and how many less, how many of these there are
/// where several samples agree, and how far off they are, in the logarithm.
constexpr double slow_outliers = 0.04;
constexpr double fast_outliers = 0.01;
constexpr double with_error = 0.2;
constexpr double outlier_scale = 0.6;

/// Of the free places still on the level, how many leave it; of those beyond, how many are not
/// where the one before was; and how far off it, in the logarithm.
constexpr double leave = 0.1;
constexpr double wander = 0.2;
constexpr double leap_scale = 0.3;

/// How likely it is that such a place lies above the level by more than the rise to that.
constexpr double too_far = 0.05;

/// Beside others a place of this weight does not count.
constexpr double no_weight = 1e-6;

double normal(double off, double deviation) {
    const double t = off / deviation;
    return std::exp(-t * t / 2) / (deviation * std::sqrt(2 * std::numbers::pi));
}

double exponential(double off, double scale) {
    return std::exp(-std::abs(off) / scale) / scale;
}

/// A level and a rise, the better the more often they are fitted.
class Fit {
public:
    /// The free places count from the start, or only once they are near the level.
    Fit(const Explanation &explanation, std::span<const Seen> seen, bool free_count)
        : explanation_(explanation), seen_(seen), weight_(seen.size(), 1.0),
          deviation_(seen.size()), leap_(seen.size()), stay_(seen.size()) {
        const double power = explanation.power;
        for (std::size_t i = 0; i < seen.size(); ++i) {
            // By the last one, so that no power is out of range.
            const double log = seen[i].log - seen.back().log;
            log_.push_back(explanation.known.empty() ? log : log - explanation.known[i]);
            grown_.push_back(power > 0 ? std::exp(power * log_[i]) : log_[i]);
            if (i < explanation.free_from)
                continue;
            leap_[i] = exponential(seen[i].log - seen[i - 1].log, leap_scale) / 2;
            if (!free_count)
                weight_[i] = no_weight;
        }
        predicted_ = grown_;
    }

    std::optional<Fitted> under(double scatter) {
        for (std::size_t i = 0; i < seen_.size(); ++i) {
            const double shared = scatter / std::sqrt(seen_[i].places);
            deviation_[i] = std::hypot(seen_[i].error, std::max(shared, *std::rbegin(scatters)));
            if (i >= explanation_.free_from)
                stay_[i] =
                    normal(seen_[i].log - seen_[i - 1].log, deviation_[i] * std::numbers::sqrt2);
        }
        double cost = 0;
        for (int round = 0; round < 2; ++round) {
            if (!fit_line())
                return std::nullopt;
            cost = weigh_places();
        }
        const double parameters = explanation_.shares.empty() ? 1 : 2;
        cost += parameters / 2 * std::log(static_cast<double>(seen_.size()));
        return Fitted{cost, rise_};
    }

private:
    [[nodiscard]] double share(std::size_t i) const {
        return explanation_.shares.empty() ? 0 : explanation_.shares[i];
    }

    /// Least squares, of relative distances where values grow; false where the line does not rise.
    bool fit_line() {
        const bool of_value = explanation_.power > 0;
        double n = 0, sc = 0, scc = 0, sy = 0, scy = 0;
        for (std::size_t i = 0; i < seen_.size(); ++i) {
            const double unit = deviation_[i] * (of_value ? predicted_[i] : 1);
            const double w = weight_[i] / (unit * unit);
            const double c = share(i);
            n += w;
            sc += w * c;
            scc += w * c * c;
            sy += w * grown_[i];
            scy += w * c * grown_[i];
        }
        double level = sy / n;
        double rise = 0;
        if (!explanation_.shares.empty()) {
            rise = (n * scy - sc * sy) / (n * scc - sc * sc);
            level = (sy - rise * sc) / n;
            if (of_value && level < 0) {
                level = 0;
                rise = scy / scc;
            }
            if (!(rise > 0))
                return false;
        }
        for (std::size_t i = 0; i < seen_.size(); ++i)
            predicted_[i] = level + rise * share(i);
        constexpr double least = 1e-9; // of the rise, so that there is a ratio to it
        rise_ =
            of_value ? std::log1p(rise / std::max(level, least * rise)) / explanation_.power : rise;
        return true;
    }

    /// The cost of all places, as a hidden Markov chain (forwards): on the level, or gone from it.
    /// The weight of each is how likely it follows the fit.
    double weigh_places() {
        double cost = 0;
        double there = 1; // how likely the place before was still on the level
        for (std::size_t i = 0; i < seen_.size(); ++i) {
            const double off = explanation_.power > 0
                                   ? log_[i] - std::log(predicted_[i]) / explanation_.power
                                   : log_[i] - predicted_[i];
            const double rate = seen_[i].error > 0 ? with_error : 1;
            const double near =
                (1 - rate * (slow_outliers + fast_outliers)) * normal(off, deviation_[i]);
            const double on = near + rate * (off > 0 ? slow_outliers : fast_outliers) *
                                         exponential(off, outlier_scale);
            double here = on;
            double gone = 0;
            if (i >= explanation_.free_from) {
                here = there * (1 - leave) * on;
                gone = there * leave * leap_[i] +
                       (1 - there) * ((1 - wander) * stay_[i] + wander * leap_[i]);
                if (off > rise_)
                    gone *= too_far;
            }
            cost -= std::log(here + gone);
            there = here / (here + gone);
            weight_[i] = std::max(there * near / on, no_weight);
        }
        return cost;
    }

    const Explanation &explanation_;
    std::span<const Seen> seen_;
    std::vector<double> log_;       ///< less what is known
    std::vector<double> grown_;     ///< that of which the shares are: the logarithm or a power
    std::vector<double> predicted_; ///< of that
    std::vector<double> weight_;
    std::vector<double> deviation_;
    std::vector<double>
        leap_; ///< how likely a place is where it is, from the one before: anywhere,
    std::vector<double> stay_; ///< or at the same value
    double rise_ = 0;
};

} // namespace

std::vector<std::optional<Fitted>> fit(const Explanation &explanation, std::span<const Seen> seen) {
    std::vector<std::optional<Fitted>> best;
    // From wide to close: an outlier is seen as one.
    Fit closing(explanation, seen, true);
    for (const double scatter : scatters)
        best.push_back(closing.under(scatter));
    if (explanation.free_from >= seen.size())
        return best;
    // From close to wide: places that left the level do not draw it to theirs.
    Fit widening(explanation, seen, false);
    for (std::size_t i = best.size(); i-- > 0;) {
        const auto fitted = widening.under(scatters[i]);
        if (fitted && (!best[i] || fitted->cost < best[i]->cost))
            best[i] = fitted;
    }
    return best;
}

} // namespace clprobe::cache_line
