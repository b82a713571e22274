#include "io/csv/mending.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>

namespace clprobe {
namespace {

constexpr std::string_view digits = "0123456789";

/// A number with one mark in it, a comma or a point.
struct MarkedNumber {
    std::size_t mark = 0;
    std::size_t decimals = 0; ///< digits behind it
    bool bare = false;        ///< nothing follows them
};

std::optional<MarkedNumber> marked_number(std::string_view cell, char mark) {
    const auto at = cell.find(mark);
    if (at == std::string_view::npos || at == 0 ||
        cell.find_first_of(",.", at + 1) != std::string_view::npos ||
        cell.substr(0, at).find_first_not_of("+-0123456789") != std::string_view::npos)
        return std::nullopt;
    const auto end = std::min(cell.find_first_not_of(digits, at + 1), cell.size());
    return end == at + 1 ? std::nullopt
                         : std::optional(MarkedNumber{at, end - at - 1, end == cell.size()});
}

bool has_decimal_commas(const std::vector<CsvRow> &rows) {
    constexpr std::size_t of_thousands = 3;
    bool any = false;
    for (const CsvRow &row : rows)
        for (const std::string &cell : row.cells) {
            if (marked_number(cell, '.'))
                return false;
            const auto number = marked_number(cell, ',');
            any = any || (number && number->bare && number->decimals != of_thousands);
        }
    return any;
}

} // namespace

void mend_decimal_commas(std::vector<CsvRow> &rows) {
    if (!has_decimal_commas(rows))
        return;
    for (CsvRow &row : rows)
        for (std::string &cell : row.cells)
            if (const auto number = marked_number(cell, ','))
                cell[number->mark] = '.';
}

std::vector<std::string> drop_ragged_rows(const std::string &file, std::vector<CsvRow> &rows) {
    if (rows.empty())
        return {};
    const std::size_t columns = rows.front().cells.size();
    const auto is_ragged = [&](const CsvRow &row) { return row.cells.size() != columns; };
    const auto first = std::ranges::find_if(rows, is_ragged);
    if (first == rows.end())
        return {};
    const auto problem = fmt::format("{} cells for {} columns", first->cells.size(), columns);
    const std::size_t line = first->line;
    const std::size_t before = rows.size();
    const std::size_t ragged = std::erase_if(rows, is_ragged);
    constexpr std::size_t one_of = 10;
    if (rows.size() == 1 || ragged > std::max<std::size_t>(1, before / one_of))
        fail_at(file, line, problem);
    return {ragged == 1 ? fmt::format("line {} is passed over: {}", line, problem)
                        : fmt::format("line {} and {} more are passed over: {}", line, ragged - 1,
                                      problem)};
}

} // namespace clprobe
