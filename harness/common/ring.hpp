#pragma once
#include <cstddef>
#include <cstdint>
#include <random>

namespace clprobe::probes {

/// A ring of words through memory in random order, as kernels/common/ring.clh has it (the same
/// fields in the same order): each position's address is computed, so that neither the ring nor its
/// order needs to be stored or sent. It goes through the blocks once a pass and takes another of
/// their slots at each, so that every line of memory, whatever power of two it is, is visited
/// once before any is visited again.
struct Ring {
    std::uint32_t offset = 0;      ///< of the first block from the memory's aligned start, B
    std::uint32_t blocks = 1;      ///< how many
    std::uint32_t block_bytes = 0; ///< the size of each
    std::uint32_t slots = 1;       ///< of a block; a power of two
    std::uint32_t slot_bytes = 0;  ///< from one to the next
    std::uint32_t pages = 0; ///< of 4 KiB: of so many a block's slots are in any; 0: at its start
    std::uint32_t key = 0;   ///< of the order

    [[nodiscard]] std::uint32_t length() const { return blocks * slots; }
    [[nodiscard]] std::size_t bytes() const { return std::size_t{blocks} * block_bytes; }
    /// The address of position k, counted round and round, in bytes from the aligned start.
    [[nodiscard]] std::uint32_t address(std::uint64_t position) const;
    /// Of all its addresses, modulo 2^32.
    [[nodiscard]] std::uint32_t sum() const;
};

/// Where rings begin in memory, B: at multiples of this.
inline constexpr std::size_t ring_alignment = 4096;

/// A dense ring through about `bytes` (at least one block), whose slots are 64 B apart, somewhere
/// in the first `room` bytes of memory: where it lies can slow a chase down, and not twice at the
/// same place.
[[nodiscard]] Ring dense_ring(std::size_t bytes, std::size_t room, std::mt19937_64 &random);

/// A ring of `slots` slots, a power of two, in each of so many blocks, far apart: a block's slots
/// are in one page of 4 KiB, or all over the block where that is less, at offsets that use all sets
/// of a cache and of a TLB, and use them alike. Those pages are in the first eighth of blocks of
/// 512 KiB and more, and blocks lie at multiples of their size, or of 2 MiB where that is less, so
/// that neighbours do not meet in one page of a block's size. Where the ring lies is as above.
[[nodiscard]] Ring spread_ring(std::size_t blocks, std::size_t block_bytes, std::size_t slots,
                               std::size_t room, std::mt19937_64 &random);

} // namespace clprobe::probes
