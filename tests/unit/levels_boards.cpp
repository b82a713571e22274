#include "levels_boards.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace {

double ratio_uniform(Random &random, double low, double high) {
    return std::exp(random.uniform(std::log(low), std::log(high)));
}

/// Where the share of hits begins to fall from one, and where none is left; of one that falls as
/// 1 / x does, both are its size.
struct End {
    double begin = 0;
    double end = 0;
    bool random_accesses = false;

    [[nodiscard]] double hits(double x) const {
        if (x <= begin)
            return 1;
        return random_accesses ? begin / x : x >= end ? 0 : (end - x) / (end - begin);
    }
};

End draw_end(Random &random, double size) {
    constexpr double just_fits = 1.001;
    switch (random.integer(0, 3)) {
    case 0:
        return {size, just_fits * size};
    case 1: {
        const double end = size * random.uniform(0.7, 0.98);
        return {end, just_fits * end};
    }
    case 2:
        return {size * random.uniform(0.7, 0.95), size * random.uniform(1.05, 1.6)};
    default:
        return {size, size, true};
    }
}

/// A power of two from `low` on and up to `high`, or half as much again.
double draw_size(Random &random, double low, double high) {
    const int octaves = static_cast<int>(std::floor(std::log2(high / low)));
    const double size = low * std::exp2(random.integer(0, std::max(octaves, 0)));
    return random.chance(0.3) ? 1.5 * size : size;
}

struct Tlb {
    double reach = 0;
    double cost = 0;
};

struct Chain {
    std::vector<double> latency; ///< of each cache and of memory
    std::vector<End> ends;       ///< of each cache
    std::vector<Tlb> tlbs;

    [[nodiscard]] double at(double x) const {
        double time = latency[0];
        for (std::size_t i = 0; i < ends.size(); ++i)
            time += (1 - ends[i].hits(x)) * (latency[i + 1] - latency[i]);
        for (const Tlb &tlb : tlbs)
            time += tlb.cost * std::max(0.0, 1 - tlb.reach / x);
        return time;
    }
};

double with_digits(double value) {
    const double unit = std::pow(10, std::floor(std::log10(value)) - 3);
    return std::round(value / unit) * unit;
}

} // namespace

Board board(Random &random) {
    constexpr double kibibyte = 1024;
    Board result;
    const double firsts[] = {16, 32, 32, 48, 64, 64};
    result.sizes.push_back(kibibyte * firsts[random.integer(0, 5)]);
    const double least =
        std::max(128 * kibibyte, std::exp2(std::ceil(std::log2(4 * result.sizes[0]))));
    result.sizes.push_back(draw_size(random, least, 2048 * kibibyte));
    if (random.chance(0.5))
        result.sizes.push_back(draw_size(
            random, std::max(1024 * kibibyte, std::exp2(std::ceil(std::log2(4 * result.sizes[1])))),
            32768 * kibibyte));
    Chain chain;
    chain.latency = {random.integer(3, 5) / random.uniform(1, 3)};
    chain.latency.push_back(chain.latency.back() * ratio_uniform(random, 2.5, 5));
    if (result.sizes.size() > 2)
        chain.latency.push_back(chain.latency.back() * ratio_uniform(random, 2, 4));
    chain.latency.push_back(chain.latency.back() * ratio_uniform(random, 3, 10));
    for (const double size : result.sizes)
        chain.ends.push_back(draw_end(random, size));
    if (random.chance(0.67))
        chain.tlbs.push_back({kibibyte * std::exp2(random.integer(7, 10)),
                              chain.latency[1] * random.uniform(0, 0.6)});
    if (random.chance(0.5))
        chain.tlbs.push_back({1024 * kibibyte * std::exp2(random.integer(0, 3)),
                              chain.latency.back() * random.uniform(0, 0.15)});

    const double noise = ratio_uniform(random, 0.002, 0.02);
    const double most =
        std::exp2(std::floor(std::log2(result.sizes.back())) + random.integer(1, 6));
    for (double x = kibibyte * std::exp2(random.integer(0, 2)); x <= most; x *= 2)
        result.points.push_back(
            {x, {with_digits(chain.at(x) * std::exp(noise * random.normal()))}});
    if (random.chance(0.2)) {
        const auto last = static_cast<int>(result.points.size()) - 1;
        result.points[static_cast<std::size_t>(random.integer(4, last))].samples[0] *=
            random.uniform(1.1, 1.5);
    }
    result.last_octave = chain.at(most) / chain.at(most / 2) - 1;
    return result;
}
