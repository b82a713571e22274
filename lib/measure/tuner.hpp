#pragma once
#include <clprobe/error.hpp>
#include <clprobe/series.hpp>

#include <algorithm>
#include <cstddef>
#include <exception>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace clprobe {

/// How candidates of a tuning are timed, and how long the search may go on.
template <typename Candidate>
struct TuningRules {
    /// The first time of a candidate: seconds of as much work as any other's. Throws Error where it
    /// does not build or run, which is recorded.
    std::function<double(const Candidate &)> time;
    /// A further time of one that ran.
    std::function<double(const Candidate &)> time_again;
    std::function<bool()> time_left;
    /// What each is expected to take, by which those at hand are ordered; none: in their own order.
    std::function<double(const Candidate &)> predicted = {};
    /// A candidate with a wrong result is left out like one that does not run; else it ends the
    /// search, as nothing that is timed after it would count.
    bool leave_out_wrong = false;
};

/// Finds the fastest of a space of candidates: shapes of kernels, sizes of work-groups. Each is
/// tried once, in an order that the search chooses, and the best are compared in further samples,
/// ever fewer of them (successive halving). The least time of each counts: what slows one launch
/// down has nothing to do with the candidate. The times are biased by having been selected, so the
/// winner's has to be measured anew. Candidates can be compared by `==`.
template <typename Candidate>
class Tuner {
public:
    struct Timed {
        Candidate candidate;
        double seconds = 0; ///< the least
    };
    struct Failure {
        Candidate candidate;
        std::string reason;
        bool unsupported = false; ///< the device lacks what it needs
        std::exception_ptr error;
    };

    explicit Tuner(TuningRules<Candidate> rules) : rules_(std::move(rules)) {}

    /// Tries a candidate that was not tried yet, whatever the time.
    void try_out(const Candidate &candidate) {
        if (tried(candidate))
            return;
        tried_.push_back(candidate);
        try {
            Timed timed{candidate, rules_.time(candidate)};
            const auto slower =
                std::ranges::upper_bound(ranking_, timed.seconds, {}, &Timed::seconds);
            ranking_.insert(slower, std::move(timed));
        } catch (const Cancelled &) {
            throw;
        } catch (const Error &error) {
            if (!rules_.leave_out_wrong && dynamic_cast<const VerificationError *>(&error))
                throw;
            failures_.push_back({candidate, error.what(),
                                 dynamic_cast<const Unsupported *>(&error) != nullptr,
                                 std::current_exception()});
        }
    }

    /// Tries them while there is time, the most promising first.
    void try_all(std::vector<Candidate> candidates) {
        if (rules_.predicted)
            std::ranges::stable_sort(candidates, {}, rules_.predicted);
        for (const Candidate &candidate : candidates)
            if (rules_.time_left())
                try_out(candidate);
    }

    /// Tries what each stage makes of the best so far, or of `start` where none ran yet, one stage
    /// after the other (a coordinate descent).
    template <typename Stages>
    void descend(const Candidate &start, const Stages &stages) {
        for (const auto &stage : stages)
            try_all(stage(Candidate(best() != nullptr ? *best() : start)));
    }

    /// Times the best `among` again, as long as there is time.
    void compare(std::size_t among, const std::function<bool()> &time_left) {
        for (std::size_t i = 0; i < std::min(among, ranking_.size()); ++i)
            if (time_left())
                ranking_[i].seconds =
                    std::min(ranking_[i].seconds, rules_.time_again(ranking_[i].candidate));
        std::ranges::stable_sort(ranking_, {}, &Timed::seconds);
    }
    /// Compares the best `among`, then the better half of these, and so on down to two.
    void halve(std::size_t among, const std::function<bool()> &time_left) {
        for (; among >= 2; among /= 2)
            compare(among, time_left);
    }

    [[nodiscard]] bool tried(const Candidate &candidate) const {
        return std::ranges::find(tried_, candidate) != tried_.end();
    }
    [[nodiscard]] std::size_t tries() const { return tried_.size(); }
    /// Those that ran, the fastest first.
    [[nodiscard]] const std::vector<Timed> &ranking() const { return ranking_; }
    /// The fastest; null where none ran.
    [[nodiscard]] const Candidate *best() const {
        return ranking_.empty() ? nullptr : &ranking_.front().candidate;
    }
    [[nodiscard]] const std::vector<Failure> &failures() const { return failures_; }

private:
    TuningRules<Candidate> rules_;
    std::vector<Candidate> tried_;
    std::vector<Timed> ranking_;
    std::vector<Failure> failures_;
};

/// Records in the data how many candidates failed, and why the last of them did, as
/// "<name>.rejected" and "<name>.rejection"; nothing where none did.
template <typename Candidate>
void record_failures(Dataset &data, const std::string &name, const Tuner<Candidate> &tuner) {
    if (tuner.failures().empty())
        return;
    data.number_attributes[name + ".rejected"] += static_cast<double>(tuner.failures().size());
    data.text_attributes[name + ".rejection"] = tuner.failures().back().reason;
}

} // namespace clprobe
