#pragma once
#include <clprobe/json.hpp>

#include <array>
#include <concepts>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace clprobe {

/// A value of a document that is being read, with its place. All of it throws InputError, naming
/// the place, where the document holds something else.
class JsonNode {
public:
    explicit JsonNode(const Json &json, Json::json_pointer place = Json::json_pointer())
        : json_(json), place_(std::move(place)) {}

    [[nodiscard]] const Json &json() const { return json_; }
    /// A member that has to be there.
    [[nodiscard]] JsonNode operator[](const std::string &member) const;
    [[nodiscard]] std::optional<JsonNode> find(const std::string &member) const;
    [[nodiscard]] std::vector<JsonNode> elements() const;
    [[nodiscard]] std::vector<std::pair<std::string, JsonNode>> members() const;

    void expect(bool holds, const std::string &what) const;
    [[noreturn]] void fail(const std::string &problem) const;

private:
    const Json &json_;
    Json::json_pointer place_;
};

/// Fails where the document's member of that name is no version, or one with another first number
/// than `known`, which this program writes. A document without it is what `otherwise` says.
void expect_version(const JsonNode &document, const std::string &member, std::string_view known,
                    std::string_view otherwise);

// Of files that people write, in which nothing is passed over. Each throws InputError.

/// Refuses the node for a word that is none of these, with the nearest of them.
[[noreturn]] void refuse_word(const JsonNode &node, std::string_view what, std::string_view word,
                              std::span<const std::string_view> words);
/// Refuses any other member: what is misspelt would count for nothing.
void expect_members(const JsonNode &node, std::span<const std::string_view> known);
/// A text of 1 to 1000 bytes.
[[nodiscard]] std::string text_in(const JsonNode &node);

// The members of a structure are listed once, for writing and for reading:
//
//     void members(auto &each, Either<Axis> auto &axis) {
//         each("name", axis.name);
//         each.filled("labels", axis.labels); // left out where there are none
//     }
//
// `json_of` and `read` find that function, and are overloaded for what is held in another way.

template <typename T, typename Plain>
concept Either = std::same_as<std::remove_const_t<T>, Plain>;

[[nodiscard]] Json json_of(Unit unit);
[[nodiscard]] Json json_of(const Interval &interval);
[[nodiscard]] Json json_of(const Finding &finding);
template <typename T>
[[nodiscard]] Json json_of(const T &value);
template <typename T>
[[nodiscard]] Json json_of(const std::optional<T> &value) {
    return json_of(*value);
}
template <typename T>
[[nodiscard]] Json json_of(const std::vector<T> &values) {
    Json json = Json::array();
    for (const T &value : values)
        json.push_back(json_of(value));
    return json;
}

struct MemberWriter {
    Json &json;

    template <typename T>
    void operator()(const char *member, const T &value) const {
        json[member] = json_of(value);
    }
    template <typename T>
    void filled(const char *member, const T &value) const {
        if (value != T{})
            (*this)(member, value);
    }
};

template <typename T>
Json json_of(const T &value) {
    if constexpr (std::is_enum_v<T>)
        return name(value);
    else if constexpr (requires(MemberWriter & each) { members(each, value); }) {
        Json json = Json::object();
        members(MemberWriter{json}, value);
        return json;
    } else
        return value;
}

void read(const JsonNode &node, bool &value);
void read(const JsonNode &node, double &value);
void read(const JsonNode &node, int &value);
void read(const JsonNode &node, unsigned &value);
void read(const JsonNode &node, std::uint64_t &value);
void read(const JsonNode &node, std::string &value);
void read(const JsonNode &node, std::vector<double> &values);
void read(const JsonNode &node, std::array<std::uint64_t, 3> &sizes);
template <typename T>
void read(const JsonNode &node, T &value);
template <typename T>
void read(const JsonNode &node, std::optional<T> &value) {
    read(node, value.emplace());
}
template <typename T>
void read(const JsonNode &node, std::vector<T> &values) {
    for (const JsonNode &element : node.elements())
        read(element, values.emplace_back());
}
template <typename T>
void read(const JsonNode &node, std::map<std::string, T> &values) {
    for (const auto &[name, value] : node.members())
        read(value, values[name]);
}

struct MemberReader {
    const JsonNode &node;

    template <typename T>
    void operator()(const char *member, T &value) const {
        read(node[member], value);
    }
    template <typename T>
    void filled(const char *member, T &value) const {
        if (const auto found = node.find(member))
            read(*found, value);
    }
};

template <typename T>
void read(const JsonNode &node, T &value) {
    members(MemberReader{node}, value);
}

} // namespace clprobe
