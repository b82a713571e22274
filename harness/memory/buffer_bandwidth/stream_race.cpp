#include "common/launch_size.hpp"
#include "measure/tuner.hpp"
#include "memory/buffer_bandwidth/stream_race.hpp"

#include <algorithm>
#include <functional>
#include <limits>
#include <vector>

namespace clprobe::probes::buffer_bandwidth {
namespace {

/// The shape with this one property changed, for each of the values.
template <typename Value, typename... Values>
std::vector<StreamShape> changed(const StreamShape &shape, Value StreamShape::*property,
                                 Values... values) {
    std::vector<StreamShape> shapes;
    for (const Value value : {static_cast<Value>(values)...})
        shapes.emplace_back(shape).*property = value;
    return shapes;
}

bool quick(const Bench &bench) {
    return bench.profile() <= Profile::quick;
}

std::vector<StreamShape> cpu_alternatives(const Bench &bench, const StreamShape &best, int stage) {
    const std::size_t units = units_of(bench);
    if (stage == 0) { // groups for drivers that run work-items in a vector's lanes
        std::vector<StreamShape> shapes = changed(best, &StreamShape::width, 8);
        shapes.push_back({best.operation, Layout::one_shot, 4, 64, 8});
        return shapes;
    }
    if (stage == 1 && !quick(bench))
        return {{best.operation, Layout::one_shot, 16, 1, 256},
                {best.operation, Layout::one_shot, 16, 64, 8},
                {best.operation, Layout::chunked, best.width, 1, units},
                {best.operation, Layout::strided, 16, 1, 16 * units}};
    return {};
}

std::vector<StreamShape> gpu_alternatives(const Bench &bench, const StreamShape &best, int stage) {
    if (stage == 0)
        return changed(best, &StreamShape::local_size, 1024, 512, 256, 128);
    // A read takes eight elements at once, the others four.
    if (stage == 1 && best.operation == Operation::read)
        return changed(best, &StreamShape::share, 16, 32);
    if (stage == 1)
        return changed(best, &StreamShape::share, 8, 4, 16);
    if (stage == 2)
        return changed(best, &StreamShape::width, 4, 2, 1);
    if (quick(bench))
        return {};
    std::vector<StreamShape> shapes;
    // Mesa's compiler for Midgard leaves out half of the arithmetic on eight words.
    if (best.operation == Operation::read) // which does none
        shapes = changed(best, &StreamShape::width, 8);
    const std::size_t units = units_of(bench);
    shapes.push_back({best.operation, Layout::strided, best.width, 256, 8 * units});
    shapes.push_back({best.operation, Layout::chunked, best.width, 64, 16 * units});
    return shapes;
}

/// What to try beside the best so far; nothing after the last stage.
std::vector<StreamShape> alternatives(const Bench &bench, const StreamShape &best, int stage) {
    if (!bench.tiny())
        return is_cpu(bench) ? cpu_alternatives(bench, best, stage)
                             : gpu_alternatives(bench, best, stage);
    if (stage > 0)
        return {};
    return {{best.operation, Layout::strided, best.width, best.local_size, 2},
            {best.operation, Layout::chunked, best.width, 1, 4}};
}

} // namespace

StreamShape first_shape(const Bench &bench, Operation operation) {
    if (bench.tiny())
        return {operation, Layout::one_shot, usual_width(bench.device()), 4, 8};
    if (is_cpu(bench))
        return {operation, Layout::chunked, 16, 1, 16 * units_of(bench)};
    // What was fastest on a large GPU: little a work-item, and the more so the more is written.
    switch (operation) {
    case Operation::read:
        return {operation, Layout::one_shot, 2, 512, 8};
    case Operation::write:
        return {operation, Layout::one_shot, 2, 1024, 4};
    case Operation::copy:
    case Operation::triad:
        break;
    }
    return {operation, Layout::one_shot, 1, 128, 4};
}

std::optional<StreamShape> fastest_shape(Bench &bench, Streams &streams, Operation operation,
                                         Series &times, double reserve) {
    double least = std::numeric_limits<double>::infinity();
    const auto whole = [&](const StreamShape &shape) {
        const double seconds = streams.sample(times, shape, 1, 0);
        least = std::min(least, seconds);
        return seconds;
    };
    Tuner<StreamShape> tuner({
        .time =
            [&](const StreamShape &shape) {
                constexpr double sounding =
                    0.125; // of the arrays: compiles, and shows what is slow
                constexpr double hopeless = 1.5;
                streams.sample(times, shape, sounding, 0);
                const double part = streams.sample(times, shape, sounding, 0) / sounding;
                return part < hopeless * least ? whole(shape) : part;
            },
        .time_again = whole,
        .time_left = [&] { return bench.tiny() || bench.remaining() > reserve; },
    });
    const StreamShape first = streams.allowed(first_shape(bench, operation));
    tuner.try_out(first);
    std::vector<std::function<std::vector<StreamShape>(const StreamShape &)>> stages;
    for (int stage = 0; stage < 4; ++stage)
        stages.emplace_back([&bench, &streams, stage](const StreamShape &best) {
            std::vector<StreamShape> shapes = alternatives(bench, best, stage);
            for (StreamShape &shape : shapes)
                shape = streams.allowed(shape);
            return shapes;
        });
    tuner.descend(first, stages);
    if (!bench.tiny())
        tuner.halve(4, [] { return true; });
    record_failures(bench.data(), "stream." + name(operation), tuner);
    return tuner.best() != nullptr ? std::optional(*tuner.best()) : std::nullopt;
}

} // namespace clprobe::probes::buffer_bandwidth
