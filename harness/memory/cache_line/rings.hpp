#pragma once
#include <clprobe/probe.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace clprobe::probes::cache_line {

/// Addresses, in words, in the order in which a chase visits them, and how many trips it has gone.
struct Ring {
    std::vector<std::uint32_t> order;
    std::shared_ptr<std::uint64_t> done = std::make_shared<std::uint64_t>(0);
};

/// `count` numbers from 0, shuffled.
[[nodiscard]] std::vector<std::uint32_t> shuffled(std::size_t count, std::mt19937_64 &random);

/// A ring of `slots` slots, `stride` bytes apart, in random order.
[[nodiscard]] Ring spaced_ring(std::size_t slots, std::size_t stride, std::mt19937_64 &random);

/// Moves a ring to a page that begins within the first `bytes` of memory: where a ring lies can
/// slow it down, and not twice at the same place.
void move_to_random_page(Ring &ring, std::size_t bytes, std::mt19937_64 &random);

/// A ring of `slots` slots, `stride` bytes apart, that visits the pages of `page` bytes in random
/// order, and all slots of one, in random order, before the next: a line is used up while it is in
/// the cache, and no prefetcher sees a stride.
[[nodiscard]] Ring paged_ring(std::size_t slots, std::size_t stride, std::size_t page,
                              std::mt19937_64 &random);

/// A ring over pairs of words, one pair in each of `cells` (indices of blocks of `pair_cell`
/// bytes): a word anywhere in the cell, and then one in the neighbouring block of `distance`
/// bytes, before or behind, so that both are in one aligned block of twice the distance, and in
/// none of less.
inline constexpr std::size_t pair_cell = 1024;
[[nodiscard]] Ring paired_ring(std::span<const std::uint32_t> cells, std::size_t distance,
                               std::mt19937_64 &random);

/// The kernels that make rings in memory, follow them and clear the caches, with their buffers.
class Rings {
public:
    Rings(Bench &bench, const Program &program);

    /// Hops of one trip of a chase.
    static constexpr std::size_t hops = 16;

    [[nodiscard]] std::size_t bytes() const { return bytes_; }
    [[nodiscard]] std::size_t most_slots() const { return most_slots_; }

    /// Writes the ring to memory; those on other addresses stay.
    void link(const Ring &ring);
    /// Fills the caches with something else.
    void evict();
    /// Follows the ring from where it is, moving on.
    [[nodiscard]] BoundLaunch chase(const Ring &ring);

private:
    Bench &bench_;
    std::size_t bytes_;
    std::size_t most_slots_;
    Kernel link_;
    Kernel evict_;
    Kernel chase_;
    Buffer memory_;
    Buffer other_; ///< what the caches are filled with
    Buffer order_;
    Buffer start_;
    Buffer last_;
};

} // namespace clprobe::probes::cache_line
