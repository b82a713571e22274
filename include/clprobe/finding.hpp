#pragma once
#include <clprobe/units.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace clprobe {

/// How far a finding can be relied on. Only `measured` and `suspect` have a value: a suspect one
/// was measured, but failed a plausibility check that its note names.
enum class Status { measured, suspect, inconclusive, unsupported, failed };

/// Which way a finding gets better; `none` where it only describes (a cache's line, say).
enum class Better { higher, lower, none };

/// As in reports; nothing where the text is no such word.
[[nodiscard]] std::string_view name(Status status);
[[nodiscard]] std::string_view name(Better better);
[[nodiscard]] std::optional<Status> parse_status(std::string_view text);
[[nodiscard]] std::optional<Better> parse_better(std::string_view text);

/// A closed range, in the unit of what it belongs to.
struct Interval {
    double low = 0;
    double high = 0;

    [[nodiscard]] double half_width() const { return (high - low) / 2; }
    [[nodiscard]] bool contains(double value) const { return low <= value && value <= high; }
    bool operator==(const Interval &) const = default;
};

/// What a probe says of a device: a value with the interval that a second run is expected to fall
/// in, how it was found (`method`), from which series (`evidence`), and how far to trust it.
struct Finding {
    std::string key;
    std::optional<double> value;
    Unit unit = Unit::one;
    std::optional<Interval> interval;
    Status status = Status::inconclusive;
    std::string method;
    std::vector<std::string> evidence;
    Better better = Better::none;
    std::string note;

    bool operator==(const Finding &) const = default;
};

/// A finding key that a probe can make, as its page and `clprobe list` show it.
struct FindingKey {
    std::string key;
    Unit unit = Unit::one;
    Better better = Better::none;
    std::string meaning;
};

/// Whether the key is the listed one, in which `<n>` stands for a number.
[[nodiscard]] bool is_listed_as(std::string_view key, std::string_view listed);

/// A finding of this key with a value.
[[nodiscard]] Finding measured(const FindingKey &key, double value, Interval interval);
/// A finding of this key without a value; `status` is none of the two that have one, and `reason`
/// says why.
[[nodiscard]] Finding without_value(const FindingKey &key, Status status, std::string reason);
/// Turns a measured finding into a suspect one and adds the reason to its note; leaves any other
/// status as it is, adding the reason only.
void make_suspect(Finding &finding, std::string_view reason);

} // namespace clprobe
