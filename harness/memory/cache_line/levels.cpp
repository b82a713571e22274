// Block sizes by levels of time: false sharing, and pairs of loads.
#include "memory/cache_line/explain.hpp"
#include "memory/cache_line/weigh.hpp"

#include <clprobe/statistics.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace clprobe::cache_line {
namespace {

constexpr double least_error = 0.015;

/// Tried on synthetic data: wrong less than once in a hundred, right where there is contrast.
constexpr double least_probability = 0.75;

/// How two addresses lie in blocks of a size: in one, in the two halves of one of twice the size,
/// or further apart.
enum Lie : std::size_t { inside, neighbour, outside };

Lie lie(const Pair &pair, double size) {
    const auto same = [&](double block) {
        return std::floor(pair.first / block) == std::floor(pair.second / block);
    };
    if (same(size))
        return inside;
    return same(2 * size) ? neighbour : outside;
}

/// Times as levels: one for each way that two addresses lie.
struct Levels {
    std::array<std::vector<double>, 3> values;
    std::array<std::vector<double>, 3> errors;
    std::array<double, 3> centres{};
};

Levels levels_of(std::span<const Pair> pairs, std::span<const double> errors,
                 const std::vector<Lie> &lies) {
    Levels levels;
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        levels.values[lies[i]].push_back(std::log(pairs[i].value));
        levels.errors[lies[i]].push_back(errors[i]);
    }
    for (const Lie level : {inside, neighbour, outside})
        if (!levels.values[level].empty())
            levels.centres[level] = centre(levels.values[level], levels.errors[level]);
    return levels;
}

Explanation explanation_of(double size, std::span<const Pair> pairs, const Levels &levels,
                           const std::vector<Lie> &lies) {
    Explanation explanation{size, 2, {}, {}, 1, false};
    for (std::size_t i = 0; i < pairs.size(); ++i)
        explanation.residuals.push_back(std::log(pairs[i].value) - levels.centres[lies[i]]);
    explanation.ratio = std::exp(std::abs(levels.centres[inside] - levels.centres[outside]));
    return explanation;
}

/// Whether the levels differ in the direction that this experiment's physics has them.
bool in_order(const Levels &levels, Together together) {
    const double step = levels.centres[outside] - levels.centres[inside];
    return together == Together::slower ? step < 0 : step > 0;
}

/// Whether neighbours are at a level of their own: nearer to the inside they would be part of a
/// larger block, nearer to the outside there is nothing to tell.
bool between(const Levels &levels) {
    const double step = levels.centres[outside] - levels.centres[inside];
    const double share = (levels.centres[neighbour] - levels.centres[inside]) / step;
    return share > 0.25 && share < 0.95;
}

/// The explanations by one size: neighbours as far apart as any, and at a level of their own.
void add_explanations(std::vector<Explanation> &explanations, double size,
                      std::span<const Pair> pairs, std::span<const double> errors,
                      Together together) {
    std::vector<Lie> lies;
    for (const Pair &pair : pairs)
        lies.push_back(lie(pair, size));
    const auto has = [&](Lie kind) { return std::count(lies.begin(), lies.end(), kind) > 0; };
    if (!has(inside))
        return;
    if (has(neighbour) && has(outside)) {
        const Levels levels = levels_of(pairs, errors, lies);
        if (in_order(levels, together) && between(levels)) {
            explanations.push_back(explanation_of(size, pairs, levels, lies));
            explanations.back().parameters = 5;
            explanations.back().neighbours = true;
        }
    }
    std::replace(lies.begin(), lies.end(), neighbour, outside);
    if (!has(outside))
        return;
    const Levels levels = levels_of(pairs, errors, lies);
    if (in_order(levels, together))
        explanations.push_back(explanation_of(size, pairs, levels, lies));
}

} // namespace

Verdict block_size(std::span<const Pair> pairs, Together together, double least_ratio) {
    if (pairs.empty())
        return {{}, 0, 1, false, "not measured"};
    if (pairs.size() < 4)
        return {{}, 0, 1, false, "too few places were measured"};
    // A few samples may agree by chance: no place is surer than the usual one.
    std::vector<double> errors;
    for (const Pair &pair : pairs)
        errors.push_back(pair.error);
    const double usual = median(errors);
    for (double &error : errors)
        error = std::hypot(std::max(error, usual), least_error);
    std::vector<Explanation> explanations;
    for (const double size : candidate_sizes())
        add_explanations(explanations, size, pairs, errors, together);
    const std::vector<Lie> one_level(pairs.size(), inside);
    explanations.push_back(
        explanation_of(0, pairs, levels_of(pairs, errors, one_level), one_level));
    explanations.back().parameters = 1;
    explanations.back().ratio = 1;
    Verdict verdict = weigh(explanations, errors, least_probability);
    if (verdict.size && verdict.ratio < least_ratio) {
        verdict.size.reset();
        verdict.reason = fmt::format("the times differ by a factor of {:.2f} only", verdict.ratio);
    }
    return verdict;
}

} // namespace clprobe::cache_line
