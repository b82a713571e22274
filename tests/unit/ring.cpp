#include "common/ring.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <stdexcept>
#include <vector>

using clprobe::probes::dense_ring;
using clprobe::probes::Ring;
using clprobe::probes::spread_ring;

namespace {

std::vector<std::uint32_t> addresses(const Ring &ring) {
    std::vector<std::uint32_t> all;
    for (std::uint32_t position = 0; position < ring.length(); ++position)
        all.push_back(ring.address(position));
    return all;
}

} // namespace

TEST_CASE("unit.ring.visits_every_slot_once_and_comes_round") {
    std::mt19937_64 random(1);
    for (const std::size_t bytes : {256u, 1024u, 1280u, 5000u, 65536u, 100000u}) {
        const Ring ring = dense_ring(bytes, 1 << 20, random);
        const auto all = addresses(ring);
        const std::set<std::uint32_t> distinct(all.begin(), all.end());
        CAPTURE(bytes);
        CHECK(distinct.size() == bytes / 256 * 4);
        CHECK(*distinct.begin() == ring.offset);
        CHECK(*distinct.rbegin() + 64 == ring.offset + ring.bytes());
        CHECK(ring.offset % 4096 == 0);
        CHECK(ring.address(ring.length()) == ring.address(0));
        std::uint32_t sum = 0;
        for (const std::uint32_t address : all)
            sum += address;
        CHECK(ring.sum() == sum);
    }
}

TEST_CASE("unit.ring.visits_each_line_before_any_again") {
    std::mt19937_64 random(2);
    const Ring ring = dense_ring(64 * 256, 1 << 20, random);
    const auto all = addresses(ring);
    for (const std::uint32_t line : {64u, 128u, 256u}) {
        const std::size_t lines = ring.bytes() / line;
        for (std::size_t first = 0; first < all.size(); first += lines) {
            std::set<std::uint32_t> visited;
            for (std::size_t i = first; i < first + lines; ++i)
                visited.insert(all[i] / line);
            CAPTURE(line, first);
            CHECK(visited.size() == lines);
        }
    }
}

TEST_CASE("unit.ring.is_in_no_order_that_a_prefetcher_learns") {
    std::mt19937_64 random(3);
    const Ring ring = dense_ring(4000 * 256, 1 << 22, random);
    std::vector<std::int64_t> strides;
    for (std::uint32_t position = 1; position < ring.blocks; ++position)
        strides.push_back(std::int64_t{ring.address(position)} - ring.address(position - 1));
    std::sort(strides.begin(), strides.end());
    std::size_t longest = 0;
    for (std::size_t i = 0, run = 0; i < strides.size(); ++i) {
        run = i > 0 && strides[i] == strides[i - 1] ? run + 1 : 1;
        longest = std::max(longest, run);
    }
    CHECK(longest < 20);
    const auto near = std::count_if(strides.begin(), strides.end(),
                                    [](std::int64_t stride) { return std::abs(stride) < 2048; });
    CHECK(near < 40); // of 4000; 14 are expected by chance
}

TEST_CASE("unit.ring.spreads_over_the_sets_of_caches_and_tlbs") {
    std::mt19937_64 random(4);
    for (const std::size_t slots : {1u, 2u, 16u}) {
        const Ring ring = spread_ring(1024, 65536, slots, std::size_t{256} << 20, random);
        std::map<std::uint32_t, int> lines;
        std::map<std::uint32_t, int> pages;
        std::set<std::uint32_t> blocks;
        std::set<std::uint32_t> touched;
        std::uint32_t sum = 0;
        for (const std::uint32_t address : addresses(ring)) {
            const std::uint32_t place = address - ring.offset;
            ++lines[place % 4096 / 64];
            ++pages[place % 65536 / 4096];
            blocks.insert(place / 65536);
            touched.insert(place / 4096);
            sum += address;
        }
        CAPTURE(slots);
        CHECK(blocks.size() == 1024);
        CHECK(*blocks.rbegin() == 1023);
        CHECK(touched.size() == 1024); // one page a block
        CHECK(lines.size() == 64);
        CHECK(pages.size() == 16);
        for (const auto &[line, count] : lines)
            CHECK(count < 20 * static_cast<int>(slots));
        for (const auto &[page, count] : pages)
            CHECK(count < 80 * static_cast<int>(slots));
        CHECK(ring.sum() == sum);
    }
}

TEST_CASE("unit.ring.keeps_neighbours_out_of_one_large_page") {
    std::mt19937_64 random(5);
    constexpr std::uint32_t stride = 32u << 20;
    const Ring ring = spread_ring(90, stride, 16, std::size_t{3} << 30, random);
    std::set<std::uint32_t> blocks;
    for (const std::uint32_t address : addresses(ring)) {
        CHECK((address - ring.offset) % stride < stride / 8);
        blocks.insert((address - ring.offset) / stride);
    }
    CHECK(blocks.size() == 90);
}

TEST_CASE("unit.ring.has_a_page_of_its_own_for_each_block") {
    std::mt19937_64 random(8);
    for (std::uint32_t page = 8192; page <= 2u << 20; page *= 2)
        for (int ring = 0; ring < 8; ++ring) {
            std::set<std::uint32_t> pages;
            for (const std::uint32_t address :
                 addresses(spread_ring(96, page, 4, std::size_t{1} << 30, random)))
                pages.insert(address / page);
            CAPTURE(page);
            CHECK(pages.size() == 96);
        }
}

TEST_CASE("unit.ring.stays_in_its_memory") {
    std::mt19937_64 random(6);
    constexpr std::size_t room = std::size_t{3} << 30;
    for (const std::size_t bytes : {32u, 64u, 128u, 256u, 4096u, 65536u, 2097152u, 67108864u})
        for (std::size_t slots = 1; slots <= 16 && slots * 64 <= std::max<std::size_t>(64, bytes);
             slots *= 2)
            for (const std::size_t share : {1u, 3u, 40u}) {
                const std::size_t blocks = std::min<std::size_t>(room / bytes / share, 20000);
                const Ring ring = spread_ring(blocks, bytes, slots, room, random);
                const auto all = addresses(ring);
                const std::set<std::uint32_t> distinct(all.begin(), all.end());
                CAPTURE(bytes, slots, blocks);
                CHECK(distinct.size() == blocks * slots);
                CHECK(*distinct.begin() >= ring.offset);
                CHECK(*distinct.rbegin() + std::size_t{4} <= ring.offset + ring.bytes());
                CHECK(ring.offset + ring.bytes() <= room);
            }
}

TEST_CASE("unit.ring.is_not_longer_than_its_memory") {
    std::mt19937_64 random(7);
    constexpr std::size_t large = std::size_t{1} << 40;
    CHECK_THROWS_AS(dense_ring(8192, 4096, random), std::invalid_argument);
    CHECK_THROWS_AS(spread_ring(3, 2048, 1, 4096, random), std::invalid_argument);
    // Addresses have 32 bits.
    CHECK_THROWS_AS(spread_ring(std::size_t{1} << 26, 128, 1, large, random),
                    std::invalid_argument);
    CHECK_NOTHROW(spread_ring(2, 2048, 1, 4096, random));
}
