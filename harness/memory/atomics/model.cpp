#include "memory/atomics/atomics.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

namespace clprobe::probes::atomics {
namespace {

/// Bits of 2^23, from which the next 2^23 floats count like integers.
constexpr std::uint32_t least_real = 0x4b000000;
constexpr std::uint32_t reals = 1u << 23;

std::uint32_t low(std::uint64_t value) {
    return static_cast<std::uint32_t>(value);
}

/// 0 + 1 + ... + (n - 1), modulo 2^32.
std::uint32_t sum_below(std::uint64_t n) {
    return n % 2 == 0 ? low(n / 2) * low(n - 1) : low(n) * low((n - 1) / 2);
}

/// How many of n additions to a word count. A real stays at 2^24, where one is lost in rounding.
std::uint64_t counting(const Atomic &atomic, std::uint64_t n) {
    return atomic.real ? std::min<std::uint64_t>(n, reals) : n;
}

std::uint32_t added(const Atomic &atomic, const Words &words, std::uint64_t n) {
    return words.start + low(counting(atomic, n)) * words.by;
}

/// The sum of the results of n additions to one word.
std::uint32_t sum_of_added(const Atomic &atomic, const Words &words, std::uint64_t n) {
    const std::uint64_t counted = counting(atomic, n);
    return low(counted) * words.start + words.by * sum_below(counted) +
           low(n - counted) * added(atomic, words, n);
}

bool is_last_exchanged(const Words &words, const Outcome &outcome) {
    const std::uint32_t last = words.start + low(outcome.operations) * words.by;
    for (std::uint32_t i = 0; i < outcome.work_items; ++i)
        if (outcome.word == last + (outcome.first_id + i) * words.apart)
            return true;
    return false;
}

/// The sum of all that the work-items wrote by exchanges.
std::uint32_t sum_of_exchanged(const Words &words, const Outcome &outcome) {
    const std::uint32_t n = low(outcome.operations);
    const std::uint32_t ids = outcome.work_items * outcome.first_id + sum_below(outcome.work_items);
    return n * (outcome.work_items * words.start + words.apart * ids) +
           outcome.work_items * words.by * (sum_below(outcome.operations) + n);
}

} // namespace

std::string Atomic::name() const {
    return fmt::format("{}", fmt::join(words(*this), "."));
}

bool Atomic::extended() const {
    return real && (operation == Operation::add || operation == Operation::min);
}

std::uint32_t Atomic::code() const {
    if (!real)
        return 2 * static_cast<std::uint32_t>(operation);
    if (operation == Operation::exchange)
        return 8;
    return operation == Operation::add ? 10 : 12;
}

std::span<const Atomic> all_atomics() {
    static const std::vector<Atomic> atomics = [] {
        std::vector<Atomic> all;
        for (const Space space : {Space::global, Space::local})
            for (const bool real : {false, true})
                for (const Operation operation : {Operation::add, Operation::min,
                                                  Operation::exchange, Operation::compare_exchange})
                    if (!real || operation != Operation::compare_exchange)
                        all.push_back({space, real, operation});
        return all;
    }();
    return atomics;
}

Words words_for(const Atomic &atomic, std::uint32_t random, std::uint32_t other) {
    const bool exchange = atomic.operation == Operation::exchange;
    if (atomic.real)
        return {atomic.operation == Operation::min ? least_real + reals : least_real, 1,
                exchange ? 1u : 0u};
    if (atomic.operation == Operation::min) // far from 0, which steps of at most 7 do not reach
        return {random | 0xc0000000u, (other & 7u) | 1u, 0};
    return {random, other | 1u, exchange ? (random ^ other) | 1u : 0u};
}

bool possible(const Atomic &atomic, const Words &words, bool used, const Outcome &outcome) {
    const std::uint64_t all = outcome.operations * outcome.work_items;
    const std::uint32_t n = low(outcome.operations);
    const bool alone = outcome.work_items == 1;
    if (!used && outcome.seen != 0)
        return false;
    switch (atomic.operation) {
    case Operation::add:
        return outcome.word == added(atomic, words, all) &&
               (!used || outcome.seen == sum_of_added(atomic, words, all));
    case Operation::min:
        return outcome.word == words.start - n * words.by &&
               (!used || !alone ||
                outcome.seen == n * words.start - words.by * sum_below(outcome.operations));
    case Operation::exchange:
        return is_last_exchanged(words, outcome) &&
               (!used ||
                outcome.seen + outcome.word == words.start + sum_of_exchanged(words, outcome));
    case Operation::compare_exchange:
        if (!used || alone)
            return outcome.word == words.start + n * words.by && (!used || outcome.seen == n);
        return outcome.seen > 0 && outcome.seen <= all &&
               outcome.word == words.start + outcome.seen * words.by;
    }
    return false;
}

bool possible_chain(const Atomic &atomic, const Words &words, std::uint64_t operations,
                    std::uint32_t word, std::uint32_t seen) {
    const std::uint32_t step = atomic.operation == Operation::min ? 0u - words.by : words.by;
    if (atomic.operation == Operation::add)
        return word == added(atomic, words, operations) &&
               seen == added(atomic, words, operations - 1);
    return word == words.start + low(operations) * step && seen == word - step;
}

} // namespace clprobe::probes::atomics
