#include "common/launch_size.hpp"
#include "memory/buffer_bandwidth/buffer_bandwidth.hpp"

#include <clprobe/error.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace clprobe::probes::buffer_bandwidth {
namespace {

/// The elements that the layout's loop takes at once, so that counts are multiples of it.
constexpr std::size_t unroll = 8;

/// A random word made of its index. The same in the kernel.
std::uint32_t hash(std::uint32_t index) {
    index *= 2654435761u;
    index ^= index >> 15;
    index *= 2246822519u;
    return index ^ (index >> 13);
}

/// How a launch is spread over an array, in elements (vectors): where each work-group and each of
/// its work-items begins, and which of the elements behind it takes.
struct Spread {
    NdRange range;
    std::uint32_t group_span = 0;
    std::uint32_t item_span = 0;
    std::uint32_t step = 0;  ///< from one of an item's elements to the next
    std::uint32_t count = 0; ///< of an item

    /// Appends them as the kernel's next arguments.
    void add_to(std::vector<Argument> &arguments) const {
        arguments.insert(arguments.end(), {group_span, item_span, step, count});
    }
};

Spread spread_of(const StreamShape &shape, std::size_t bytes) {
    const std::size_t elements = bytes / (shape.width * word);
    const std::size_t items = shape.local_size * shape.share;
    const auto count = static_cast<std::uint32_t>(elements / items);
    const auto local_size = static_cast<std::uint32_t>(shape.local_size);
    const NdRange range = NdRange::linear(shape.share, local_size);
    if (shape.layout == Layout::one_shot)
        return {NdRange::linear(count, local_size), static_cast<std::uint32_t>(items), 1,
                local_size, static_cast<std::uint32_t>(shape.share)};
    if (shape.layout == Layout::strided)
        return {range, local_size, 1, static_cast<std::uint32_t>(items), count};
    return {range, local_size * count, count, 1, count};
}

/// The most of these bytes that a launch of the shape covers to the last element, or the least that
/// it takes where that is more.
std::size_t whole_launch(const StreamShape &shape, std::size_t bytes) {
    const std::size_t items = shape.layout == Layout::one_shot ? shape.share : shape.share * unroll;
    const std::size_t least = items * shape.local_size * shape.width * word;
    return std::max<std::size_t>(1, bytes / least) * least;
}

/// Of that size; of half of it, and so on, where the driver refuses.
Buffer largest_buffer(Bench &bench, std::size_t bytes) {
    for (constexpr std::size_t least = std::size_t{1} << 20;; bytes /= 2)
        try {
            return bench.buffer(bytes);
        } catch (const Error &error) {
            if (!error.code() || bytes < 2 * least)
                throw;
        }
}

/// Where a work-group begins, as the kernel has it.
std::uint32_t first_tile(std::size_t group, std::uint32_t tiles, std::uint32_t offset) {
    const std::uint64_t golden = static_cast<std::uint32_t>(group * 2654435769u);
    const auto tile = static_cast<std::uint32_t>((golden * tiles) >> 32) + offset;
    return tile < tiles ? tile : tile - tiles;
}

void expect_sum(const LaunchOutcome &outcome, std::size_t group, std::uint32_t sum) {
    outcome.expect(outcome.word(group) == sum,
                   "a group's sum is not that of the words that it should read");
}

void check_sums(const Source &source, const StreamShape &shape, const Spread &spread,
                const LaunchOutcome &outcome) {
    // What a work-group reads is one stretch, or one for each step.
    const bool steps = shape.layout == Layout::strided;
    const std::size_t stretches = steps ? spread.count : 1;
    const std::size_t words = shape.width * shape.local_size * (steps ? 1 : spread.count);
    const std::size_t distance = std::size_t{spread.step} * shape.width;
    for (const std::size_t group :
         outcome.sample(spread.range.work_items() / shape.local_size, 2)) {
        std::uint32_t sum = 0;
        for (std::size_t i = 0; i < stretches; ++i)
            sum += source.sum(group * spread.group_span * shape.width + i * distance, words);
        expect_sum(outcome, group, sum);
    }
}

} // namespace

KernelVariant program_of(unsigned width) {
    return {width == 1 ? "uint" : fmt::format("uint{}", width),
            "memory/buffer_bandwidth",
            fmt::format("-DWIDTH={}", width),
            {}};
}

unsigned usual_width(const DeviceInfo &device) {
    return device.type == DeviceType::cpu ? 16 : 4;
}

Kernel Programs::kernel(const std::string &name, unsigned width) {
    auto program = programs_.find(width);
    if (program == programs_.end()) {
        const KernelVariant built = program_of(width);
        program = programs_.emplace(width, bench_.build(built.text, built.options)).first;
    }
    return program->second.kernel(name);
}

std::size_t Programs::group_size(const std::string &name, unsigned width, std::size_t wanted) {
    return probes::group_size(bench_, kernel(name, width),
                              probes::group_size(bench_, wanted, word)); // sums are in local memory
}

std::uint32_t Source::sum(std::size_t index, std::size_t count) const {
    return hash(static_cast<std::uint32_t>(index + count) + salt) -
           hash(static_cast<std::uint32_t>(index) + salt);
}

Source make_source(Programs &programs, std::size_t bytes, double seconds) {
    constexpr std::size_t most_of_a_launch = std::size_t{16} << 20;
    Bench &bench = programs.bench();
    const Buffer buffer = largest_buffer(bench, bytes);
    Source source{buffer, static_cast<std::uint32_t>(bench.random()()), 0};
    const unsigned width = usual_width(bench.device());
    const std::size_t local_size = is_cpu(bench) ? 1 : programs.group_size("fill", width, 64);
    const std::size_t each = std::min(most_of_a_launch, buffer.bytes());
    const Spread spread =
        spread_of(local_size == 1 ? StreamShape{{}, Layout::chunked, width, 1, 16}
                                  : StreamShape{{}, Layout::one_shot, width, local_size, 8},
                  each);
    BoundLaunch fill{programs.kernel("fill", width), spread.range, {buffer, source.salt}};
    spread.add_to(fill.arguments);
    // The sums of what is read would show what was not filled.
    for (const double until = bench.remaining() - seconds;
         source.bytes + each <= buffer.bytes() && (source.bytes == 0 || bench.remaining() > until);
         source.bytes += each)
        bench.launch(fill.set(6, static_cast<cl_uint>(source.bytes / (width * word))));
    return source;
}

/// Where the work-groups begin and what they read.
struct Walks::Walk {
    WalkShape shape;
    std::uint32_t tiles = 1;
    std::uint32_t base = 0; ///< of the stretch, in elements
    std::uint32_t offset = 0;

    void check(const Source &source, const LaunchOutcome &outcome) const {
        const auto sum_to = [&](std::uint64_t count) {
            return source.sum(std::size_t{base} * shape.width,
                              static_cast<std::size_t>(count) * (shape.tile() / word));
        };
        for (const std::size_t group : outcome.sample(shape.groups, 2)) {
            const std::uint32_t first = first_tile(group, tiles, offset);
            const std::uint64_t last = first + std::uint64_t{outcome.trips()};
            expect_sum(outcome, group,
                       static_cast<std::uint32_t>(last / tiles) * sum_to(tiles) +
                           sum_to(last % tiles) - sum_to(first));
        }
    }
};

BoundLaunch Walks::launch(Walk &walk) {
    const WalkShape &shape = walk.shape;
    if (!sums_ || sums_->bytes() < shape.groups * word)
        sums_ = bench_.buffer(shape.groups * word);
    const auto check_and_advance = [this, &walk](const LaunchOutcome &outcome) {
        walk.check(source_, outcome);
        // The next launch goes on where this one ended: what it begins with is not in a cache for
        // having been read just before.
        walk.offset =
            static_cast<std::uint32_t>((walk.offset + std::uint64_t{outcome.trips()}) % walk.tiles);
    };
    return {programs_.kernel("walk", shape.width),
            NdRange::linear(shape.groups, shape.local_size),
            {source_.buffer, walk.base, walk.tiles, [&walk] { return walk.offset; },
             LocalBytes{shape.local_size * word}, output(*sums_), trip_count},
            check_and_advance};
}

std::uint32_t Walks::trips_for(const BoundLaunch &launch, const WalkShape &shape, double seconds) {
    if (bench_.tiny())
        return bench_.bounds().most_trips;
    if (!launch_seconds_) { // the first launches may compile
        launch_seconds_ = bench_.launch(launch, 1);
        for (int i = 0; i < 2; ++i)
            launch_seconds_ = std::min(*launch_seconds_, bench_.launch(launch, 1));
    }
    const auto bytes = static_cast<double>(shape.tile() * shape.groups);
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

double Walks::sample(Series &series, std::size_t footprint, const WalkShape &shape, int block,
                     double seconds) {
    constexpr std::size_t page = 4096;
    const std::size_t space = source_.bytes - footprint;
    const std::size_t at = bench_.random()() % (space / page + 1) * page;
    Walk walk{shape, static_cast<std::uint32_t>(footprint / shape.tile()),
              static_cast<std::uint32_t>(at / (shape.width * word)), 0};
    const BoundLaunch launches = launch(walk);
    const WalkRow row{footprint, shape};
    Candidate candidate{launches, &series, coordinates(row), trips_for(launches, shape, seconds)};
    bench_.sample_block(candidate, block);
    const Point &longest = *series.find(coordinates(row, candidate.trips));
    return row.bytes_per_trip() * candidate.trips / longest.samples.back();
}

Streams::Streams(Programs &programs, const Source &source, double fill_seconds)
    : programs_(programs), bench_(programs.bench()), source_(source), bytes_(source.bytes) {
    try {
        to_ = largest_buffer(bench_, bytes_);
        other_ = make_source(programs_, bytes_, fill_seconds);
    } catch (const Error &error) {
        if (!error.code())
            throw;
        bench_.data().text_attributes[entry::no_streams] = error.what();
    }
    if (to_)
        bytes_ = std::min(bytes_, to_->bytes());
    if (other_)
        bytes_ = std::min(bytes_, other_->bytes);
}

std::vector<Operation> Streams::operations() const {
    std::vector<Operation> can{Operation::read};
    if (to_)
        can.insert(can.end(), {Operation::write, Operation::copy});
    if (other_)
        can.push_back(Operation::triad);
    return can;
}

StreamShape Streams::allowed(StreamShape shape) const {
    try {
        shape.local_size =
            programs_.group_size(name(shape.operation), shape.width, shape.local_size);
    } catch (const BuildError &) {
        return shape; // which fails again, and is then recorded, where it is tried
    }
    return shape;
}

void Streams::fit(const StreamShape &shape) {
    const double limit = bench_.bounds().limit / 2;
    std::size_t bytes = std::min(bytes_, std::size_t{4} << 20);
    while (bytes < bytes_) {
        const std::size_t covered = whole_launch(shape, bytes);
        if (covered > bytes_)
            break;
        const double seconds = bench_.launch(launch(shape, covered));
        const double most = static_cast<double>(covered) * limit / seconds;
        const auto next = static_cast<std::size_t>(
            std::min({static_cast<double>(bytes_), most, 16 * static_cast<double>(bytes)}));
        if (next <= bytes)
            break;
        bytes = next;
    }
    bytes_ = bytes;
}

double Streams::sample(Series &series, const StreamShape &shape, double share, int block) {
    const std::size_t bytes =
        whole_launch(shape, static_cast<std::size_t>(share * static_cast<double>(bytes_)));
    if (bytes > bytes_)
        throw Unsupported("the arrays are smaller than one launch of this shape covers");
    const double seconds = bench_.launch(launch(shape, bytes));
    Point &point = series.point(coordinates(shape, static_cast<double>(bytes)));
    point.samples.push_back(seconds);
    point.block.push_back(block);
    return seconds;
}

BoundLaunch Streams::launch(const StreamShape &shape, std::size_t bytes) {
    const Spread spread = spread_of(shape, bytes);
    const auto nonce = static_cast<std::uint32_t>(bench_.random()()) | 1u;
    BoundLaunch launch{programs_.kernel(name(shape.operation), shape.width), spread.range};
    if (shape.operation == Operation::read) {
        const std::size_t groups = spread.range.work_items() / shape.local_size;
        if (!sums_ || sums_->bytes() < groups * word)
            sums_ = bench_.buffer(groups * word);
        launch.arguments = {source_.buffer, LocalBytes{shape.local_size * word}, output(*sums_)};
        launch.check = [this, shape, spread](const LaunchOutcome &outcome) {
            check_sums(source_, shape, spread, outcome);
        };
    } else {
        // Not poisoned, which would take as long: the nonce is another each time.
        launch.arguments = {*to_};
        if (shape.operation != Operation::write)
            launch.arguments.push_back(source_.buffer);
        if (shape.operation == Operation::triad)
            launch.arguments.push_back(other_->buffer);
        launch.arguments.push_back(nonce);
        launch.check = [this, shape, nonce,
                        words = spread.range.work_items() * spread.count *
                                shape.width](const LaunchOutcome &outcome) {
            for (const std::size_t index : outcome.sample(words, 8))
                outcome.expect(outcome.word(*to_, index) == expected(shape.operation, index, nonce),
                               "a word was not written as it should be");
        };
    }
    spread.add_to(launch.arguments);
    return launch;
}

std::uint32_t Streams::expected(Operation operation, std::size_t index, std::uint32_t nonce) const {
    if (operation == Operation::write)
        return hash(static_cast<std::uint32_t>(index) + nonce);
    const std::uint32_t from = source_.sum(index, 1);
    return operation == Operation::copy ? from ^ nonce : from + nonce * other_->sum(index, 1);
}

} // namespace clprobe::probes::buffer_bandwidth
