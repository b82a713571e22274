#include "common/hypothesis.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace clprobe::probes {
namespace {

/// Of the free places still on the level, how many leave it, and how many of these downwards.
constexpr double leave = 0.15;
constexpr double downwards = 0.1;

/// How likely it is that such a place lies above the level by more than the rise to that.
constexpr double too_far = 0.05;

/// Beside others a place of this weight does not count.
constexpr double no_weight = 1e-6;

/// A level and a rise, the better the more often they are fitted.
class Fit {
public:
    /// The free places count from the start, or only once they are near the level.
    Fit(const Hypothesis &hypothesis, std::span<const Observation> seen, bool free_count)
        : explanation_(hypothesis), seen_(seen), weight_(seen.size(), 1.0) {
        const double power = hypothesis.power;
        for (std::size_t i = 0; i < seen.size(); ++i) {
            // By the last one, so that no power is out of range.
            const double log = seen[i].log - seen.back().log;
            log_.push_back(hypothesis.known.empty() ? log : log - hypothesis.known[i]);
            grown_.push_back(power > 0 ? std::exp(power * log_[i]) : log_[i]);
            if (i >= hypothesis.free_from && !free_count)
                weight_[i] = no_weight;
        }
        predicted_ = grown_;
    }

    std::optional<Fitted> under(const Noise &noise) {
        double cost = 0;
        for (int round = 0; round < 2; ++round) {
            if (!fit_line(noise))
                return std::nullopt;
            cost = cost_of_points(noise);
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
    bool fit_line(const Noise &noise) {
        const bool of_value = explanation_.power > 0;
        double n = 0, sc = 0, scc = 0, sy = 0, scy = 0;
        for (std::size_t i = 0; i < seen_.size(); ++i) {
            const double unit = noise.deviation[i] * (of_value ? predicted_[i] : 1);
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

    /// How far a place is off, in the logarithm.
    [[nodiscard]] double off(std::size_t i) const {
        return explanation_.power > 0 ? log_[i] - std::log(predicted_[i]) / explanation_.power
                                      : log_[i] - predicted_[i];
    }

    /// The cost of all places. The weight of each is how likely it follows the fit.
    double cost_of_points(const Noise &noise) {
        // Logarithms of the probability of all places: up to one on the level, and from one on not.
        double on = 0;
        std::vector<double> left(seen_.size());
        for (std::size_t i = 0; i < seen_.size(); ++i) {
            const double far = off(i);
            const auto [near, outlier] = near_and_outlier(seen_[i], far, noise.deviation[i]);
            weight_[i] = near / (near + outlier);
            if (i >= explanation_.free_from) {
                const double likely = (far > 0 ? 1 - downwards : downwards) *
                                      (far > rise_ ? too_far : 1) * exponential(far, leap_scale);
                left[i] = on + std::log(leave * likely) + noise.after[i];
                on += std::log(1 - leave);
            }
            on += std::log(near + outlier);
        }
        std::vector<double> there(seen_.size()); // of all places, this one on the level
        double all = on;
        for (std::size_t i = seen_.size(); i-- > 0;) {
            there[i] = all;
            if (i >= explanation_.free_from)
                all = log_of_sum(all, left[i]);
        }
        for (std::size_t i = 0; i < seen_.size(); ++i)
            weight_[i] = std::max(weight_[i] * std::exp(there[i] - all), no_weight);
        return -all;
    }

    const Hypothesis &explanation_;
    std::span<const Observation> seen_;
    std::vector<double> log_;       ///< less what is known
    std::vector<double> grown_;     ///< that of which the shares are: the logarithm or a power
    std::vector<double> predicted_; ///< of that
    std::vector<double> weight_;
    double rise_ = 0;
};

} // namespace

std::vector<std::optional<Fitted>> fit_hypothesis(const Hypothesis &hypothesis,
                                                  std::span<const Observation> seen,
                                                  const std::vector<Noise> &noises) {
    std::vector<std::optional<Fitted>> best;
    // From wide to close: an outlier is seen as one.
    Fit closing(hypothesis, seen, true);
    for (const Noise &noise : noises)
        best.push_back(closing.under(noise));
    if (hypothesis.free_from >= seen.size())
        return best;
    // From close to wide: places that left the level do not draw it to theirs.
    Fit widening(hypothesis, seen, false);
    for (std::size_t i = best.size(); i-- > 0;) {
        const auto fitted = widening.under(noises[i]);
        if (fitted && (!best[i] || fitted->cost < best[i]->cost))
            best[i] = fitted;
    }
    return best;
}

} // namespace clprobe::probes
