#include "memory/cache_line/weigh.hpp"

#include <clprobe/statistics.hpp>
#include <clprobe/units.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

namespace clprobe::cache_line {
namespace {

/// Minus the logarithm of the t-density with four degrees of freedom, up to a constant.
double misfit(double residual, double error) {
    const double t = residual / error;
    return 2.5 * std::log1p(t * t / 4);
}

/// What a place costs at most: one in twenty may be an outlier anywhere, and a late one is only
/// hoped to fit.
constexpr double outlier_limit = 8;
constexpr double late_limit = 4;

double score(const Explanation &explanation, std::span<const double> errors, double inflation) {
    double sum = 0;
    for (std::size_t i = 0; i < errors.size(); ++i) {
        const double cost = misfit(explanation.residuals[i], errors[i] * inflation);
        const bool late = !explanation.late.empty() && explanation.late[i];
        sum += std::min(cost, late ? late_limit : outlier_limit);
    }
    const auto n = static_cast<double>(errors.size());
    return sum + explanation.parameters / 2 * std::log(n);
}

const Explanation &best_of(const std::vector<Explanation> &explanations,
                           std::span<const double> errors) {
    return *std::min_element(explanations.begin(), explanations.end(),
                             [&](const Explanation &a, const Explanation &b) {
                                 return score(a, errors, 1) < score(b, errors, 1);
                             });
}

/// How much larger than their errors the residuals of the best explanation are.
double inflation_of(const Explanation &best, std::span<const double> errors) {
    std::vector<double> sizes;
    for (std::size_t i = 0; i < errors.size(); ++i)
        sizes.push_back(std::abs(best.residuals[i]) / errors[i]);
    const auto n = static_cast<double>(errors.size());
    const double freedom = std::max(1.0, n - best.parameters);
    return std::max(1.0, 1.25 * 1.4826 * median(sizes) * std::sqrt(n / freedom));
}

std::string shown(double size) {
    return size > 0 ? format({size, Unit::byte}) : "none";
}

Verdict decide(const std::map<double, double> &weights, const Explanation &best,
               double least_probability) {
    double total = 0;
    for (const auto &[size, weight] : weights)
        total += weight;
    Verdict verdict;
    verdict.probability = weights.at(best.size) / total;
    verdict.ratio = best.ratio;
    verdict.neighbours = best.neighbours;
    if (verdict.probability < least_probability) {
        std::string sizes;
        for (const auto &[size, weight] : weights)
            if (weight / total > 0.05)
                sizes += (sizes.empty() ? "" : " or ") + shown(size);
        verdict.reason = fmt::format("the data fits more than one size ({})", sizes);
    } else if (best.size > 0) {
        verdict.size = best.size;
    } else {
        verdict.reason = "no size shows in the data";
    }
    return verdict;
}

} // namespace

std::vector<double> candidate_sizes() {
    std::vector<double> sizes;
    for (double size = 8; size <= 1024; size *= 2)
        sizes.push_back(size);
    return sizes;
}

double centre(std::span<const double> values, std::span<const double> errors) {
    double middle = median(values);
    for (int i = 0; i < 5; ++i) {
        double weights = 0;
        double sum = 0;
        for (std::size_t k = 0; k < values.size(); ++k) {
            const double t = (values[k] - middle) / errors[k];
            const double weight = 1 / (4 + t * t) / (errors[k] * errors[k]);
            weights += weight;
            sum += weight * values[k];
        }
        middle = sum / weights;
    }
    return middle;
}

Verdict weigh(const std::vector<Explanation> &explanations, std::span<const double> errors,
              double least_probability) {
    if (explanations.empty())
        return {{}, 0, 1, false, "too few places were measured"};
    const double inflation = inflation_of(best_of(explanations, errors), errors);
    double least = std::numeric_limits<double>::infinity();
    const Explanation *best = nullptr;
    for (const Explanation &explanation : explanations) {
        const double value = score(explanation, errors, inflation);
        if (value < least) {
            least = value;
            best = &explanation;
        }
    }
    std::map<double, double> weights;
    for (const Explanation &explanation : explanations)
        weights[explanation.size] += std::exp(least - score(explanation, errors, inflation));
    return decide(weights, *best, least_probability);
}

} // namespace clprobe::cache_line
