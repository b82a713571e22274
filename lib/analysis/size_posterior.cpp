// Sizes of blocks (lines, sectors) by their posterior probability.
#include "analysis/size_posterior.hpp"

#include <clprobe/statistics.hpp>
#include <clprobe/units.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

namespace clprobe {
namespace {

std::string sizes_above(const std::map<double, double> &probabilities, double least) {
    std::string sizes;
    for (const auto &[size, probability] : probabilities)
        if (probability > least)
            sizes += (sizes.empty() ? "" : " or ") +
                     (size > 0 ? format({size, Unit::byte}) : std::string("none"));
    return sizes;
}

/// How sure a verdict has to be, from synthetic data: wrong once in a hundred at most.
constexpr double least_posterior = 0.55;

/// Before anything was observed, minus the logarithm: no size is as likely as all sizes
/// together; a block with one pair alone inside or outside, which may just be odd; prefetch of
/// neighbours.
constexpr double size_prior_cost = 2;
constexpr double edge_prior_cost = 1.5;
constexpr double prefetch_prior_cost = 4;

/// How two addresses lie in blocks of a size: in one, in the two halves of one of twice the size,
/// or further apart.
enum Lie : std::size_t { inside, neighbour, outside };

Lie lie(const AddressPair &pair, double size) {
    const auto same = [&](double block) {
        return std::floor(pair.first / block) == std::floor(pair.second / block);
    };
    if (same(size))
        return inside;
    return same(2 * size) ? neighbour : outside;
}

/// Which share of the way from the inside to the outside the neighbours are; nothing where they are
/// not clearly between: nearer to the inside they would be part of a larger block, nearer to the
/// outside there is nothing to tell.
std::optional<double> share_of_neighbours(std::span<const Observation> observations,
                                          const std::vector<Lie> &lies) {
    std::array<std::vector<double>, 3> logs;
    for (std::size_t i = 0; i < observations.size(); ++i)
        logs[lies[i]].push_back(observations[i].log);
    if (logs[inside].empty() || logs[neighbour].empty() || logs[outside].empty())
        return std::nullopt;
    const double low = median(logs[inside]);
    const double share = (median(logs[neighbour]) - low) / (median(logs[outside]) - low);
    return share > 0.25 && share < 0.95 ? std::optional(share) : std::nullopt;
}

/// The hypotheses of one size: neighbours as far apart as any, and at a level of their own.
void add_hypotheses(std::vector<Hypothesis> &hypotheses, double size,
                    std::span<const AddressPair> pairs, std::span<const Observation> observations,
                    Together together) {
    std::vector<Lie> lies;
    for (const AddressPair &pair : pairs)
        lies.push_back(lie(pair, size));
    const auto inside_pairs = std::count(lies.begin(), lies.end(), inside);
    const auto n = static_cast<std::ptrdiff_t>(lies.size());
    if (inside_pairs == 0 || inside_pairs == n)
        return;
    Hypothesis hypothesis;
    hypothesis.size = size;
    hypothesis.prior_cost = size_prior_cost;
    if (inside_pairs == 1 || inside_pairs == n - 1)
        hypothesis.prior_cost += edge_prior_cost;
    const auto add = [&](double neighbour_share) {
        hypothesis.shares.clear();
        for (const Lie kind : lies) {
            const double apart = kind == inside ? 0 : kind == neighbour ? neighbour_share : 1;
            hypothesis.shares.push_back(together == Together::slower ? 1 - apart : apart);
        }
        hypotheses.push_back(hypothesis);
    };
    add(1);
    if (const auto share = share_of_neighbours(observations, lies)) {
        hypothesis.prior_cost += prefetch_prior_cost;
        hypothesis.neighbours = true;
        add(*share);
    }
}

} // namespace

SizeVerdict size_posterior(const std::vector<Hypothesis> &hypotheses,
                           std::span<const Observation> observations, double least_probability,
                           double most_ratio) {
    const std::vector<Case> cases = fit_hypotheses(hypotheses, observations);
    if (cases.empty())
        return {"no size shows in the data"};
    const double least = std::ranges::min(cases, {}, &Case::cost).cost;
    std::map<double, double> sizes; // the probability of each
    double total = 0;
    for (const Case &each : cases) {
        sizes[each.hypothesis->size] += std::exp(least - each.cost);
        total += std::exp(least - each.cost);
    }
    for (auto &[size, probability] : sizes)
        probability /= total;
    const auto probability = [&](double of) { return sizes.contains(of) ? sizes.at(of) : 0; };
    const double size =
        std::ranges::max_element(sizes, {}, [](const auto &each) { return each.second; })->first;
    Interval run{size, size};
    double together = probability(size);
    while (size > 0 && together < least_probability && run.high < most_ratio * run.low) {
        const bool down = probability(run.low / 2) > probability(run.high * 2);
        double &end = down ? run.low : run.high;
        end *= down ? 0.5 : 2;
        together += probability(end);
    }
    const Case best = std::ranges::min(cases, {}, [&](const Case &each) {
        return std::pair(each.hypothesis->size != size, each.cost);
    });
    SizeVerdict verdict{"", {}, std::exp(best.rise), best.hypothesis->neighbours, run};
    if (together < least_probability || run.low < run.high)
        verdict.reason =
            fmt::format("the data fits more than one size ({})", sizes_above(sizes, 0.05));
    else if (size == 0)
        verdict.reason = "no size shows in the data";
    if (together >= least_probability && size > 0)
        verdict.size = size;
    return verdict;
}

SizeVerdict block_size(std::span<const AddressPair> pairs, Together together, double least_ratio) {
    if (pairs.empty())
        return {"not measured"};
    if (pairs.size() < 4)
        return {"too few pairs were measured"};
    // A few samples may agree by chance, or disagree: no pair is surer than the usual one, and it
    // takes twice the usual error to be less sure.
    std::vector<double> errors;
    for (const AddressPair &pair : pairs)
        errors.push_back(pair.error);
    const double usual = median(errors);
    std::vector<Observation> observations;
    for (const AddressPair &pair : pairs)
        observations.push_back({std::log(pair.value), std::max(pair.error / 2, usual), 1});
    std::vector<Hypothesis> hypotheses{{}};
    for (const double size : candidate_sizes)
        add_hypotheses(hypotheses, size, pairs, observations, together);
    SizeVerdict verdict = size_posterior(hypotheses, observations, least_posterior);
    if (verdict.size && verdict.ratio < least_ratio) {
        verdict.size.reset();
        verdict.reason = fmt::format("the times differ by a factor of {:.2f} only", verdict.ratio);
    }
    return verdict;
}

} // namespace clprobe
