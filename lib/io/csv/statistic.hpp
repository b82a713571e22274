#pragma once
#include <string>
#include <vector>

namespace clprobe {

/// What of its samples a column says that it holds; those that tell more of a curve come first.
enum class ColumnStatistic { none, median, mean, least, most, deviation };

/// By the words of its name, `words_of`: "latency_std_ns" is a deviation, "p99 (ns)" counts as the
/// most.
[[nodiscard]] ColumnStatistic statistic_of(const std::vector<std::string> &words);

} // namespace clprobe
