#pragma once
#include <cstddef>
#include <cstdint>

namespace clprobe::probes::buffer_bandwidth {

/// A word made of its place; random to look at. The same in the kernel.
[[nodiscard]] std::uint32_t hash(std::uint32_t place);

/// What the kernel fills an array with: random words, each the difference of the hashes of the next
/// place and its own, so that the sum of any stretch is known at once.
struct Content {
    std::uint32_t salt = 0;

    [[nodiscard]] std::uint32_t word(std::size_t place) const { return sum(place, 1); }
    /// Of `count` words from `place` on, modulo 2^32.
    [[nodiscard]] std::uint32_t sum(std::size_t place, std::size_t count) const {
        return hash(static_cast<std::uint32_t>(place + count) + salt) -
               hash(static_cast<std::uint32_t>(place) + salt);
    }
};

} // namespace clprobe::probes::buffer_bandwidth
