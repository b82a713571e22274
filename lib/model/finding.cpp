#include "model/text.hpp"

#include <clprobe/finding.hpp>

namespace clprobe {
namespace {

constexpr Names<Status, 5> statuses = {{{Status::measured, "measured"},
                                        {Status::suspect, "suspect"},
                                        {Status::inconclusive, "inconclusive"},
                                        {Status::unsupported, "unsupported"},
                                        {Status::failed, "failed"}}};
constexpr Names<Better, 3> betters = {
    {{Better::higher, "higher"}, {Better::lower, "lower"}, {Better::none, "none"}}};

} // namespace

std::string_view name(Status status) {
    return word_of(statuses, status);
}
std::string_view name(Better better) {
    return word_of(betters, better);
}
std::optional<Status> parse_status(std::string_view text) {
    return value_of(statuses, text);
}
std::optional<Better> parse_better(std::string_view text) {
    return value_of(betters, text);
}

Finding measured(const FindingKey &key, double value, Interval interval) {
    return {key.key, value, key.unit, interval, Status::measured, {}, {}, key.better, {}};
}

Finding without_value(const FindingKey &key, Status status, std::string reason) {
    return {key.key, {}, key.unit, {}, status, {}, {}, key.better, std::move(reason)};
}

void make_suspect(Finding &finding, std::string_view reason) {
    if (finding.status == Status::measured)
        finding.status = Status::suspect;
    if (!finding.note.empty())
        finding.note += "; ";
    finding.note += reason;
}

bool is_listed_as(std::string_view key, std::string_view listed) {
    constexpr std::string_view number = "<n>";
    if (key == listed)
        return true;
    const auto at = listed.find(number);
    if (at == std::string_view::npos || !key.starts_with(listed.substr(0, at)))
        return false;
    const auto digits = std::min(key.find_first_not_of("0123456789", at), key.size());
    return digits > at && is_listed_as(key.substr(digits), listed.substr(at + number.size()));
}

} // namespace clprobe
