#include "common/second_opinion.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace clprobe::probes {
namespace {

const Finding *with_value(const std::vector<Finding> &findings, const std::string &key) {
    const auto found = std::ranges::find(findings, key, &Finding::key);
    return found != findings.end() && found->value && found->interval ? &*found : nullptr;
}

/// What to say of a level; empty where the two agree.
std::string disagreement(const Finding &own, const Finding *other, const std::string &by) {
    if (other == nullptr)
        return fmt::format("{} shows no knee of this level", by);
    if (own.interval->low <= other->interval->high && other->interval->low <= own.interval->high)
        return {};
    return fmt::format(
        "{} has this level's knee at {}, from {} to {}", by, format({*other->value, Unit::byte}),
        format({other->interval->low, Unit::byte}), format({other->interval->high, Unit::byte}));
}

} // namespace

void note_disagreement(std::vector<Finding> &findings, const Facts &facts,
                       const SecondOpinion &opinion) {
    const auto level = [&](std::size_t n) { return fmt::format("{}.l{}.", opinion.prefix, n); };
    if (with_value(facts.findings, level(1) + opinion.other) == nullptr)
        return; // the other found nothing at all
    for (std::size_t n = 1;; ++n) {
        const Finding *own = with_value(findings, level(n) + opinion.own);
        if (own == nullptr)
            return;
        const std::string note =
            disagreement(*own, with_value(facts.findings, level(n) + opinion.other), opinion.by);
        for (Finding &finding : findings)
            if (!note.empty() && finding.key.starts_with(level(n)))
                finding.note += (finding.note.empty() ? "" : "; ") + note;
    }
}

} // namespace clprobe::probes
