#include "model/invariants.hpp"

#include <clprobe/predicted_call.hpp>
#include <clprobe/teardown.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <optional>

namespace clprobe {
namespace {

/// A level of buffers' memory hierarchy; of memory itself there is no size.
struct BufferLevel {
    std::string name;
    double size = 0;
    const Finding *read = nullptr;
    const Finding *write = nullptr;
};

PredictedTime operator+(const PredictedTime &a, const PredictedTime &b) {
    return {a.seconds + b.seconds,
            {a.interval.low + b.interval.low, a.interval.high + b.interval.high}};
}

/// Of two that go on at once.
PredictedTime longer(const PredictedTime &a, const PredictedTime &b) {
    return {std::max(a.seconds, b.seconds),
            {std::max(a.interval.low, b.interval.low), std::max(a.interval.high, b.interval.high)}};
}

PredictedTime time_at(double amount, const Finding &rate) {
    return {amount / *rate.value, {amount / rate.interval->high, amount / rate.interval->low}};
}

double bytes_of(std::uint64_t elements, ElementType type) {
    return static_cast<double>(elements * size_of(type));
}

/// What is known of the device, and what would have been useful to know.
class Roofs {
public:
    Roofs(const DeviceRecord &record, ElementType type, Teardown &teardown) : teardown_(teardown) {
        for (const ProbeRecord &probe : record.probes)
            facts_.findings.insert(facts_.findings.end(), probe.findings.begin(),
                                   probe.findings.end());
        rate = usable(fmt::format("fma.{}.rate", name(type)), Unit::flop_per_second);
        for (int n = 1; has_level(n); ++n)
            add_level(n);
        memory = {"memory", 0, usable("buffer.memory.read_bandwidth", Unit::byte_per_second),
                  usable("buffer.memory.write_bandwidth", Unit::byte_per_second)};
        launch = launch_cost();
        if (facts_.find("launch.gap") != nullptr) // reports from before have none
            gap = usable("launch.gap", Unit::second, true);
    }

    /// The smallest level that holds so many bytes: memory where no other does.
    [[nodiscard]] const BufferLevel &that_holds(double bytes) const {
        const auto found = std::ranges::find_if(
            levels_, [&](const BufferLevel &level) { return bytes <= level.size; });
        return found == levels_.end() ? memory : *found;
    }

    /// Whether all is known that a time of that work is made of. What no layer needs, like the
    /// bandwidth of writing to memory where a cache holds what it writes, may be missing.
    [[nodiscard]] bool suffice(const Work &work, ElementType type) const {
        const BufferLevel &level = that_holds(bytes_of(work.inputs + work.outputs, type));
        return (rate != nullptr || work.multiply_adds == 0) && level.read != nullptr &&
               level.write != nullptr &&
               (memory.read != nullptr || work.parameters() + work.cached == 0);
    }

    /// Of the whole network: the host enqueues launches while the device works.
    [[nodiscard]] PredictedTime in_a_row(const PredictedTime &work, double launches) const {
        return with_launches(work, launches, launch);
    }
    /// Of one layer among others, for whose launch the host is no slower than for theirs.
    [[nodiscard]] PredictedTime among_others(const PredictedTime &work) const {
        return with_launches(work, 1, gap == nullptr ? launch : nullptr);
    }

    const Finding *rate = nullptr;
    const Finding *launch = nullptr;
    const Finding *gap = nullptr; ///< what a launch adds to long ones
    BufferLevel memory;

private:
    [[nodiscard]] PredictedTime with_launches(const PredictedTime &work, double launches,
                                              const Finding *of_host) const {
        const auto at = [&](double seconds, const auto &end_of) {
            LaunchCosts costs;
            if (of_host != nullptr)
                costs.in_a_row = end_of(*of_host);
            if (gap != nullptr)
                costs.gap = end_of(*gap);
            return seconds_in_a_row({seconds, launches}, costs);
        };
        return {at(work.seconds, [](const Finding &each) { return *each.value; }),
                {at(work.interval.low, [](const Finding &each) { return each.interval->low; }),
                 at(work.interval.high, [](const Finding &each) { return each.interval->high; })}};
    }

    [[nodiscard]] bool has_level(int n) const {
        return facts_.find(fmt::format("buffer.l{}.size", n)) != nullptr ||
               facts_.find(fmt::format("buffer.l{}.read_bandwidth", n)) != nullptr;
    }

    void add_level(int n) {
        const Finding *size = usable(fmt::format("buffer.l{}.size", n), Unit::byte);
        const Finding *read =
            usable(fmt::format("buffer.l{}.read_bandwidth", n), Unit::byte_per_second);
        if (size != nullptr && read != nullptr)
            levels_.push_back({fmt::format("L{}", n), *size->value, read, read});
    }

    const Finding *launch_cost() {
        const Finding *in_a_row = usable("launch.back_to_back", Unit::second);
        if (in_a_row != nullptr || facts_.find("launch.round_trip.p50") == nullptr)
            return in_a_row;
        return usable("launch.round_trip.p50", Unit::second);
    }

    /// The finding, where times can be made of it; else the reason is told.
    const Finding *usable(const std::string &key, Unit unit, bool may_be_nothing = false) {
        Finding *finding = nullptr;
        for (Finding &each : facts_.findings)
            if (each.key == key)
                finding = &each;
        const std::string reason = problem_with(finding, unit, may_be_nothing);
        if (!reason.empty()) {
            teardown_.absent.push_back({key, reason});
            return nullptr;
        }
        if (!finding->interval)
            finding->interval = {*finding->value, *finding->value};
        teardown_.findings.push_back(*finding);
        return finding;
    }

    static std::string problem_with(const Finding *finding, Unit unit, bool may_be_nothing) {
        if (finding == nullptr)
            return "the report has none";
        if (finding->status != Status::measured || !finding->value)
            return fmt::format("{}{}{}", name(finding->status), finding->note.empty() ? "" : ": ",
                               finding->note);
        if (finding->unit != unit)
            return fmt::format("it is in {}, not in {}", symbol(finding->unit), symbol(unit));
        const Interval interval =
            finding->interval.value_or(Interval{*finding->value, *finding->value});
        const double least = std::min(*finding->value, interval.low);
        if (least < 0 || (least == 0 && !may_be_nothing))
            return "it is not above 0";
        const std::string low = problem_of(interval.low);
        return low.empty() ? problem_of(interval.high) : low;
    }

    Facts facts_;
    std::vector<BufferLevel> levels_; ///< from the smallest
    Teardown &teardown_;
};

/// The floor of that name, which is added where it is not there yet.
void add_floor(std::vector<TimeFloor> &floors, const std::string &by, const PredictedTime &time) {
    const auto found = std::ranges::find(floors, by, &TimeFloor::by);
    if (found == floors.end())
        floors.push_back({by, time});
    else
        found->time = found->time + time;
}

std::vector<TimeFloor> floors_of(const Work &work, ElementType type, const Roofs &roofs) {
    const auto bytes = [&](std::uint64_t elements) { return bytes_of(elements, type); };
    std::vector<TimeFloor> floors;
    if (roofs.rate != nullptr && work.multiply_adds > 0)
        floors.push_back({"compute", time_at(work.flop(), *roofs.rate)});
    const auto move = [&](const BufferLevel &level, const Finding *bandwidth, double amount) {
        if (bandwidth != nullptr && amount > 0)
            add_floor(floors, level.name, time_at(amount, *bandwidth));
    };
    const BufferLevel &level = roofs.that_holds(bytes(work.inputs + work.outputs));
    move(level, level.read, bytes(work.inputs));
    move(level, level.write, bytes(work.outputs));
    move(roofs.memory, roofs.memory.read, bytes(work.parameters() + work.cached));
    if (const Finding *between = roofs.gap != nullptr ? roofs.gap : roofs.launch)
        floors.push_back({"launch", {*between->value, *between->interval}});
    return floors;
}

/// Puts the highest floor first, and says what the floors come to where nothing is missing.
void conclude(LayerTeardown &layer, const std::optional<PredictedTime> &predicted) {
    std::ranges::stable_sort(layer.floors, std::ranges::greater(),
                             [](const TimeFloor &floor) { return floor.time.seconds; });
    if (!predicted)
        return;
    layer.predicted = predicted;
    layer.bound = layer.floors.front().by;
    const auto compute = std::ranges::find(layer.floors, "compute", &TimeFloor::by);
    if (compute != layer.floors.end() && predicted->seconds > 0)
        layer.share = compute->time.seconds / predicted->seconds;
}

/// What goes on at once takes as long as the longest.
PredictedTime work_of(const std::vector<TimeFloor> &floors) {
    PredictedTime work;
    for (const TimeFloor &floor : floors)
        if (floor.by != "launch")
            work = longer(work, floor.time);
    return work;
}

/// The floors of all layers together, of which launches are the host's to make where it is that
/// takes longest.
std::vector<TimeFloor> floors_of(const std::vector<LayerTeardown> &layers, const Roofs &roofs) {
    std::vector<TimeFloor> floors;
    for (const LayerTeardown &layer : layers)
        for (const TimeFloor &floor : layer.floors)
            add_floor(floors, floor.by, floor.time);
    const auto launch = std::ranges::find(floors, "launch", &TimeFloor::by);
    if (launch != floors.end())
        launch->time = roofs.in_a_row({}, static_cast<double>(layers.size()));
    return floors;
}

} // namespace

Teardown teardown_of(const std::vector<SizedLayer> &layers, const DeviceRecord &record,
                     ElementType type) {
    Teardown teardown;
    teardown.device = record.device;
    teardown.launches = layers.size();
    const Roofs roofs(record, type, teardown);
    PredictedTime work;
    bool all_known = true;
    for (const SizedLayer &sized : layers) {
        LayerTeardown &layer = teardown.layers.emplace_back();
        layer.name = sized.layer.name;
        layer.floors = floors_of(sized.work, type, roofs);
        if (!roofs.suffice(sized.work, type)) {
            conclude(layer, std::nullopt);
            all_known = false;
            continue;
        }
        const PredictedTime own = work_of(layer.floors);
        conclude(layer, roofs.among_others(own));
        work = work + own;
    }
    teardown.whole.name = "whole";
    teardown.whole.floors = floors_of(teardown.layers, roofs);
    conclude(teardown.whole,
             all_known ? std::optional(roofs.in_a_row(work, static_cast<double>(layers.size())))
                       : std::nullopt);
    return teardown;
}

} // namespace clprobe
