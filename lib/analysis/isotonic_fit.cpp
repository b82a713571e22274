#include "analysis/plateaus.hpp"

#include <clprobe/statistics.hpp>

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

/// A last piece that may go on: the points from one on, as they become more.
struct OpenPiece {
    std::size_t first = 0;
    double cost = 0; ///< of the fit up to here, but for what the piece itself costs
    std::size_t count = 0;
    Sums line = {};
    Sums slow = {};
    Sums fast = {};

    /// The next point, with the curve's values.
    void add(const LogCurve &curve, const std::vector<double> &values) {
        const std::size_t i = first + count++;
        const double weight = 1 / (curve.deviation[i] * curve.deviation[i]);
        const double times = curve.x[i] / curve.x[first];
        const double value = values[i] / values[first];
        const double of_value = weight / (value * value);
        line.add(weight, abscissa(Shape::line, times), curve.level[i] - curve.level[first]);
        slow.add(of_value, abscissa(Shape::slow_tail, times), value);
        fast.add(of_value, abscissa(Shape::fast_tail, times), value);
    }

    /// The line, or a tail that fits clearly better.
    [[nodiscard]] Formula best(const LogCurve &curve) const {
        constexpr std::size_t tail_points = 4;
        constexpr double clearly = 9; // three standard deviations, squared
        const Formula as_line = line.fit(Shape::line, count < 3);
        if (count < tail_points || as_line.misfit < clearly)
            return as_line;
        const Formula slow_tail = slow.fit(Shape::slow_tail, false);
        const Formula fast_tail = fast.fit(Shape::fast_tail, false);
        Formula tail = fast_tail.misfit < slow_tail.misfit ? fast_tail : slow_tail;
        if (!(tail.misfit < as_line.misfit - clearly) || !tail.fades())
            return as_line;
        // In logarithms: relative to points far above it, a tail seems closer than it is.
        tail.misfit = 0;
        for (std::size_t i = first; i < first + count; ++i) {
            const double fitted = curve.level[first] + tail.at(curve.x[i] / curve.x[first]);
            const double off = (curve.level[i] - fitted) / curve.deviation[i];
            tail.misfit += off * off;
        }
        return tail.misfit < as_line.misfit - clearly ? tail : as_line;
    }
};

/// The cheapest way to fit the points before one: its last piece and the cost of all.
struct Best {
    double cost = std::numeric_limits<double>::infinity();
    std::size_t first = 0;
    Formula formula;
};

/// The curve as pieces such that misfit and costs, in squared standard deviations, are least in
/// sum (optimal partitioning, Jackson et al. 2005): the fitted logarithm at each point. A piece is
/// straight over the logarithm of x, or the tail of a rise: its value tends to a limit as 1/x does,
/// like that of random accesses beyond a cache's size, or as 1/x^2, more like that of a chase under
/// random replacement. Steps between the pieces are free; a piece of two points is level.
std::vector<double> fit_pieces(const LogCurve &curve) {
    // A further piece costs as much as keeps a flat curve flat in all but a few of a thousand
    // cases; one of a single point less.
    const double piece_cost = 2 + 3 * std::log(static_cast<double>(curve.size()));
    const double single_cost = 0.55 * piece_cost;
    std::vector<double> values;
    for (const double level : curve.level)
        values.push_back(std::exp(level - curve.level[0]));
    std::vector<Best> best(curve.size() + 1);
    best[0].cost = 0;
    std::vector<OpenPiece> open;
    for (std::size_t end = 1; end <= curve.size(); ++end) {
        open.push_back({end - 1});
        for (OpenPiece &piece : open) {
            piece.add(curve, values);
            const Formula formula = piece.best(curve);
            piece.cost = best[piece.first].cost + formula.misfit;
            const double cost = piece.cost + (piece.count > 1 ? piece_cost : single_cost);
            if (cost < best[end].cost)
                best[end] = {cost, piece.first, formula};
        }
        // What one piece more would make cheaper here already is part of no best fit (Killick et
        // al. 2012).
        std::erase_if(
            open, [&](const OpenPiece &piece) { return piece.cost > best[end].cost + piece_cost; });
    }
    std::vector<double> fitted(curve.size());
    for (std::size_t end = curve.size(); end > 0; end = best[end].first)
        for (std::size_t first = best[end].first, i = first; i < end; ++i)
            fitted[i] = curve.level[first] + best[end].formula.at(curve.x[i] / curve.x[first]);
    return fitted;
}

/// As it can only rise: a fit that is surely higher than a later one is cut down to it, where it is
/// perhaps so they are averaged.
std::vector<double> as_isotonic(const LogCurve &curve, const std::vector<double> &fitted) {
    constexpr double surely = 3; // standard deviations of a point
    std::vector<double> isotonic = fitted;
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t i = fitted.size(); i-- > 0;) {
        isotonic[i] = std::min(fitted[i], least);
        least = std::min(least, fitted[i] + surely * curve.deviation[i]);
    }
    return isotonic_fit(isotonic);
}

} // namespace

IsotonicFit fit_isotonic(const LogCurve &curve) {
    IsotonicFit fit{curve, {}, fit_pieces(curve), {}, {}};
    for (const double x : curve.x)
        fit.octave.push_back(std::log2(x));
    fit.isotonic = as_isotonic(curve, fit.value);
    fit.plateaus = level_plateaus(fit);
    return fit;
}

} // namespace clprobe
