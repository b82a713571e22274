#include "io/csv/choice.hpp"
#include "io/csv/fit.hpp"
#include "io/csv/rows.hpp"

#include <clprobe/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace clprobe {
namespace {

/// Why no layout fits, in the words of the one that the header is most like.
class Problem {
public:
    void add(const Series &layout, const std::vector<CsvColumn> &header, ToldBy told_by,
             const InputError &error) {
        const std::size_t like = likeness(layout, header, told_by) + 1;
        if (like > most_)
            text_ = fmt::format("{}; series '{}' takes the columns {}", error.what(), layout.name,
                                expected_columns(layout));
        most_ = std::max(most_, like);
    }
    [[noreturn]] void fail(const std::string &file, std::size_t line) const {
        fail_at(file, line, "these columns are no series of the probe: " + text_);
    }

private:
    std::string text_;
    std::size_t most_ = 0;
};

/// The first layout that takes all columns.
std::optional<CsvFit> exact_fit(const std::vector<CsvColumn> &header,
                                std::span<const Series> layouts, Problem &problem) {
    for (const ToldBy told_by : {ToldBy::name, ToldBy::unit})
        for (const Series &layout : layouts) {
            try {
                return CsvFit{layout, columns_of(layout, header, told_by)};
            } catch (const InputError &error) {
                problem.add(layout, header, told_by, error);
            }
        }
    return std::nullopt;
}

/// The layout for which the fewest columns are passed over, then the one whose value suits best.
std::optional<CsvFit> closest_fit(const std::vector<CsvColumn> &header,
                                  std::span<const Series> layouts, Problem &problem) {
    std::optional<CsvFit> closest;
    std::pair<std::size_t, ColumnRank> least;
    for (const Series &layout : layouts) {
        try {
            ColumnChoice choice = choose_columns(layout, header);
            const std::pair rank(choice.columns.passed_over.size(), choice.of_measure);
            if (closest && rank >= least)
                continue;
            closest = {layout, std::move(choice.columns)};
            least = rank;
        } catch (const InputError &error) {
            problem.add(layout, header, ToldBy::unit, error);
        }
    }
    return closest;
}

} // namespace

CsvFit fit_of_own(const std::string &file, std::size_t line, const std::vector<CsvColumn> &header,
                  const Series &layout) {
    Problem problem;
    if (auto fit = exact_fit(header, std::span(&layout, 1), problem))
        return std::move(*fit);
    problem.fail(file, line);
}

CsvFit fit_of_others(const std::string &file, std::size_t line,
                     const std::vector<CsvColumn> &header, std::span<const Series> layouts) {
    if (layouts.empty())
        fail_at(file, line,
                "no probe is named that this series could be of: say which with --probe");
    Problem of_all_columns;
    if (auto fit = exact_fit(header, layouts, of_all_columns))
        return std::move(*fit);
    Problem of_some;
    if (auto fit = closest_fit(header, layouts, of_some))
        return std::move(*fit);
    of_some.fail(file, line);
}

} // namespace clprobe
