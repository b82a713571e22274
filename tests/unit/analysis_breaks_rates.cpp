#include "synthetic.hpp"

#include <clprobe/change_point.hpp>

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

using namespace clprobe;

namespace {

/// Whether a break that was found is that true one: a step within its interval, a ramp overlapping
/// it; and, where the step is clear, no wider than by three points.
bool same_place(const Break &found, const TrueBreak &truth, double noise) {
    const bool ramp = truth.first_behind - truth.last_before > 1;
    const bool meets = ramp
                           ? found.x.low < truth.first_behind && found.x.high > truth.last_before
                           : found.x.low <= truth.last_before && found.x.high >= truth.first_behind;
    const bool clear = std::abs(std::log(truth.ratio)) > 3 * noise;
    return meets && (!clear || (found.x.low >= truth.last_before - 3 &&
                                found.x.high <= truth.first_behind + 3));
}

enum class Verdict { right, undecided, wrong };

/// Right is: decided, every break that was found is a true one and every true one was found. That
/// smaller ones than the stated resolution were not is not right, but not wrong either.
Verdict judge(const SyntheticCurve &curve) {
    const Segmentation found = find_breaks(curve.points);
    if (!found.decided)
        return Verdict::undecided;
    const double tolerance = std::max(std::log1p(found.resolution), 4 * curve.noise);
    for (const Break &each : found.breaks) {
        const bool known =
            std::any_of(curve.breaks.begin(), curve.breaks.end(), [&](const TrueBreak &truth) {
                return same_place(each, truth, curve.noise) &&
                       std::abs(std::log(each.ratio / truth.ratio)) < tolerance;
            });
        if (!known)
            return Verdict::wrong;
    }
    for (const TrueBreak &truth : curve.breaks) {
        const bool seen =
            std::any_of(found.breaks.begin(), found.breaks.end(),
                        [&](const Break &each) { return same_place(each, truth, curve.noise); });
        if (!seen && std::abs(std::log(truth.ratio)) > std::log1p(found.resolution))
            return Verdict::wrong;
    }
    if (found.breaks.size() > curve.breaks.size())
        return Verdict::wrong;
    return found.breaks.size() == curve.breaks.size() ? Verdict::right : Verdict::undecided;
}

struct Rates {
    int curves = 0;
    int wrong = 0;
    int clear = 0; ///< curves whose smallest step exceeds three times the noise
    int clear_right = 0;
};

Rates rates(const BreaksKind &kind, std::uint64_t seeds) {
    Rates result;
    for (std::uint64_t seed = 0; seed < seeds; ++seed) {
        Random random(seed);
        const SyntheticCurve curve = synthetic_curve(random, kind);
        const Verdict verdict = judge(curve);
        const bool clear = !curve.breaks.empty() && curve.clarity() > 3;
        ++result.curves;
        result.wrong += verdict == Verdict::wrong ? 1 : 0;
        result.clear += clear ? 1 : 0;
        result.clear_right += clear && verdict == Verdict::right ? 1 : 0;
    }
    return result;
}

} // namespace

TEST_CASE("unit.change_point.rates on curves without a break") {
    const Rates found = rates({0, 0, 12}, 2000);
    INFO("wrong " << found.wrong << " of " << found.curves);
    CHECK(found.wrong <= 0.01 * found.curves);
}

TEST_CASE("unit.change_point.rates on curves with one break") {
    const Rates found = rates({1, 1, 5}, 3000);
    INFO("right " << found.clear_right << " of " << found.clear << " clear ones, wrong "
                  << found.wrong << " of " << found.curves);
    CHECK(found.clear >= 1000);
    CHECK(found.clear_right >= 0.98 * found.clear);
    CHECK(found.wrong <= 0.01 * found.curves);
}

TEST_CASE("unit.change_point.rates on staircases") {
    const Rates found = rates({2, 5, 6}, 2000);
    INFO("right " << found.clear_right << " of " << found.clear << " clear ones, wrong "
                  << found.wrong << " of " << found.curves);
    CHECK(found.clear >= 1000);
    CHECK(found.clear_right >= 0.98 * found.clear);
    CHECK(found.wrong <= 0.01 * found.curves);
}
