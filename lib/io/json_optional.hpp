#pragma once
#include "io/json_node.hpp"

#include <optional>
#include <string>

namespace clprobe {

// What a document leaves out where there is nothing to say.

template <typename T>
void put(Json &json, const char *member, const std::optional<T> &value) {
    if (value)
        json[member] = *value;
}

template <typename T>
void put_filled(Json &json, const char *member, const T &value) {
    if (!value.empty())
        json[member] = value;
}

[[nodiscard]] inline std::string text_or_empty(const JsonNode &node, const char *member) {
    const auto found = node.find(member);
    return found ? found->text() : std::string{};
}

[[nodiscard]] inline std::optional<double> optional_number(const JsonNode &node,
                                                           const char *member) {
    const auto found = node.find(member);
    return found ? std::optional{found->number()} : std::nullopt;
}

[[nodiscard]] inline std::optional<std::uint64_t> optional_count(const JsonNode &node,
                                                                 const char *member) {
    const auto found = node.find(member);
    return found ? std::optional{found->count()} : std::nullopt;
}

} // namespace clprobe
