#include "io/json_members.hpp"

#include <clprobe/error.hpp>

#include <limits>

namespace clprobe {

void JsonNode::fail(const std::string &problem) const {
    throw InputError((place_.empty() ? "the document" : place_.to_string()) + ": " + problem);
}

/// Says what the document holds instead, as a person would say it.
void JsonNode::expect(bool holds, const std::string &what) const {
    if (!holds)
        fail("expected " + what + ", found " + (json_.is_structured() ? "an " : "a ") +
             json_.type_name());
}

std::optional<JsonNode> JsonNode::find(const std::string &member) const {
    expect(json_.is_object(), "an object");
    const auto it = json_.find(member);
    return it == json_.end() ? std::nullopt : std::optional(JsonNode(*it, place_ / member));
}

JsonNode JsonNode::operator[](const std::string &member) const {
    if (const auto node = find(member))
        return *node;
    fail("member '" + member + "' is missing");
}

std::vector<JsonNode> JsonNode::elements() const {
    expect(json_.is_array(), "an array");
    std::vector<JsonNode> nodes;
    for (std::size_t i = 0; i < json_.size(); ++i)
        nodes.emplace_back(json_[i], place_ / i);
    return nodes;
}

std::vector<std::pair<std::string, JsonNode>> JsonNode::members() const {
    expect(json_.is_object(), "an object");
    std::vector<std::pair<std::string, JsonNode>> nodes;
    for (const auto &[member, value] : json_.items())
        nodes.emplace_back(member, JsonNode(value, place_ / member));
    return nodes;
}

void read(const JsonNode &node, bool &value) {
    node.expect(node.json().is_boolean(), "true or false");
    value = node.json().get<bool>();
}

void read(const JsonNode &node, double &value) {
    node.expect(node.json().is_number(), "a number");
    value = node.json().get<double>();
}

void read(const JsonNode &node, std::uint64_t &value) {
    const Json &json = node.json();
    if (!json.is_number_integer() || (!json.is_number_unsigned() && json.get<std::int64_t>() < 0))
        node.fail("expected a whole number, not negative");
    value = json.get<std::uint64_t>();
}

void read(const JsonNode &node, unsigned &value) {
    std::uint64_t count = 0;
    read(node, count);
    value = static_cast<unsigned>(count);
    if (value != count)
        node.fail("too large");
}

void read(const JsonNode &node, int &value) {
    constexpr double most = std::numeric_limits<int>::max();
    const Json &json = node.json();
    if (!json.is_number_integer() || json.get<double>() > most || json.get<double>() < -most)
        node.fail("expected a whole number");
    value = json.get<int>();
}

void read(const JsonNode &node, std::string &value) {
    node.expect(node.json().is_string(), "a string");
    value = node.json().get<std::string>();
}

void read(const JsonNode &node, std::vector<double> &values) {
    node.expect(node.json().is_array(), "an array");
    values.reserve(node.json().size());
    // A place for each of a report's many samples would cost more than all the rest.
    for (const Json &element : node.json()) {
        if (!element.is_number())
            node.elements()[values.size()].expect(false, "a number");
        values.push_back(element.get<double>());
    }
}

void read(const JsonNode &node, std::array<std::uint64_t, 3> &sizes) {
    const auto elements = node.elements();
    if (elements.size() != sizes.size())
        node.fail("expected three sizes");
    for (std::size_t i = 0; i < sizes.size(); ++i)
        read(elements[i], sizes[i]);
}

} // namespace clprobe
