#include "common/device_tiles.hpp"

#include <clprobe/error.hpp>
#include <clprobe/workloads_softmax_norm.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <tuple>

namespace clprobe::workloads {
namespace {

constexpr unsigned most_items = 1024;

std::string finding_of_level(unsigned level, const char *what) {
    return fmt::format("buffer.l{}.{}", level, what);
}

/// Vectors of a row that a lane has.
unsigned vectors_of_lane(const SoftmaxNormShape &shape, const SoftmaxNormPlan &plan) {
    return quotient_up(shape.length, plan.width * plan.lanes);
}

bool fits_device(const SoftmaxNormPlan &plan, const Facts &facts) {
    if (!facts.device)
        return plan.lanes == 1;
    const std::uint64_t most = facts.device->max_work_group_size.value_or(64);
    const auto &sizes = facts.device->max_work_item_sizes;
    return plan.items() <= (sizes ? std::min<std::uint64_t>(most, sizes->front()) : most) &&
           (plan.lanes == 1 ||
            2 * sizeof(float) * plan.items() <= facts.device->local_memory.value_or(0));
}

} // namespace

std::string SoftmaxNormShape::name() const {
    return fmt::format("{}.{}x{}", name_of(op), rows, length);
}

std::string SoftmaxNormPlan::describe() const {
    return fmt::format("{} a row, {} rows a group, {}, rows {}",
                       lanes == 1 ? "a work-item" : fmt::format("{} work-items", lanes), rows,
                       width == 1 ? "float" : fmt::format("float{}", width),
                       held > 0 ? "kept in registers"
                       : online ? "read again, weights rescaled"
                                : "read again");
}

std::string SoftmaxNorm::unfit(const SoftmaxNormShape &shape, const SoftmaxNormPlan &plan) {
    if (!std::has_single_bit(plan.width) || !std::has_single_bit(plan.lanes))
        return "its vectors or lanes are no power of two";
    if (plan.items() > most_items)
        return "its groups are larger than any device's";
    if (plan.lanes == 1 && plan.width < 4)
        return "a work-item alone takes vectors of four elements at least";
    if (plan.held > 0 &&
        (shape.length % plan.width != 0 || plan.held < vectors_of_lane(shape, plan) || plan.online))
        return "its work-items do not keep whole rows";
    if (plan.online && shape.op != RowOperator::softmax)
        return "only a softmax has weights to rescale";
    return "";
}

SoftmaxNorm::SoftmaxNorm(const SoftmaxNormShape &shape, const SoftmaxNormPlan &plan)
    : shape_(shape), plan_(plan) {
    if (const std::string reason = unfit(shape, plan); !reason.empty())
        throw InputError(fmt::format("{} by {}: {}", shape.name(), plan.describe(), reason));
}

std::string SoftmaxNorm::build_options() const {
    return fmt::format("-DLENGTH={} -DWIDTH={} -DLANES={} -DROWS={} -DHELD={} -DONLINE={:d}",
                       shape_.length, plan_.width, plan_.lanes, plan_.rows, plan_.held,
                       plan_.online);
}

NdRange SoftmaxNorm::range(std::uint32_t rows) const {
    return NdRange::linear(quotient_up(rows, plan_.rows), plan_.items());
}

/// Of a compute unit, at the same time.
double SoftmaxNorm::resident_groups(const Facts &facts) const {
    const auto most_of = [&](const char *key, double needed) {
        const auto available = facts.value(key);
        return available ? std::floor(*available / needed) : 1;
    };
    return std::max(1.0, std::min(most_of("occupancy.max_threads_per_cu", plan_.items()),
                                  most_of("register_file.bytes_per_cu",
                                          4.0 * plan_.registers() * plan_.items())));
}

/// That are read and written besides, which caches hold as far as they can.
double SoftmaxNorm::bytes_again() const {
    if (plan_.held > 0)
        return 0;
    const double once = shape_.bytes() / 2;
    if (shape_.op == RowOperator::layer_norm)
        return 2 * once; // for the variance, and for the result
    return plan_.online ? once : 3 * once;
}

/// What lanes of vectors issue, those that have no element too. Of exponentials a polynomial takes
/// twelve; others are made by an eighth of the lanes at a time.
double SoftmaxNorm::instructions(const Facts &facts) const {
    const double vectors = 1.0 * shape_.rows * plan_.lanes * vectors_of_lane(shape_, plan_);
    const double exponential = plan_.lanes == 1 ? 12 : 8;
    const double exponentials = shape_.op == RowOperator::layer_norm ? 0 : (plan_.online ? 3 : 1);
    const double of_element = 5 + exponentials * exponential;
    constexpr double of_vector = 4; // loads, stores and the loop
    return on_cpu(facts) ? vectors * (of_element + of_vector) * native_width(facts)
                         : vectors * (of_element * plan_.width + of_vector);
}

std::optional<PredictedCall> SoftmaxNorm::predicted_call(const Facts &facts) const {
    const auto bandwidth = facts.value(bandwidth_that_holds(shape_.bytes(), facts));
    if (!bandwidth || *bandwidth <= 0)
        return std::nullopt;
    const double groups = quotient_up(shape_.rows, plan_.rows);
    const double units = units_of(facts);
    const double of_a_unit = std::ceil(groups / units);
    const double resident = std::min(on_cpu(facts) ? 1 : resident_groups(facts), of_a_unit);
    // The last groups leave units idle.
    const double rounds = of_a_unit * units / groups;
    double slowest = shape_.bytes() / *bandwidth;

    // Rows that are read again are in the smallest cache that holds all that are in work.
    const double in_work = shape_.bytes() / shape_.rows * plan_.rows * resident;
    const auto near = in_work <= facts.value("buffer.l1.read_size").value_or(0)
                          ? facts.value("buffer.l1.read_bandwidth")
                          : facts.value(bandwidth_that_holds(in_work * units, facts));
    if (near && *near > 0)
        slowest = std::max(slowest, shape_.bytes() / *bandwidth + bytes_again() / *near);
    // A multiply-add counts two.
    if (const auto rate = facts.value("fma.fp32.rate"); rate && *rate > 0)
        slowest = std::max(slowest, rounds * instructions(facts) * 2 / *rate);
    const auto cache = facts.value("buffer.l2.latency");
    const auto latency = cache ? cache : facts.value("buffer.memory.latency");
    if (latency && !on_cpu(facts)) {
        // Vectors that are kept are fetched all at once; others one after the other.
        const double fetches = plan_.held > 0 ? 1 : 2.0 * vectors_of_lane(shape_, plan_);
        const double barriers =
            (shape_.op == RowOperator::softmax ? 1 : 2) *
            std::max(1.0, std::log2(plan_.lanes) - 2); // the last eight lanes need none
        const double waited =
            fetches * *latency + 2 * barriers * facts.value("local.latency").value_or(0);
        slowest = std::max(slowest, std::ceil(of_a_unit / resident) * waited);
    }
    return PredictedCall{slowest, 1};
}

bool fits_registers(const SoftmaxNormPlan &plan, const Facts &facts) {
    // What no probe finds of CPUs. None with vectors has fewer than 16 registers for them.
    if (on_cpu(facts))
        return plan.held + 4 <= 16;
    return plan.registers() <= facts.value("registers.spill_limit").value_or(64);
}

std::vector<SoftmaxNormPlan> softmax_norm_plans(const SoftmaxNormShape &shape, const Facts &facts) {
    std::vector<SoftmaxNormPlan> plans;
    const auto add = [&](SoftmaxNormPlan plan) {
        const unsigned vectors = vectors_of_lane(shape, plan);
        for (const bool online : {false, true})
            for (const unsigned held : {vectors <= 32 ? vectors : 0, 0u}) {
                plan.held = held;
                plan.online = online;
                if (fits_device(plan, facts) && SoftmaxNorm::unfit(shape, plan).empty() &&
                    std::ranges::count(plans, plan) == 0)
                    plans.push_back(plan);
            }
    };
    if (!on_cpu(facts))
        for (const unsigned lanes : {32u, 64u, 128u, 256u, 16u, 8u})
            for (const unsigned items : {128u, 64u, 256u})
                for (const unsigned width : {4u, 2u, 1u})
                    if (items % lanes == 0 && shape.length % width == 0)
                        add({.width = width, .lanes = lanes, .rows = items / lanes});
    if (plans.empty())
        for (const unsigned rows : {4u, 1u, 16u, 64u})
            for (const unsigned width : {native_width(facts), native_width(facts) / 2})
                add({.width = width, .lanes = 1, .rows = rows});
    std::ranges::stable_sort(plans, {}, [&](const SoftmaxNormPlan &plan) {
        return std::tuple(!fits_registers(plan, facts),
                          SoftmaxNorm(shape, plan).predicted_seconds(facts).value_or(0));
    });
    return plans;
}

std::string bandwidth_that_holds(double bytes, const Facts &facts) {
    for (unsigned level = 2; const auto size = facts.value(finding_of_level(level, "read_size"));
         ++level)
        if (bytes <= *size)
            return finding_of_level(level, "read_bandwidth");
    return "buffer.memory.copy_bandwidth";
}

} // namespace clprobe::workloads
