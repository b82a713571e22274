#pragma once
#include "analysis/estimates.hpp"
#include "analysis/size_posterior.hpp"

#include <clprobe/probe.hpp>
#include <clprobe/row.hpp>

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace clprobe::probes::cache_line {

/// Names of the series.
namespace series {
inline constexpr const char *stride = "stride"; ///< an external one
inline constexpr const char *false_sharing = "false_sharing";
inline constexpr const char *slots = "slots";
inline constexpr const char *pairs = "pairs";
inline constexpr const char *memory_pairs = "memory_pairs";
inline constexpr const char *sweep = "sweep";
} // namespace series

/// A sweep through memory, so many bytes a step; an external curve has no trips.
struct StrideRow {
    double stride = 0;

    static auto columns() { return std::tuple{column("stride", &StrideRow::stride, Unit::byte)}; }
};
struct SweepRow {
    std::size_t stride = 0;

    static auto columns() {
        return std::tuple{column("stride", &SweepRow::stride, Unit::byte), trips()};
    }
};

/// Two groups on words that many bytes apart, the first `offset` bytes behind an aligned address.
struct SharingRow {
    std::uint32_t distance = 0;
    std::uint32_t offset = 0;

    static auto columns() {
        return std::tuple{column("distance", &SharingRow::distance, Unit::byte),
                          column("offset", &SharingRow::offset, Unit::byte), trips()};
    }
};

/// A chase over so many slots, so many bytes apart.
struct SlotsRow {
    std::size_t stride = 0;
    std::size_t slots = 0;

    static auto columns() {
        return std::tuple{column("stride", &SlotsRow::stride, Unit::byte),
                          column("slots", &SlotsRow::slots), trips()};
    }
};

/// A chase over pairs in neighbouring blocks of so many bytes.
struct PairsRow {
    std::size_t distance = 0;

    static auto columns() {
        return std::tuple{column("distance", &PairsRow::distance, Unit::byte), trips()};
    }
};

/// The text attribute that says why a tiny run shows nothing.
inline constexpr const char *too_small = "too_small";

/// Sizes of the neighbouring blocks that a pair of loads goes to, B.
inline constexpr std::array<std::size_t, 8> pair_distances{4, 8, 16, 32, 64, 128, 256, 512};

inline constexpr std::uint32_t word = sizeof(std::uint32_t);
/// The kernels' own: what they may skip at the start, B.
inline constexpr std::size_t alignment = 4096;

/// Hops of one trip of a chase.
inline constexpr std::size_t hops = 16;

/// Addresses, in words, in the order in which a chase visits them, and how many trips it has gone.
struct WordRing {
    std::vector<std::uint32_t> order;
    std::shared_ptr<std::uint64_t> done = std::make_shared<std::uint64_t>(0);
};

/// A ring of `slots` slots, `stride` bytes apart, in random order.
[[nodiscard]] WordRing spaced_ring(std::size_t slots, std::size_t stride, std::mt19937_64 &random);

/// Moves a ring to a page that begins within the first `bytes` of memory: where a ring lies can
/// slow it down, and not twice at the same address.
void move_to_random_page(WordRing &ring, std::size_t bytes, std::mt19937_64 &random);

/// A ring of `slots` slots, `stride` bytes apart, that visits the pages of `page` bytes in random
/// order, and all slots of one, in random order, before the next: a line is used up while it is in
/// the cache, and no prefetcher sees a stride.
[[nodiscard]] WordRing paged_ring(std::size_t slots, std::size_t stride, std::size_t page,
                                  std::mt19937_64 &random);

/// A ring over pairs of words, one pair in each of `cells` (indices of blocks of `pair_cell`
/// bytes): a word anywhere in the cell, and then one in the neighbouring block of `distance`
/// bytes, before or behind, so that both are in one aligned block of twice the distance, and in
/// none of less.
inline constexpr std::size_t pair_cell = 1024;
[[nodiscard]] WordRing paired_ring(std::span<const std::uint32_t> cells, std::size_t distance,
                                   std::mt19937_64 &random);

/// The midpoint, in the logarithm, of the latencies of the first level and of the next, in a curve
/// of latency over slots that starts in the first level; nothing where no rise ends in a plateau.
[[nodiscard]] std::optional<double> knee_midpoint(const std::vector<Estimate> &latency_over_slots);

/// The line by capacity: `slots` (over stride) that stay in a cache fall as one over the stride
/// while slots share a line, and are constant from the line up.
[[nodiscard]] SizeVerdict line_by_capacity(std::span<const Estimate> slots);

/// The line by a sweep of strides through more memory than the cache holds: time an access grows
/// with the stride until every access has a line of its own. What changes from twice the line on
/// (prefetch, pages, a sweep that fits the cache at last) does not count, but for a rise as large.
[[nodiscard]] SizeVerdict line_by_stride(std::span<const Estimate> latency);

/// The keys that the probe makes: line, sector, the memory's fetch.
[[nodiscard]] std::vector<FindingKey> finding_keys();

/// Of random chases over slots, by their stride.
[[nodiscard]] std::map<std::size_t, std::vector<Estimate>>
latencies_over_slots(const Dataset &data);

/// The line as false sharing has it, and as the capacity in slots has it; the sector as pairs of
/// loads have it.
[[nodiscard]] SizeVerdict sharing_verdict(const Dataset &data);
[[nodiscard]] SizeVerdict capacity_verdict(const Dataset &data);
[[nodiscard]] SizeVerdict pairs_verdict(const Dataset &data);

/// What the data means: one finding a key.
[[nodiscard]] std::vector<Finding> findings_of(const Dataset &data, const Facts &facts);

/// What the data shows over the stride, and over the distance of two accesses.
[[nodiscard]] std::vector<Curve> curves_of(const Dataset &data);

} // namespace clprobe::probes::cache_line
