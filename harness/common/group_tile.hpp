#pragma once
#include <clprobe/workloads.hpp>

#include <algorithm>
#include <functional>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

namespace clprobe::workloads {

/// Products of matrices that are made in one launch by way of local memory.
struct GroupProducts {
    GemmShape shape;
    unsigned products = 1; ///< where there are several, a launch makes the result of them
    /// What is fetched for an element of the left operand; they are added up for it.
    unsigned left_fetches = 1;
    /// Bytes of the operands in memory: less than the matrices have where one of them is never
    /// made.
    double operands = 0;
};
/// What they take, as Gemm::predicted_call has it.
[[nodiscard]] std::optional<PredictedCall>
predicted_by_local_memory(const GroupProducts &work, const GroupTile &tile, const Facts &facts);

/// Tiles that reach all of the kernels' text, where the device can run them.
[[nodiscard]] std::vector<GroupTile> group_tiles_of_all_text(const DeviceInfo &device);

/// Whether a work-item finds registers for it before it spills.
[[nodiscard]] bool fits_registers(const GroupTile &tile, const Facts &facts);

/// Those with the least predicted time first. Those whose tile does not fit the registers come
/// after all others. Of those that shall take as long, or of all without a prediction, the one that
/// loads least comes first.
template <typename Plan>
void sort_by_prediction(
    std::vector<Plan> &plans, const Facts &facts,
    const std::function<std::optional<double>(const Plan &)> &predicted_seconds) {
    const auto order = [&](const Plan &plan) {
        const bool panels = plan.family == KernelFamily::panels;
        const double rows = panels ? plan.tile.rows : plan.group_tile.item_rows;
        const double columns = panels ? plan.tile.row_elements() : plan.group_tile.item_columns;
        const double loads = 1 / rows + 1 / columns;
        return std::tuple(!fits_registers(plan, facts), predicted_seconds(plan).value_or(0), loads);
    };
    using Order = decltype(order(plans.front()));
    std::vector<std::pair<Order, Plan>> ordered; // each is predicted once
    for (const Plan &plan : plans)
        ordered.emplace_back(order(plan), plan);
    std::ranges::stable_sort(ordered, {}, &std::pair<Order, Plan>::first);
    std::ranges::transform(ordered, plans.begin(), &std::pair<Order, Plan>::second);
}

/// Tiles to choose from on that device; none where it has no local memory of its own. Those of
/// several products are made in one strip.
[[nodiscard]] std::vector<GroupTile> group_tiles(const GroupProducts &work, const Facts &facts);

} // namespace clprobe::workloads
