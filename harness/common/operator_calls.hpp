#pragma once
#include "common/operators.hpp"
#include "common/timed_calls.hpp"

#include <clprobe/probe.hpp>
#include <clprobe/row.hpp>
#include <clprobe/series.hpp>

#include <fmt/format.h>

#include <cstdint>
#include <exception>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

// The experiments of operators: shapes that are made ready one by one, and calls of them that are
// timed in turns.
namespace clprobe::probes::operators {

/// What was tried.
template <typename Shape, typename Plan>
struct RaceRow {
    Shape shape;
    Plan plan;

    static auto columns() { return std::tuple{part(&RaceRow::shape), part(&RaceRow::plan)}; }
    bool operator==(const RaceRow &) const = default;
};
/// So many calls in a row. A long one is timed alone.
template <typename Shape, typename Plan>
struct CallRow {
    Shape shape;
    Plan plan;

    static auto columns() {
        return std::tuple{part(&CallRow::shape), part(&CallRow::plan), trips("calls")};
    }
    bool operator==(const CallRow &) const = default;
};

/// Why a run of a network has no findings of a probe's own shapes.
[[nodiscard]] inline std::string asked_for_network(const BatchedNetwork &network) {
    return fmt::format("{} {}", own_not_asked_for, network.name());
}

/// The probe's own shapes, or `of_network` of the one that the run was asked for; why its own have
/// no findings then is noted in the data.
template <typename Shapes, typename OfNetwork>
[[nodiscard]] auto shapes_to_measure(Bench &bench, const Shapes &own, const OfNetwork &of_network) {
    using Shape = typename Shapes::value_type;
    if (!bench.network())
        return std::vector<Shape>(own.begin(), own.end());
    for (const Shape &shape : own)
        bench.data().text_attributes[entry::unmeasured + shape.name()] =
            asked_for_network(*bench.network());
    return std::vector<Shape>(of_network(*bench.network()));
}

/// Makes each shape to measure ready by `prepare`, which says what speaks against it, and notes
/// that in the data. Returns the last error that was thrown; null where there is none.
template <typename Shapes, typename OfNetwork, typename Prepare>
[[nodiscard]] std::exception_ptr prepare_each(Bench &bench, const Shapes &own,
                                              const OfNetwork &of_network, const Prepare &prepare) {
    std::exception_ptr failure;
    const std::string only = bench.tuning() ? bench.tuning()->shape : "";
    for (const auto &shape : shapes_to_measure(bench, own, of_network))
        if (shape.name().find(only) == std::string::npos)
            bench.data().text_attributes[entry::unmeasured + shape.name()] =
                fmt::format("{} '{}'", shape_not_asked_for, only);
        else if (const std::string reason =
                     prepare_unless_it_fails([&] { return prepare(shape); }, failure);
                 !reason.empty())
            bench.data().text_attributes[entry::unmeasured + shape.name()] = reason;
    return failure;
}

/// Times the calls of all rows once, as that block of the series.
template <typename Row>
void time_block_of(Series &series, const std::vector<std::pair<Row, TimedCalls>> &calls,
                   int block) {
    for (const auto &timed : calls)
        timed.second.time([&](std::uint32_t count, double seconds) {
            Point &point = series.point(coordinates(timed.first, count));
            point.samples.push_back(seconds);
            point.block.push_back(block);
        });
}

/// Times the calls of all rows in turns, block after block.
template <typename Row>
void time_calls(Bench &bench, const std::string &name,
                const std::vector<std::pair<Row, TimedCalls>> &calls) {
    Series &series = bench.series(name);
    time_blocks(bench, [&](int block) { time_block_of(series, calls, block); });
}

} // namespace clprobe::probes::operators
