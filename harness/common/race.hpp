#pragma once
#include "measure/tuner.hpp"

#include <clprobe/probe.hpp>
#include <clprobe/row.hpp>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <utility>

namespace clprobe::probes {

/// How the variants of a kernel race each other.
template <typename Launchable>
struct RaceRules {
    using Variant = decltype(Launchable::variant);

    std::string series;   ///< of the launches; its row is the variant
    double seconds = 0;   ///< that a launch shall take
    bool warm_up = false; ///< the device, before the first is timed
    /// Builds, launches once (some drivers compile only then) and verifies. Its variant may be
    /// another than was asked for, such as one with smaller groups. Throws Error.
    std::function<Launchable(const Variant &)> make;
    /// What all work-items together do in a trip, of which variants do more or less.
    std::function<double(const Variant &)> work;
    std::function<bool()> time_left;
    bool leave_out_wrong = false; ///< as TuningRules has it
};

/// Variants of a kernel that were tried by a Tuner, each with its launch: a `Launchable` has a
/// `variant`, which is a row over trips, and its `launch`, a BoundLaunch that verifies itself.
template <typename Launchable>
class Race {
public:
    using Rules = RaceRules<Launchable>;
    using Variant = typename Rules::Variant;

    Race(Bench &bench, Rules rules)
        : bench_(bench), rules_(std::move(rules)),
          tuner_({.time = [this](const Variant &variant) { return time(variant); },
                  .time_again = [this](const Variant &variant) { return sample(find(variant)); },
                  .time_left = rules_.time_left,
                  .leave_out_wrong = rules_.leave_out_wrong}) {}
    Race(const Race &) = delete;
    Race &operator=(const Race &) = delete;

    /// Which of them are tried, and how often.
    [[nodiscard]] Tuner<Variant> &tuner() { return tuner_; }
    /// The fastest; requires that one ran.
    [[nodiscard]] const Launchable &winner() { return find(*tuner_.best()).launchable; }
    /// The trips of its launches.
    [[nodiscard]] std::uint32_t trips() { return find(*tuner_.best()).timed.trips; }

    /// Notes why none ran, as "<name>.unsupported" of what the device lacks, or "<name>.failed".
    void note_failure(const std::string &name) const {
        const auto &failure = tuner_.failures().back();
        bench_.data().text_attributes[name + (failure.unsupported ? ".unsupported" : ".failed")] =
            failure.reason;
    }

private:
    struct Tried {
        Variant wanted;
        Launchable launchable;
        Candidate timed;
        int blocks = 0;
    };

    Tried &find(const Variant &wanted) {
        return *std::ranges::find(tried_, wanted, &Tried::wanted);
    }

    double time(const Variant &wanted) {
        Launchable made = rules_.make(wanted);
        Candidate timed{made.launch, &bench_.series(rules_.series), coordinates(made.variant),
                        bench_.calibrate(made.launch, rules_.seconds)};
        if (rules_.warm_up && tried_.empty())
            bench_.warm_up(timed.launch, timed.trips);
        return sample(tried_.emplace_back(Tried{wanted, std::move(made), std::move(timed)}));
    }

    /// Seconds of a unit of work in the best launch so far.
    double sample(Tried &of) {
        bench_.sample_block(of.timed, of.blocks++);
        const Variant &variant = of.launchable.variant;
        const Point *const longest = of.timed.series->find(coordinates(variant, of.timed.trips));
        return std::ranges::min(longest->samples) / (rules_.work(variant) * of.timed.trips);
    }

    Bench &bench_;
    Rules rules_;
    std::deque<Tried> tried_;
    Tuner<Variant> tuner_;
};

} // namespace clprobe::probes
