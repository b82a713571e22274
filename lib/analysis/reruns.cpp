#include "analysis/plateau_levels.hpp"
#include "analysis/reruns.hpp"

#include <algorithm>
#include <cstdint>
#include <random>

namespace clprobe {
namespace {

/// Close to normal, and the same with every standard library.
class NormalNoise {
public:
    double operator()() {
        constexpr int terms = 12; // whose sum has a variance of 1
        double sum = -terms / 2.0;
        for (int i = 0; i < terms; ++i)
            sum += static_cast<double>(engine_() >> 11) * 0x1p-53;
        return sum;
    }

private:
    std::mt19937_64 engine_;
};

/// Octaves that both have.
double shared(const Reading &a, const Stretch &mine, const Reading &b, const Stretch &other) {
    constexpr double point = 1e-3; // that of a plateau which is one point
    return point + std::min(a.fit.octave[mine.last], b.fit.octave[other.last]) -
           std::max(a.fit.octave[mine.first], b.fit.octave[other.first]);
}

/// The first plateau that fewer of the reruns have than must.
std::size_t first_doubtful(const SettledReading &found) {
    constexpr double least_share = 0.6;
    const std::size_t count = found.reading.plateaus.flat.size();
    std::vector<double> found_again(count);
    for (const Reading &rerun : found.reruns) {
        const auto other = counterparts(found.reading, rerun);
        for (std::size_t i = 0; i < count; ++i)
            found_again[i] += other[i] ? 1 : 0;
    }
    const double least = least_share * static_cast<double>(found.reruns.size());
    return static_cast<std::size_t>(
        std::ranges::find_if(found_again, [&](double each) { return each < least; }) -
        found_again.begin());
}

/// From the plateau before to the one behind.
Stretch around(const Reading &reading, std::size_t plateau) {
    const auto &flat = reading.plateaus.flat;
    return {plateau > 0 ? flat[plateau - 1].first : 0,
            plateau + 1 < flat.size() ? flat[plateau + 1].last : reading.fit.curve.size() - 1};
}

} // namespace

Reading read_curve(const LogCurve &curve) {
    IsotonicFit fit = fit_isotonic(curve);
    Plateaus plateaus = plateaus_of(fit);
    return {std::move(fit), std::move(plateaus)};
}

std::vector<Reading> reruns(const LogCurve &curve) {
    constexpr int count = 16;
    NormalNoise noise;
    std::vector<Reading> readings;
    for (int i = 0; i < count; ++i) {
        LogCurve again = curve;
        for (std::size_t k = 0; k < curve.size(); ++k)
            again.level[k] += curve.deviation[k] * noise();
        readings.push_back(read_curve(again));
    }
    return readings;
}

std::vector<std::optional<std::size_t>> counterparts(const Reading &reading, const Reading &other) {
    std::vector<std::optional<std::size_t>> result(reading.plateaus.flat.size());
    for (std::size_t k = 0; k < other.plateaus.flat.size(); ++k) {
        std::optional<std::size_t> best;
        double most = 0;
        for (std::size_t i = 0; i < result.size(); ++i) {
            const double octaves =
                shared(reading, reading.plateaus.flat[i], other, other.plateaus.flat[k]);
            if (octaves > most) {
                most = octaves;
                best = i;
            }
        }
        if (best && !result[*best])
            result[*best] = k;
    }
    return result;
}

SettledReading settle(LogCurve curve) {
    constexpr int rounds = 8;
    constexpr double noisier = 1.5;
    SettledReading found;
    for (int round = 0; round < rounds; ++round) {
        found.reading = read_curve(curve);
        found.reruns = reruns(curve);
        const std::size_t count = found.reading.plateaus.flat.size();
        const std::size_t doubtful = first_doubtful(found);
        found.settled = doubtful == count || doubtful == 0 ? doubtful : doubtful - 1;
        if (doubtful == count)
            break;
        found.joined.push_back(curve.x[found.reading.plateaus.flat[doubtful].first]);
        const Stretch stretch = around(found.reading, doubtful);
        for (std::size_t i = stretch.first; i <= stretch.last; ++i)
            curve.deviation[i] *= noisier;
    }
    return found;
}

} // namespace clprobe
