#include "analysis/curve_pieces.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace clprobe {
namespace {

enum class Shape { line, slow_tail, fast_tail };

/// What a piece is over, as x is so many times that of its first point.
double abscissa(Shape shape, double times) {
    if (shape == Shape::line)
        return std::log(times);
    return shape == Shape::slow_tail ? 1 / times : 1 / (times * times);
}

/// Of a line the logarithm, of a tail the value itself, relative to the first point's, is offset +
/// slope * abscissa.
struct Formula {
    Shape shape = Shape::line;
    double offset = 0;
    double slope = 0;
    double misfit = 0; ///< weighted sum of squared residuals

    /// Logarithm, where x is so many times that of the first point.
    [[nodiscard]] double at(double times) const {
        const double value = offset + slope * abscissa(shape, times);
        return shape == Shape::line ? value : std::log(value);
    }

    /// Whether it is positive at the first point and less than its limit by a share: what a TLB
    /// adds is less, and no rise to a further level.
    [[nodiscard]] bool fades() const {
        constexpr double least_share = 0.3;
        return slope < -least_share * offset && offset + slope > 0;
    }
};

/// Weighted sums over points, from which they are fitted at once.
struct Sums {
    double weight = 0;
    double x = 0;
    double xx = 0;
    double y = 0;
    double xy = 0;
    double yy = 0;

    void add(double w, double px, double py) {
        weight += w;
        x += w * px;
        xx += w * px * px;
        y += w * py;
        xy += w * px * py;
        yy += w * py * py;
    }

    [[nodiscard]] Formula fit(Shape shape, bool level) const {
        const double width = xx - x * x / weight;
        const double height = xy - x * y / weight;
        const double slope = !level && width > 0 ? height / width : 0;
        return {shape, (y - slope * x) / weight, slope,
                std::max(0.0, yy - y * y / weight - slope * height)};
    }
};

/// The points from one on, as they become more.
class Growing {
public:
    explicit Growing(std::size_t first) : first_(first) {}

    [[nodiscard]] std::size_t first() const { return first_; }

    /// The next point, with the curve's values.
    void add(const LogCurve &curve, const std::vector<double> &values) {
        const std::size_t i = first_ + count_++;
        const double weight = 1 / (curve.deviation[i] * curve.deviation[i]);
        const double times = curve.x[i] / curve.x[first_];
        const double value = values[i] / values[first_];
        const double of_value = weight / (value * value);
        line_.add(weight, abscissa(Shape::line, times), curve.level[i] - curve.level[first_]);
        slow_.add(of_value, abscissa(Shape::slow_tail, times), value);
        fast_.add(of_value, abscissa(Shape::fast_tail, times), value);
    }

    /// The line, or a tail that fits clearly better.
    [[nodiscard]] Formula best(const LogCurve &curve) const {
        constexpr std::size_t tail_points = 4;
        constexpr double clearly = 9; // three standard deviations, squared
        const Formula line = line_.fit(Shape::line, count_ < 3);
        if (count_ < tail_points || line.misfit < clearly)
            return line;
        const Formula slow = slow_.fit(Shape::slow_tail, false);
        const Formula fast = fast_.fit(Shape::fast_tail, false);
        Formula tail = fast.misfit < slow.misfit ? fast : slow;
        if (!(tail.misfit < line.misfit - clearly) || !tail.fades())
            return line;
        tail.misfit = misfit(curve, tail);
        return tail.misfit < line.misfit - clearly ? tail : line;
    }

private:
    /// In logarithms: relative to points far above it, a tail seems closer than it is.
    [[nodiscard]] double misfit(const LogCurve &curve, const Formula &formula) const {
        double sum = 0;
        for (std::size_t i = first_; i < first_ + count_; ++i) {
            const double fitted = curve.level[first_] + formula.at(curve.x[i] / curve.x[first_]);
            const double off = (curve.level[i] - fitted) / curve.deviation[i];
            sum += off * off;
        }
        return sum;
    }

    std::size_t first_ = 0;
    std::size_t count_ = 0;
    Sums line_;
    Sums slow_;
    Sums fast_;
};

/// The cheapest way to fit the points before one: its last piece and the cost of all.
struct Best {
    double cost = std::numeric_limits<double>::infinity();
    std::size_t first = 0;
    Formula formula;
};

/// A last piece that may go on.
struct Open {
    Growing points;
    double cost = 0; ///< of the fit up to here, but for what the piece itself costs
};

} // namespace

std::vector<double> fit_pieces(const LogCurve &curve, const PieceCosts &costs) {
    std::vector<double> values;
    for (const double level : curve.level)
        values.push_back(std::exp(level - curve.level[0]));
    std::vector<Best> best(curve.size() + 1);
    best[0].cost = 0;
    std::vector<Open> open;
    for (std::size_t end = 1; end <= curve.size(); ++end) {
        open.push_back({Growing(end - 1)});
        for (Open &each : open) {
            each.points.add(curve, values);
            const std::size_t first = each.points.first();
            const Formula formula = each.points.best(curve);
            each.cost = best[first].cost + formula.misfit;
            const double cost = each.cost + (end - first > 1 ? costs.piece : costs.single);
            if (cost < best[end].cost)
                best[end] = {cost, first, formula};
        }
        // What one piece more would make cheaper here already is part of no best fit (Killick et
        // al. 2012).
        std::erase_if(open,
                      [&](const Open &each) { return each.cost > best[end].cost + costs.piece; });
    }
    std::vector<double> fitted(curve.size());
    for (std::size_t end = curve.size(); end > 0; end = best[end].first)
        for (std::size_t first = best[end].first, i = first; i < end; ++i)
            fitted[i] = curve.level[first] + best[end].formula.at(curve.x[i] / curve.x[first]);
    return fitted;
}

} // namespace clprobe
