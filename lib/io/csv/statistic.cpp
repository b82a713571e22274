#include "io/csv/statistic.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace clprobe {
namespace {

using Word = std::pair<std::string_view, ColumnStatistic>;

constexpr std::array statistic_words = {
    Word{"median", ColumnStatistic::median},
    Word{"med", ColumnStatistic::median},
    Word{"p50", ColumnStatistic::median},
    Word{"mean", ColumnStatistic::mean},
    Word{"avg", ColumnStatistic::mean},
    Word{"average", ColumnStatistic::mean},
    Word{"min", ColumnStatistic::least},
    Word{"minimum", ColumnStatistic::least},
    Word{"best", ColumnStatistic::least},
    Word{"low", ColumnStatistic::least},
    Word{"lower", ColumnStatistic::least},
    Word{"p1", ColumnStatistic::least},
    Word{"p5", ColumnStatistic::least},
    Word{"p10", ColumnStatistic::least},
    Word{"p25", ColumnStatistic::least},
    Word{"max", ColumnStatistic::most},
    Word{"maximum", ColumnStatistic::most},
    Word{"worst", ColumnStatistic::most},
    Word{"high", ColumnStatistic::most},
    Word{"upper", ColumnStatistic::most},
    Word{"p75", ColumnStatistic::most},
    Word{"p90", ColumnStatistic::most},
    Word{"p95", ColumnStatistic::most},
    Word{"p99", ColumnStatistic::most},
    Word{"std", ColumnStatistic::deviation},
    Word{"stddev", ColumnStatistic::deviation},
    Word{"stdev", ColumnStatistic::deviation},
    Word{"stderr", ColumnStatistic::deviation},
    Word{"sd", ColumnStatistic::deviation},
    Word{"sem", ColumnStatistic::deviation},
    Word{"deviation", ColumnStatistic::deviation},
    Word{"err", ColumnStatistic::deviation},
    Word{"error", ColumnStatistic::deviation},
    Word{"var", ColumnStatistic::deviation},
    Word{"variance", ColumnStatistic::deviation},
    Word{"cv", ColumnStatistic::deviation},
    Word{"ci", ColumnStatistic::deviation},
    Word{"ci95", ColumnStatistic::deviation},
    Word{"iqr", ColumnStatistic::deviation},
    Word{"mad", ColumnStatistic::deviation},
    Word{"sigma", ColumnStatistic::deviation},
    Word{"jitter", ColumnStatistic::deviation},
    Word{"uncertainty", ColumnStatistic::deviation},
};

} // namespace

ColumnStatistic statistic_of(const std::vector<std::string> &words) {
    ColumnStatistic statistic = ColumnStatistic::none;
    for (const Word &word : statistic_words)
        if (std::ranges::find(words, word.first) != words.end())
            statistic = std::max(statistic, word.second); // "max error" is an error
    return statistic;
}

} // namespace clprobe
