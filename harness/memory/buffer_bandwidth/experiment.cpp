#include "analysis/trip_timing.hpp"
#include "common/launch_size.hpp"
#include "common/level_findings.hpp"
#include "memory/buffer_bandwidth/experiment.hpp"
#include "memory/buffer_bandwidth/falling.hpp"
#include "memory/buffer_bandwidth/rates.hpp"
#include "memory/buffer_bandwidth/stream_race.hpp"
#include "memory/buffer_bandwidth/walks.hpp"

#include <algorithm>
#include <cmath>

namespace clprobe::probes::buffer_bandwidth {
namespace {

constexpr std::size_t gpu_group = 256;

/// The probe's experiment on one device, in the order of its parts.
class Experiment {
public:
    explicit Experiment(Bench &bench)
        : bench_(bench), programs_(bench), source_(make_source(programs_, wanted(), part(0.06))),
          walks_(programs_, source_), cpu_shape_{16, 1, 4 * units_of(bench)} {}

    void choose_cpu_shape();
    void walk();
    void race_l1();
    void race_streams();
    void measure_winners();

private:
    struct L1 {
        std::size_t footprint = 0;
        WalkShape shape;
    };

    [[nodiscard]] bool cpu() const { return bench_.device().type == DeviceType::cpu; }
    [[nodiscard]] bool quick() const { return bench_.profile() <= Profile::quick; }
    [[nodiscard]] double part(double share) const { return share * bench_.budget(); }
    /// Whether what may use the time up to this share of the budget goes on.
    [[nodiscard]] bool time_for(double share) const {
        return !bench_.tiny() && bench_.remaining() > (1 - share) * bench_.budget();
    }
    [[nodiscard]] double launch_seconds() const { return cpu() ? 4e-3 : 1.5e-3; }
    [[nodiscard]] std::size_t wanted() const;
    /// Work-items of a walk's groups, as many as wanted where they may be so many.
    [[nodiscard]] std::size_t walk_group(std::size_t wanted, unsigned width = 4) {
        return programs_.group_size("walk", width, wanted);
    }
    [[nodiscard]] WalkShape shape_for(std::size_t footprint);
    [[nodiscard]] std::vector<std::size_t> footprints();
    [[nodiscard]] std::vector<WalkShape> l1_shapes(std::size_t footprint);

    Bench &bench_;
    Programs programs_;
    Source source_;
    Walks walks_;
    WalkShape cpu_shape_;
    std::optional<Streams> streams_;
    std::optional<L1> l1_;
    std::vector<StreamShape> winners_;
};

std::size_t Experiment::wanted() const {
    constexpr std::uint64_t unit = std::uint64_t{64} << 10; // whole launches of any shape
    if (bench_.tiny())
        return unit;
    const std::uint64_t most = std::uint64_t{cpu() ? (quick() ? 128u : 256u) : 4096u} << 20;
    const std::uint64_t memory = bench_.device().global_memory.value_or(most * 8);
    const std::uint64_t granted = bench_.most_bytes();
    return static_cast<std::size_t>(std::min({most, granted, memory / 8}) / unit * unit);
}

WalkShape Experiment::shape_for(std::size_t footprint) {
    const std::size_t units = units_of(bench_);
    if (bench_.tiny())
        return {usual_width(bench_.device()),
                cpu() ? 1 : walk_group(4, usual_width(bench_.device())), 2};
    if (cpu())
        return cpu_shape_;
    // One group a unit, so that none finds in the unit's cache what its neighbour there has read;
    // only footprints that such a group would cover in less than four trips have smaller ones.
    WalkShape shape{4, walk_group(gpu_group), units};
    while (4 * shape.tile() > footprint && shape.local_size % 2 == 0 && shape.local_size > 32) {
        shape.local_size /= 2;
        shape.groups *= 2;
    }
    return shape;
}

std::vector<std::size_t> Experiment::footprints() {
    // A level of little over half an octave has three places on the finer grid, which a processor's
    // quick run has no time for.
    const double ratio = std::exp2(quick() && cpu() ? 1.0 / 3 : 1.0 / 4);
    std::vector<std::size_t> all;
    const auto most = static_cast<double>(
        std::min(walks_.most(), (bench_.tiny() ? std::size_t{16} << 10 : std::size_t{512} << 20)));
    for (double bytes = bench_.tiny() ? 1024 : 4096; bytes <= most;
         bytes *= bench_.tiny() ? 2 : ratio) {
        const std::size_t tile = shape_for(static_cast<std::size_t>(bytes)).tile();
        const auto tiles = std::llround(bytes / static_cast<double>(tile));
        const std::size_t place = tile * static_cast<std::size_t>(std::max(1LL, tiles));
        if (all.empty() || place > all.back())
            all.push_back(place);
    }
    return all;
}

/// Most drivers run a processor's work-items one after another: one a group, with wide vectors, has
/// no cost beside its loads. One that runs them in the lanes of a vector leaves the others idle
/// then.
void Experiment::choose_cpu_shape() {
    constexpr std::size_t footprint = std::size_t{64} << 10;
    constexpr double clearly = 1.5;
    if (!cpu() || bench_.tiny())
        return;
    const auto speed = [&](const WalkShape &shape) {
        return walks_.sample(bench_.series(entry::l1_race), footprint, shape, 0, launch_seconds());
    };
    const WalkShape lanes{4, walk_group(64), cpu_shape_.groups};
    const double alone = speed(cpu_shape_);
    if (speed(lanes) > clearly * alone)
        cpu_shape_ = lanes;
}

void Experiment::walk() {
    const std::vector<std::size_t> places = footprints();
    constexpr int least_sweeps = 2;
    for (int block = 0; block == 0 || (block < least_sweeps && time_for(0.6)) || time_for(0.4);
         ++block)
        for (const std::size_t footprint : places)
            walks_.sample(bench_.series(entry::walk), footprint, shape_for(footprint), block,
                          launch_seconds());
}

std::vector<WalkShape> Experiment::l1_shapes(std::size_t footprint) {
    const std::size_t units = units_of(bench_);
    const WalkShape usual = shape_for(footprint);
    std::vector<WalkShape> shapes{usual};
    if (bench_.tiny())
        return shapes;
    if (cpu()) {
        shapes.insert(shapes.end(), {{16, 1, units}, {16, 1, 16 * units}});
        if (!quick())
            shapes.insert(shapes.end(), {{8, 1, 4 * units}, {4, 1, 4 * units}});
    } else {
        for (const std::size_t more : {2u, 4u, 8u})
            shapes.push_back({4, walk_group(gpu_group), more * units});
        if (!quick())
            shapes.insert(shapes.end(), {{2, walk_group(gpu_group, 2), 8 * units},
                                         {8, walk_group(gpu_group, 8), 4 * units}});
    }
    std::erase_if(shapes, [&](const WalkShape &shape) { return shape.tile() > footprint; });
    return shapes;
}

void Experiment::race_l1() {
    const Levels levels = falling_levels(bandwidth_curve(bench_.data()));
    double bytes = static_cast<double>(footprints().front());
    if (levels.settled > 0 || (levels.decided && !levels.levels.empty()))
        bytes = std::max(bytes, levels.levels.front().plateau.high / 2);
    const auto footprint = static_cast<std::size_t>(bytes);
    double best = 0;
    for (const WalkShape &shape : l1_shapes(footprint)) {
        if (best > 0 && !time_for(0.5))
            return;
        const std::size_t whole = footprint / shape.tile() * shape.tile();
        const double speed =
            walks_.sample(bench_.series(entry::l1_race), whole, shape, 0, launch_seconds());
        if (speed > best)
            l1_ = L1{whole, shape};
        best = std::max(best, speed);
    }
}

void Experiment::race_streams() {
    streams_.emplace(programs_, source_, part(0.06));
    streams_->fit(streams_->allowed(first_shape(bench_, Operation::read)));
    for (const Operation operation : streams_->operations())
        if (const auto winner = fastest_shape(bench_, *streams_, operation,
                                              bench_.series(entry::stream_race), part(0.25)))
            winners_.push_back(*winner);
}

void Experiment::measure_winners() {
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

} // namespace

std::vector<SeriesShape> series_shapes() {
    const Axis time{"time", Unit::second, {}};
    return {
        {entry::bare,
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

std::vector<CurvePoint> bandwidth_curve(const Dataset &data) {
    const Series *walk = data.find(entry::walk);
    if (walk == nullptr || walk->points.empty())
        return curve_over(data.find(entry::bare), &ExternalRow::footprint);
    std::vector<CurvePoint> curve;
    for (const auto &[row, times] : times_by_row<WalkRow>(walk))
        curve.push_back(
            {static_cast<double>(row.footprint), rates_by_block(times, row.bytes_per_trip(), 0)});
    return pooled(std::move(curve));
}

void run_experiment(Bench &bench) {
    if (bench.tiny())
        bench.data().text_attributes[entry::too_small] = "the tiny profile's sizes show no level";
    Experiment experiment(bench);
    experiment.choose_cpu_shape();
    experiment.walk();
    experiment.race_l1();
    experiment.race_streams();
    experiment.measure_winners();
}

} // namespace clprobe::probes::buffer_bandwidth
