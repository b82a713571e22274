#include "analysis/size_posterior.hpp"

#include <clprobe/statistics.hpp>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numbers>
#include <optional>
#include <utility>

namespace clprobe {
namespace {

/// Outliers: how many of the observations took longer and how many less, how many of these there
/// are where several samples agree, and how far off they are, in the logarithm.
constexpr double slow_outliers = 0.04;
constexpr double fast_outliers = 0.01;
constexpr double with_error = 0.2;
constexpr double outlier_scale = 0.6;

/// Of the curves that left the level, how many wander; and of the observations of these, how many
/// are not where the one before was.
constexpr double wanderers = 0.05;
constexpr double wander_share = 0.2;

/// The shared sigmas that are tried, in the logarithm, from the largest to the least.
constexpr double sigmas[] = {0.2, 0.13, 0.08, 0.05, 0.032, 0.02, 0.013, 0.008, 0.005};

/// The noise of all observations under one sigma that they share beyond their own errors.
struct Noise {
    double prior_cost = 0;         ///< minus the logarithm of its prior probability
    std::vector<double> deviation; ///< of each observation, in the logarithm
    /// Of each observation, should it have left the level: the logarithm of the probability of all
    /// that follow it. They stay where it is for good, or wander: each is where the one before was,
    /// or anywhere.
    std::vector<double> after;
};

double normal(double off, double deviation) {
    const double t = off / deviation;
    return std::exp(-t * t / 2) / (deviation * std::sqrt(2 * std::numbers::pi));
}

/// The density of an exponential distribution.
double exponential(double off, double scale) {
    return std::exp(-std::abs(off) / scale) / scale;
}

/// log(exp(a) + exp(b))
double log_of_sum(double a, double b) {
    return std::max(a, b) + std::log1p(std::exp(-std::abs(a - b)));
}

/// How far from one point to the next a curve moves that has left its level, in the logarithm.
constexpr double leap_scale = 0.15;

/// How likely an observation is so far off, in the logarithm, as a normal error and as an outlier;
/// these are mostly slow, and few where several samples agree.
std::pair<double, double> near_and_outlier(const Observation &observation, double off,
                                           double deviation) {
    const double rate = observation.error > 0 ? with_error : 1;
    return {(1 - rate * (slow_outliers + fast_outliers)) * normal(off, deviation),
            rate * (off > 0 ? slow_outliers : fast_outliers) * exponential(off, outlier_scale)};
}

/// The logarithm of the probability of the observations behind the k-th, if they stay where that
/// is: of each by the mean of those before it.
double stay_at(std::size_t k, std::span<const Observation> observations,
               const std::vector<double> &deviation) {
    double mean = observations[k].log;
    double precision = std::pow(deviation[k], -2);
    double log = 0;
    for (std::size_t i = k + 1; i < observations.size(); ++i) {
        const double off = observations[i].log - mean;
        const auto [near, outlier] = near_and_outlier(
            observations[i], off, std::hypot(deviation[i], 1 / std::sqrt(precision)));
        log += std::log(near + outlier);
        const double more = near / (near + outlier) * std::pow(deviation[i], -2);
        precision += more;
        mean += off * more / precision;
    }
    return log;
}

/// The usual error is the observations'.
Noise noise_under(double sigma, double usual_error, std::span<const Observation> observations) {
    Noise noise;
    noise.prior_cost = usual_error > 0 ? std::log(std::hypot(1, sigma / usual_error)) : 0;
    for (const Observation &observation : observations) {
        const double shared = sigma / std::sqrt(observation.points);
        noise.deviation.push_back(
            std::hypot(observation.error, std::max(shared, *std::rbegin(sigmas))));
    }
    noise.after.resize(observations.size());
    double wandering = 0; // as `after`, of those who do
    for (std::size_t k = observations.size(); k-- > 0;) {
        noise.after[k] =
            log_of_sum(std::log(1 - wanderers) + stay_at(k, observations, noise.deviation),
                       std::log(wanderers) + wandering);
        if (k == 0)
            break;
        const double step = observations[k].log - observations[k - 1].log;
        wandering +=
            std::log((1 - wander_share) * normal(step, noise.deviation[k] * std::numbers::sqrt2) +
                     wander_share * exponential(step, leap_scale) / 2);
    }
    return noise;
}

/// Of the free observations still on the level, how many leave it, and how many of these downwards.
constexpr double leave = 0.15;
constexpr double downwards = 0.1;

/// How likely it is that such an observation lies above the level by more than the rise to that.
constexpr double too_far = 0.05;

/// Beside others an observation of this weight does not count.
constexpr double no_weight = 1e-6;

/// A level and a rise, the better the more often they are fitted.
class Fit {
public:
    /// The free observations count from the start, or only once they are near the level.
    Fit(const Hypothesis &hypothesis, std::span<const Observation> observations, bool free_count)
        : hypothesis_(hypothesis), observations_(observations), shares_(hypothesis.shares),
          weight_(observations.size(), 1.0) {
        const double power = hypothesis.power;
        for (std::size_t i = 0; i < observations.size(); ++i) {
            // By the last one, so that no power is out of range.
            const double log = observations[i].log - observations.back().log;
            log_.push_back(hypothesis.known.empty() ? log : log - hypothesis.known[i]);
            grown_.push_back(power > 0 ? std::exp(power * log_[i]) : log_[i]);
            if (i >= hypothesis.free_from && !free_count)
                weight_[i] = no_weight;
        }
        predicted_ = grown_;
        shares_.resize(observations.size());
    }

    std::optional<Case> under(const Noise &noise) {
        double cost = 0;
        for (int round = 0; round < 2; ++round) {
            if (!fit_line(noise))
                return std::nullopt;
            cost = cost_of_points(noise);
        }
        const double parameters = hypothesis_.shares.empty() ? 1 : 2;
        cost += parameters / 2 * std::log(static_cast<double>(observations_.size()));
        return Case{&hypothesis_, cost, rise_};
    }

private:
    /// Least squares, of relative distances where values grow; false where the line does not rise.
    bool fit_line(const Noise &noise) {
        const bool of_value = hypothesis_.power > 0;
        double n = 0, sc = 0, scc = 0, sy = 0, scy = 0;
        for (std::size_t i = 0; i < observations_.size(); ++i) {
            const double unit = noise.deviation[i] * (of_value ? predicted_[i] : 1);
            const double w = weight_[i] / (unit * unit);
            const double c = shares_[i];
            n += w;
            sc += w * c;
            scc += w * c * c;
            sy += w * grown_[i];
            scy += w * c * grown_[i];
        }
        double level = sy / n;
        double rise = 0;
        if (!hypothesis_.shares.empty()) {
            rise = (n * scy - sc * sy) / (n * scc - sc * sc);
            level = (sy - rise * sc) / n;
            if (of_value && level < 0) {
                level = 0;
                rise = scy / scc;
            }
            if (!(rise > 0))
                return false;
        }
        for (std::size_t i = 0; i < observations_.size(); ++i)
            predicted_[i] = level + rise * shares_[i];
        constexpr double least = 1e-9; // of the rise, so that there is a ratio to it
        rise_ =
            of_value ? std::log1p(rise / std::max(level, least * rise)) / hypothesis_.power : rise;
        return true;
    }

    /// The cost of all observations. The weight of each is how likely it follows the fit.
    double cost_of_points(const Noise &noise) {
        // Logarithms of the probability of all observations: up to one on the level, and from one
        // on not.
        double on = 0;
        std::vector<double> left(observations_.size());
        for (std::size_t i = 0; i < observations_.size(); ++i) {
            const double far = hypothesis_.power > 0
                                   ? log_[i] - std::log(predicted_[i]) / hypothesis_.power
                                   : log_[i] - predicted_[i];
            const auto [near, outlier] =
                near_and_outlier(observations_[i], far, noise.deviation[i]);
            weight_[i] = near / (near + outlier);
            if (i >= hypothesis_.free_from) {
                const double likely = (far > 0 ? 1 - downwards : downwards) *
                                      (far > rise_ ? too_far : 1) * exponential(far, leap_scale);
                left[i] = on + std::log(leave * likely) + noise.after[i];
                on += std::log(1 - leave);
            }
            on += std::log(near + outlier);
        }
        std::vector<double> there(left.size()); // of all observations, this one on the level
        double all = on;
        for (std::size_t i = observations_.size(); i-- > 0;) {
            there[i] = all;
            if (i >= hypothesis_.free_from)
                all = log_of_sum(all, left[i]);
        }
        for (std::size_t i = 0; i < observations_.size(); ++i)
            weight_[i] = std::max(weight_[i] * std::exp(there[i] - all), no_weight);
        return -all;
    }

    const Hypothesis &hypothesis_;
    std::span<const Observation> observations_;
    std::vector<double> shares_;
    std::vector<double> log_;       ///< less what is known
    std::vector<double> grown_;     ///< that of which the shares are: the logarithm or a power
    std::vector<double> predicted_; ///< of that
    std::vector<double> weight_;
    double rise_ = 0;
};

/// The hypothesis under each noise, but for the prior costs; nothing where it would have to fall.
std::vector<std::optional<Case>> fit_hypothesis(const Hypothesis &hypothesis,
                                                std::span<const Observation> observations,
                                                const std::vector<Noise> &noises) {
    std::vector<std::optional<Case>> best;
    // From wide to close: an outlier is seen as one.
    Fit closing(hypothesis, observations, true);
    for (const Noise &noise : noises)
        best.push_back(closing.under(noise));
    if (hypothesis.free_from >= observations.size())
        return best;
    // From close to wide: observations that left the level do not draw it to theirs.
    Fit widening(hypothesis, observations, false);
    for (std::size_t i = best.size(); i-- > 0;) {
        const auto fitted = widening.under(noises[i]);
        if (fitted && (!best[i] || fitted->cost < best[i]->cost))
            best[i] = fitted;
    }
    return best;
}

} // namespace

std::vector<Case> fit_hypotheses(const std::vector<Hypothesis> &hypotheses,
                                 std::span<const Observation> observations) {
    std::vector<double> errors;
    for (const Observation &observation : observations)
        errors.push_back(observation.error);
    const double usual_error = median(errors);
    std::vector<Noise> noises;
    for (const double sigma : sigmas)
        noises.push_back(noise_under(sigma, usual_error, observations));
    std::vector<Case> cases;
    for (const Hypothesis &hypothesis : hypotheses) {
        const auto fitted = fit_hypothesis(hypothesis, observations, noises);
        for (std::size_t i = 0; i < fitted.size(); ++i)
            if (auto fit = fitted[i]) {
                fit->cost += hypothesis.prior_cost;
                fit->cost += noises[i].prior_cost;
                if (std::isfinite(fit->cost))
                    cases.push_back(*fit);
            }
    }
    return cases;
}

} // namespace clprobe
