#include "common/launch_size.hpp"
#include "memory/cache_line/rings.hpp"

#include <clprobe/error.hpp>

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

NdRange whole_device(const Bench &bench) {
    const std::size_t groups = bench.tiny() ? 2 : 1024;
    return NdRange::linear(groups, probes::group_size(bench, 64));
}

void expect(bool right, const char *kernel) {
    if (!right)
        throw VerificationError(std::string("memory/cache_line: ") + kernel +
                                " did not do what the host computes");
}

} // namespace

std::vector<std::uint32_t> shuffled(std::size_t count, std::mt19937_64 &random) {
    std::vector<std::uint32_t> numbers(count);
    std::iota(numbers.begin(), numbers.end(), 0u);
    std::shuffle(numbers.begin(), numbers.end(), random);
    return numbers;
}

Ring spaced_ring(std::size_t slots, std::size_t stride, std::mt19937_64 &random) {
    Ring ring{shuffled(slots, random)};
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
    chase_.set(0, memory_);
    chase_.set(1, start_);
    chase_.set(2, last_);
    link_.set(0, memory_);
    link_.set(1, order_);
    evict_.set(0, other_);
    evict_.set(1, static_cast<cl_uint>(other_.bytes() / word));
}

void Rings::link(const Ring &ring) {
    bench_.write<std::uint32_t>(order_, ring.order);
    link_.set(2, static_cast<cl_uint>(ring.order.size()));
    bench_.launch({link_, whole_device(bench_), {}, {}, {}}); // the chase checks what it did
}

void Rings::evict() {
    const auto value = static_cast<std::uint32_t>(bench_.random()());
    evict_.set(2, value);
    const auto verify = [this, value](std::uint32_t) {
        for (const std::size_t i : bench_.sample_work_items(other_.bytes() / word, 16))
            expect(bench_.read<std::uint32_t>(other_, i, 1)[0] ==
                       static_cast<std::uint32_t>(value + i),
                   "evict");
    };
    bench_.launch({evict_, whole_device(bench_), {}, {}, verify});
}

Work Rings::chase(Ring &ring) {
    const auto prepare = [this, &ring] {
        bench_.write<std::uint32_t>(start_, std::vector{ring.here()});
        bench_.poison(last_);
    };
    const auto verify = [this, &ring](std::uint32_t trips) {
        ring.position = (ring.position + hops * trips) % ring.order.size();
        expect(bench_.read<std::uint32_t>(last_, 0, 1)[0] == ring.here(), "link_slots or chase");
    };
    return {chase_, NdRange::linear(1, 1), 3u, prepare, verify};
}

} // namespace clprobe::probes::cache_line
