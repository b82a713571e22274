#pragma once
#include <cstddef>
#include <optional>
#include <span>
#include <string>

namespace clprobe::probes::local_memory {

/// How long it took work-items to read words that are `stride` words apart, with the relative
/// standard error of that.
struct StrideTime {
    unsigned stride = 1;
    double seconds = 0;
    double error = 0;
};

/// A local memory in banks: words of `width_words` * 4 bytes go to `banks` banks in turn, and
/// `lanes` work-items are served together, a pass for each word that falls to the same bank.
struct BankModel {
    unsigned banks = 1;
    unsigned width_words = 1;
    unsigned lanes = 1;

    /// Passes for a load of words that are `stride` words apart; a mean over where it may begin.
    [[nodiscard]] double passes(unsigned stride) const;
};

/// The banks that explain the times, or why none do.
struct BankVerdict {
    std::optional<BankModel> model;
    double slowdown = 1;  ///< the slowest stride over the fastest, as the model has it
    double explained = 0; ///< share of the strides, or of the slowed ones, that it explains
    std::string reason;
};

/// Explains times over strides by banks, 32 neighbours reading beside each other. All counts are
/// taken for powers of two. Not by the period
/// of a curve, but by likelihood among all models: times = b * max(f, passes + r), where r is what
/// a load costs besides and f what hides the first passes.
[[nodiscard]] BankVerdict find_banks(std::span<const StrideTime> times);

} // namespace clprobe::probes::local_memory
