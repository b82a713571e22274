#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <random>
#include <vector>

namespace clprobe::probes {

/// `count` numbers from 0, shuffled.
[[nodiscard]] inline std::vector<std::uint32_t> shuffled(std::size_t count,
                                                         std::mt19937_64 &random) {
    std::vector<std::uint32_t> numbers(count);
    std::iota(numbers.begin(), numbers.end(), 0u);
    std::shuffle(numbers.begin(), numbers.end(), random);
    return numbers;
}

[[nodiscard]] inline std::vector<std::uint32_t> random_words(std::size_t count,
                                                             std::mt19937_64 &random) {
    std::vector<std::uint32_t> words(count);
    for (std::uint32_t &word : words)
        word = static_cast<std::uint32_t>(random());
    return words;
}

} // namespace clprobe::probes
