#include "common/launch_size.hpp"
#include "memory/buffer_bandwidth/buffer_bandwidth.hpp"

#include <clprobe/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <memory>

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

/// What an operation writes there.
std::uint32_t expected(const Arrays &arrays, Operation operation, std::size_t index,
                       std::uint32_t nonce) {
    if (operation == Operation::write)
        return hash(static_cast<std::uint32_t>(index) + nonce);
    const std::uint32_t from = arrays.from.sum(index, 1);
    return operation == Operation::copy ? from ^ nonce : from + nonce * arrays.other->sum(index, 1);
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

std::uint32_t Source::sum(std::size_t index, std::size_t count) const {
    return hash(static_cast<std::uint32_t>(index + count) + salt) -
           hash(static_cast<std::uint32_t>(index) + salt);
}

std::size_t whole_launch(const StreamShape &shape, std::size_t bytes) {
    const std::size_t items = shape.layout == Layout::one_shot ? shape.share : shape.share * unroll;
    const std::size_t least = items * shape.local_size * shape.width * word;
    return std::max<std::size_t>(1, bytes / least) * least;
}

Kernel Launcher::kernel(const std::string &name, unsigned width) {
    if (!programs_.contains(width)) {
        const KernelVariant built = program_of(width);
        programs_.emplace(width, bench_.build(built.text, built.options));
    }
    return programs_.at(width).kernel(name);
}

std::size_t Launcher::group_size(const std::string &name, unsigned width, std::size_t wanted) {
    return probes::group_size(bench_, kernel(name, width),
                              probes::group_size(bench_, wanted, word)); // sums are in local memory
}

const Buffer &Launcher::sums(std::size_t groups) {
    if (!sums_ || sums_->bytes() < groups * word)
        sums_ = bench_.buffer(groups * word);
    return *sums_;
}

Source Launcher::source(std::size_t bytes, double seconds) {
    constexpr std::size_t most_of_a_launch = std::size_t{16} << 20;
    const Buffer buffer = granted_buffer(bench_, bytes);
    Source source{buffer, static_cast<std::uint32_t>(bench_.random()()), 0};
    const unsigned width = usual_width(bench_.device());
    const std::size_t each = std::min(most_of_a_launch, buffer.bytes());
    const std::size_t local_size = is_cpu(bench_) ? 1 : group_size("fill", width, 64);
    const Spread spread =
        spread_of(local_size == 1 ? StreamShape{{}, Layout::chunked, width, 1, 16}
                                  : StreamShape{{}, Layout::one_shot, width, local_size, 8},
                  each);
    BoundLaunch fill{kernel("fill", width), spread.range, {buffer, source.salt}};
    spread.add_to(fill.arguments);
    // The sums of what is read would show what was not filled.
    for (const double until = bench_.remaining() - seconds;
         source.bytes + each <= buffer.bytes() && (source.bytes == 0 || bench_.remaining() > until);
         source.bytes += each)
        bench_.launch(fill.set(6, static_cast<cl_uint>(source.bytes / (width * word))));
    return source;
}

void Launcher::add_others(Arrays &arrays, double seconds) {
    arrays.bytes = arrays.from.bytes;
    try {
        arrays.to = granted_buffer(bench_, arrays.bytes);
        arrays.bytes = std::min(arrays.bytes, arrays.to->bytes());
        arrays.other = source(arrays.from.bytes, seconds);
        arrays.bytes = std::min(arrays.bytes, arrays.other->bytes);
    } catch (const Error &error) {
        if (!error.code())
            throw;
        bench_.data().text_attributes[entry::no_streams] = error.what();
    }
}

BoundLaunch Launcher::walk(const Source &source, std::size_t footprint, const WalkShape &shape) {
    constexpr std::size_t page = 4096;
    const std::size_t space = source.bytes - footprint;
    const std::size_t at = bench_.random()() % (space / page + 1) * page;
    const auto base = static_cast<std::uint32_t>(at / (shape.width * word));
    const auto tiles = static_cast<std::uint32_t>(footprint / shape.tile());
    const auto offset = std::make_shared<std::uint32_t>(0);
    const auto check_and_advance = [&source, shape, base, tiles,
                                    offset](const LaunchOutcome &outcome) {
        const auto sum_to = [&](std::uint64_t count) {
            return source.sum(std::size_t{base} * shape.width,
                              static_cast<std::size_t>(count) * (shape.tile() / word));
        };
        for (const std::size_t group : outcome.sample(shape.groups, 2)) {
            const std::uint32_t first = first_tile(group, tiles, *offset);
            const std::uint64_t last = first + std::uint64_t{outcome.trips()};
            expect_sum(outcome, group,
                       static_cast<std::uint32_t>(last / tiles) * sum_to(tiles) +
                           sum_to(last % tiles) - sum_to(first));
        }
        // The next launch goes on where this one ended: what it begins with is not in a cache for
        // having been read just before.
        *offset = static_cast<std::uint32_t>((*offset + std::uint64_t{outcome.trips()}) % tiles);
    };
    return {kernel("walk", shape.width),
            NdRange::linear(shape.groups, shape.local_size),
            {source.buffer, base, tiles, [offset] { return *offset; },
             LocalBytes{shape.local_size * word}, output(sums(shape.groups)), trip_count},
            check_and_advance};
}

BoundLaunch Launcher::stream(const Arrays &arrays, const StreamShape &shape, std::size_t bytes) {
    const Spread spread = spread_of(shape, bytes);
    const auto nonce = static_cast<std::uint32_t>(bench_.random()()) | 1u;
    BoundLaunch launch{kernel(name(shape.operation), shape.width), spread.range};
    if (shape.operation == Operation::read) {
        const std::size_t groups = spread.range.work_items() / shape.local_size;
        launch.arguments = {arrays.from.buffer, LocalBytes{shape.local_size * word},
                            output(sums(groups))};
        launch.check = [&arrays, shape, spread](const LaunchOutcome &outcome) {
            check_sums(arrays.from, shape, spread, outcome);
        };
    } else {
        // Not poisoned, which would take as long: the nonce is another each time.
        launch.arguments = {*arrays.to};
        if (shape.operation != Operation::write)
            launch.arguments.emplace_back(arrays.from.buffer);
        if (shape.operation == Operation::triad)
            launch.arguments.emplace_back(arrays.other->buffer);
        launch.arguments.emplace_back(nonce);
        launch.check = [&arrays, shape, nonce,
                        words = spread.range.work_items() * spread.count *
                                shape.width](const LaunchOutcome &outcome) {
            for (const std::size_t index : outcome.sample(words, 8))
                outcome.expect(outcome.word(*arrays.to, index) ==
                                   expected(arrays, shape.operation, index, nonce),
                               "a word was not written as it should be");
        };
    }
    spread.add_to(launch.arguments);
    return launch;
}

} // namespace clprobe::probes::buffer_bandwidth
