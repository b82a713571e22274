#include "model/invariants.hpp"

#include <fmt/format.h>

#include <cmath>

namespace clprobe {

std::string contradiction_in(const Finding &finding) {
    const bool may_have_value =
        finding.status == Status::measured || finding.status == Status::suspect;
    if (may_have_value != finding.value.has_value())
        return fmt::format("{} finding {} a value", name(finding.status),
                           may_have_value ? "without" : "with");
    if (finding.interval && !finding.value)
        return "interval without a value";
    if (finding.interval && finding.interval->low > finding.interval->high)
        return "interval whose low end is above its high end";
    return {};
}

std::string problem_of(const Finding &finding) {
    if (const std::string problem = contradiction_in(finding); !problem.empty() || !finding.value)
        return problem;
    if (!std::isfinite(*finding.value))
        return fmt::format("its value is {}", *finding.value);
    if (!finding.interval)
        return {};
    const auto [low, high] = *finding.interval;
    if (!std::isfinite(low) || !std::isfinite(high))
        return fmt::format("its interval goes from {} to {}", low, high);
    if (!finding.interval->contains(*finding.value))
        return fmt::format("its value {} lies outside its interval, {} to {}", *finding.value, low,
                           high);
    return {};
}

std::string problem_of(double number) {
    constexpr double least = 1e-30;
    constexpr double most = 1e30;
    if (!std::isfinite(number))
        return "a number that is not finite";
    const bool usual = number == 0 || (std::abs(number) >= least && std::abs(number) <= most);
    return usual ? "" : fmt::format("{} is no number that a measurement has", number);
}

std::string problem_of(const Series &series, const Point &point) {
    if (point.at.size() != series.axes.size())
        return fmt::format("{} coordinates for {} axes", point.at.size(), series.axes.size());
    if (!point.block.empty() && point.block.size() != point.samples.size())
        return fmt::format("{} blocks for {} samples", point.block.size(), point.samples.size());
    for (std::size_t i = 0; i < point.at.size(); ++i) {
        const auto &labels = series.axes[i].labels;
        const double at = point.at[i];
        const bool is_index =
            at == std::floor(at) && at >= 0 && at < static_cast<double>(labels.size());
        if (!labels.empty() && !is_index)
            return fmt::format("coordinate {} is no index into the {} labels of axis '{}'", at,
                               labels.size(), series.axes[i].name);
    }
    return {};
}

} // namespace clprobe
