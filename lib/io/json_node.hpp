#pragma once
#include <clprobe/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clprobe {

/// A value of a document that is being read, with its place. All of it throws InputError, naming
/// the place, where the document holds something else.
class JsonNode {
public:
    explicit JsonNode(const Json &json, Json::json_pointer place = Json::json_pointer())
        : json_(json), place_(std::move(place)) {}

    /// A member that has to be there.
    [[nodiscard]] JsonNode operator[](const std::string &member) const;
    [[nodiscard]] std::optional<JsonNode> find(const std::string &member) const;

    [[nodiscard]] bool boolean() const;
    [[nodiscard]] double number() const;
    [[nodiscard]] std::uint64_t count() const;
    [[nodiscard]] int integer() const;
    [[nodiscard]] std::string text() const;
    [[nodiscard]] std::vector<JsonNode> elements() const;
    [[nodiscard]] std::vector<std::pair<std::string, JsonNode>> members() const;

    /// What `read` makes of each element.
    template <typename Read>
    [[nodiscard]] auto list(Read read) const {
        std::vector<decltype(read(*this))> values;
        for (const JsonNode &element : elements())
            values.push_back(read(element));
        return values;
    }
    [[nodiscard]] std::vector<double> numbers() const;
    [[nodiscard]] std::vector<std::string> texts() const;

    /// The value that `parse` knows this word for.
    template <typename Parse>
    [[nodiscard]] auto word(Parse parse, std::string_view expected) const {
        const std::string spelled = text();
        const auto value = parse(spelled);
        if (!value)
            fail("'" + spelled + "' is no " + std::string(expected));
        return *value;
    }

    [[noreturn]] void fail(const std::string &problem) const;

private:
    const Json &json_;
    Json::json_pointer place_;
};

} // namespace clprobe
