#include "analysis/log_curve.hpp"
#include "levels_devices.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

enum class KneeShape { sharp, straight, random_replacement, random_access, shared };

/// Of a cyclic chase over x times the size, with random replacement: a line is still there after
/// the misses of one round with probability exp(-misses / lines of the cache).
double chase_hits(double x) {
    if (x <= 1)
        return 1;
    double hits = 0;
    for (int i = 0; i < 60; ++i)
        hits = std::exp(-x * (1 - hits));
    return hits;
}

struct Knee {
    KneeShape shape = KneeShape::sharp;
    double size = 0;
    double begin = 0; ///< of a straight or shared one
    double end = 0;

    /// Share of the accesses that the level still serves.
    [[nodiscard]] double hits(double x) const {
        if (shape == KneeShape::sharp)
            return x <= size ? 1 : 0;
        if (shape == KneeShape::random_replacement)
            return chase_hits(x / size);
        if (shape == KneeShape::random_access)
            return std::min(1.0, size / x);
        return std::clamp((end - x) / (end - begin), 0.0, 1.0);
    }
};

double log_uniform(Random &random, double low, double high) {
    return std::exp(random.uniform(std::log(low), std::log(high)));
}

/// What a device answers without noise.
struct Device {
    std::vector<double> latency; ///< of each level
    std::vector<Knee> knees;     ///< one fewer
    double slope = 0;            ///< an octave
    double tlb_reach = 0;
    double tlb_slope = 0; ///< an octave
    double tlb_share = 0; ///< of the latency, where every access misses the TLB
    double reference = 0; ///< the first size
    double start_up = 0;  ///< what every place takes longer, times x over the latency

    [[nodiscard]] double at(double x) const {
        double time = latency[0];
        for (std::size_t i = 0; i < knees.size(); ++i) {
            const Knee &knee = knees[i];
            if (knee.shape == KneeShape::straight)
                time *=
                    std::pow(latency[i + 1] / latency[i],
                             std::clamp(std::log(x / knee.begin) / std::log(knee.end / knee.begin),
                                        0.0, 1.0));
            else
                time += (1 - knee.hits(x)) * (latency[i + 1] - latency[i]);
        }
        return time * std::exp(drift(x));
    }

    [[nodiscard]] double drift(double x) const {
        return slope * std::log2(x / reference) +
               tlb_slope * std::max(0.0, std::log2(x / tlb_reach)) +
               std::log1p(tlb_share * std::max(0.0, 1 - tlb_reach / x)) + std::log1p(start_up / x);
    }
};

Knee draw_knee(Random &random, double size) {
    Knee knee{KneeShape::sharp, size};
    const int shape = random.integer(0, 5);
    if (shape == 2) {
        const double half = std::exp2(random.uniform(0.25, 1));
        knee = {KneeShape::straight, size, size / half, size * half};
    } else if (shape == 3) {
        knee.shape = KneeShape::random_replacement;
    } else if (shape == 4) {
        knee.shape = KneeShape::random_access;
    } else if (shape == 5) {
        knee = {KneeShape::shared, size, size * random.uniform(0.4, 0.8),
                size * random.uniform(1, 1.5)};
    }
    return knee;
}

/// Ratio of a step, of at most so much.
double draw_step(Random &random, Steps steps, double most) {
    return steps == Steps::all ? log_uniform(random, 1.05, most)
                               : 1 + log_uniform(random, 0.05, most - 1);
}

Device draw_device(Random &random, Steps steps) {
    Device device;
    const int levels = random.integer(1, 5);
    double room = 1000;
    device.latency.push_back(log_uniform(random, 1e-9, 50e-9));
    double size = log_uniform(random, 4096, 262144);
    device.reference = size;
    for (int i = 1; i < levels; ++i) {
        const double step = draw_step(random, steps, std::min(100.0, room));
        room = std::max(1.06, room / step);
        device.knees.push_back(draw_knee(random, size));
        device.latency.push_back(device.latency.back() * step);
        size *= log_uniform(random, 2, 64);
    }
    device.slope = random.chance(0.3) ? random.uniform(0, 0.02) : 0;
    const int tlb = random.integer(0, 5);
    if (tlb == 0)
        device.tlb_slope = random.uniform(0.02, 0.08);
    else if (tlb == 1)
        device.tlb_share = random.uniform(0.03, 0.3);
    return device;
}

/// With places between those that differ, as a probe takes them.
std::vector<double> refined(const Device &device, std::vector<double> grid) {
    for (std::size_t i = 1; i < grid.size();) {
        const bool differ = std::abs(std::log(device.at(grid[i]) / device.at(grid[i - 1]))) > 0.05;
        if (differ && grid[i] > 1.05 * grid[i - 1])
            grid.insert(grid.begin() + static_cast<std::ptrdiff_t>(i),
                        std::sqrt(grid[i] * grid[i - 1]));
        else
            ++i;
    }
    return grid;
}

std::vector<double> draw_grid(Random &random, const Device &device, double low, double high) {
    constexpr int densities[] = {4, 6, 8, 12, 24};
    const int choice = random.integer(0, 6);
    std::vector<double> grid;
    if (choice == 5) {
        for (double x = std::exp2(std::floor(std::log2(low))); x < high * 1.5; x *= 2) {
            grid.push_back(x);
            grid.push_back(1.5 * x);
        }
        return grid;
    }
    const double step = choice == 6 ? std::sqrt(2) : std::exp2(1.0 / densities[choice]);
    for (double x = low; x < high; x *= step)
        grid.push_back(x);
    return choice == 6 ? refined(device, grid) : grid;
}

/// Where the device's log latency is at this share between that of two levels, drift aside.
double place_of(const Device &device, std::size_t level, double share) {
    const double wanted =
        std::lerp(std::log(device.latency[level]), std::log(device.latency[level + 1]), share);
    double low = device.reference / 1024;
    double high = device.reference * 1e12;
    for (int i = 0; i < 200; ++i) {
        const double middle = std::sqrt(low * high);
        (std::log(device.at(middle)) - device.drift(middle) < wanted ? low : high) = middle;
    }
    return std::sqrt(low * high);
}

/// Octaves of the longest stretch between the two places over which the latency stays within 3 % of
/// a value.
double flat_octaves(const Device &device, double low, double high) {
    constexpr double within = 1.03 * 1.03;
    constexpr double step = 1.02;
    double longest = 0;
    for (double first = low, x = low; x <= high; x *= step) {
        while (device.at(x) > within * device.at(first))
            first *= step;
        longest = std::max(longest, std::log2(x / first));
    }
    return longest;
}

std::vector<TrueLevel> true_levels(const Device &device, const std::vector<double> &grid) {
    std::vector<TrueLevel> levels(device.latency.size());
    for (std::size_t i = 0; i < levels.size(); ++i) {
        TrueLevel &level = levels[i];
        level.plateau = {i == 0 ? grid.front() : levels[i - 1].knee.high, grid.back()};
        if (i + 1 < levels.size()) {
            level.knee = {place_of(device, i, 0.1), place_of(device, i, 0.9)};
            level.size = place_of(device, i, 0.5);
            level.step = std::log(device.latency[i + 1] / device.latency[i]);
            level.sharp = device.knees[i].shape == KneeShape::sharp;
            level.plateau.high = level.knee.low;
        }
        level.value = {infinity, 0};
        const double begin = i == 0 ? grid.front() : levels[i - 1].size;
        const double end = level.size > 0 ? level.size : grid.back();
        level.territory = {device.at(begin), device.at(end)};
        level.flat = flat_octaves(device, begin, end);
        for (const double x : grid) {
            // The very places of a sharp knee are on the plateau, but for rounding.
            if (x < level.plateau.low * 0.999 || x > level.plateau.high * 1.001)
                continue;
            ++level.points;
            level.value.low = std::min(level.value.low, device.at(x));
            level.value.high = std::max(level.value.high, device.at(x));
        }
    }
    return levels;
}

double rounded(double value) {
    const double unit = std::pow(10, std::floor(std::log10(value)) - 2);
    return std::round(value / unit) * unit;
}

} // namespace

bool SyntheticDevice::stands_out(std::size_t level) const {
    const TrueLevel &it = levels[level];
    constexpr double half_octave = 0.5;
    if (it.points < 2 || it.flat < half_octave ||
        std::log2(it.plateau.high / it.plateau.low) < half_octave)
        return false;
    const auto exceeds_noise = [&](std::size_t rise) {
        const double noise = std::max(levels[rise].noise, levels[rise + 1].noise);
        return levels[rise].step > 3 * noise;
    };
    return (level == 0 || exceeds_noise(level - 1)) &&
           (level + 1 == levels.size() || exceeds_noise(level));
}

SyntheticDevice synthetic_device(Random &random, clprobe::CurveKind kind, Steps steps) {
    Device device = draw_device(random, steps);
    const double last = device.knees.empty() ? device.reference : device.knees.back().size;
    const double low = device.reference / std::exp2(random.uniform(1.5, 4));
    const double high = last * std::exp2(random.uniform(1.5, 5));
    device.tlb_reach = log_uniform(random, low, high);
    if (kind == clprobe::CurveKind::bandwidth && random.chance(0.5))
        device.start_up = low * random.uniform(0.05, 0.3);
    const std::vector<double> grid = draw_grid(random, device, low, high);

    SyntheticDevice result;
    result.levels = true_levels(device, grid);
    const double deviation = log_uniform(random, 0.002, 0.06);
    const int samples = random.integer(1, 5);
    const double outliers = random.chance(0.5) ? random.uniform(0, 0.04) : 0;
    const bool rounds = random.chance(0.3);
    std::vector<double> factors;
    for (TrueLevel &level : result.levels) {
        factors.push_back(log_uniform(random, 0.7, 1.4));
        level.noise = deviation * factors.back() *
                      clprobe::median_deviation(static_cast<std::size_t>(samples));
    }
    for (const double x : grid) {
        std::size_t level = 0;
        while (level + 1 < factors.size() && x > result.levels[level].size)
            ++level;
        clprobe::CurvePoint point{x, {}};
        for (int i = 0; i < samples; ++i) {
            double sample = device.at(x) * std::exp(deviation * factors[level] * random.normal());
            if (random.chance(outliers))
                sample *= random.uniform(1.1, 4);
            if (rounds)
                sample = rounded(sample * 1e9) * 1e-9;
            point.samples.push_back(kind == clprobe::CurveKind::latency ? sample : 1 / sample);
        }
        result.points.push_back(point);
    }
    if (kind == clprobe::CurveKind::bandwidth)
        for (TrueLevel &level : result.levels) {
            level.value = {1 / level.value.high, 1 / level.value.low};
            level.territory = {1 / level.territory.high, 1 / level.territory.low};
        }
    return result;
}

void keep_one_sample(SyntheticDevice &device) {
    const std::size_t samples = device.points.front().samples.size();
    for (TrueLevel &level : device.levels)
        level.noise /= clprobe::median_deviation(samples);
    for (clprobe::CurvePoint &point : device.points)
        point.samples.resize(1);
}
