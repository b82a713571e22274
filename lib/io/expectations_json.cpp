#include "io/expectations.hpp"
#include "io/file.hpp"
#include "io/json_members.hpp"
#include "model/invariants.hpp"
#include "model/text.hpp"

#include <clprobe/error.hpp>

#include <fmt/format.h>

#include <array>

namespace clprobe {
namespace {

double positive_or_zero(const JsonNode &node) {
    double number = 0;
    read(node, number);
    if (const std::string problem = problem_of(number); !problem.empty() || number < 0)
        node.fail(problem.empty() ? "a number below 0" : problem);
    return number;
}

constexpr std::array<std::string_view, 23> unit_words = {
    "1",     "s",     "ms",       "us",   "ns",   "cycle",   "B",       "KiB",
    "MiB",   "GiB",   "B/s",      "GB/s", "TB/s", "Gflop/s", "Tflop/s", "flop/B",
    "Gop/s", "Top/s", "Gtexel/s", "MHz",  "GHz",  "J",       "nJ"};

constexpr std::array<std::string_view, 8> expectation_members = {
    "key", "claim", "source", "unit", "value", "tolerance_percent", "at_least", "at_most"};

constexpr std::array<std::string_view, 6> file_members = {
    "$schema", "expectations_version", "title", "device", "source", "expectations"};

ScaledUnit unit_of(const std::optional<JsonNode> &node) {
    if (!node)
        return {};
    std::string text;
    read(*node, text);
    const auto unit = text == symbol(Unit::one) ? ScaledUnit{} : spelled_unit(text);
    if (!unit)
        refuse_word(*node, "unit", text, unit_words);
    return *unit;
}

/// The number of that member, unscaled; nothing where it is not there.
std::optional<double> number_of(const JsonNode &node, const char *member, const ScaledUnit &unit) {
    const auto found = node.find(member);
    if (!found)
        return std::nullopt;
    double number = 0;
    read(*found, number);
    number = number * unit.multiply / unit.divide;
    if (const std::string problem = problem_of(number); !problem.empty())
        found->fail(problem);
    return number;
}

Expectation expectation_of(const JsonNode &node, const std::string &source) {
    expect_members(node, expectation_members);
    Expectation expectation;
    expectation.key = text_in(node["key"]);
    expectation.claim = text_in(node["claim"]);
    expectation.source = source;
    if (const auto own = node.find("source"); own || source.empty())
        expectation.source = text_in(own ? *own : node["source"]);
    const ScaledUnit unit = unit_of(node.find("unit"));
    expectation.unit = unit.unit;
    expectation.value = number_of(node, "value", unit);
    expectation.at_least = number_of(node, "at_least", unit);
    expectation.at_most = number_of(node, "at_most", unit);
    const auto tolerance = node.find("tolerance_percent");
    if (tolerance)
        expectation.tolerance = positive_or_zero(*tolerance) / 100;
    const bool bounded = expectation.at_least || expectation.at_most;
    if (bounded == expectation.value.has_value() || (tolerance && bounded))
        node.fail("expected either a 'value', which may have a 'tolerance_percent', or 'at_least' "
                  "or 'at_most' or both");
    if (expectation.at_least && expectation.at_most && *expectation.at_least > *expectation.at_most)
        node.fail("'at_least' is above 'at_most'");
    return expectation;
}

Expectations expectations_of(const JsonNode &node) {
    constexpr std::size_t most = 1000;
    expect_version(node, "expectations_version", expectations_version, "no file of expectations");
    expect_members(node, file_members);
    Expectations all;
    all.title = text_in(node["title"]);
    all.device = text_in(node["device"]);
    std::string source;
    if (const auto of_all = node.find("source"))
        source = text_in(*of_all);
    const auto elements = node["expectations"].elements();
    if (elements.empty() || elements.size() > most)
        node["expectations"].fail(fmt::format("expected 1 to {} expectations", most));
    for (const JsonNode &element : elements)
        all.expectations.push_back(expectation_of(element, source));
    return all;
}

} // namespace

Json to_json(const CheckedExpectation &checked) {
    const Expectation &expectation = checked.expectation;
    Json json = {{"device", checked.device},
                 {"key", expectation.key},
                 {"claim", expectation.claim},
                 {"source", expectation.source},
                 {"unit", symbol(expectation.unit)}};
    const MemberWriter each{json};
    each.filled("value", expectation.value);
    each.filled("tolerance", expectation.tolerance);
    each.filled("at_least", expectation.at_least);
    each.filled("at_most", expectation.at_most);
    each("verdict", checked.verdict);
    each.filled("reason", checked.reason);
    each.filled("finding", checked.finding);
    return json;
}

Expectations read_expectations(const std::filesystem::path &file) {
    return read_expectations(read_file(file), file);
}

Expectations read_expectations(std::string_view text, const std::filesystem::path &file) {
    return naming_file(file, [&] {
        const Json json = parse_json(text);
        return expectations_of(JsonNode(json));
    });
}

} // namespace clprobe
