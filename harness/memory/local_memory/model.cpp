#include "memory/local_memory/local_memory.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>

namespace clprobe::probes::local_memory {
namespace {

constexpr double least_error = 0.05;   // relative; the model is no better than that
constexpr double believed = 0.1;       // a time within that of the model's is explained by it
constexpr double most_misses = 0.15;   // share of strides that a right model may not explain
constexpr double least_slowdown = 3;   // two doublings, nearly
constexpr double worst = 16;           // cost of one stride at most: an outlier decides nothing
constexpr double decisive = 12;        // cost by which the next explanation must be worse
constexpr std::size_t least_times = 8; // strides

struct Fit {
    BankModel model;
    double besides = 0; ///< what a load costs besides its passes
    double hidden = 1;  ///< passes that take no time
    double cost = std::numeric_limits<double>::infinity();
};

/// How far the logarithms of the times are from those of a model with its best scale, that of the
/// median stride.
class Distances {
public:
    Distances(const BankModel &model, std::span<const StrideTime> times) {
        std::map<double, std::size_t> known; // few numbers of passes differ
        for (const StrideTime &time : times) {
            logs_.push_back(std::log(time.seconds));
            weights_.push_back(1 / (least_error * least_error + time.error * time.error));
            const auto [at, is_new] = known.try_emplace(model.passes(time.stride), known.size());
            if (is_new)
                passes_.push_back(at->first);
            which_.push_back(at->second);
        }
    }

    /// The logarithm of the model's times over its fastest.
    [[nodiscard]] std::vector<double> shape(double besides, double hidden) const {
        const double least = std::ranges::min(passes_);
        std::vector<double> known;
        for (const double pass : passes_)
            known.push_back(
                std::log((std::max(hidden, pass) + besides) / (std::max(hidden, least) + besides)));
        std::vector<double> shape;
        for (const std::size_t which : which_)
            shape.push_back(known[which]);
        return shape;
    }

    [[nodiscard]] std::vector<double> from(const std::vector<double> &shape) const {
        std::vector<double> off(shape.size());
        std::ranges::transform(logs_, shape, off.begin(), std::minus{});
        std::vector<double> sorted = off;
        const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
        std::nth_element(sorted.begin(), middle, sorted.end());
        for (double &value : off)
            value -= *middle;
        return off;
    }

    [[nodiscard]] double cost(const std::vector<double> &off) const {
        double sum = 0;
        for (std::size_t i = 0; i < off.size(); ++i)
            sum += std::min(off[i] * off[i] * weights_[i], worst);
        return sum;
    }

private:
    std::vector<double> logs_;       ///< of the times
    std::vector<double> weights_;    ///< of a squared difference
    std::vector<double> passes_;     ///< that occur
    std::vector<std::size_t> which_; ///< of them, by stride
};

Fit best_fit(const BankModel &model, std::span<const StrideTime> times) {
    const Distances distances(model, times);
    Fit best{model};
    for (const double besides : {0.0, 0.1, 0.2, 0.35, 0.5, 0.7, 1.0, 1.4, 2.0, 3.0, 5.0, 8.0})
        for (const double hidden : {1.0, 1.5, 2.0, 3.0, 4.0, 8.0}) {
            const double cost = distances.cost(distances.from(distances.shape(besides, hidden)));
            if (cost < best.cost)
                best = {model, besides, hidden, cost};
        }
    return best;
}

/// How far the fit explains the times.
void judge(const Fit &fit, std::span<const StrideTime> times, BankVerdict &verdict) {
    const Distances distances(fit.model, times);
    const std::vector<double> shape = distances.shape(fit.besides, fit.hidden);
    const std::vector<double> off = distances.from(shape);
    std::size_t explained = 0;
    std::size_t slowed = 0;
    std::size_t slowed_explained = 0;
    for (std::size_t i = 0; i < times.size(); ++i) {
        const bool fits = std::abs(off[i]) <= std::max(believed, 3 * times[i].error);
        explained += fits;
        slowed += shape[i] > believed;
        slowed_explained += fits && shape[i] > believed;
    }
    const auto share = [](std::size_t some, std::size_t all) {
        return all == 0 ? 0 : static_cast<double>(some) / static_cast<double>(all);
    };
    verdict.slowdown = std::exp(std::ranges::max(shape));
    verdict.explained = std::min(share(explained, times.size()), share(slowed_explained, slowed));
}

std::vector<Fit> all_fits(std::span<const StrideTime> times) {
    std::vector<Fit> fits;
    for (const unsigned banks : {8u, 16u, 32u, 64u, 128u})
        for (const unsigned width_words : {1u, 2u, 4u})
            for (const unsigned work_items : {8u, 16u, 32u})
                fits.push_back(best_fit({banks, width_words, work_items}, times));
    return fits;
}

constexpr double beyond = 1.3;          // a ring slower than that is not in the first cache
constexpr double clear = 1.15;          // a ratio of times that no noise makes
constexpr std::size_t least_points = 2; // that show it

} // namespace

double BankModel::passes(unsigned stride) const {
    double sum = 0;
    for (unsigned begin = 0; begin < width_words; ++begin) {
        // Words do not fall from work-item to work-item: the same again follows at once, if at all.
        std::vector<unsigned> words(banks);
        unsigned last = begin / width_words;
        ++words[last % banks];
        for (unsigned item = 1; item < work_items; ++item) {
            const unsigned next = (begin + item * stride) / width_words;
            words[next % banks] += next != last;
            last = next;
        }
        sum += std::ranges::max(words);
    }
    return sum / width_words;
}

BankVerdict find_banks(std::span<const StrideTime> times) {
    BankVerdict verdict;
    const auto none = [](const StrideTime &time) { return !(time.seconds > 0); };
    if (times.size() < least_times || std::ranges::any_of(times, none))
        return {{}, 1, 0, "too few strides were timed"};
    const std::vector<Fit> fits = all_fits(times);
    const Fit &best = *std::ranges::min_element(fits, {}, &Fit::cost);
    double other = std::numeric_limits<double>::infinity();
    for (const Fit &fit : fits)
        if (fit.model.banks != best.model.banks || fit.model.width_words != best.model.width_words)
            other = std::min(other, fit.cost);
    judge(best, times, verdict);
    if (verdict.slowdown < least_slowdown || verdict.explained < 1 - most_misses)
        verdict.reason = "no banks seen: times do not follow the strides' powers of two";
    else if (other < best.cost + decisive)
        verdict.reason = fmt::format("banks are seen, slowing strides by up to {:.3g}, but more "
                                     "than one division into banks explains the times",
                                     verdict.slowdown);
    else
        verdict.model = best.model;
    return verdict;
}

double first_knee(std::span<const EvictionTime> times) {
    if (times.empty() || times.front().bytes != 0)
        return 0;
    const double local_seconds = times.front().few.seconds_per_trip;
    double lowest = 0;
    double knee = 0;
    for (const EvictionTime &time : times.subspan(1)) {
        const double now =
            (time.few.seconds_per_trip - local_seconds) / time.bytes; // of the ring alone
        if (now <= 0)
            continue;
        if (lowest > 0 && now > beyond * lowest)
            return knee;
        lowest = lowest > 0 ? std::min(lowest, now) : now;
        knee = time.bytes;
    }
    return 0;
}

EvictionVerdict judge_eviction(std::span<const EvictionTime> times, double local_bytes) {
    EvictionVerdict verdict;
    const double knee = first_knee(times);
    std::size_t evicted = 0;
    std::size_t suitable = 0;
    std::size_t spared = 0;
    for (const EvictionTime &time : times) {
        verdict.worst_ratio =
            std::max(verdict.worst_ratio, time.all.seconds_per_trip / time.few.seconds_per_trip);
        evicted += time.all.interval.low > clear * time.few.interval.high;
        // In the cache alone, and not together; ten per cent for what else is in it.
        if (time.bytes <= 1.1 * knee && time.bytes + local_bytes >= 1.1 * knee) {
            ++suitable;
            spared += time.all.interval.high < clear * time.few.interval.low;
        }
    }
    if (evicted >= least_points)
        verdict.own = false;
    else if (knee == 0)
        verdict.reason = "the first cache holds all of the global memory that was tried";
    else if (suitable < least_points)
        verdict.reason = "local memory is too small to take much room in the first cache";
    else if (evicted > 0 || static_cast<double>(spared) < 0.75 * static_cast<double>(suitable))
        verdict.reason = "the times of rings beside local memory are too noisy";
    else
        verdict.own = true;
    return verdict;
}

} // namespace clprobe::probes::local_memory
