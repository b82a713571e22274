#include "memory/buffer_bandwidth/experiment.hpp"
#include "memory/buffer_bandwidth/streams.hpp"

#include <clprobe/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace clprobe::probes::buffer_bandwidth {
namespace {

/// The elements that the layout's loop takes at once, so that counts are multiples of it.
constexpr std::size_t unroll = 8;

Spread spread_of(const StreamShape &shape, std::size_t bytes) {
    const std::size_t elements = bytes / (shape.width * word);
    switch (shape.layout) {
    case Layout::one_shot:
        return Spread::one_shot(elements, shape.local_size,
                                static_cast<std::uint32_t>(shape.share));
    case Layout::strided:
        return Spread::strided(elements, shape.local_size, shape.share);
    case Layout::chunked:
        break;
    }
    return Spread::chunked(elements, shape.local_size, shape.share);
}

/// The most of these bytes that a launch of the shape covers to the last element, or the least that
/// it takes where that is more.
std::size_t whole_launch(const StreamShape &shape, std::size_t bytes) {
    const std::size_t items = shape.layout == Layout::one_shot ? shape.share : shape.share * unroll;
    const std::size_t least = items * shape.local_size * shape.width * word;
    return std::max<std::size_t>(1, bytes / least) * least;
}

} // namespace

std::string name(Operation operation) {
    return operation_names[static_cast<std::size_t>(operation)];
}

double arrays_of(Operation operation) {
    constexpr double arrays[] = {1, 1, 2, 3};
    return arrays[static_cast<std::size_t>(operation)];
}

std::string StreamShape::describe() const {
    const std::string vector = width == 1 ? "uint" : fmt::format("uint{}", width);
    switch (layout) {
    case Layout::one_shot:
        return fmt::format("{}, {} a work-item a group's width apart, groups of {}", vector, share,
                           local_size);
    case Layout::strided:
        return fmt::format("{}, {} groups of {} side by side", vector, share, local_size);
    case Layout::chunked:
        break;
    }
    return fmt::format("{}, a stretch for each work-item of {} groups of {}", vector, share,
                       local_size);
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
            check_sums(shape, spread, outcome);
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
            for (const std::size_t place : outcome.sample(words, 8))
                outcome.expect(outcome.word(*to_, place) == expected(shape.operation, place, nonce),
                               "a word was not written as it should be");
        };
    }
    spread.add_to(launch.arguments);
    return launch;
}

void Streams::check_sums(const StreamShape &shape, const Spread &spread,
                         const LaunchOutcome &outcome) const {
    // What a group reads is one stretch, or one for each step.
    const bool steps = shape.layout == Layout::strided;
    const std::size_t stretches = steps ? spread.count : 1;
    const std::size_t words = shape.width * shape.local_size * (steps ? 1 : spread.count);
    const std::size_t distance = std::size_t{spread.step} * shape.width;
    for (const std::size_t group :
         outcome.sample(spread.range.work_items() / shape.local_size, 2)) {
        std::uint32_t sum = 0;
        for (std::size_t i = 0; i < stretches; ++i)
            sum +=
                source_.content.sum(group * spread.group_span * shape.width + i * distance, words);
        outcome.expect(outcome.word(group) == sum,
                       "a group's sum is not that of the words that it should read");
    }
}

std::uint32_t Streams::expected(Operation operation, std::size_t place, std::uint32_t nonce) const {
    if (operation == Operation::write)
        return hash(static_cast<std::uint32_t>(place) + nonce);
    const std::uint32_t from = source_.content.word(place);
    return operation == Operation::copy ? from ^ nonce : from + nonce * other_->content.word(place);
}

} // namespace clprobe::probes::buffer_bandwidth
