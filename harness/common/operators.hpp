#pragma once
#include <clprobe/probe.hpp>
#include <clprobe/report.hpp>
#include <clprobe/statistics.hpp>

#include <cstddef>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <vector>

// What is found of the operators of neural networks, one shape after the other, whatever the
// operator.
namespace clprobe::probes::operators {

/// Attributes of the data.
namespace entry {
inline const std::string error = "error";       ///< number: of random reals, see `error_of`
inline const std::string verified = "verified"; ///< number: of calls, each result of theirs
inline const std::string choice = "choice.";    ///< text, then the shape: how it was chosen
inline const std::string tuned = "the fastest of a race";
inline const std::string kept = "kept from a race";
inline const std::string predicted = "predicted to be the fastest";
/// Number, then the shape: the time of the best of the likely plans over that of the best of all.
inline const std::string over_best = "over_best.";
inline const std::string unmeasured = "unmeasured.";   ///< text, then the shape: why
inline const std::string unsupported = ".unsupported"; ///< text, after the numbers: why
} // namespace entry

/// What an operator's rate is, and what it is set against.
struct RateKind {
    std::string name = "rate"; ///< the last part of its key
    Unit unit = Unit::flop_per_second;
    std::string share = "the rate over that of multiply-adds alone";
    std::string roof = "rate of multiply-adds"; ///< of the device, for people; empty: none is known
    bool has_prediction = true;                 ///< whether there is a predicted share
};

/// The keys of one shape, in their order.
struct ShapeKeys {
    /// `prefix` is the operator and the shape, "gemm.fp32.64x64x64."; `call` says what is timed,
    /// and `work` what the rate counts.
    ShapeKeys(const std::string &prefix, const std::string &call, const std::string &work,
              RateKind rate_kind = {});

    [[nodiscard]] std::vector<FindingKey> all() const;

    FindingKey time;
    FindingKey rate;
    FindingKey roof_share;
    FindingKey predicted_share;
    RateKind kind;
};

/// Seconds by the model, and what the intervals of launches' costs make of them: what the host is
/// bound by goes at its pace of the minute.
struct Prediction {
    double seconds = 0;
    Interval interval;
};
/// `seconds` is asked with these findings, and with the ends of launches' costs in their place.
[[nodiscard]] std::optional<Prediction>
predicted_by(const Facts &facts,
             const std::function<std::optional<double>(const Facts &)> &seconds);

/// The calls of one shape.
struct Calls {
    double seconds = 0; ///< of one
    Interval interval;
    double work = 0; ///< of one, in what the rate counts
    std::optional<Prediction> predicted;
    std::string method;
    std::string series;
    /// What is really multiplied and added, where that is not the same.
    std::optional<double> computed = {};
    std::string roof = "fma.fp32.rate";     ///< the finding that the rate is set against
    std::string verified = entry::verified; ///< the attribute of how many were
};

/// What `prepare` says against measuring something, or the error that it throws, which `failure`
/// has then; empty where it is ready. A wrong result ends the probe.
[[nodiscard]] std::string prepare_unless_it_fails(const std::function<std::string()> &prepare,
                                                  std::exception_ptr &failure);

/// Block after block, for most of the time that the probe has left, and three at least.
void time_blocks(const Bench &bench, const std::function<void(int block)> &time_block);

/// Adds what the calls say, or without calls, or with calls of very different times, why nothing is
/// found. Suspect where the data does not say that calls were verified.
void add_findings(std::vector<Finding> &findings, const ShapeKeys &keys, const std::string &shape,
                  const std::optional<Calls> &calls, const Dataset &data, const Facts &facts);

} // namespace clprobe::probes::operators
