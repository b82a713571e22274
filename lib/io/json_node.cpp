#include "io/json_node.hpp"

#include <clprobe/error.hpp>

#include <limits>

namespace clprobe {
namespace {

/// What the document holds instead, as a person would say it.
std::string found(const Json &json) {
    return std::string(json.is_array() || json.is_object() ? "an " : "a ") + json.type_name();
}

} // namespace

void JsonNode::fail(const std::string &problem) const {
    throw InputError((place_.empty() ? "the document" : place_.to_string()) + ": " + problem);
}

std::optional<JsonNode> JsonNode::find(const std::string &member) const {
    if (!json_.is_object())
        fail("expected an object, found " + found(json_));
    const auto it = json_.find(member);
    if (it == json_.end())
        return std::nullopt;
    return JsonNode(*it, place_ / member);
}

JsonNode JsonNode::operator[](const std::string &member) const {
    if (const auto node = find(member))
        return *node;
    fail("member '" + member + "' is missing");
}

bool JsonNode::boolean() const {
    if (!json_.is_boolean())
        fail("expected true or false, found " + found(json_));
    return json_.get<bool>();
}

double JsonNode::number() const {
    if (!json_.is_number())
        fail("expected a number, found " + found(json_));
    return json_.get<double>();
}

std::uint64_t JsonNode::count() const {
    if (!json_.is_number_integer() || (!json_.is_number_unsigned() && json_.get<int64_t>() < 0))
        fail("expected a whole number, not negative");
    return json_.get<std::uint64_t>();
}

int JsonNode::integer() const {
    constexpr double most = std::numeric_limits<int>::max();
    if (!json_.is_number_integer() || json_.get<double>() > most || json_.get<double>() < -most)
        fail("expected a whole number");
    return json_.get<int>();
}

std::string JsonNode::text() const {
    if (!json_.is_string())
        fail("expected a string, found " + found(json_));
    return json_.get<std::string>();
}

std::vector<JsonNode> JsonNode::elements() const {
    if (!json_.is_array())
        fail("expected an array, found " + found(json_));
    std::vector<JsonNode> nodes;
    nodes.reserve(json_.size());
    for (std::size_t i = 0; i < json_.size(); ++i)
        nodes.emplace_back(json_[i], place_ / i);
    return nodes;
}

std::vector<std::pair<std::string, JsonNode>> JsonNode::members() const {
    if (!json_.is_object())
        fail("expected an object, found " + found(json_));
    std::vector<std::pair<std::string, JsonNode>> nodes;
    for (const auto &[member, value] : json_.items())
        nodes.emplace_back(member, JsonNode(value, place_ / member));
    return nodes;
}

std::vector<double> JsonNode::numbers() const {
    if (!json_.is_array())
        fail("expected an array, found " + found(json_));
    std::vector<double> values;
    values.reserve(json_.size());
    // A place for each of a report's many samples would cost more than all the rest.
    for (const Json &element : json_) {
        if (!element.is_number())
            JsonNode(element, place_ / values.size())
                .fail("expected a number, found " + found(element));
        values.push_back(element.get<double>());
    }
    return values;
}

std::vector<std::string> JsonNode::texts() const {
    return list([](const JsonNode &node) { return node.text(); });
}

} // namespace clprobe
