#include "common/size_verdict.hpp"

#include <clprobe/statistics.hpp>
#include <clprobe/units.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <string>

namespace clprobe::probes {
namespace {

/// Minus the logarithms of what the scatters are given beforehand.
std::vector<double> unlikely_scatters(std::span<const Observation> seen) {
    std::vector<double> errors;
    for (const Observation &place : seen)
        errors.push_back(place.error);
    const double usual = median(errors);
    std::vector<double> unlikely;
    for (const double scatter : sigmas)
        unlikely.push_back(usual > 0 ? std::log(std::hypot(1, scatter / usual)) : 0);
    return unlikely;
}

/// An explanation under a noise.
struct Case {
    const Hypothesis *hypothesis = nullptr;
    double cost = std::numeric_limits<double>::infinity();
    double rise = 0;
};

/// All cases, and the best of each size.
struct Cases {
    std::vector<Case> all;
    std::map<double, Case> best;
};

Cases cases_of(const std::vector<Hypothesis> &hypotheses, std::span<const Observation> seen) {
    const std::vector<double> unlikely = unlikely_scatters(seen);
    const std::vector<Noise> noises = noises_of(seen);
    Cases cases;
    for (const Hypothesis &hypothesis : hypotheses) {
        const auto fitted = fit_hypothesis(hypothesis, seen, noises);
        for (std::size_t i = 0; i < fitted.size(); ++i) {
            if (!fitted[i])
                continue;
            const Case each{&hypothesis, fitted[i]->cost + hypothesis.unlikely + unlikely[i],
                            fitted[i]->rise};
            if (!std::isfinite(each.cost)) // times that no noise explains
                continue;
            cases.all.push_back(each);
            Case &best = cases.best[hypothesis.size];
            if (each.cost < best.cost)
                best = each;
        }
    }
    return cases;
}

/// The probability of each size.
std::map<double, double> probabilities(const Cases &cases) {
    double least = std::numeric_limits<double>::infinity();
    for (const auto &[size, best] : cases.best)
        least = std::min(least, best.cost);
    std::map<double, double> sizes;
    double total = 0;
    for (const Case &each : cases.all) {
        sizes[each.hypothesis->size] += std::exp(least - each.cost);
        total += std::exp(least - each.cost);
    }
    for (auto &[size, probability] : sizes)
        probability /= total;
    return sizes;
}

std::string sizes_above(const std::map<double, double> &probabilities, double least) {
    std::string sizes;
    for (const auto &[size, probability] : probabilities)
        if (probability > least)
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

SizeVerdict size_posterior(const std::vector<Hypothesis> &hypotheses,
                           std::span<const Observation> seen, double least_probability,
                           double most_ratio) {
    const Cases cases = cases_of(hypotheses, seen);
    if (cases.all.empty())
        return {{}, 0, 1, false, "no size shows in the data"};
    const auto sizes = probabilities(cases);
    const auto probability = [&](double of) {
        const auto found = sizes.find(of);
        return found == sizes.end() ? 0 : found->second;
    };
    const double size = std::max_element(sizes.begin(), sizes.end(), [](auto &a, auto &b) {
                            return a.second < b.second;
                        })->first;
    Interval run{size, size};
    double together = probability(size);
    while (size > 0 && together < least_probability && run.high < most_ratio * run.low) {
        const bool down = probability(run.low / 2) > probability(run.high * 2);
        double &end = down ? run.low : run.high;
        end *= down ? 0.5 : 2;
        together += probability(end);
    }
    const Case &best = cases.best.at(size);
    SizeVerdict verdict{{}, together, std::exp(best.rise), best.hypothesis->neighbours, "", run};
    if (together < least_probability || run.low < run.high)
        verdict.reason =
            fmt::format("the data fits more than one size ({})", sizes_above(sizes, 0.05));
    else if (size == 0)
        verdict.reason = "no size shows in the data";
    if (together >= least_probability && size > 0)
        verdict.size = size;
    return verdict;
}

} // namespace clprobe::probes
