#include "banks.hpp"

#include <clprobe/statistics.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <vector>

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
    double cost = std::numeric_limits<double>::infinity();
    double slowdown = 1;
    double explained = 0; ///< share of the strides, or of the slowed ones, if that is less
};

/// The logarithms of the times that a model gives, but for one scale; those of equal passes once.
using Shape = std::map<double, double>;

struct Share {
    std::size_t of = 0;
    std::size_t have = 0;

    void add(bool has) {
        ++of;
        have += has;
    }
    [[nodiscard]] double value() const {
        return of == 0 ? 0 : static_cast<double>(have) / static_cast<double>(of);
    }
};

/// The model with its best scale, that of the median stride.
Fit fit_of(std::span<const StrideTime> times, const std::vector<double> &passes,
           const Shape &shape) {
    std::vector<double> logs(times.size());
    for (std::size_t i = 0; i < times.size(); ++i)
        logs[i] = std::log(times[i].seconds) - shape.at(passes[i]);
    const double scale = median(logs);
    const double fastest = shape.begin()->second;
    Fit fit{{}, 0, std::exp(shape.rbegin()->second - fastest), 0};
    Share all;
    Share slowed;
    for (std::size_t i = 0; i < times.size(); ++i) {
        const double off = std::abs(logs[i] - scale);
        const double error = std::hypot(least_error, times[i].error);
        fit.cost += std::min(off * off / (error * error), worst);
        const bool explained = off <= std::max(believed, 3 * times[i].error);
        all.add(explained);
        if (shape.at(passes[i]) > fastest + believed)
            slowed.add(explained);
    }
    fit.explained = std::min(all.value(), slowed.value());
    return fit;
}

/// The best of the model's fits over what a load costs besides its passes, and what hides them.
Fit best_fit(const BankModel &model, std::span<const StrideTime> times) {
    std::vector<double> passes;
    for (const StrideTime &time : times)
        passes.push_back(model.passes(time.stride));
    Fit best;
    for (const double besides : {0.0, 0.1, 0.2, 0.35, 0.5, 0.7, 1.0, 1.4, 2.0, 3.0, 5.0, 8.0})
        for (const double hidden : {1.0, 1.5, 2.0, 3.0, 4.0, 8.0}) {
            Shape shape;
            for (const double pass : passes)
                shape.try_emplace(pass, std::log(std::max(hidden, pass) + besides));
            const Fit fit = fit_of(times, passes, shape);
            if (fit.cost < best.cost)
                best = fit;
        }
    best.model = model;
    return best;
}

/// Whether two models differ in what is asked for.
bool differ(const BankModel &a, const BankModel &b) {
    return a.banks != b.banks || a.width_words != b.width_words;
}

std::vector<Fit> all_fits(std::span<const StrideTime> times) {
    std::vector<Fit> fits;
    for (const unsigned banks : {8u, 16u, 32u, 64u, 128u})
        for (const unsigned width_words : {1u, 2u, 4u})
            for (const unsigned lanes : {8u, 16u, 32u})
                fits.push_back(best_fit({banks, width_words, lanes}, times));
    return fits;
}

} // namespace

double BankModel::passes(unsigned stride) const {
    double sum = 0;
    for (unsigned begin = 0; begin < width_words; ++begin) {
        // Places do not fall from lane to lane: the same one again follows at once, if at all.
        std::vector<unsigned> words(banks);
        unsigned last = begin / width_words;
        ++words[last % banks];
        for (unsigned lane = 1; lane < lanes; ++lane) {
            const unsigned place = (begin + lane * stride) / width_words;
            words[place % banks] += place != last;
            last = place;
        }
        sum += *std::max_element(words.begin(), words.end());
    }
    return sum / width_words;
}

BankVerdict find_banks(std::span<const StrideTime> times) {
    BankVerdict verdict;
    const bool usable = std::all_of(times.begin(), times.end(),
                                    [](const StrideTime &time) { return time.seconds > 0; });
    if (times.size() < least_times || !usable) {
        verdict.reason = "too few strides were timed";
        return verdict;
    }
    const std::vector<Fit> fits = all_fits(times);
    const Fit &best = *std::min_element(fits.begin(), fits.end(),
                                        [](const Fit &a, const Fit &b) { return a.cost < b.cost; });
    double other = std::numeric_limits<double>::infinity();
    for (const Fit &fit : fits)
        if (differ(fit.model, best.model))
            other = std::min(other, fit.cost);
    verdict.slowdown = best.slowdown;
    verdict.explained = best.explained;
    if (best.slowdown < least_slowdown || verdict.explained < 1 - most_misses)
        verdict.reason = "no banks seen: times do not follow the strides' powers of two";
    else if (other < best.cost + decisive)
        verdict.reason = fmt::format("banks are seen, slowing strides by up to {:.3g}, but more "
                                     "than one division into banks explains the times",
                                     best.slowdown);
    else
        verdict.model = best.model;
    return verdict;
}

} // namespace clprobe::probes::local_memory
