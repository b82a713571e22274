#include "io/json_members.hpp"
#include "model/text.hpp"

#include <clprobe/error.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <regex>
#include <set>
#include <vector>

namespace clprobe {
namespace {

constexpr std::size_t most_levels = 64;
constexpr std::size_t most_members = 1000; // an ordered object is searched from its start

std::string dump(const Json &json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// A scalar, or an array of nothing but scalars.
bool is_flat(const Json &json) {
    return !json.is_structured() ||
           (json.is_array() && std::ranges::none_of(json, &Json::is_structured));
}

/// An element of an array that fits on a line, as a point or a finding does.
bool is_row(const Json &json) {
    return json.is_object() && std::all_of(json.begin(), json.end(), is_flat);
}

void print(std::string &text, const Json &json, std::size_t indent, bool element) {
    if (json.empty() || is_flat(json) || (element && is_row(json))) {
        text += dump(json);
        return;
    }
    const std::string inner(indent + 1, ' ');
    text += json.is_object() ? '{' : '[';
    const char *separator = "\n";
    for (const auto &[member, value] : json.items()) {
        text += separator + inner;
        if (json.is_object())
            text += dump(member) + ": ";
        print(text, value, indent + 1, json.is_array());
        separator = ",\n";
    }
    text += "\n" + std::string(indent, ' ') + (json.is_object() ? '}' : ']');
}

/// The place of the first number that is not finite; nothing where there is none. It is made on the
/// way back from one: a report's many samples would each cost a text.
std::optional<std::string> not_finite(const Json &json) {
    if (json.is_number_float() && !std::isfinite(json.get<double>()))
        return "";
    if (json.is_structured())
        for (const auto &[member, value] : json.items())
            if (const auto place = not_finite(value))
                return "/" + member + *place;
    return std::nullopt;
}

void refuse_not_finite(const Json &json) {
    if (const auto place = not_finite(json))
        throw Error(fmt::format("{}: a number that is not finite", *place));
}

/// Follows the parser through a document, and refuses what it lets pass.
class Watch {
public:
    bool operator()(int /*depth*/, Json::parse_event_t event, const Json &parsed) {
        using Event = Json::parse_event_t;
        if (event == Event::object_start || event == Event::array_start) {
            if (levels_.size() == most_levels)
                refuse(fmt::format("nested deeper than {} levels", most_levels));
            levels_.push_back({event == Event::array_start, 0, {}, {}});
        } else if (event == Event::key) {
            add_member(parsed.get_ref<const std::string &>());
        } else {
            if (event != Event::value)
                levels_.pop_back();
            if (!levels_.empty())
                ++levels_.back().index;
        }
        return true;
    }

private:
    struct Level {
        bool array = false;
        std::size_t index = 0;
        std::string member;
        std::set<std::string> members;
    };

    void add_member(const std::string &member) {
        Level &level = levels_.back();
        level.member = member;
        if (!level.members.insert(member).second)
            refuse("given twice");
        if (level.members.size() > most_members)
            refuse(fmt::format("more than {} members in one object", most_members));
    }

    [[noreturn]] void refuse(const std::string &reason) const {
        Json::json_pointer place;
        for (const Level &level : levels_)
            place = level.array ? place / level.index : place / level.member;
        throw InputError(fmt::format("{}: {}", place.to_string(), reason));
    }

    std::vector<Level> levels_;
};

/// The library's message without its own name and number, and short.
std::string cleaned(std::string_view message) {
    if (const auto end = message.find("] "); end != std::string_view::npos)
        message.remove_prefix(end + 2);
    return shortened(message, 300);
}

} // namespace

std::string to_line(const Json &json) {
    refuse_not_finite(json);
    return dump(json);
}

std::string to_text(const Json &json) {
    refuse_not_finite(json);
    std::string text;
    print(text, json, 0, false);
    return text + "\n";
}

Json parse_json(std::string_view text) {
    try {
        return Json::parse(text, Watch());
    } catch (const Json::exception &error) {
        throw InputError(fmt::format("not a JSON document: {}", cleaned(error.what())));
    }
}

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

void expect_version(const JsonNode &document, const std::string &member, std::string_view known,
                    std::string_view otherwise) {
    static const std::regex form(R"((\d{1,9})\.\d{1,9}\.\d{1,9})");
    const auto node = document.find(member);
    if (!node)
        document.fail(fmt::format("{}, as it lacks '{}'", otherwise, member));
    std::string version;
    read(*node, version);
    std::smatch numbers;
    if (!std::regex_match(version, numbers, form))
        node->fail(fmt::format("'{}' is no version such as '{}'", version, known));
    if (numbers.str(1) != known.substr(0, known.find('.')))
        node->fail(fmt::format("it is {}, and this program reads version {}", version, known));
}

void refuse_word(const JsonNode &node, std::string_view what, std::string_view word,
                 std::span<const std::string_view> words) {
    std::map<std::string, std::string> known;
    for (const std::string_view each : words)
        known[std::string(each)];
    node.fail(unknown_name(what, shortened(word, 60), known,
                           fmt::format("there are {}", fmt::join(words, ", "))));
}

void expect_members(const JsonNode &node, std::span<const std::string_view> known) {
    for (const auto &[member, value] : node.members())
        if (std::ranges::find(known, std::string_view(member)) == known.end())
            refuse_word(node, "member", member, known);
}

std::string text_in(const JsonNode &node) {
    constexpr std::size_t most = 1000;
    std::string text;
    read(node, text);
    if (trimmed(text).empty() || text.size() > most)
        node.fail(fmt::format("expected a text of at most {} bytes", most));
    return text;
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
