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

/// Between two points of the curve: how far apart they are, and how much it rises from one to the
/// other.
struct Part {
    std::size_t first = 0;
    std::size_t last = 0;
    double width = 0;
    double rise = 0;

    [[nodiscard]] double slope() const { return rise / width; }
};

class Parts {
public:
    Parts(const MonotoneCurve &curve, const PlateauLimits &limits)
        : curve_(curve), limits_(limits) {
        constexpr double least_width = 1e-6;
        for (std::size_t i = 0; i + 1 < curve.value.size(); ++i) {
            const Part part{i, i + 1, std::max(curve.octave[i + 1] - curve.octave[i], least_width),
                            curve.value[i + 1] - curve.value[i]};
            const bool same =
                !parts_.empty() && std::abs(part.slope() - parts_.back().slope()) < same_slope;
            if (same)
                join(parts_.back(), part);
            else
                parts_.push_back(part);
        }
    }

    void merge_small() {
        while (parts_.size() > 1) {
            std::size_t least = 0;
            double least_weight = 1;
            for (std::size_t i = 0; i < parts_.size(); ++i)
                if (const double each = weight(i); each < least_weight) {
                    least = i;
                    least_weight = each;
                }
            if (least_weight >= 1)
                return;
            merge(least);
        }
    }

    [[nodiscard]] Plateaus plateaus() const {
        Plateaus result;
        for (std::size_t i = 0; i < parts_.size(); ++i)
            if (slope_at(i, -1, infinity) > parts_[i].slope() &&
                slope_at(i, 1, infinity) > parts_[i].slope())
                result.flat.push_back({parts_[i].first, parts_[i].last});
        const std::size_t n = parts_.size();
        result.starts = n < 2 || parts_[0].slope() < parts_[1].slope();
        result.ends = n < 2 || parts_[n - 1].slope() < parts_[n - 2].slope();
        return result;
    }

private:
    static constexpr double same_slope = 1e-9;

    static void join(Part &part, const Part &other) {
        part.first = std::min(part.first, other.first);
        part.last = std::max(part.last, other.last);
        part.width += other.width;
        part.rise += other.rise;
    }

    [[nodiscard]] double slope_at(std::size_t i, int step, double beyond) const {
        if ((step < 0 && i == 0) || (step > 0 && i + 1 == parts_.size()))
            return beyond;
        return parts_[step < 0 ? i - 1 : i + 1].slope();
    }

    /// The steepest slope uphill from part i to one side; infinite at an end of the curve.
    [[nodiscard]] double peak(std::size_t i, int step) const {
        if (slope_at(i, step, infinity) == infinity)
            return infinity;
        double slope = parts_[i].slope();
        while (slope_at(i, step, -infinity) > slope) {
            i = step < 0 ? i - 1 : i + 1;
            slope = parts_[i].slope();
        }
        return slope;
    }

    /// Octaves from midway to the point before to midway to that behind; at an end of the
    /// curve no bound.
    [[nodiscard]] double extent(const Part &part) const {
        if (part.first == 0 || part.last + 1 == curve_.octave.size())
            return infinity;
        return (curve_.octave[part.last] + curve_.octave[part.last + 1] -
                curve_.octave[part.first] - curve_.octave[part.first - 1]) /
               2;
    }

    [[nodiscard]] bool wide(const Part &part) const {
        return part.width >= limits_.least_span || extent(part) >= limits_.least_width;
    }

    [[nodiscard]] bool flattest(std::size_t i) const {
        return slope_at(i, -1, infinity) > parts_[i].slope() &&
               slope_at(i, 1, infinity) > parts_[i].slope();
    }

    /// How much the curve rises from part i to the next one on a side that is flatter than its own
    /// neighbours, or to the end of the curve.
    [[nodiscard]] double rise_beyond(std::size_t i, int step) const {
        if (slope_at(i, step, infinity) == infinity)
            return infinity;
        double rise = 0;
        while (slope_at(i, step, infinity) != infinity) {
            i = step < 0 ? i - 1 : i + 1;
            if (flattest(i))
                break;
            rise += parts_[i].rise;
        }
        return rise;
    }

    /// The rise that shows over the part.
    [[nodiscard]] double least_rise(const Part &part) const {
        const double deviation = (curve_.deviation[part.first] + curve_.deviation[part.last]) / 2;
        return std::max(limits_.least_rise, limits_.clear_rise * deviation);
    }

    /// How much the part matters, if it is steeper or flatter than both its neighbours: below 1 it
    /// does not. Infinite where it lies between them.
    [[nodiscard]] double weight(std::size_t i) const {
        const Part &part = parts_[i];
        const double slope = part.slope();
        const double steeper = std::max(slope_at(i, -1, -infinity), slope_at(i, 1, -infinity));
        if (slope > steeper)
            return (slope - steeper) * part.width / least_rise(part);
        const double flatter = std::min(slope_at(i, -1, infinity), slope_at(i, 1, infinity));
        if (slope >= flatter)
            return infinity;
        const double peaks = std::min(peak(i, -1), peak(i, 1));
        if (slope > flat_share * peaks || !wide(part) ||
            (slope > most_slope && extent(part) < short_plateau))
            return 0;
        if (part.rise > most_drift * std::min(rise_beyond(i, -1), rise_beyond(i, 1)))
            return 0;
        return (flatter - slope) * part.width / (least_rise(part) / 2);
    }

    /// Joins the part with the neighbour whose slope is closer.
    void merge(std::size_t i) {
        const double slope = parts_[i].slope();
        const double before = std::abs(slope_at(i, -1, infinity) - slope);
        const double behind = std::abs(slope_at(i, 1, infinity) - slope);
        const std::size_t first = before < behind ? i - 1 : i;
        join(parts_[first], parts_[first + 1]);
        parts_.erase(parts_.begin() + static_cast<std::ptrdiff_t>(first) + 1);
    }

    std::vector<Part> parts_;
    const MonotoneCurve &curve_;
    PlateauLimits limits_;
};

} // namespace

Plateaus find_plateaus(const MonotoneCurve &curve, const PlateauLimits &limits) {
    Parts parts(curve, limits);
    parts.merge_small();
    return parts.plateaus();
}

} // namespace clprobe
