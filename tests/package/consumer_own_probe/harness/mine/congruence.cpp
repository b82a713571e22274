#include <clprobe/probe.hpp>

#include <cstdint>
#include <memory>
#include <vector>

namespace mine {
namespace {

constexpr std::size_t items = 4096;

std::uint32_t expected(std::uint32_t value, std::uint32_t trips) {
    for (std::uint32_t i = 0; i < trips; ++i)
        value = value * 1664525u + 1013904223u;
    return value;
}

class Congruence : public clprobe::Probe {
public:
    const clprobe::ProbeInfo &info() const override { return info_; }

    void measure(clprobe::Bench &bench) const override {
        const clprobe::Buffer values = bench.buffer(items * sizeof(std::uint32_t));
        const clprobe::BoundLaunch launch{
            bench.kernel("mine/congruence", "congruence", ""),
            clprobe::NdRange::linear(items / 64, 64),
            {output(values), clprobe::trip_count},
            clprobe::check_words(items, [](std::size_t item, std::uint32_t trips) {
                return expected(static_cast<std::uint32_t>(item), trips);
            })};
        clprobe::Candidate candidate{
            .launch = launch, .series = &bench.series("times"), .at = {}, .trips = 0};
        bench.sample({&candidate, 1}, {});
    }

    std::vector<clprobe::Finding> interpret(const clprobe::Dataset &data,
                                            const clprobe::Facts &) const override {
        const clprobe::FindingKey &key = info_.findings.front();
        const clprobe::Series *series = data.find("times");
        const auto slope = series != nullptr ? clprobe::slope_at(*series, {}) : std::nullopt;
        if (!slope || slope->interval.low <= 0)
            return {without_value(key, clprobe::Status::inconclusive, "no slope over the trips")};
        return {measured(key, items / slope->seconds_per_trip,
                         {items / slope->interval.high, items / slope->interval.low})};
    }

private:
    const clprobe::ProbeInfo info_ = [] {
        clprobe::ProbeInfo info;
        info.name = "mine/congruence";
        info.question = "How many steps of a linear congruential generator a second?";
        info.method = "The slope of time over the number of steps.";
        info.findings = {{"congruence.rate", clprobe::Unit::op_per_second, clprobe::Better::higher,
                          "steps of all work-items together"}};
        info.series = {{"times",
                        {{"trips", clprobe::Unit::one, {}}},
                        {"time", clprobe::Unit::second, {}},
                        "time of a launch"}};
        info.kernels = {"mine/congruence"};
        info.seconds = 1;
        return info;
    }();
};

} // namespace

std::unique_ptr<clprobe::Probe> make_mine_congruence() {
    return std::make_unique<Congruence>();
}

} // namespace mine
