#include "memory/atomics/atomics.hpp"
#include "synthetic.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <set>
#include <vector>

using namespace clprobe::probes::atomics;

namespace {

/// A work-item of the kernel: what it knows and has seen.
struct WorkItem {
    std::uint32_t word = 0;
    std::uint32_t seen = 0;
};

std::uint32_t add_real(std::uint32_t bits) {
    const volatile float sum = std::bit_cast<float>(bits) + 1.0f;
    return std::bit_cast<std::uint32_t>(float{sum});
}

std::uint32_t min_real(std::uint32_t a, std::uint32_t b) {
    return std::bit_cast<std::uint32_t>(std::min(std::bit_cast<float>(a), std::bit_cast<float>(b)));
}

/// One operation of the kernel `many_global` on `memory`.
void step(const Atomic &atomic, const Words &words, WorkItem &item, std::uint32_t &memory) {
    const std::uint32_t old = memory;
    switch (atomic.operation) {
    case Operation::add:
        memory = atomic.real ? add_real(old) : old + words.by;
        item.seen += old;
        return;
    case Operation::min:
        item.word -= words.by;
        memory = atomic.real ? min_real(old, item.word) : std::min(old, item.word);
        item.seen += old;
        return;
    case Operation::exchange:
        item.word += words.by;
        memory = item.word;
        item.seen += old;
        return;
    case Operation::compare_exchange:
        if (old == item.word) {
            memory = item.word + words.by;
            ++item.seen;
            item.word += words.by;
        } else {
            item.word = old;
        }
    }
}

/// What some work-items leave that do their operations in a random order.
Outcome outcome_of(const Atomic &atomic, const Words &words, std::uint32_t first_id,
                   std::uint32_t work_items, std::uint32_t operations, Random &random) {
    std::vector<WorkItem> items(work_items);
    std::vector<std::size_t> order;
    for (std::uint32_t i = 0; i < work_items; ++i) {
        items[i].word = words.start + (first_id + i) * words.apart;
        order.insert(order.end(), operations, i);
    }
    for (std::size_t i = order.size(); i > 1; --i)
        std::swap(order[i - 1],
                  order[static_cast<std::size_t>(random.integer(0, static_cast<int>(i) - 1))]);
    Outcome outcome{first_id, work_items, operations, words.start, 0};
    for (const std::size_t item : order)
        step(atomic, words, items[item], outcome.word);
    for (const WorkItem &item : items)
        outcome.seen += item.seen;
    return outcome;
}

std::uint32_t any(Random &random) {
    return static_cast<std::uint32_t>(random.uniform() * 4294967296.0);
}

} // namespace

TEST_CASE("unit.atomics.every order of the operations is possible") {
    Random random(1);
    for (int run = 0; run < 200; ++run)
        for (const Atomic &atomic : all_atomics()) {
            const Words words = words_for(atomic, any(random), any(random));
            const auto work_items = static_cast<std::uint32_t>(random.integer(1, 9));
            const auto operations = static_cast<std::uint32_t>(random.integer(1, 12));
            const Outcome outcome =
                outcome_of(atomic, words, static_cast<std::uint32_t>(random.integer(0, 1000)),
                           work_items, operations, random);
            INFO(atomic.name() << ", " << work_items << " work-items, " << operations << " each");
            CHECK(possible(atomic, words, true, outcome));
            Outcome less = outcome;
            less.operations += 4; // as if a trip had been left out
            CHECK_FALSE((work_items == 1 && possible(atomic, words, true, less)));
            Outcome other = outcome;
            other.word ^= 0x80000000u;
            CHECK_FALSE(possible(atomic, words, true, other));
            CHECK_FALSE((outcome.seen != 0 && possible(atomic, words, false, outcome)));
        }
}

TEST_CASE("unit.atomics.contended sums are exact, and lost operations are noticed") {
    Random random(2);
    for (const Atomic &atomic : all_atomics()) {
        if (atomic.operation == Operation::min || atomic.operation == Operation::compare_exchange)
            continue; // their results depend on the order
        const Words words = words_for(atomic, any(random), any(random));
        Outcome outcome = outcome_of(atomic, words, 64, 50, 40, random);
        CHECK(possible(atomic, words, true, outcome));
        ++outcome.seen;
        INFO(atomic.name());
        CHECK_FALSE(possible(atomic, words, true, outcome));
    }
}

TEST_CASE("unit.atomics.every minimum of reals is a normal one, less than the last") {
    const Words words = words_for({Space::global, true, Operation::min}, 0, 0);
    REQUIRE(words.by == 1);
    float last = std::bit_cast<float>(words.start);
    for (std::uint32_t n = 1; n < 1u << 30; n += n / 2 + 1) {
        const float least = std::bit_cast<float>(words.start - n * words.by);
        CHECK(std::isnormal(least));
        CHECK(least < last);
        CHECK(least > 0);
        CHECK(least < std::bit_cast<float>(words.start - (n - 1) * words.by));
        last = least;
    }
}

TEST_CASE("unit.atomics.a real that was added to stops at 2^24") {
    const Atomic atomic{Space::global, true, Operation::add};
    const Words words = words_for(atomic, 0, 0);
    std::uint32_t memory = words.start;
    std::uint32_t seen = 0;
    const std::uint32_t work_items = 4;
    const std::uint32_t operations = 3u << 20; // 12 Mi in all, of which 8 Mi count
    for (std::uint32_t i = 0; i < work_items * operations; ++i) {
        seen += memory;
        memory = add_real(memory);
    }
    CHECK(std::bit_cast<float>(memory) == std::ldexp(1.0f, 24));
    CHECK(possible(atomic, words, true, {0, work_items, operations, memory, seen}));
    CHECK_FALSE(possible(atomic, words, true, {0, work_items, operations, memory, seen + 1}));
}

TEST_CASE("unit.atomics.a chain ends one step behind its word") {
    Random random(3);
    for (const Atomic &atomic : all_atomics()) {
        const Words words = words_for(atomic, any(random), any(random));
        WorkItem item{words.start, 0};
        std::uint32_t memory = words.start;
        std::uint32_t last = 0;
        for (int i = 0; i < 20; ++i) {
            last = memory;
            step(atomic, words, item, memory);
        }
        INFO(atomic.name());
        CHECK(possible_chain(atomic, words, 20, memory, last));
        CHECK_FALSE(possible_chain(atomic, words, 16, memory, last));
        CHECK_FALSE(possible_chain(atomic, words, 20, memory, memory));
    }
}

TEST_CASE("unit.atomics.every operation has its name and code") {
    std::set<std::string> names;
    std::set<std::uint32_t> codes;
    for (const Atomic &atomic : all_atomics()) {
        names.insert(atomic.name());
        codes.insert(atomic.code());
    }
    CHECK(names.size() == 14);
    CHECK(codes.size() == 7);
    CHECK(names.contains("local.int.compare_exchange"));
    CHECK_FALSE(names.contains("global.float.compare_exchange"));
}
