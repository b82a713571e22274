#include "io/terminal.hpp"
#include "model/text.hpp"

#include <clprobe/units.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace clprobe {
namespace {

/// How a status is shown.
struct Look {
    const char *mark;
    Colour colour;
};

/// In the order of `Status`.
constexpr std::array<Look, 5> looks = {{{" ", Colour::none},
                                        {"!", Colour::yellow},
                                        {"?", Colour::yellow},
                                        {"-", Colour::dim},
                                        {"x", Colour::red}}};

const Look &look_of(Status status) {
    return looks[static_cast<std::size_t>(status)];
}

int exponent_of(double value) {
    return static_cast<int>(std::floor(std::log10(std::abs(value))));
}

/// Decimals that show the first digit of the half-width, and at most six digits of the value.
int decimals_for(double value, double half_width) {
    const int wanted = -exponent_of(half_width);
    const int most = value == 0 ? wanted : 5 - exponent_of(value);
    return std::clamp(std::min(wanted, most), 0, 15);
}

/// Rounded away from what it bounds, but not for the dust that binary fractions leave.
double rounded_up(double value, int decimals) {
    const double scale = std::pow(10.0, decimals);
    return std::ceil(value * scale - 1e-6) / scale;
}

double rounded_down(double value, int decimals) {
    return -rounded_up(-value, decimals);
}

/// Decimals, from so many on, that leave both ends within a tenth of what they are.
int decimals_for_ends(const Interval &interval, int decimals, int most) {
    constexpr double tolerance = 0.1;
    const auto kept = [&](double end, double shown) {
        return std::abs(shown - end) <= tolerance * std::abs(end);
    };
    while (decimals < most && !(kept(interval.low, rounded_down(interval.low, decimals)) &&
                                kept(interval.high, rounded_up(interval.high, decimals))))
        ++decimals;
    return decimals;
}

/// Whether the value is close enough to the middle of its interval to be shown with a ±.
bool is_centred(double value, const Interval &interval) {
    return std::abs((interval.low + interval.high) / 2 - value) <= 0.1 * interval.half_width();
}

/// The note, shortened where the probe's heading has said it already, and the method.
std::string reason_of(const Finding &finding, const ProbeRecord &record) {
    std::string text = finding.note;
    if (finding.status == Status::suspect)
        text = finding.note == record.reason ? "suspect as above" : "suspect: " + text;
    if (!finding.method.empty())
        text += (text.empty() ? "" : "; ") + finding.method;
    return text;
}

TableRow row_of(const Finding &finding, const ProbeRecord &record, const TextStyle &style) {
    const auto value = value_text(finding, style);
    const auto [mark, colour] = look_of(finding.status);
    return {{mark, finding.key, value.empty() ? std::string(name(finding.status)) : value,
             reason_of(finding, record)},
            colour};
}

bool only_repeats(const Finding &finding, const ProbeRecord &record) {
    return !finding.value && !record.reason.empty() && finding.status == record.status &&
           finding.note == record.reason;
}

std::string heading_of(const ProbeRecord &record) {
    std::string text = record.probe;
    if (record.prerequisite)
        text += " (wanted by another probe)";
    if (record.status != Status::measured)
        text += fmt::format("  {}: {}", name(record.status), record.reason);
    if (record.elapsed.total > 0)
        text += fmt::format("  {}, {} clock", format({record.elapsed.total, Unit::second}, 2),
                            record.clock.source);
    return text;
}

} // namespace

std::string mark_of(Status status) {
    return look_of(status).mark;
}

Colour colour_of(Status status) {
    return look_of(status).colour;
}

std::string value_text(const Finding &finding, const TextStyle &style) {
    if (!finding.value)
        return {};
    const Quantity quantity{*finding.value, finding.unit};
    if (!finding.interval || finding.interval->half_width() == 0)
        return format(quantity, 6);
    const auto [divisor, unit] = display_scale(quantity);
    const std::string behind = unit.empty() ? "" : " " + unit;
    const double value = quantity.value / divisor;
    const Interval interval{finding.interval->low / divisor, finding.interval->high / divisor};
    int decimals = decimals_for(value, interval.half_width());
    const double half_width = rounded_up(interval.half_width(), decimals);
    // Around a positive value, a half-width as large would take the low end for none at all.
    if (is_centred(value, interval) && !(interval.low > 0 && half_width >= value))
        return fmt::format("{:.{}f} {} {:.{}f}{}", value, decimals, style.utf8 ? "\u00b1" : "+-",
                           half_width, decimals, behind);
    constexpr int most_decimals = 6;
    decimals = decimals_for_ends(interval, decimals, std::max(decimals, most_decimals));
    return fmt::format("{:.{}f} [{:.{}f}, {:.{}f}]{}", value, decimals,
                       rounded_down(interval.low, decimals), decimals,
                       rounded_up(interval.high, decimals), decimals, behind);
}

std::string device_text(const DeviceInfo &device, const TextStyle &style) {
    constexpr std::size_t longest = 160; // of what a driver may say of itself
    return render_table(
        {{{fmt::format("{}  {} ({}, driver {})", shortened(device.slug, longest),
                       shortened(device.name, longest), shortened(device.platform, longest),
                       shortened(device.driver_version, longest))},
          Colour::bold}},
        style);
}

std::string probe_text(const ProbeRecord &record, const TextStyle &style) {
    const auto [mark, own_colour] = look_of(record.status);
    const Colour colour = record.status == Status::measured ? Colour::bold : own_colour;
    std::vector<TableRow> rows;
    for (const Finding &finding : record.findings)
        if (!only_repeats(finding, record))
            rows.push_back(row_of(finding, record, style));
    return render_table({{{mark, heading_of(record)}, colour}}, style, {1}) +
           render_table(rows, style, {3, 24, 20});
}

std::string counted(std::size_t count, std::string_view noun) {
    return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string footer_text(const Report &report, const TextStyle &style) {
    std::size_t probes = 0;
    double total = 0;
    double harness = 0;
    std::array<std::size_t, looks.size()> counts{};
    for (const DeviceRecord &device : report.devices)
        for (const ProbeRecord &record : device.probes) {
            ++probes;
            total += record.elapsed.total;
            harness += record.elapsed.harness();
            for (const Finding &finding : record.findings)
                ++counts[static_cast<std::size_t>(finding.status)];
        }
    std::string text =
        fmt::format("{} on {} in {}", counted(probes, "probe"),
                    counted(report.devices.size(), "device"), format({total, Unit::second}, 3));
    if (total > 0)
        text += fmt::format(", {:.0f} % of it the harness's own", 100 * harness / total);
    std::string separator = "; findings: ";
    for (std::size_t i = 0; i < counts.size(); ++i)
        if (counts[i] > 0) {
            text += fmt::format("{}{} {}", separator, counts[i], name(static_cast<Status>(i)));
            separator = ", ";
        }
    if (!report.complete)
        text += "; the run did not end";
    return render_table({{{text}}}, style);
}

} // namespace clprobe
