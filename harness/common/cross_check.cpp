#include "common/cross_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace clprobe::probes {
namespace {

/// The sizes `<prefix>.l<n>.<what>` that have a value.
std::vector<const Finding *> sizes(const std::vector<Finding> &findings, const std::string &prefix,
                                   const std::string &what) {
    std::vector<const Finding *> found;
    for (const Finding &finding : findings)
        if (finding.key.starts_with(prefix + ".l") && finding.key.ends_with("." + what) &&
            finding.value && *finding.value > 0 && finding.interval)
            found.push_back(&finding);
    return found;
}

/// What to say of a level of that size; empty where one of the others agrees.
std::string disagreement(const Finding &own, const std::vector<const Finding *> &others,
                         const std::string &by) {
    const auto distance = [&](const Finding *other) {
        return std::abs(std::log(*other->value / *own.value));
    };
    if (std::ranges::any_of(
            others, [&](const auto *other) { return meet(*own.interval, *other->interval); }))
        return {};
    const Finding &nearest = **std::ranges::min_element(others, {}, distance);
    return fmt::format("{} shows no knee there: the nearest lies at {}, from {} to {}", by,
                       format({*nearest.value, Unit::byte}),
                       format({nearest.interval->low, Unit::byte}),
                       format({nearest.interval->high, Unit::byte}));
}

} // namespace

bool meet(const Interval &a, const Interval &b) {
    return a.low <= b.high && b.low <= a.high;
}

void note_disagreement(std::vector<Finding> &findings, const Facts &facts,
                       const CrossCheck &opinion) {
    const auto others = sizes(facts.findings, opinion.prefix, opinion.other);
    if (others.empty())
        return; // the other found nothing at all
    for (const Finding *own : sizes(findings, opinion.prefix, opinion.own)) {
        const std::string level = own->key.substr(0, own->key.rfind('.') + 1);
        const std::string note = disagreement(*own, others, opinion.by);
        for (Finding &finding : findings)
            if (!note.empty() && finding.key.starts_with(level))
                finding.note += (finding.note.empty() ? "" : "; ") + note;
    }
}

} // namespace clprobe::probes
