#include "common/launch_size.hpp"
#include "measure/tuner.hpp"
#include "memory/buffer_bandwidth/buffer_bandwidth.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

namespace clprobe::probes::buffer_bandwidth {
namespace {

constexpr std::size_t gpu_group = 256;

bool quick(const Bench &bench) {
    return bench.profile() <= Profile::quick;
}

/// The shape with this one property changed, for each of the values.
template <typename Value, typename... Values>
std::vector<StreamShape> changed(const StreamShape &shape, Value StreamShape::*property,
                                 Values... values) {
    std::vector<StreamShape> shapes;
    for (const Value value : {static_cast<Value>(values)...})
        shapes.emplace_back(shape).*property = value;
    return shapes;
}

std::vector<StreamShape> cpu_alternatives(const Bench &bench, const StreamShape &best, int stage) {
    const std::size_t units = units_of(bench);
    if (stage == 0) { // for drivers that run the work-items of a work-group as a vector
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

/// What to try beside the best so far; a tiny run has one stage.
std::vector<StreamShape> alternatives(const Bench &bench, const StreamShape &best, int stage) {
    if (bench.tiny())
        return {{best.operation, Layout::strided, best.width, best.local_size, 2},
                {best.operation, Layout::chunked, best.width, 1, 4}};
    return is_cpu(bench) ? cpu_alternatives(bench, best, stage)
                         : gpu_alternatives(bench, best, stage);
}

/// A shape to begin with.
StreamShape first_shape(const Bench &bench, Operation operation) {
    if (bench.tiny())
        return {operation, Layout::one_shot, usual_width(bench.device()), 4, 8};
    if (is_cpu(bench))
        return {operation, Layout::chunked, 16, 1, 16 * units_of(bench)};
    // What was fastest on a large GPU: little a work-item, and the more so the more is written.
    if (operation == Operation::read)
        return {operation, Layout::one_shot, 2, 512, 8};
    if (operation == Operation::write)
        return {operation, Layout::one_shot, 2, 1024, 4};
    return {operation, Layout::one_shot, 1, 128, 4};
}

/// The probe's experiment on one device, in the order of its parts.
class Experiment {
public:
    explicit Experiment(Bench &bench)
        : bench_(bench), programs_(bench), source_(make_source(programs_, wanted(), part(0.06))),
          walks_(programs_, source_), cpu_shape_{16, 1, 4 * units_of(bench)} {}

    /// Most drivers run a processor's work-items one after another: one a work-group, with wide
    /// vectors, has no cost beside its loads. One that runs a work-group as a vector leaves most of
    /// that idle then.
    void choose_cpu_shape() {
        constexpr std::size_t footprint = std::size_t{64} << 10;
        constexpr double clearly = 1.5;
        if (!cpu() || bench_.tiny())
            return;
        const auto speed = [&](const WalkShape &shape) {
            return walks_.sample(bench_.series(entry::l1_race), footprint, shape, 0,
                                 launch_seconds());
        };
        const WalkShape vector{4, walk_group(64), cpu_shape_.groups};
        const double alone = speed(cpu_shape_);
        if (speed(vector) > clearly * alone)
            cpu_shape_ = vector;
    }

    void walk() {
        const std::vector<std::size_t> all = footprints();
        constexpr int least_sweeps = 2;
        for (int block = 0; block == 0 || (block < least_sweeps && time_for(0.6)) || time_for(0.4);
             ++block)
            for (const std::size_t footprint : all)
                walks_.sample(bench_.series(entry::walk), footprint, shape_for(footprint), block,
                              launch_seconds());
    }

    void tune_l1() {
        const Levels levels = falling_levels(bandwidth_curve(bench_.data()));
        double bytes = static_cast<double>(footprints().front());
        if (levels.settled > 0 || (levels.decided && !levels.levels.empty()))
            bytes = std::max(bytes, levels.levels.front().plateau.high / 2);
        const auto footprint = static_cast<std::size_t>(bytes);
        const auto whole = [&](const WalkShape &shape) {
            return footprint / shape.tile() * shape.tile();
        };
        const auto seconds_per_byte = [&](const WalkShape &shape) {
            return 1 / walks_.sample(bench_.series(entry::l1_race), whole(shape), shape, 0,
                                     launch_seconds());
        };
        const auto time_left = [&] { return time_for(0.5); };
        Tuner<WalkShape> tuner(
            {.time = seconds_per_byte, .time_again = seconds_per_byte, .time_left = time_left});
        const std::vector<WalkShape> shapes = l1_shapes(footprint);
        if (!shapes.empty())
            tuner.try_out(shapes.front());
        tuner.try_all(shapes);
        tuner.halve(4, time_left);
        record_failures(bench_.data(), entry::l1, tuner);
        if (const WalkShape *best = tuner.best())
            l1_ = WalkRow{whole(*best), *best};
    }

    void tune_streams() {
        streams_.emplace(programs_, source_, part(0.06));
        streams_->fit(streams_->allowed(first_shape(bench_, Operation::read)));
        for (const Operation operation : streams_->operations())
            if (const auto winner = fastest_shape(operation))
                winners_.push_back(*winner);
    }

    void measure_winners() {
        constexpr int least_blocks = 6;
        for (int block = 0; block < (bench_.tiny() ? 1 : least_blocks) || time_for(0.95); ++block) {
            if (l1_)
                walks_.sample(bench_.series(entry::l1), l1_->footprint, l1_->shape, block,
                              2 * launch_seconds());
            for (const StreamShape &winner : winners_) {
                std::vector<double> shares = {0.25, 0.5, 1};
                std::shuffle(shares.begin(), shares.end(), bench_.random());
                for (const double share : shares)
                    streams_->sample(bench_.series(entry::stream), winner, share, block);
            }
        }
    }

private:
    [[nodiscard]] bool cpu() const { return is_cpu(bench_); }
    [[nodiscard]] double part(double share) const { return share * bench_.budget(); }
    /// Whether what may use the time up to this share of the budget goes on.
    [[nodiscard]] bool time_for(double share) const {
        return !bench_.tiny() && bench_.remaining() > (1 - share) * bench_.budget();
    }
    [[nodiscard]] double launch_seconds() const { return cpu() ? 4e-3 : 1.5e-3; }
    /// Work-items of a walk's work-groups, as many as wanted where they may be so many.
    [[nodiscard]] std::size_t walk_group(std::size_t wanted, unsigned width = 4) {
        return programs_.group_size("walk", width, wanted);
    }
    std::size_t wanted() const {
        constexpr std::uint64_t unit = std::uint64_t{64} << 10; // whole launches of any shape
        if (bench_.tiny())
            return unit;
        const std::uint64_t most = std::uint64_t{cpu() ? (quick(bench_) ? 128u : 256u) : 4096u}
                                   << 20;
        const std::uint64_t memory = bench_.device().global_memory.value_or(most * 8);
        const std::uint64_t granted = bench_.most_bytes();
        return static_cast<std::size_t>(std::min({most, granted, memory / 8}) / unit * unit);
    }

    WalkShape shape_for(std::size_t footprint) {
        const std::size_t units = units_of(bench_);
        if (bench_.tiny())
            return {usual_width(bench_.device()),
                    cpu() ? 1 : walk_group(4, usual_width(bench_.device())), 2};
        if (cpu())
            return cpu_shape_;
        // One work-group a compute unit, so that none finds in its cache what another has read
        // there; only footprints that such a work-group would cover in less than four trips have
        // smaller ones.
        WalkShape shape{4, walk_group(gpu_group), units};
        while (4 * shape.tile() > footprint && shape.local_size % 2 == 0 && shape.local_size > 32) {
            shape.local_size /= 2;
            shape.groups *= 2;
        }
        return shape;
    }

    std::vector<std::size_t> footprints() {
        // A level of little over half an octave has three points on the finer grid, which a
        // processor's quick run has no time for.
        const double ratio = std::exp2(quick(bench_) && cpu() ? 1.0 / 3 : 1.0 / 4);
        std::vector<std::size_t> all;
        const auto most = static_cast<double>(std::min(
            walks_.most(), (bench_.tiny() ? std::size_t{16} << 10 : std::size_t{512} << 20)));
        for (double bytes = bench_.tiny() ? 1024 : 4096; bytes <= most;
             bytes *= bench_.tiny() ? 2 : ratio) {
            const std::size_t tile = shape_for(static_cast<std::size_t>(bytes)).tile();
            const auto tiles = std::llround(bytes / static_cast<double>(tile));
            const std::size_t footprint = tile * static_cast<std::size_t>(std::max(1LL, tiles));
            if (all.empty() || footprint > all.back())
                all.push_back(footprint);
        }
        return all;
    }

    std::vector<WalkShape> l1_shapes(std::size_t footprint) {
        const std::size_t units = units_of(bench_);
        const WalkShape usual = shape_for(footprint);
        std::vector<WalkShape> shapes{usual};
        if (bench_.tiny())
            return shapes;
        if (cpu()) {
            shapes.insert(shapes.end(), {{16, 1, units}, {16, 1, 16 * units}});
            if (!quick(bench_))
                shapes.insert(shapes.end(), {{8, 1, 4 * units}, {4, 1, 4 * units}});
        } else {
            for (const std::size_t more : {2u, 4u, 8u})
                shapes.push_back({4, walk_group(gpu_group), more * units});
            if (!quick(bench_))
                shapes.insert(shapes.end(), {{2, walk_group(gpu_group, 2), 8 * units},
                                             {8, walk_group(gpu_group, 8), 4 * units}});
        }
        std::erase_if(shapes, [&](const WalkShape &shape) { return shape.tile() > footprint; });
        return shapes;
    }

    /// What suits this kind of device first, then one property after the other, the best of each
    /// being kept; nothing where no shape works.
    std::optional<StreamShape> fastest_shape(Operation operation) {
        double least = std::numeric_limits<double>::infinity();
        const auto sample = [&](const StreamShape &shape, double share) {
            return streams_->sample(bench_.series(entry::stream_race), shape, share, 0);
        };
        const auto whole = [&](const StreamShape &shape) {
            const double seconds = sample(shape, 1);
            least = std::min(least, seconds);
            return seconds;
        };
        const auto first_time = [&](const StreamShape &shape) {
            constexpr double sounding = 0.125; // of the arrays: compiles, and shows what is slow
            constexpr double hopeless = 1.5;
            sample(shape, sounding);
            const double seconds = sample(shape, sounding) / sounding;
            return seconds < hopeless * least ? whole(shape) : seconds;
        };
        Tuner<StreamShape> tuner({.time = first_time, .time_again = whole, .time_left = [&] {
                                      return bench_.tiny() || bench_.remaining() > part(0.25);
                                  }});
        const StreamShape first = streams_->allowed(first_shape(bench_, operation));
        tuner.try_out(first);
        std::vector<std::function<std::vector<StreamShape>(const StreamShape &)>> stages;
        for (int stage = 0; stage < (bench_.tiny() ? 1 : 4); ++stage)
            stages.emplace_back([this, stage](const StreamShape &best) {
                std::vector<StreamShape> shapes = alternatives(bench_, best, stage);
                for (StreamShape &shape : shapes)
                    shape = streams_->allowed(shape);
                return shapes;
            });
        tuner.descend(first, stages);
        if (!bench_.tiny())
            tuner.halve(4, [] { return true; });
        record_failures(bench_.data(), "stream." + name(operation), tuner);
        return tuner.best() != nullptr ? std::optional(*tuner.best()) : std::nullopt;
    }

    Bench &bench_;
    Programs programs_;
    Source source_;
    Walks walks_;
    WalkShape cpu_shape_;
    std::optional<Streams> streams_;
    std::optional<WalkRow> l1_;
    std::vector<StreamShape> winners_;
};

} // namespace

std::vector<SeriesShape> series_shapes() {
    const Axis time{"time", Unit::second, {}};
    return {
        {entry::external,
         {{"footprint", Unit::byte, {}}},
         {"bandwidth", Unit::byte_per_second, {}},
         "read by all units together, over the memory that each of them goes through"},
        {entry::walk, axes<WalkRow>(), time,
         "time of a launch in which every group walks through the same memory; 8 vectors a "
         "work-item and trip"},
        {entry::l1_race, axes<WalkRow>(), time, "the same within the first level, other shapes"},
        {entry::l1, axes<WalkRow>(), time, "the winner of those, measured anew"},
        {entry::stream_race, axes<StreamShape>(), time,
         "time of one pass over arrays in memory, of every shape that was tried"},
        {entry::stream, axes<StreamShape>(), time,
         "the winners of those, over a quarter, a half and all of the arrays"}};
}

void run_experiment(Bench &bench) {
    if (bench.tiny())
        bench.data().text_attributes[entry::too_small] = "the tiny profile's sizes show no level";
    Experiment experiment(bench);
    experiment.choose_cpu_shape();
    experiment.walk();
    experiment.tune_l1();
    experiment.tune_streams();
    experiment.measure_winners();
}

} // namespace clprobe::probes::buffer_bandwidth
