#include "analysis/student.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace clprobe {
namespace {

/// The continued fraction of the incomplete beta function (Abramowitz and Stegun 26.5.8) by the
/// method of Lentz, as Thompson and Barnett (1986) modified it.
double beta_fraction(double a, double b, double x) {
    constexpr double tiny = std::numeric_limits<double>::min();
    constexpr int most_terms = 500;
    const auto away_from_zero = [](double value) { return std::abs(value) < tiny ? tiny : value; };
    double c = 1;
    double d = 1 / away_from_zero(1 - (a + b) * x / (a + 1));
    double fraction = d;
    for (int m = 1; m <= most_terms; ++m) {
        const double twice = 2.0 * m;
        for (const double term : {m * (b - m) * x / ((a + twice - 1) * (a + twice)),
                                  -(a + m) * (a + b + m) * x / ((a + twice) * (a + twice + 1))}) {
            d = 1 / away_from_zero(1 + term * d);
            c = away_from_zero(1 + term / c);
            fraction *= d * c;
        }
        if (std::abs(d * c - 1) < 1e-14)
            break;
    }
    return fraction;
}

/// I_x(a, b) for x below (a + 1) / (a + b + 2), where the fraction converges fast.
double incomplete_beta_below(double a, double b, double x) {
    if (x <= 0)
        return 0;
    const double log_beta = std::lgamma(a) + std::lgamma(b) - std::lgamma(a + b);
    return std::exp(a * std::log(x) + b * std::log1p(-x) - log_beta) / a * beta_fraction(a, b, x);
}

double incomplete_beta(double a, double b, double x, double rest) {
    return x < (a + 1) / (a + b + 2) ? incomplete_beta_below(a, b, x)
                                     : 1 - incomplete_beta_below(b, a, rest);
}

} // namespace

double student_tail(double t, double freedom) {
    if (t < 0)
        return 1 - student_tail(-t, freedom);
    constexpr double normal_from = 1e7;
    if (freedom > normal_from)
        return std::erfc(t / std::numbers::sqrt2) / 2;
    const double square = t * t;
    if (!std::isfinite(square))
        return 0;
    return incomplete_beta(freedom / 2, 0.5, freedom / (freedom + square),
                           square / (freedom + square)) /
           2;
}

double student_point(double probability, double freedom) {
    double low = 0;
    double high = 1;
    while (student_tail(high, freedom) > probability && high < 1e12)
        high *= 2;
    for (int step = 0; step < 80; ++step) {
        const double middle = (low + high) / 2;
        (student_tail(middle, freedom) > probability ? low : high) = middle;
    }
    return (low + high) / 2;
}

} // namespace clprobe
