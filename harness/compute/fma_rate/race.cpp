#include "compute/fma_rate/race.hpp"

#include <clprobe/error.hpp>

#include <algorithm>
#include <set>
#include <utility>

namespace clprobe::probes::fma_rate {
namespace {

struct Runner {
    Launchable launchable;
    std::uint32_t trips = 0;
};

class Race {
public:
    Race(KernelCache &kernel_cache, const SearchSpace &search_space, double reserve)
        : kernel_cache_(kernel_cache), course_(search_space), reserve_(reserve) {}

    RaceResult run() {
        try_out(course_.start);
        if (unsupported_)
            for (const Form form : {Form::expression, Form::mad}) {
                Variant other = course_.start;
                other.form = form;
                try_out(other);
            }
        for (const Stage &stage : course_.stages) {
            const Variant from = runners_.empty() ? course_.start : best().launchable.variant;
            for (const Move &move : stage.moves)
                if (time_left())
                    try_out(move(from));
        }
        RaceResult result{std::nullopt, rejected_, failure_};
        if (!runners_.empty()) {
            run_again();
            result.winner = best().launchable;
        }
        return result;
    }

private:
    [[nodiscard]] bool time_left() const { return kernel_cache_.bench().remaining() > reserve_; }

    void try_out(const Variant &variant) {
        if (std::find(tried_.begin(), tried_.end(), variant) != tried_.end())
            return;
        tried_.push_back(variant);
        try {
            Runner runner{kernel_cache_.make(variant), 0};
            runner.trips =
                kernel_cache_.bench().calibrate(runner.launchable.work, course_.launch_seconds);
            if (runners_.empty())
                kernel_cache_.bench().warm_up(runner.launchable.work, runner.trips);
            sample(runner);
            runners_.push_back(std::move(runner));
        } catch (const Cancelled &) {
            throw;
        } catch (const Error &error) {
            unsupported_ = dynamic_cast<const Unsupported *>(&error) != nullptr;
            ++rejected_;
            failure_ = error.what();
        }
    }

    void sample(const Runner &runner) {
        Candidate candidate{runner.launchable.work, &series(),
                            coordinates(runner.launchable.variant), runner.trips};
        kernel_cache_.bench().sample_block(candidate, block_++);
    }

    /// Of the best launch: what slows one down has nothing to do with the variant.
    [[nodiscard]] double seconds_per_operation(const Runner &runner) const {
        const Point *point = series().find(coordinates(runner.launchable.variant, runner.trips));
        if (!point || point->samples.empty())
            return std::numeric_limits<double>::infinity();
        return *std::min_element(point->samples.begin(), point->samples.end()) /
               (runner.launchable.variant.per_trip() * runner.trips);
    }

    void sort() {
        std::stable_sort(runners_.begin(), runners_.end(),
                         [this](const Runner &a, const Runner &b) {
                             return seconds_per_operation(a) < seconds_per_operation(b);
                         });
    }

    const Runner &best() {
        sort();
        return runners_.front();
    }

    void run_again() {
        sort();
        constexpr std::size_t finalists = 3;
        constexpr int rounds = 2;
        for (int round = 0; round < rounds; ++round)
            for (std::size_t i = 0; i < std::min(finalists, runners_.size()); ++i)
                sample(runners_[i]);
    }

    [[nodiscard]] Series &series() const {
        return kernel_cache_.bench().series(std::string(name(kernel_cache_.real())) + ".race");
    }

    KernelCache &kernel_cache_;
    const SearchSpace &course_;
    double reserve_;
    int block_ = 0;
    std::vector<Variant> tried_;
    std::vector<Runner> runners_;
    unsigned rejected_ = 0;
    std::string failure_;
    bool unsupported_ = false; ///< the last that was left out, and not for a wrong result
};

} // namespace

RaceResult race(KernelCache &kernel_cache, const SearchSpace &search_space, double reserve) {
    return Race(kernel_cache, search_space, reserve).run();
}

} // namespace clprobe::probes::fma_rate
