#include "analysis/plateaus.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace clprobe {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// A plateau's slope, over that of the less steep of its rises, is at most this.
constexpr double flat_share = 0.4;

/// A plateau's own rise, over the smaller of those before and behind it, is at most this.
constexpr double most_drift = 2;

/// Where a plateau is short, in octaves, its slope is at most this, too: a ramp between two steeper
/// ones is no level.
constexpr double short_plateau = 0.75;
constexpr double most_slope = 0.65; // an octave

/// The octaves of a plateau between two rises, or of these with half the way to the points around
/// them: half of one, but for a point at its end.
constexpr double least_span = 0.45;
constexpr double least_width = 0.55;

/// From one point of the curve to another: how far apart they are, and how much it rises.
struct Part {
    Stretch points;
    double width = 0;
    double rise = 0;

    [[nodiscard]] double slope() const { return rise / width; }

    /// Goes on over the part behind it.
    void append(const Part &next) {
        points.last = next.points.last;
        width += next.width;
        rise += next.rise;
    }
};

class Parts {
public:
    explicit Parts(const IsotonicFit &fit) : fit_(fit) {
        constexpr double least = 1e-6;
        constexpr double same_slope = 1e-9;
        for (std::size_t i = 0; i + 1 < fit.isotonic.size(); ++i) {
            const Part part{{i, i + 1},
                            std::max(fit.octave[i + 1] - fit.octave[i], least),
                            fit.isotonic[i + 1] - fit.isotonic[i]};
            if (!parts_.empty() && std::abs(part.slope() - parts_.back().slope()) < same_slope)
                parts_.back().append(part);
            else
                parts_.push_back(part);
        }
    }

    void merge_small() {
        while (parts_.size() > 1) {
            std::vector<double> weights;
            for (std::size_t i = 0; i < parts_.size(); ++i)
                weights.push_back(weight(i));
            const auto least = std::ranges::min_element(weights);
            if (*least >= 1)
                return;
            merge(static_cast<std::size_t>(least - weights.begin()));
        }
    }

    [[nodiscard]] Plateaus plateaus() const {
        Plateaus result;
        for (std::size_t i = 0; i < parts_.size(); ++i)
            if (flattest(i))
                result.flat.push_back(parts_[i].points);
        result.starts = slope_at(0, behind, infinity) > parts_.front().slope();
        result.ends = slope_at(parts_.size() - 1, before, infinity) > parts_.back().slope();
        return result;
    }

private:
    /// To the part on either side, added to an index, which is then out of range at an end.
    static constexpr std::size_t before = static_cast<std::size_t>(-1);
    static constexpr std::size_t behind = 1;

    [[nodiscard]] double slope_at(std::size_t i, std::size_t side, double beyond) const {
        return i + side < parts_.size() ? parts_[i + side].slope() : beyond;
    }

    /// The steepest slope uphill from part i to one side; infinite at an end of the curve.
    [[nodiscard]] double peak(std::size_t i, std::size_t side) const {
        if (i + side >= parts_.size())
            return infinity;
        while (slope_at(i, side, -infinity) > parts_[i].slope())
            i += side;
        return parts_[i].slope();
    }

    /// Octaves from midway to the point before to midway to that behind; at an end of the
    /// curve no bound.
    [[nodiscard]] double extent(const Stretch &points) const {
        const std::vector<double> &at = fit_.octave;
        if (points.first == 0 || points.last + 1 == at.size())
            return infinity;
        return (at[points.last] + at[points.last + 1] - at[points.first] - at[points.first - 1]) /
               2;
    }

    [[nodiscard]] bool flattest(std::size_t i) const {
        return slope_at(i, before, infinity) > parts_[i].slope() &&
               slope_at(i, behind, infinity) > parts_[i].slope();
    }

    /// How much the curve rises from part i to the next one on a side that is flatter than its own
    /// neighbours, or to the end of the curve.
    [[nodiscard]] double rise_beyond(std::size_t i, std::size_t side) const {
        double rise = i + side < parts_.size() ? 0 : infinity;
        for (i += side; i < parts_.size() && !flattest(i); i += side)
            rise += parts_[i].rise;
        return rise;
    }

    /// The rise that shows over the part, beyond what the slope of the plateaus explains. A step of
    /// just the least size is often seen smaller.
    [[nodiscard]] double least_rise(const Stretch &points) const {
        constexpr double step_tolerance = 0.8;
        constexpr double clear_rise = 2; // standard deviations of a point
        const std::vector<double> &of = fit_.curve.deviation;
        const double deviation = (of[points.first] + of[points.last]) / 2;
        return std::max(step_tolerance * least_level_step, clear_rise * deviation);
    }

    /// How much the part matters, if it is steeper or flatter than both its neighbours: below 1 it
    /// does not. Infinite where it lies between them.
    [[nodiscard]] double weight(std::size_t i) const {
        const Part &part = parts_[i];
        const double slope = part.slope();
        const double steeper =
            std::max(slope_at(i, before, -infinity), slope_at(i, behind, -infinity));
        if (slope > steeper)
            return (slope - steeper) * part.width / least_rise(part.points);
        const double flatter =
            std::min(slope_at(i, before, infinity), slope_at(i, behind, infinity));
        if (slope >= flatter)
            return infinity;
        const double reach = extent(part.points);
        if ((part.width < least_span && reach < least_width) ||
            (slope > most_slope && reach < short_plateau) ||
            slope > flat_share * std::min(peak(i, before), peak(i, behind)) ||
            part.rise > most_drift * std::min(rise_beyond(i, before), rise_beyond(i, behind)))
            return 0;
        return (flatter - slope) * part.width / (least_rise(part.points) / 2);
    }

    /// Joins the part with the neighbour whose slope is closer.
    void merge(std::size_t i) {
        const double slope = parts_[i].slope();
        const bool with_before = std::abs(slope_at(i, before, infinity) - slope) <
                                 std::abs(slope_at(i, behind, infinity) - slope);
        const std::size_t first = with_before ? i - 1 : i;
        parts_[first].append(parts_[first + 1]);
        parts_.erase(parts_.begin() + static_cast<std::ptrdiff_t>(first) + 1);
    }

    std::vector<Part> parts_;
    const IsotonicFit &fit_;
};

} // namespace

Plateaus all_plateaus(const IsotonicFit &fit) {
    Parts parts(fit);
    parts.merge_small();
    return parts.plateaus();
}

} // namespace clprobe
