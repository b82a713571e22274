#include "common/chase.hpp"
#include "common/launch_size.hpp"
#include "memory/cache_line/cache_line.hpp"

#include <algorithm>
#include <numeric>

namespace clprobe::probes::cache_line {
namespace {

constexpr std::size_t word = sizeof(std::uint32_t);
constexpr std::size_t alignment = 4096; // the kernels' own: what they may skip at the start

std::size_t bytes_for(const Bench &bench) {
    // Enough for every pair to be visited once, little enough to be had everywhere.
    const std::size_t wanted = bench.tiny() ? std::size_t{512} << 10 : std::size_t{64} << 20;
    return std::min(wanted, bench.most_bytes() - alignment) / alignment * alignment;
}

/// More than the last cache of nearly all devices.
std::size_t bytes_to_evict(const Bench &bench) {
    const std::size_t wanted = bench.tiny() ? std::size_t{16} << 10 : std::size_t{128} << 20;
    return std::min(wanted, bench.most_bytes());
}

NdRange whole_device(const Bench &bench, const Kernel &kernel) {
    const std::size_t groups = bench.tiny() ? 2 : 1024;
    return NdRange::linear(groups, probes::group_size(bench, kernel, 64));
}

} // namespace

std::vector<std::uint32_t> shuffled(std::size_t count, std::mt19937_64 &random) {
    std::vector<std::uint32_t> numbers(count);
    std::iota(numbers.begin(), numbers.end(), 0u);
    std::shuffle(numbers.begin(), numbers.end(), random);
    return numbers;
}

Ring spaced_ring(std::size_t slots, std::size_t stride, std::mt19937_64 &random) {
    Ring ring;
    ring.order = shuffled(slots, random);
    for (std::uint32_t &slot : ring.order)
        slot *= static_cast<std::uint32_t>(stride / word);
    return ring;
}

void move_to_random_page(Ring &ring, std::size_t bytes, std::mt19937_64 &random) {
    const std::size_t page = random() % (bytes / alignment + 1);
    for (std::uint32_t &slot : ring.order)
        slot += static_cast<std::uint32_t>(page * alignment / word);
}

Ring paged_ring(std::size_t slots, std::size_t stride, std::size_t page, std::mt19937_64 &random) {
    const std::size_t in_page = std::clamp<std::size_t>(page / stride, 1, slots);
    Ring ring;
    for (const std::uint32_t number : shuffled(slots / in_page, random))
        for (const std::uint32_t slot : shuffled(in_page, random))
            ring.order.push_back(
                static_cast<std::uint32_t>((number * in_page + slot) * (stride / word)));
    return ring;
}

Ring paired_ring(std::span<const std::uint32_t> cells, std::size_t distance,
                 std::mt19937_64 &random) {
    constexpr auto cell_words = static_cast<std::uint32_t>(pair_cell / word);
    const auto words = static_cast<std::uint32_t>(distance / word);
    Ring ring;
    for (const std::uint32_t cell : cells) {
        const auto first = static_cast<std::uint32_t>(random() % cell_words);
        const auto within = static_cast<std::uint32_t>(random() % words);
        const std::uint32_t second = ((first ^ words) & ~(words - 1)) | within;
        ring.order.push_back(cell * cell_words + first);
        ring.order.push_back(cell * cell_words + second);
    }
    return ring;
}

Rings::Rings(Bench &bench, const Program &program)
    : bench_(bench), bytes_(bytes_for(bench)),
      most_slots_(bench.tiny() ? 128 : std::size_t{256} << 10), link_(program.kernel("link_slots")),
      evict_(program.kernel("evict")), chase_(program.kernel("chase")),
      memory_(bench.buffer(bytes_ + alignment)), other_(bench.buffer(bytes_to_evict(bench))),
      order_(bench.buffer(most_slots_ * word)), start_(bench.buffer(word)),
      last_(bench.buffer(word)) {
    // A chase that went astray would read an index of 0, not one from beyond the buffer.
    bench.context().fill(memory_, 0);
}

void Rings::link(const Ring &ring) {
    bench_.write<std::uint32_t>(order_, ring.order);
    // The chase checks what it did.
    bench_.launch({link_,
                   whole_device(bench_, link_),
                   {memory_, order_, static_cast<cl_uint>(ring.order.size())}});
}

void Rings::evict() {
    const auto value = static_cast<std::uint32_t>(bench_.random()());
    const std::size_t words = other_.bytes() / word;
    // What they hold before needs no poison: the value is another each time.
    const auto check = [this, value, words](const LaunchOutcome &outcome) {
        for (const std::size_t i : outcome.sample(words, 16))
            outcome.expect(outcome.word(other_, i) == static_cast<std::uint32_t>(value + i),
                           "a word was not written");
    };
    bench_.launch({evict_,
                   whole_device(bench_, evict_),
                   {other_, static_cast<cl_uint>(words), value},
                   check});
}

BoundLaunch Rings::chase(const Ring &ring) {
    BoundLaunch launch{chase_, NdRange::linear(1, 1), {memory_, start_, output(last_), trip_count}};
    follow(
        launch, bench_, start_, last_,
        [order = ring.order](std::uint64_t trips) {
            return std::vector{order[hops * trips % order.size()]};
        },
        ring.done);
    return launch;
}

} // namespace clprobe::probes::cache_line
