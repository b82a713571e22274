#include "common/recurrence.hpp"
#include "execution/subgroups/subgroups.hpp"

#include <map>
#include <numeric>

namespace clprobe::probes::subgroups {
namespace {

/// The words of a sub-group, in the order of its work-items.
using Words = std::vector<std::uint32_t>;

/// Takes the word at `from`, and adds to it.
struct Move {
    std::vector<std::size_t> from;
    Words addends;
};

Move then(const Move &first, const Move &second) {
    Move both = second;
    for (std::size_t lane = 0; lane < both.from.size(); ++lane) {
        both.from[lane] = first.from[second.from[lane]];
        both.addends[lane] += first.addends[second.from[lane]];
    }
    return both;
}

/// Adds up words, and numbers of those that are added after each sum, each by the weight that is
/// its distance's.
struct Sums {
    Words of_words;
    Words of_addends;
};

/// The one's sums of the other's.
Words weighed(const Words &one, const Words &other) {
    Words weights(one.size());
    for (std::size_t i = 0; i < one.size(); ++i)
        for (std::size_t j = 0; i + j < one.size(); ++j)
            weights[i + j] += one[i] * other[j];
    return weights;
}

Sums then(const Sums &first, const Sums &second) {
    Sums both{weighed(second.of_words, first.of_words), weighed(second.of_words, first.of_addends)};
    for (std::size_t i = 0; i < both.of_addends.size(); ++i)
        both.of_addends[i] += second.of_addends[i];
    return both;
}

/// `all`, and then so many of these.
template <typename Map>
Map and_then(Map all, Map step, std::uint64_t times) {
    for (; times > 0; times >>= 1U) {
        if (times % 2 == 1)
            all = then(all, step);
        step = then(step, step);
    }
    return all;
}

Move move_by(Exchange exchange, const Words &addends, std::uint32_t operand) {
    Move move{std::vector<std::size_t>(addends.size()), addends};
    for (std::size_t lane = 0; lane < addends.size(); ++lane)
        move.from[lane] = exchange == Exchange::shuffle       ? (lane + operand) % addends.size()
                          : exchange == Exchange::shuffle_xor ? lane ^ operand
                                                              : operand;
    return move;
}

/// The words after so many moves, by the first operand and by the second in turn.
Words moved(Exchange exchange, const Operands &operands, const Words &words, const Words &addends,
            std::uint64_t moves) {
    const Move first = move_by(exchange, addends, operands.first);
    Move all{std::vector<std::size_t>(words.size()), Words(words.size())};
    std::iota(all.from.begin(), all.from.end(), std::size_t{0});
    all = and_then(all, then(first, move_by(exchange, addends, operands.second)), moves / 2);
    if (moves % 2 == 1)
        all = then(all, first);
    for (std::size_t lane = 0; lane < words.size(); ++lane)
        all.addends[lane] += words[all.from[lane]];
    return all.addends;
}

/// Each sum is n + 1 times the one before, as everyone adds it once.
Words reduced(Words words, std::uint64_t times) {
    const auto sum = std::accumulate(words.begin(), words.end(), std::uint32_t{0});
    const auto more = static_cast<std::uint32_t>(words.size() + 1);
    for (std::uint32_t &each : words)
        each += sum * after_steps(0, more, 1, static_cast<std::uint32_t>(times));
    return words;
}

Words scanned(const Words &words, const Words &addends, std::uint64_t times) {
    Words one(words.size());
    one.front() = 1;
    const Sums all =
        and_then(Sums{one, Words(words.size())}, Sums{Words(words.size(), 1), one}, times);
    Words left = weighed(all.of_words, words);
    const Words added = weighed(all.of_addends, addends);
    for (std::size_t lane = 0; lane < left.size(); ++lane)
        left[lane] += added[lane];
    return left;
}

Words exchanged(Exchange exchange, const Operands &operands, const Words &words,
                const Words &addends, std::uint64_t times) {
    switch (exchange) {
    case Exchange::reduce:
        return reduced(words, times);
    case Exchange::scan:
        return scanned(words, addends, times);
    default:
        return moved(exchange, operands, words, addends, times);
    }
}

} // namespace

std::string name(Exchange exchange) {
    return exchange_names[static_cast<std::size_t>(exchange)];
}

std::optional<std::size_t> lanes_of(std::span<const std::uint32_t> places) {
    std::map<std::uint32_t, std::vector<bool>> seen; // by the sub-group's number
    for (const std::uint32_t place : places) {
        std::vector<bool> &lanes = seen[place >> 16U];
        const std::size_t lane = place & 0xffffU;
        if (lane >= places.size())
            return std::nullopt;
        if (lanes.size() <= lane)
            lanes.resize(lane + 1);
        if (lanes[lane])
            return std::nullopt;
        lanes[lane] = true;
    }
    if (seen.empty())
        return std::nullopt;
    const std::size_t lanes = seen.begin()->second.size();
    for (const auto &[number, of_one] : seen)
        if (of_one != std::vector<bool>(lanes, true))
            return std::nullopt;
    return lanes;
}

std::vector<std::uint32_t> expected_words(Exchange exchange, Aspect aspect,
                                          const Operands &operands,
                                          std::span<const std::uint32_t> ids, std::uint64_t times) {
    Words addends(ids.size());
    for (std::uint32_t lane = 0; lane < ids.size(); ++lane)
        addends[lane] = ((lane * 2654435769U) ^ operands.increment) * 3266489917U | 1U;
    Words left(ids.size());
    for (unsigned chain = 0; chain < chains_of(aspect); ++chain) {
        Words words;
        for (const std::uint32_t id : ids)
            words.push_back((id * 2654435761U + chain * 2246822519U) ^ operands.start);
        words = exchanged(exchange, operands, words, addends, times);
        for (std::size_t lane = 0; lane < left.size(); ++lane)
            left[lane] = left[lane] * 31 + words[lane];
    }
    return left;
}

} // namespace clprobe::probes::subgroups
