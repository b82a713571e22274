#pragma once
#include <clprobe/sampling.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <random>
#include <span>
#include <vector>

namespace clprobe {

/// Seconds that a launch of that many trips takes.
using TimeOf = std::function<double(std::uint32_t trips)>;

/// The clocks of laptops and phones take that long to ramp up, s.
inline constexpr double longest_warm_up = 0.5;
/// Launches until consecutive times agree, as long as `time_left`.
void warm_up(const TimeOf &time_of, std::uint32_t trips, const std::function<bool()> &time_left);

/// Times at n/4, n/2 and n trips, as far as these are whole, in random order.
[[nodiscard]] std::vector<TripTime> sample_block(const TimeOf &time_of, std::uint32_t trips,
                                                 int block, std::mt19937_64 &random);

/// The half-width of a slope's interval over the slope; nothing where that is not known yet.
[[nodiscard]] std::optional<double> relative_half_width(const std::optional<SlopeFit> &fit);

/// A stopping rule at work on a stream of intervals; knows nothing of devices or clocks.
class Stopping {
public:
    explicit Stopping(StoppingRule rule) : rule_(rule) {}

    /// Tells it of the state after `samples` samples, `seconds` after the first, the relative
    /// half-width of the interval being what it is now (nothing: not known yet). Answers why to
    /// stop, or nothing to go on.
    std::optional<StopReason> after(std::size_t samples, double seconds,
                                    std::optional<double> relative_half_width);

private:
    StoppingRule rule_;
    std::vector<double> widths_;
};

/// One of several that are sampled in turn.
struct Sampled {
    std::function<void(int block)> take; ///< takes a block of samples
    std::function<std::optional<double>()> relative_half_width;
};

/// Takes blocks of all in turn, so that each is spread over the time, until every one satisfies the
/// rule. `seconds` is the time since the first. Returns why it stopped: the last reason that is not
/// `precise`, if any has one.
StopReason take_blocks(std::span<const Sampled> all, const StoppingRule &rule,
                       const std::function<double()> &seconds);

} // namespace clprobe
