// Block sizes by levels of time: false sharing, and pairs of loads.
#include "common/block_size.hpp"

#include <clprobe/statistics.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

namespace clprobe::probes {
namespace {

/// How sure a verdict has to be, from synthetic data: wrong once in a hundred at most.
constexpr double least_posterior = 0.55;

/// Before anything was seen, minus the logarithm: no size is as likely as all sizes together; a
/// block with one place alone inside or outside, which may just be odd; prefetch of neighbours.
constexpr double size_unlikely = 2;
constexpr double edge_unlikely = 1.5;
constexpr double prefetch_unlikely = 4;

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
std::optional<double> share_of_neighbours(std::span<const Observation> seen,
                                          const std::vector<Lie> &lies) {
    std::array<std::vector<double>, 3> logs;
    for (std::size_t i = 0; i < seen.size(); ++i)
        logs[lies[i]].push_back(seen[i].log);
    if (logs[inside].empty() || logs[neighbour].empty() || logs[outside].empty())
        return std::nullopt;
    const double low = median(logs[inside]);
    const double share = (median(logs[neighbour]) - low) / (median(logs[outside]) - low);
    return share > 0.25 && share < 0.95 ? std::optional(share) : std::nullopt;
}

/// The explanations by one size: neighbours as far apart as any, and at a level of their own.
void add_explanations(std::vector<Hypothesis> &hypotheses, double size,
                      std::span<const AddressPair> pairs, std::span<const Observation> seen,
                      Together together) {
    std::vector<Lie> lies;
    for (const AddressPair &pair : pairs)
        lies.push_back(lie(pair, size));
    const auto inside_places = std::count(lies.begin(), lies.end(), inside);
    const auto n = static_cast<std::ptrdiff_t>(lies.size());
    if (inside_places == 0 || inside_places == n)
        return;
    Hypothesis hypothesis;
    hypothesis.size = size;
    hypothesis.unlikely = size_unlikely;
    if (inside_places == 1 || inside_places == n - 1)
        hypothesis.unlikely += edge_unlikely;
    const auto explain = [&](double neighbour_share) {
        hypothesis.shares.clear();
        for (const Lie kind : lies) {
            const double apart = kind == inside ? 0 : kind == neighbour ? neighbour_share : 1;
            hypothesis.shares.push_back(together == Together::slower ? 1 - apart : apart);
        }
        hypotheses.push_back(hypothesis);
    };
    explain(1);
    if (const auto share = share_of_neighbours(seen, lies)) {
        hypothesis.unlikely += prefetch_unlikely;
        hypothesis.neighbours = true;
        explain(*share);
    }
}

} // namespace

SizeVerdict block_size(std::span<const AddressPair> pairs, Together together, double least_ratio) {
    if (pairs.empty())
        return {{}, 0, 1, false, "not measured"};
    if (pairs.size() < 4)
        return {{}, 0, 1, false, "too few places were measured"};
    // A few samples may agree by chance, or disagree: no place is surer than the usual one, and it
    // takes twice the usual error to be less sure.
    std::vector<double> errors;
    for (const AddressPair &pair : pairs)
        errors.push_back(pair.error);
    const double usual = median(errors);
    std::vector<Observation> seen;
    for (const AddressPair &pair : pairs)
        seen.push_back({std::log(pair.value), std::max(pair.error / 2, usual), 1});
    std::vector<Hypothesis> hypotheses{{}};
    for (const double size : candidate_sizes())
        add_explanations(hypotheses, size, pairs, seen, together);
    SizeVerdict verdict = size_posterior(hypotheses, seen, least_posterior);
    if (verdict.size && verdict.ratio < least_ratio) {
        verdict.size.reset();
        verdict.reason = fmt::format("the times differ by a factor of {:.2f} only", verdict.ratio);
    }
    return verdict;
}

} // namespace clprobe::probes
