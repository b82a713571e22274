#include "analysis/families.hpp"
#include "model/text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <set>
#include <tuple>

namespace clprobe {
namespace {

constexpr std::string_view any_part = "*";

/// More findings than a probe makes stay alone.
constexpr std::size_t most_compared = 150;

/// A family while it grows.
struct Group {
    std::vector<std::string_view> parts;
    std::vector<const Finding *> members;
};

/// What two families that become one have in common: their parts but for one, and what they say.
struct FamilyShape {
    std::vector<std::string_view> parts;
    Unit unit = Unit::one;
    Better better = Better::none;

    bool operator<(const FamilyShape &other) const {
        return std::tie(parts, unit, better) < std::tie(other.parts, other.unit, other.better);
    }
};

/// Groups that would be one family.
struct FamilyCandidate {
    FamilyShape shape;
    std::vector<std::size_t> groups; ///< their indices
    std::size_t members = 0;
    /// Of their values.
    double low = std::numeric_limits<double>::infinity();
    double high = -std::numeric_limits<double>::infinity();

    /// How far the values are apart.
    [[nodiscard]] double spread() const { return low > 0 ? high / low : high - low; }
};

std::vector<std::string_view> with_open(std::vector<std::string_view> parts, std::size_t place) {
    parts[place] = any_part;
    return parts;
}

/// In how many places more the shape is open than the group's; nothing where it is another.
std::optional<std::ptrdiff_t> more_open(const FamilyShape &shape, const FamilyShape &group) {
    const bool fits = shape.unit == group.unit && shape.better == group.better &&
                      std::ranges::equal(shape.parts, group.parts,
                                         [](std::string_view part, std::string_view of_group) {
                                             return part == any_part || part == of_group;
                                         });
    if (!fits)
        return std::nullopt;
    return std::ranges::count(shape.parts, any_part) - std::ranges::count(group.parts, any_part);
}

/// The families that can be made by leaving a part more open, in at most so many places.
std::vector<FamilyCandidate> candidates_of(const std::vector<Group> &groups,
                                           std::ptrdiff_t most_open) {
    std::vector<FamilyShape> own;
    for (const Group &group : groups)
        own.push_back({group.parts, group.members.front()->unit, group.members.front()->better});
    std::set<FamilyShape> shapes;
    for (const FamilyShape &shape : own)
        for (std::size_t place = 1; place < shape.parts.size(); ++place) {
            // Plain numbers of different names are different things.
            const bool is_name = place + 1 == shape.parts.size() && shape.unit == Unit::one;
            if (!is_name)
                shapes.insert({with_open(shape.parts, place), shape.unit, shape.better});
        }
    std::vector<FamilyCandidate> candidates;
    for (const FamilyShape &shape : shapes) {
        FamilyCandidate candidate;
        candidate.shape = shape;
        for (std::size_t i = 0; i < groups.size(); ++i) {
            if (more_open(shape, own[i]).value_or(most_open + 1) > most_open)
                continue;
            candidate.groups.push_back(i);
            candidate.members += groups[i].members.size();
            for (const Finding *const member : groups[i].members) {
                candidate.low = std::min(candidate.low, *member->value);
                candidate.high = std::max(candidate.high, *member->value);
            }
        }
        if (candidate.groups.size() > 1)
            candidates.push_back(std::move(candidate));
    }
    return candidates;
}

/// The family to make where there are so many groups too many: the smallest that will do, else the
/// largest, and of several as large the one whose values are closest together. It leaves a single
/// part open where that can be.
std::optional<FamilyCandidate> next_family(const std::vector<Group> &groups, std::size_t too_many) {
    std::vector<FamilyCandidate> candidates = candidates_of(groups, 1);
    if (candidates.empty())
        candidates = candidates_of(groups, std::numeric_limits<std::ptrdiff_t>::max() - 1);
    const auto first = [&](const FamilyCandidate &a, const FamilyCandidate &b) {
        const bool a_does = a.groups.size() > too_many;
        const bool b_does = b.groups.size() > too_many;
        if (a_does != b_does)
            return a_does;
        if (a_does && a.members != b.members)
            return a.members < b.members;
        if (!a_does && a.groups.size() != b.groups.size())
            return a.groups.size() > b.groups.size();
        return a.spread() < b.spread();
    };
    const auto next = std::ranges::min_element(candidates, first);
    return next == candidates.end() ? std::nullopt : std::optional(*next);
}

void join(std::vector<Group> &groups, const FamilyShape &shape,
          const std::vector<std::size_t> &indices) {
    Group &joined = groups[indices.front()];
    joined.parts = shape.parts;
    for (std::size_t i = 1; i < indices.size(); ++i) {
        auto &members = groups[indices[i]].members;
        joined.members.insert(joined.members.end(), members.begin(), members.end());
        members.clear();
    }
    std::erase_if(groups, [](const Group &group) { return group.members.empty(); });
}

} // namespace

std::vector<Family> families_of(std::span<const Finding *const> findings, std::size_t most) {
    std::vector<Group> groups;
    for (const Finding *const finding : findings.first(std::min(findings.size(), most_compared)))
        groups.push_back({split(finding->key, '.'), {finding}});
    while (groups.size() > most) {
        const auto next = next_family(groups, groups.size() - most);
        if (!next)
            break;
        join(groups, next->shape, next->groups);
    }
    std::vector<Family> families;
    for (const Group &group : groups)
        families.push_back({fmt::format("{}", fmt::join(group.parts, ".")), group.members});
    for (const Finding *const finding : findings.subspan(std::min(findings.size(), most_compared)))
        families.push_back({finding->key, {finding}});
    return families;
}

std::string differing_part(std::string_view key, std::string_view pattern) {
    const auto parts = split(key, '.');
    const auto patterns = split(pattern, '.');
    std::vector<std::string_view> differing;
    for (std::size_t i = 0; i < parts.size() && i < patterns.size(); ++i)
        if (patterns[i] == any_part)
            differing.push_back(parts[i]);
    return fmt::format("{}", fmt::join(differing, "."));
}

std::string common_pattern(std::span<const std::string> keys) {
    std::vector<std::string_view> pattern;
    for (const std::string &key : keys) {
        const auto parts = split(key, '.');
        if (pattern.empty())
            pattern = parts;
        if (parts.size() != pattern.size()) {
            pattern.resize(std::min(parts.size(), pattern.size()));
            if (!pattern.empty())
                pattern.back() = any_part;
        }
        for (std::size_t i = 0; i < pattern.size(); ++i)
            if (parts[i] != pattern[i])
                pattern[i] = any_part;
    }
    return fmt::format("{}", fmt::join(pattern, "."));
}

std::string suspicion_in(const std::string &note) {
    constexpr std::string_view before = "; ";
    const auto at = note.rfind(before);
    return at == std::string::npos ? note : note.substr(at + before.size());
}

std::string without_numbers(std::string reason) {
    std::erase_if(reason, [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
    return reason;
}

} // namespace clprobe
