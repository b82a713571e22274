#include "analysis/line_pieces.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace clprobe {
namespace {

/// A straight line, and its weighted sum of squared residuals.
struct Line {
    double offset = 0;
    double slope = 0;
    double misfit = 0;
};

/// Weighted sums over the points before each one, from which any stretch is fitted at once.
class Sums {
public:
    explicit Sums(const LogCurve &curve) : before_(1) {
        for (std::size_t i = 0; i < curve.size(); ++i) {
            const double weight = 1 / (curve.deviation[i] * curve.deviation[i]);
            const double x = std::log(curve.x[i] / curve.x[0]);
            const double y = curve.level[i] - curve.level[0];
            const Sum &sum = before_.back();
            before_.push_back({sum.weight + weight, sum.x + weight * x, sum.xx + weight * x * x,
                               sum.y + weight * y, sum.xy + weight * x * y,
                               sum.yy + weight * y * y});
        }
    }

    /// The points [first, end) as a line; level where they are fewer than three.
    [[nodiscard]] Line line(std::size_t first, std::size_t end) const {
        const Sum s = of(first, end);
        const double xx = s.xx - s.x * s.x / s.weight;
        const double xy = s.xy - s.x * s.y / s.weight;
        const double slope = end - first >= 3 && xx > 0 ? xy / xx : 0;
        return {(s.y - slope * s.x) / s.weight, slope,
                std::max(0.0, s.yy - s.y * s.y / s.weight - slope * xy)};
    }

private:
    struct Sum {
        double weight = 0;
        double x = 0;
        double xx = 0;
        double y = 0;
        double xy = 0;
        double yy = 0;
    };

    [[nodiscard]] Sum of(std::size_t first, std::size_t end) const {
        const Sum &a = before_[first];
        const Sum &b = before_[end];
        return {b.weight - a.weight, b.x - a.x, b.xx - a.xx, b.y - a.y, b.xy - a.xy, b.yy - a.yy};
    }

    std::vector<Sum> before_;
};

/// The cheapest way to fit the points before one: its last piece and the cost of all.
struct Best {
    double cost = std::numeric_limits<double>::infinity();
    std::size_t first = 0;
    Line line;
};

} // namespace

std::vector<double> fit_line_pieces(const LogCurve &curve, const LineCosts &costs) {
    const Sums sums(curve);
    std::vector<Best> best(curve.size() + 1);
    best[0].cost = 0;
    for (std::size_t end = 1; end <= curve.size(); ++end) {
        for (std::size_t first = 0; first < end; ++first) {
            const Line line = sums.line(first, end);
            const double cost =
                best[first].cost + line.misfit + (end - first > 1 ? costs.piece : costs.single);
            if (cost < best[end].cost)
                best[end] = {cost, first, line};
        }
    }
    std::vector<double> fitted(curve.size());
    for (std::size_t end = curve.size(); end > 0; end = best[end].first)
        for (std::size_t i = best[end].first; i < end; ++i)
            fitted[i] = curve.level[0] + best[end].line.offset +
                        best[end].line.slope * std::log(curve.x[i] / curve.x[0]);
    return fitted;
}

} // namespace clprobe
