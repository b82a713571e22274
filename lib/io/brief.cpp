#include "io/brief.hpp"
#include "io/datasheet_text.hpp"
#include "io/family_text.hpp"

#include <clprobe/units.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>

namespace clprobe {
namespace {

constexpr std::size_t key_width = 28; ///< at least
constexpr std::size_t longest_key = 60;
constexpr std::size_t value_width = 24;         ///< where words stand behind it
constexpr std::size_t words_of_a_failure = 400; ///< a compiler's log may be among them
constexpr std::size_t least_words = 30;         ///< characters

/// As many words as fit behind so many characters of a line, but for a few at least.
std::string words_behind(const std::string &text, std::size_t behind) {
    return first_words(text, std::max(usual_width, behind + least_words) - behind);
}

/// Findings that have a status for one reason; of a probe that made nothing else, its name.
struct Reason {
    Status status = Status::inconclusive;
    std::string text;
    std::vector<std::string> keys;
};

void add_reason(std::vector<Reason> &reasons, Status status, const std::string &text,
                const std::string &key) {
    const auto same = std::ranges::find_if(reasons, [&](const Reason &reason) {
        return reason.status == status && reason.text == text;
    });
    if (same != reasons.end())
        same->keys.push_back(key);
    else
        reasons.push_back({status, text, {key}});
}

/// Why findings of the record have no value. A probe that failed is named first.
std::vector<Reason> reasons_of(const ProbeRecord &record) {
    std::vector<Reason> reasons;
    for (const Finding &finding : record.findings)
        if (!finding.value)
            add_reason(reasons, finding.status, finding.note, finding.key);
    const bool for_all =
        reasons.size() == 1 && reasons.front().keys.size() == record.findings.size();
    if (record.findings.empty() || for_all)
        return {{record.status, for_all ? reasons.front().text : record.reason, {record.probe}}};
    if (record.status == Status::failed) {
        std::erase_if(reasons, [&](const Reason &reason) {
            return reason.status == record.status && reason.text == record.reason;
        });
        reasons.insert(reasons.begin(), {record.status, record.reason, {record.probe}});
    }
    return reasons;
}

/// The rows of one probe.
class ProbeRows {
public:
    /// `told` are the reasons told so far, to which these are added.
    ProbeRows(std::set<std::string> &told, const TextStyle &style) : told_(told), style_(style) {}

    /// Of findings with a value: at most so many rows.
    void add_values(const ProbeRecord &record, std::size_t most) {
        std::vector<const Finding *> findings;
        for (const Finding &finding : record.findings)
            if (finding.value)
                findings.push_back(&finding);
        std::vector<Family> families = families_of(findings, most);
        for (; families.size() > most; families.pop_back())
            left_ += families.back().members.size();
        for (const Family &family : families)
            width_ = std::max(width_, shown_key(family.pattern).size());
        for (const Family &family : families)
            add(family);
    }
    /// Why findings have no value: at most so many rows.
    void add_reasons(const std::vector<Reason> &reasons, std::size_t most) {
        for (std::size_t i = 0; i < reasons.size(); ++i)
            if (i < most)
                add(reasons[i]);
            else
                left_ += reasons[i].keys.size();
    }
    void add(const Reason &reason) {
        std::string keys = shown_key(common_pattern(reason.keys));
        if (reason.keys.size() > 1)
            keys += fmt::format(" ({})", reason.keys.size());
        std::string text(name(reason.status));
        const bool again = !told_.insert(without_numbers(reason.text)).second;
        if (again && !reason.text.empty())
            text += ", as above";
        else if (reason.status == Status::failed)
            text += ": " + first_words(reason.text, words_of_a_failure);
        else if (!reason.text.empty())
            text += ": " + words_behind(reason.text, start() + text.size() + 2);
        rows_.push_back({{mark_of(reason.status), keys, text}, colour_of(reason.status)});
    }

    [[nodiscard]] std::string text() {
        if (left_ > 0)
            rows_.push_back(
                {{"", fmt::format("{}: -v shows them", counted(left_, "more finding"))}});
        return render_table(rows_, style_, {mark_width, width_});
    }

private:
    /// No longer than a line, whatever it is.
    [[nodiscard]] std::string shown_key(const std::string &key) const {
        constexpr std::size_t narrow = 40;
        return first_words(key,
                           std::min(longest_key, std::max(style_.width, narrow) - mark_width - 3));
    }
    /// Where the third column begins.
    [[nodiscard]] std::size_t start() const { return mark_width + 2 + width_ + 2; }

    void add(const Family &family) {
        const std::size_t room = std::max(style_.width, start()) - start();
        std::string text = family_text(family, room, style_);
        Status status = Status::measured;
        std::string words;
        for (const Finding *const member : family.members)
            if (member->status != Status::measured) {
                status = member->status;
                const std::string reason = suspicion_in(member->note);
                if (words.empty() && told_.insert(without_numbers(reason)).second)
                    words = reason;
            }
        if (!words.empty()) {
            text.resize(std::max(text.size(), value_width), ' ');
            text += "  suspect: ";
            text += words_behind(words, start() + text.size());
        }
        rows_.push_back({{mark_of(status), shown_key(family.pattern), text}, colour_of(status)});
    }

    std::set<std::string> &told_;
    const TextStyle &style_;
    std::size_t width_ = key_width;
    std::size_t left_ = 0; ///< findings that have no line
    std::vector<TableRow> rows_;
};

} // namespace

/// Half as much again as each would have alike, since many take less: but a line for each to come.
std::size_t BriefText::allowance() const {
    // What takes a line there takes more where they are shorter.
    const std::size_t all =
        most_lines * usual_width / std::clamp<std::size_t>(style_.width, 1, usual_width);
    const std::size_t left = all - std::min(lines_, all);
    const std::size_t probes = std::max<std::size_t>(probes_left_, 1);
    const std::size_t for_others = std::min(probes - 1, left);
    return std::max<std::size_t>(std::min(3 * left / (2 * probes), left - for_others), 1);
}

std::string BriefText::add(const ProbeRecord &record) {
    for (const Finding &finding : record.findings)
        shown_[finding.key] = finding.status;
    const std::size_t allowed = fold_ ? allowance() : std::numeric_limits<std::size_t>::max();
    probes_left_ -= std::min<std::size_t>(probes_left_, 1);

    const std::vector<Reason> reasons = reasons_of(record);
    const bool has_values = std::ranges::any_of(
        record.findings, [](const Finding &finding) { return finding.value.has_value(); });
    for (std::size_t most = allowed;; --most) {
        std::set<std::string> told = told_;
        ProbeRows rows(told, style_);
        const std::size_t for_reasons =
            std::min(reasons.size(), std::max<std::size_t>(most / 2, has_values ? 0 : 1));
        rows.add_values(record, std::max(most, for_reasons + 1) - for_reasons);
        rows.add_reasons(reasons, for_reasons);
        const std::string text = rows.text();
        const auto lines = static_cast<std::size_t>(std::ranges::count(text, '\n'));
        if (lines > allowed && most > 1)
            continue;
        told_ = std::move(told);
        lines_ += lines;
        return text;
    }
}

std::string BriefText::changed(const ProbeRecord &record) {
    std::vector<Reason> changes;
    for (const Finding &finding : record.findings) {
        Status &before = shown_.try_emplace(finding.key, finding.status).first->second;
        if (before != finding.status)
            add_reason(changes, finding.status,
                       finding.status == Status::suspect ? suspicion_in(finding.note)
                                                         : finding.note,
                       finding.key);
        before = finding.status;
    }
    ProbeRows rows(told_, style_);
    for (const Reason &change : changes)
        rows.add(change);
    const std::string text = rows.text();
    lines_ += static_cast<std::size_t>(std::ranges::count(text, '\n'));
    return text;
}

std::string run_text(const Report &report, const TextStyle &style) {
    std::string text;
    std::string datasheets;
    for (const DeviceRecord &device : report.devices) {
        BriefText brief(style, device.probes.size());
        text += device_text(device.device, style);
        for (const ProbeRecord &record : device.probes)
            text += brief.add(record);
        datasheets += "\n" + datasheet_text(report, device, style);
    }
    return text + footer_text(report, style) + datasheets;
}

} // namespace clprobe
