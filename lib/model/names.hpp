#pragma once
#include <array>
#include <optional>
#include <string_view>
#include <utility>

namespace clprobe {

/// An enumeration's values with the words that reports use for them.
template <typename Enum, std::size_t Count>
using Names = std::array<std::pair<Enum, std::string_view>, Count>;

template <typename Enum, std::size_t Count>
constexpr std::string_view word_of(const Names<Enum, Count> &names, Enum value) {
    for (const auto &[candidate, word] : names)
        if (candidate == value)
            return word;
    return {};
}

template <typename Enum, std::size_t Count>
constexpr std::optional<Enum> value_of(const Names<Enum, Count> &names, std::string_view word) {
    for (const auto &[value, candidate] : names)
        if (candidate == word)
            return value;
    return std::nullopt;
}

} // namespace clprobe
