#include <clprobe/change_point.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace clprobe {
namespace {

/// The first place of the curve, sampled or not, after `x`.
double next_place(std::span<const CurvePoint> curve, double x) {
    double next = std::numeric_limits<double>::infinity();
    for (const CurvePoint &point : curve)
        if (point.x > x)
            next = std::min(next, point.x);
    return next;
}

std::string objection(std::span<const CurvePoint> curve, const Segmentation &found) {
    if (!found.decided)
        return found.reason;
    if (found.breaks.empty())
        return "no step";
    if (found.breaks.size() > 1)
        return fmt::format("{} steps", found.breaks.size());
    const Break &step = found.breaks.front();
    if (step.ramp)
        return fmt::format("a ramp from {} to {}", step.x.low, step.x.high);
    for (const CurvePoint &point : curve)
        if (point.samples.empty() && step.x.low < point.x && point.x < step.x.high)
            return fmt::format("no samples at {}, where the step may be", point.x);
    return {};
}

} // namespace

Step find_step(std::span<const CurvePoint> curve, const SegmentOptions &options) {
    const Segmentation found = find_breaks(curve, options);
    Step step;
    if (found.breaks.size() == 1) {
        const Break &only = found.breaks.front();
        step.at = only.at;
        step.range = {next_place(curve, only.x.low), only.x.high};
        step.certainty = only.certainty;
        step.ratio = only.ratio;
    }
    step.reason = objection(curve, found);
    step.decided = step.reason.empty();
    return step;
}

} // namespace clprobe
