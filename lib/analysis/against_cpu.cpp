#include "analysis/against_cpu.hpp"
#include "model/key.hpp"

#include <clprobe/statistics.hpp>
#include <clprobe/teardown.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace clprobe {
namespace {

Facts facts_of(const DeviceRecord &record) {
    Facts facts{record.device, {}};
    for (const ProbeRecord &probe : record.probes)
        facts.findings.insert(facts.findings.end(), probe.findings.begin(), probe.findings.end());
    return facts;
}

std::string ms(double seconds) {
    return format({seconds, Unit::second}, 3);
}

std::string launches_in(const Network &network, const Facts &facts, double seconds) {
    const double launches = facts.value("network." + in_key(network.name) + ".launches")
                                .value_or(static_cast<double>(network.layers.size()));
    const double each = facts.value("launch.back_to_back").value_or(0);
    constexpr double much = 0.25;
    if (launches * each < much * seconds)
        return "";
    return fmt::format("{:.0f} launches of {} are {:.0f} % of it", launches, ms(each),
                       100 * launches * each / seconds);
}

std::string half_precision(const Facts &facts) {
    const Finding *half = facts.find("fma.fp16.rate");
    const auto rate = facts.value("fma.fp16.rate");
    const auto full = facts.value("fma.fp32.rate");
    if (half != nullptr && half->status == Status::unsupported)
        return "it has no half precision to gain by";
    if (rate && full && *rate > *full)
        return fmt::format("in half precision, in which no kernel of these computes yet, its rate "
                           "is {:.2g} times as high",
                           *rate / *full);
    return "";
}

} // namespace

const CallTimes &TimedSide::of(const Network &network) const {
    static const CallTimes none;
    const auto found = times.find(network.name);
    return found == times.end() ? none : found->second;
}

std::optional<CallFigures> figures_of(const Network &network, const TimedSide &side) {
    const std::vector<double> &seconds = side.of(network).seconds;
    if (seconds.empty())
        return std::nullopt;
    CallFigures figures{quantile(seconds, 0.5), quantile(seconds, 0.9), 0, std::nullopt};
    if (figures.p50 > 0)
        figures.rate = total_of(sized_layers(network)).flop() / figures.p50;
    if (side.roof && *side.roof > 0 && figures.rate > 0)
        figures.share = figures.rate / *side.roof;
    return figures;
}

const TimedSide *fastest_library(const AgainstCpu &table, const Network &network) {
    const TimedSide *fastest = nullptr;
    double least = 0;
    for (const TimedSide &side : table.sides)
        if (const auto figures = figures_of(network, side); figures && !side.device)
            if (fastest == nullptr || figures->p50 < least) {
                fastest = &side;
                least = figures->p50;
            }
    return fastest;
}

std::string why_slower(const Network &network, const TimedSide &device, const TimedSide &library) {
    const auto slow = figures_of(network, device);
    const auto fast = figures_of(network, library);
    if (!slow || !fast || !device.device || slow->p50 <= fast->p50)
        return "";
    const Facts facts = facts_of(*device.device);
    const Teardown teardown = teardown_of(sized_layers(network), *device.device, ElementType::fp32);
    std::vector<std::string> reasons;
    const auto add = [&](const std::string &reason) {
        if (!reason.empty())
            reasons.push_back(reason);
    };
    const TimeFloor *bound = nullptr; // beside launches
    for (const TimeFloor &floor : teardown.whole.floors)
        if (floor.by != "launch" && (bound == nullptr || floor.time.seconds > bound->time.seconds))
            bound = &floor;
    add(launches_in(network, facts, slow->p50));
    const bool beyond_reach = bound != nullptr && bound->time.seconds > fast->p50;
    if (beyond_reach)
        add(fmt::format("its {} alone takes {}", bound->by, ms(bound->time.seconds)));
    if (device.roof && library.roof && *device.roof < *library.roof)
        add(fmt::format("its rate of multiply-adds is {:.2g} of the processors'",
                        *device.roof / *library.roof));
    if (slow->share && fast->share && *slow->share < *fast->share)
        add(fmt::format("its kernels reach {:.0f} % of its rate, the library {:.0f} % of its own",
                        100 * *slow->share, 100 * *fast->share));
    if (library.of(network).implementation.find("wino") != std::string::npos)
        add("the library multiplies less, by Winograd's algorithm");
    if (bound != nullptr && bound->by == "compute")
        add(half_precision(facts));
    if (reasons.empty())
        reasons.emplace_back("no finding says why");
    return fmt::format("{}", fmt::join(reasons, "; "));
}

std::optional<double> transfer_seconds(const Network &network, const DeviceRecord &record) {
    const Facts facts = facts_of(record);
    const auto one_way = [&](const std::string &key,
                             std::uint64_t elements) -> std::optional<double> {
        const auto rate = facts.value(key);
        const auto fixed = facts.value(key + ".fixed");
        if (!rate || !fixed || !(*rate > 0))
            return std::nullopt;
        return *fixed + static_cast<double>(elements * size_of(ElementType::fp32)) / *rate;
    };
    std::uint64_t results = 0;
    const std::vector<SizedLayer> layers = sized_layers(network);
    for (const SizedLayer &sized : layers)
        if (network.outputs.empty() ? &sized == &layers.back()
                                    : std::ranges::count(network.outputs, sized.layer.name) > 0)
            results += sized.work.outputs;
    const auto there =
        one_way("transfer.write.pageable", network.input.channels * network.input.positions());
    const auto back = one_way("transfer.read.pageable", results);
    if (!there || !back)
        return std::nullopt;
    return *there + *back;
}

} // namespace clprobe
