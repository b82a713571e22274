#include "measure/sampler.hpp"
#include "model/names.hpp"

#include <clprobe/sampling.hpp>

namespace clprobe {
namespace {

constexpr Names<StopReason, 4> reasons = {{{StopReason::precise, "precise"},
                                           {StopReason::settled, "settled"},
                                           {StopReason::time_up, "time up"},
                                           {StopReason::sample_limit, "sample limit"}}};

// Noise above the target has settled once this many further samples narrow the interval by less
// than a tenth: the idea is nvbench's `stdrel` criterion.
constexpr std::size_t settling_samples = 12;

} // namespace

std::string_view name(StopReason reason) {
    return word_of(reasons, reason);
}

std::optional<StopReason> Stopping::after(std::size_t samples, double seconds,
                                          std::optional<double> relative_half_width) {
    if (relative_half_width)
        widths_.push_back(*relative_half_width);
    if (samples >= rule_.least && relative_half_width) {
        if (*relative_half_width <= rule_.relative_half_width)
            return StopReason::precise;
        if (widths_.size() > settling_samples &&
            widths_.back() > 0.9 * widths_[widths_.size() - 1 - settling_samples])
            return StopReason::settled;
    }
    if (seconds >= rule_.seconds)
        return StopReason::time_up;
    if (samples >= rule_.most)
        return StopReason::sample_limit;
    return std::nullopt;
}

} // namespace clprobe
