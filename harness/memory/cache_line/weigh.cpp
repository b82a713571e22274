#include "memory/cache_line/weigh.hpp"

#include <clprobe/statistics.hpp>
#include <clprobe/units.hpp>

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <map>
#include <string>

namespace clprobe::cache_line {
namespace {

/// Minus the logarithms of what the scatters are given beforehand.
std::vector<double> unlikely_scatters(std::span<const Seen> seen) {
    std::vector<double> errors;
    for (const Seen &place : seen)
        errors.push_back(place.error);
    const double usual = median(errors);
    std::vector<double> unlikely;
    for (const double scatter : scatters)
        unlikely.push_back(usual > 0 ? std::log(std::hypot(1, scatter / usual)) : 0);
    return unlikely;
}

/// An explanation under a scatter.
struct Case {
    const Explanation *explanation = nullptr;
    double cost = std::numeric_limits<double>::infinity();
    double rise = 0;
};

std::string sizes_above(const std::map<double, double> &weights, double least) {
    std::string sizes;
    for (const auto &[size, weight] : weights)
        if (weight > least)
            sizes += (sizes.empty() ? "" : " or ") +
                     (size > 0 ? format({size, Unit::byte}) : std::string("none"));
    return sizes;
}

} // namespace

std::vector<double> candidate_sizes() {
    std::vector<double> sizes;
    for (double size = 8; size <= 1024; size *= 2)
        sizes.push_back(size);
    return sizes;
}

Verdict weigh(const std::vector<Explanation> &explanations, std::span<const Seen> seen,
              double least_probability) {
    const std::vector<double> unlikely = unlikely_scatters(seen);
    std::vector<Case> cases;
    Case best;
    for (const Explanation &explanation : explanations) {
        const auto fitted = fit(explanation, seen);
        for (std::size_t i = 0; i < fitted.size(); ++i) {
            if (!fitted[i])
                continue;
            cases.push_back({&explanation, fitted[i]->cost + explanation.unlikely + unlikely[i],
                             fitted[i]->rise});
            if (cases.back().cost < best.cost)
                best = cases.back();
        }
    }
    std::map<double, double> weights;
    double total = 0;
    for (const Case &each : cases) {
        weights[each.explanation->size] += std::exp(best.cost - each.cost);
        total += std::exp(best.cost - each.cost);
    }
    const double size = best.explanation->size;
    Verdict verdict{
        {}, weights[size] / total, std::exp(best.rise), best.explanation->neighbours, ""};
    if (verdict.probability < least_probability)
        verdict.reason = fmt::format("the data fits more than one size ({})",
                                     sizes_above(weights, 0.05 * total));
    else if (size > 0)
        verdict.size = size;
    else
        verdict.reason = "no size shows in the data";
    return verdict;
}

} // namespace clprobe::cache_line
