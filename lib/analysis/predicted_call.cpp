#include <clprobe/predicted_call.hpp>

#include <algorithm>

namespace clprobe {

LaunchCosts launch_costs(const Facts &facts) {
    const auto by_timestamps = facts.value("launch.device.p50");
    return {facts.value("launch.back_to_back"), facts.value("launch.gap"),
            by_timestamps ? by_timestamps : facts.value("launch.round_trip.p50")};
}

double seconds_in_a_row(const PredictedCall &call, const LaunchCosts &costs) {
    const double of_host = call.launches * costs.in_a_row.value_or(0);
    if (!costs.gap)
        return call.work + of_host;
    return std::max(of_host, call.work + call.launches * *costs.gap);
}

double seconds_alone(const PredictedCall &call, const LaunchCosts &costs) {
    return call.work + call.launches * costs.alone.value_or(costs.in_a_row.value_or(0));
}

std::optional<double> seconds_in_a_row(const std::optional<PredictedCall> &call,
                                       const Facts &facts) {
    return call ? std::optional(seconds_in_a_row(*call, launch_costs(facts))) : std::nullopt;
}

} // namespace clprobe
