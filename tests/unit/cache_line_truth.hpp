#pragma once
#include "analysis/estimates.hpp"
#include "analysis/size_posterior.hpp"
#include "synthetic.hpp"

#include <functional>
#include <vector>

/// How many of each experiment are made up.
inline constexpr int seeds = 1000;

/// A synthetic experiment with a known size, drawn so, each part on its own: the noise of a place's
/// median uniform from 0 to 10 %; one sample a place or five; in half one sample in twenty is an
/// outlier that takes 1 to 3 times as long; in half one place in ten is missing.
struct NoisyTruth {
    double size = 64;
    double noise = 0.02; ///< of a place's median
    int samples = 5;
    bool outliers = false;
    bool missing = false;
};

NoisyTruth noisy_truth(Random &random);

/// A value over the coordinates of a place.
using Law = std::function<double(const std::vector<double> &at)>;

struct NoisyPlace {
    std::vector<double> at;
    clprobe::Estimate estimate;
};
/// Samples of a value at places, as the truth has them, as the probe estimates it from them.
std::vector<NoisyPlace> noisy_places(const NoisyTruth &truth,
                                     const std::vector<std::vector<double>> &at, const Law &law,
                                     Random &random);

/// Places over one coordinate as a curve.
[[nodiscard]] std::vector<clprobe::Estimate> curve_of(const std::vector<NoisyPlace> &places);

/// Whether the truth differs from each of the others that come near by more than three times the
/// noise of a place's median, in so many places.
[[nodiscard]] bool is_clear(const NoisyTruth &truth, const std::vector<NoisyPlace> &places,
                            const Law &law, const std::vector<Law> &others, int enough);

/// How often verdicts were right, and wrong: of all, and of those where the truth is clear. A size
/// is right that is the true one, sizes are that cover it.
class Score {
public:
    void add(const clprobe::SizeVerdict &verdict, double truth, bool clear);
    /// Checks that of the clear ones so many have the right sizes, and so many the right size
    /// alone; and that of all one of 100 is wrong at most.
    void check(double least_right = 0.98, double least_alone = 0.98) const;

private:
    int all_ = 0;
    int wrong_ = 0;
    int clear_ = 0;
    int right_ = 0; ///< of the clear ones
    int alone_ = 0;
};
