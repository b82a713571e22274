#include "common/launch_size.hpp"
#include "measure/tuner.hpp"
#include "memory/buffer_bandwidth/buffer_bandwidth.hpp"

#include <clprobe/error.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace clprobe::probes {
namespace {

using namespace buffer_bandwidth;

ProbeInfo describe() {
    ProbeInfo info;
    info.name = "memory/buffer_bandwidth";
    info.question = "How many bytes a second come from each level of cache, and go from and to "
                    "memory, with all units at work?";
    info.method =
        "By footprint: every work-group walks through the same stretch of memory round and round, "
        "each from a place of its own, so that a level that holds the stretch delivers all of it. "
        "Footprints grow from 4 KiB to well past the last cache; the plateaus of the curve are the "
        "levels. On a GPU one group a unit walks, since a second one would find in the unit's "
        "cache what the first has just read. The first level is measured anew by the fastest of "
        "several shapes.\n\n"
        "Memory by streams over large arrays: read, write, copy and triad (a = b + s c), counted "
        "as STREAM does. Layouts (one launch that covers the array once with a few elements a "
        "work-item, groups side by side stepping through it, a stretch for each work-item), vector "
        "widths and group sizes are tuned; the winner of each operation is measured anew, in "
        "blocks "
        "spread over the time, and the bandwidth is the slope of time over the arrays' size.\n\n"
        "What is read is random, and its sum over any stretch known: each group leaves the sum of "
        "all that it read, and groups chosen after the launch are checked. What is written "
        "changes with every launch, and words chosen after it are checked.";
    info.pitfalls = {
        "Pages that were never written are one page of zeros on many systems: memory that is read "
        "has to be written first, and with random words, since some memories compress.",
        "A processor's first cache may hash addresses to find its ways: some stretches of memory "
        "are slower than others, so each sample lies elsewhere.",
        "Drivers that run a processor's work-items in the lanes of its vectors leave all lanes but "
        "one idle in groups of one, which are best on those that run them one after another: both "
        "are tried first.",
        "Groups that share a unit and walk one behind the other serve each other from its cache: "
        "what looks like a fast second level is then the first.",
        "Vectors of 32 B and more a work-item ruin stores on some GPUs; they are tuned as well.",
        "Plain stores read the line first on most processors: write counts half of what the bus "
        "moves there, copy two thirds, triad three quarters.",
        "Neighbours on the same chip share the last cache and memory: rates fall while they work.",
        "On a processor whose workers share memory's bandwidth among few cores, one core's own "
        "limit may show as a level.",
        "The way to memory of a virtual machine's processors, and what others leave of it, changes "
        "from one minute to the next by a factor of two, and stays for a whole run: on a CPU, "
        "intervals of memory's bandwidth are never narrower than 50 % to either side, and of the "
        "first level's than 20 %."};
    info.sources = {"McCalpin, Memory Bandwidth and Machine Balance in Current High Performance "
                    "Computers, 1995 (STREAM)",
                    "Deakin et al., Evaluating attainable memory bandwidth of parallel programming "
                    "models via BabelStream, 2018"};
    info.depends_on = {"execution/compute_units"};
    info.cross_checks = {"memory/buffer_latency", "compute/fma_rate", "memory/tlb"};
    info.findings = finding_keys();
    const Axis time{"time", Unit::second, {}};
    info.series = {
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
    info.kernels = {"memory/buffer_bandwidth"};
    info.seconds = 6;
    info.quick_seconds = 1.4;
    return info;
}

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
        : bench_(bench), launcher_(bench), arrays_{launcher_.source(wanted(), part(0.06))},
          cpu_shape_{16, 1, 4 * units_of(bench)} {}

    /// Most drivers run a processor's work-items one after another: one a work-group, with wide
    /// vectors, has no cost beside its loads. One that runs a work-group as a vector leaves most of
    /// that idle then.
    void choose_cpu_shape() {
        constexpr std::size_t footprint = std::size_t{64} << 10;
        constexpr double clearly = 1.5;
        if (!cpu() || bench_.tiny())
            return;
        const auto speed = [&](const WalkShape &shape) {
            return sample_walk(entry::l1_race, {footprint, shape}, 0);
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
                sample_walk(entry::walk, {footprint, shape_for(footprint)}, block);
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
            return 1 / sample_walk(entry::l1_race, {whole(shape), shape}, 0);
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
        launcher_.add_others(arrays_, part(0.06));
        fit_arrays(allowed(first_shape(bench_, Operation::read)));
        for (const Operation operation : all_operations)
            if (arrays_.suffice_for(operation))
                if (const auto winner = fastest_shape(operation))
                    winners_.push_back(*winner);
    }

    void measure_winners() {
        constexpr int least_blocks = 6;
        for (int block = 0; block < (bench_.tiny() ? 1 : least_blocks) || time_for(0.95); ++block) {
            if (l1_)
                sample_walk(entry::l1, *l1_, block, 2);
            for (const StreamShape &winner : winners_) {
                std::vector<double> shares = {0.25, 0.5, 1};
                std::shuffle(shares.begin(), shares.end(), bench_.random());
                for (const double share : shares)
                    sample_stream(entry::stream, winner, share, block);
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
    /// Work-items of a walk's work-groups, as many as wanted where they may be so many.
    [[nodiscard]] std::size_t walk_group(std::size_t wanted, unsigned width = 4) {
        return launcher_.group_size("walk", width, wanted);
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

    /// One block of samples; a launch that takes `length` times as long as others. Returns the
    /// bandwidth of the longest launch, B/s.
    double sample_walk(const char *name, const WalkRow &row, int block, double length = 1) {
        BoundLaunch launch = launcher_.walk(arrays_.from, row.footprint, row.shape);
        const std::uint32_t trips =
            trips_for(launch, row.bytes_per_trip(), length * (cpu() ? 4e-3 : 1.5e-3));
        Candidate candidate{std::move(launch), &bench_.series(name), coordinates(row), trips};
        bench_.sample_block(candidate, block);
        const Point &longest = *candidate.series->find(coordinates(row, candidate.trips));
        return row.bytes_per_trip() * candidate.trips / longest.samples.back();
    }

    /// Trips that read `bytes` each, for a launch of that many seconds.
    std::uint32_t trips_for(const BoundLaunch &launch, double bytes, double seconds) {
        if (bench_.tiny())
            return bench_.bounds().most_trips;
        if (!launch_seconds_) { // the first launches may compile
            launch_seconds_ = bench_.launch(launch, 1);
            for (int i = 0; i < 2; ++i)
                launch_seconds_ = std::min(*launch_seconds_, bench_.launch(launch, 1));
        }
        const auto estimate = [&] {
            const double trips = seconds / (seconds_per_byte_ * bytes);
            return static_cast<std::uint32_t>(std::clamp(trips, 4.0, 1e9));
        };
        // A launch that is far shorter than wanted shows the speed, and warms the caches up.
        for (std::uint32_t trips = seconds_per_byte_ > 0 ? std::max(1u, estimate() / 8) : 1;;
             trips *= 8) {
            const double taken = bench_.launch(launch, trips);
            const double walking = std::max(taken - *launch_seconds_, taken / 16);
            if (walking > seconds / 16 || trips > bench_.bounds().most_trips / 8) {
                seconds_per_byte_ = walking / (trips * bytes);
                return estimate();
            }
        }
    }

    /// The shape with work-groups as large as its kernel and the device allow.
    StreamShape allowed(StreamShape shape) {
        try {
            shape.local_size =
                launcher_.group_size(name(shape.operation), shape.width, shape.local_size);
        } catch (const BuildError &) {
            return shape; // which fails again, and is then recorded, where it is tried
        }
        return shape;
    }

    /// Lowers the arrays' size until a launch of the shape stays within the bench's bounds.
    void fit_arrays(const StreamShape &shape) {
        const double limit = bench_.bounds().limit / 2;
        std::size_t bytes = std::min(arrays_.bytes, std::size_t{4} << 20);
        while (bytes < arrays_.bytes) {
            const std::size_t covered = whole_launch(shape, bytes);
            if (covered > arrays_.bytes)
                break;
            const double seconds = bench_.launch(launcher_.stream(arrays_, shape, covered));
            const double most = static_cast<double>(covered) * limit / seconds;
            const auto next = static_cast<std::size_t>(std::min(
                {static_cast<double>(arrays_.bytes), most, 16 * static_cast<double>(bytes)}));
            if (next <= bytes)
                break;
            bytes = next;
        }
        arrays_.bytes = bytes;
    }

    /// One launch over this share of the arrays. Seconds.
    double sample_stream(const char *name, const StreamShape &shape, double share, int block) {
        const std::size_t bytes = whole_launch(
            shape, static_cast<std::size_t>(share * static_cast<double>(arrays_.bytes)));
        if (bytes > arrays_.bytes)
            throw Unsupported("the arrays are smaller than one launch of this shape covers");
        const double seconds = bench_.launch(launcher_.stream(arrays_, shape, bytes));
        Point &point = bench_.series(name).point(coordinates(shape, static_cast<double>(bytes)));
        point.samples.push_back(seconds);
        point.block.push_back(block);
        return seconds;
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
        // There must be room for the largest to lie in different stretches.
        const auto most = static_cast<double>(
            std::min(arrays_.from.bytes / 8 * 7,
                     (bench_.tiny() ? std::size_t{16} << 10 : std::size_t{512} << 20)));
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
            return sample_stream(entry::stream_race, shape, share, 0);
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
        const StreamShape first = allowed(first_shape(bench_, operation));
        tuner.try_out(first);
        std::vector<std::function<std::vector<StreamShape>(const StreamShape &)>> stages;
        for (int stage = 0; stage < (bench_.tiny() ? 1 : 4); ++stage)
            stages.emplace_back([this, stage](const StreamShape &best) {
                std::vector<StreamShape> shapes = alternatives(bench_, best, stage);
                for (StreamShape &shape : shapes)
                    shape = allowed(shape);
                return shapes;
            });
        tuner.descend(first, stages);
        if (!bench_.tiny())
            tuner.halve(4, [] { return true; });
        record_failures(bench_.data(), "stream." + name(operation), tuner);
        return tuner.best() != nullptr ? std::optional(*tuner.best()) : std::nullopt;
    }

    Bench &bench_;
    Launcher launcher_;
    Arrays arrays_;
    WalkShape cpu_shape_;
    std::optional<double> launch_seconds_; ///< of a walk's launch that walks next to nothing
    double seconds_per_byte_ = 0;          ///< of the last walk, beside that
    std::optional<WalkRow> l1_;
    std::vector<StreamShape> winners_;
};

class BufferBandwidth final : public Probe {
public:
    [[nodiscard]] const ProbeInfo &info() const override { return info_; }
    void measure(Bench &bench) const override;
    [[nodiscard]] std::vector<Finding> interpret(const Dataset &data,
                                                 const Facts &facts) const override {
        return findings_of(data, facts);
    }
    [[nodiscard]] std::vector<Curve> curves(const Dataset &data) const override {
        return curves_of(data);
    }
    [[nodiscard]] std::vector<Tuning> tunings(const Dataset &data) const override {
        return tunings_of(data);
    }
    [[nodiscard]] std::vector<KernelVariant> kernels(const DeviceInfo &device) const override;

private:
    ProbeInfo info_ = describe();
};

void BufferBandwidth::measure(Bench &bench) const {
    if (bench.tiny())
        bench.data().text_attributes[entry::too_small] = "the tiny profile's sizes show no level";
    Experiment experiment(bench);
    experiment.choose_cpu_shape();
    experiment.walk();
    experiment.tune_l1();
    experiment.tune_streams();
    experiment.measure_winners();
}

std::vector<KernelVariant> BufferBandwidth::kernels(const DeviceInfo &device) const {
    std::vector<KernelVariant> programs;
    for (const unsigned width : {1u, 2u, 4u, 8u, 16u})
        if (device.type == DeviceType::cpu ? width >= 4 : width <= 8)
            programs.push_back(program_of(width));
    return programs;
}

} // namespace

std::unique_ptr<Probe> make_memory_buffer_bandwidth() {
    return std::make_unique<BufferBandwidth>();
}

} // namespace clprobe::probes
