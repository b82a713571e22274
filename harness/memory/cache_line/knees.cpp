#include "memory/cache_line/knees.hpp"

#include <clprobe/statistics.hpp>

#include <algorithm>
#include <cmath>
#include <map>

namespace clprobe::probes::cache_line {
namespace {

constexpr double risen = 1.25;   ///< of the first level's latency: this is no noise
constexpr double settled = 1.12; ///< from one place to the next: the rise is over

} // namespace

std::optional<double> knee_midpoint(const std::vector<Estimate> &latency_over_slots) {
    const auto &curve = latency_over_slots;
    if (curve.size() < 6)
        return std::nullopt;
    const double hit = median(std::vector{curve[0].value, curve[1].value, curve[2].value});
    std::size_t first = curve.size(); // of those that all lie above the first level
    while (first > 0 && curve[first - 1].value > risen * hit)
        --first;
    for (std::size_t i = first; i + 2 < curve.size(); ++i) {
        const bool level = curve[i + 1].value < settled * curve[i].value &&
                           curve[i + 2].value < settled * settled * curve[i].value;
        if (first > 0 && level)
            return std::sqrt(hit * curve[i + 1].value);
    }
    return std::nullopt;
}

std::vector<Estimate> at_stride(const std::vector<RowEstimate<SlotsRow>> &estimates,
                                std::size_t stride) {
    std::vector<Estimate> curve;
    for (const auto &[row, time] : estimates)
        if (row.stride == stride)
            curve.push_back({static_cast<double>(row.slots), time.value, time.error, time.samples});
    return curve;
}

std::vector<Estimate> slots_that_fit(const std::vector<RowEstimate<SlotsRow>> &estimates) {
    std::map<std::size_t, std::vector<Estimate>> curves;
    for (const auto &[row, time] : estimates)
        curves[row.stride].push_back(
            {static_cast<double>(row.slots), time.value, time.error, time.samples});
    if (curves.empty())
        return {};
    const auto fullest =
        std::max_element(curves.begin(), curves.end(), [](const auto &a, const auto &b) {
            return a.second.size() < b.second.size();
        });
    const auto threshold = knee_midpoint(fullest->second);
    std::vector<Estimate> fit;
    if (threshold)
        for (const auto &[stride, curve] : curves)
            if (const auto slots = crossing(curve, *threshold))
                fit.push_back({static_cast<double>(stride), *slots, 0, 1});
    return fit;
}

} // namespace clprobe::probes::cache_line
