#include "io/family_text.hpp"

#include <clprobe/units.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

namespace clprobe {
namespace {

/// The number and the unit of "66.4 Tflop/s".
struct Shown {
    std::string number;
    std::string unit;
};

Shown shown(const Finding &finding) {
    const std::string text = format({*finding.value, finding.unit}, 3);
    const auto blank = std::min(text.find(' '), text.size());
    return {text.substr(0, blank), text.substr(blank)};
}

/// Each member with what tells it from the others: "add 1.37, min 1.40! Gop/s".
std::string listed(const Family &family) {
    std::vector<Shown> values;
    for (const Finding *const member : family.members)
        values.push_back(shown(*member));
    const std::string unit = values.front().unit;
    const bool same = std::ranges::all_of(values, [&](const Shown &v) { return v.unit == unit; });
    std::vector<std::string> parts;
    for (std::size_t i = 0; i < values.size(); ++i)
        parts.push_back(fmt::format(
            "{} {}{}{}", differing_part(family.members[i]->key, family.pattern), values[i].number,
            same ? "" : values[i].unit, family.members[i]->status == Status::suspect ? "!" : ""));
    return fmt::format("{}{}", fmt::join(parts, ", "), same ? unit : "");
}

/// From the least to the largest: "1.35 GB/s to 55.5 GB/s, 8 values".
std::string ranged(const Family &family) {
    const auto value = [](const Finding *finding) { return *finding->value; };
    const auto [low, high] = std::ranges::minmax(family.members, {}, value);
    const std::string from = format({*low->value, low->unit}, 3);
    const std::string to = format({*high->value, high->unit}, 3);
    const auto suspect = std::ranges::count(family.members, Status::suspect, &Finding::status);
    return fmt::format("{}, {} values{}", from == to ? from : fmt::format("{} to {}", from, to),
                       family.members.size(),
                       suspect > 0 && suspect < std::ssize(family.members)
                           ? fmt::format(", {} suspect", suspect)
                           : "");
}

} // namespace

std::string family_text(const Family &family, std::size_t room, const TextStyle &style) {
    if (family.members.size() == 1)
        return value_text(*family.members.front(), style);
    const std::string list = listed(family);
    return list.size() <= room ? list : ranged(family);
}

std::string first_words(const std::string &text, std::size_t most) {
    if (text.size() <= most)
        return text;
    constexpr std::string_view more = " ...";
    const std::size_t room = most - std::min(most, more.size());
    const auto blank = text.rfind(' ', room);
    return text.substr(0, blank == std::string::npos ? room : blank).append(more);
}

} // namespace clprobe
