#include "common/launch_size.hpp"
#include "memory/buffer_bandwidth/stream_race.hpp"

#include <clprobe/error.hpp>

#include <algorithm>

namespace clprobe::probes::buffer_bandwidth {
namespace {

constexpr int stages = 4;

/// The shape with this one property changed, for each of the values.
template <typename Value, typename... Values>
std::vector<StreamShape> changed(const StreamShape &shape, Value StreamShape::*property,
                                 Values... values) {
    std::vector<StreamShape> shapes;
    for (const Value value : {static_cast<Value>(values)...})
        shapes.emplace_back(shape).*property = value;
    return shapes;
}

} // namespace

StreamRace::StreamRace(Bench &bench, Streams &streams, Series &times, double reserve)
    : bench_(bench), streams_(streams), times_(times), reserve_(reserve * bench.budget()) {
    streams_.fit(first_shape(Operation::read));
}

StreamShape StreamRace::first_shape(Operation operation) const {
    if (bench_.tiny())
        return {operation, Layout::one_shot, usual_width(bench_.device()), group_size(bench_, 4),
                8};
    if (cpu())
        return {operation, Layout::chunked, 16, 1, 16 * units_of(bench_)};
    // What was fastest on a large GPU: little a work-item, and the more so the more is written.
    switch (operation) {
    case Operation::read:
        return {operation, Layout::one_shot, 2, group_size(bench_, 512), 8};
    case Operation::write:
        return {operation, Layout::one_shot, 2, group_size(bench_, 1024), 4};
    case Operation::copy:
    case Operation::triad:
        break;
    }
    return {operation, Layout::one_shot, 1, group_size(bench_, 128), 4};
}

std::vector<StreamShape> StreamRace::alternatives(const StreamShape &best, int stage) const {
    if (!bench_.tiny())
        return cpu() ? cpu_alternatives(best, stage) : gpu_alternatives(best, stage);
    if (stage > 0)
        return {};
    return {{best.operation, Layout::strided, best.width, best.local_size, 2},
            {best.operation, Layout::chunked, best.width, 1, 4}};
}

std::vector<StreamShape> StreamRace::cpu_alternatives(const StreamShape &best, int stage) const {
    const std::size_t units = units_of(bench_);
    if (stage == 0) { // groups for drivers that run work-items in a vector's lanes
        std::vector<StreamShape> shapes = changed(best, &StreamShape::width, 8);
        shapes.push_back({best.operation, Layout::one_shot, 4, group_size(bench_, 64), 8});
        return shapes;
    }
    if (stage == 1 && !quick())
        return {{best.operation, Layout::one_shot, 16, 1, 256},
                {best.operation, Layout::one_shot, 16, group_size(bench_, 64), 8},
                {best.operation, Layout::chunked, best.width, 1, units},
                {best.operation, Layout::strided, 16, 1, 16 * units}};
    return {};
}

std::vector<StreamShape> StreamRace::gpu_alternatives(const StreamShape &best, int stage) const {
    if (stage == 0)
        return changed(best, &StreamShape::local_size, group_size(bench_, 1024),
                       group_size(bench_, 512), group_size(bench_, 256), group_size(bench_, 128));
    // A read takes eight elements at once, the others four.
    if (stage == 1 && best.operation == Operation::read)
        return changed(best, &StreamShape::share, 16, 32);
    if (stage == 1)
        return changed(best, &StreamShape::share, 8, 4, 16);
    if (stage == 2)
        return changed(best, &StreamShape::width, 4, 2, 1);
    if (quick())
        return {};
    std::vector<StreamShape> shapes;
    // Mesa's compiler for Midgard leaves out half of the arithmetic on eight words.
    if (best.operation == Operation::read) // which does none
        shapes = changed(best, &StreamShape::width, 8);
    const std::size_t units = units_of(bench_);
    shapes.push_back(
        {best.operation, Layout::strided, best.width, group_size(bench_, 256), 8 * units});
    shapes.push_back(
        {best.operation, Layout::chunked, best.width, group_size(bench_, 64), 16 * units});
    return shapes;
}

std::optional<StreamShape> StreamRace::run(Operation operation) {
    constexpr std::size_t finalists = 2;
    constexpr int again = 2;
    Ranking ranking;
    try_out(first_shape(operation), ranking);
    for (int stage = 0; stage < stages && !ranking.empty(); ++stage)
        for (const StreamShape &shape : alternatives(ranking.front().second, stage))
            if (bench_.tiny() || bench_.remaining() > reserve_)
                try_out(shape, ranking);
    if (ranking.empty())
        return std::nullopt;
    ranking.resize(std::min(ranking.size(), finalists));
    for (int i = 0; i < again && !bench_.tiny(); ++i)
        for (auto &[seconds, shape] : ranking)
            seconds = std::min(seconds, streams_.sample(times_, shape, 1, 0));
    return std::ranges::min(ranking, {}, &Ranking::value_type::first).second;
}

void StreamRace::try_out(const StreamShape &shape, Ranking &ranking) {
    constexpr double sounding = 0.125; ///< of the arrays: compiles, and tells what is hopeless
    if (std::ranges::find(ranking, shape, &Ranking::value_type::second) != ranking.end())
        return;
    try {
        streams_.sample(times_, shape, sounding, 0);
        const double part = streams_.sample(times_, shape, sounding, 0);
        if (ranking.empty() || part < 1.5 * sounding * ranking.front().first)
            ranking.emplace_back(streams_.sample(times_, shape, 1, 0), shape);
    } catch (const Unsupported &) {
        return; // arrays too small for it
    }
    std::ranges::sort(ranking, {}, &Ranking::value_type::first);
}

} // namespace clprobe::probes::buffer_bandwidth
