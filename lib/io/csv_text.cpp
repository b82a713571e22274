#include "io/csv.hpp"
#include "model/text.hpp"

#include <clprobe/error.hpp>
#include <clprobe/json.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <exception>

namespace clprobe {
namespace {

/// Of UTF-16 without its mark; of what is beyond ASCII only the micro- sign matters.
std::string ascii_of(std::string_view text, bool low_byte_first) {
    std::string ascii;
    for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
        const unsigned low = static_cast<unsigned char>(text[i + (low_byte_first ? 0 : 1)]);
        const unsigned high = static_cast<unsigned char>(text[i + (low_byte_first ? 1 : 0)]);
        const unsigned code = low | (high << 8U);
        ascii += code < 0x80 ? static_cast<char>(code) : code == 0xb5 || code == 0x3bc ? 'u' : '?';
    }
    return ascii;
}

/// Cuts a text into rows and cells.
struct Scanner {
    std::string_view left;
    const std::string &file;
    char separator;
    std::size_t line = 1;
    /// That count as nothing at either end of a cell.
    std::string_view blanks = separator == '\t' ? " \r" : " \t\r";
    std::string ends = separator == ' ' ? " \t\n" : std::string{separator, '\n'}; ///< of a cell

    std::vector<CsvRow> rows_behind(std::size_t skip) {
        std::vector<CsvRow> rows;
        for (; !left.empty(); end_line(), ++line) {
            skip_blanks();
            if (line > skip && next() != '#' && next() != '\n')
                rows.push_back(row());
        }
        return rows;
    }

    [[nodiscard]] char next() const { return left.empty() ? '\n' : left.front(); }
    std::string_view take_until(std::string_view characters) {
        const auto taken = left.substr(0, left.find_first_of(characters));
        left.remove_prefix(taken.size());
        return taken;
    }
    void end_line() {
        take_until("\n");
        left.remove_prefix(std::min<std::size_t>(left.size(), 1));
    }
    void skip_blanks() {
        left.remove_prefix(std::min(left.find_first_not_of(blanks), left.size()));
    }

    /// The cells up to the end of the line, where it stops.
    CsvRow row() {
        CsvRow row{line, {}};
        for (bool more = true; more;) {
            skip_blanks();
            row.cells.push_back(next() == '"' ? quoted_cell()
                                              : std::string(trimmed(take_until(ends))));
            skip_blanks();
            more = next() != '\n';
            if (more && separator != ' ')
                left.remove_prefix(1);
        }
        return row;
    }

    std::string quoted_cell() {
        const auto first_line = line;
        std::string cell;
        do { // each part with the quote behind it: "" within quotes is one
            left.remove_prefix(1);
            const auto part = take_until("\"");
            if (left.empty())
                fail_at(file, first_line,
                        "a quote that is never closed; --skip N passes over the first N lines");
            line += static_cast<std::size_t>(std::ranges::count(part, '\n'));
            cell.append(part).push_back('"');
            left.remove_prefix(1);
        } while (next() == '"');
        cell.pop_back();
        skip_blanks();
        if (separator != ' ' && next() != separator && next() != '\n')
            fail_at(file, line, "text behind a closing quote");
        return cell;
    }
};

/// The number that a cell begins with, with its commas and points.
std::string_view number_at_start(std::string_view cell) {
    const auto number = cell.substr(0, cell.find_first_not_of("+-.,0123456789"));
    return number.find_first_of("0123456789") > 1 || number.ends_with(',') ? "" : number;
}

void repair_decimal_commas(std::vector<CsvRow> &rows) {
    std::vector<char *> commas;
    bool are_decimal = false;
    for (CsvRow &row : rows)
        for (std::string &cell : row.cells) {
            const auto number = number_at_start(cell);
            const auto comma = number.find(',');
            if (number.find('.') != number.npos || number.rfind(',') != comma)
                return;
            if (comma == number.npos)
                continue;
            constexpr std::size_t thousands = 4; // a comma and three digits
            are_decimal =
                are_decimal || number.starts_with("0,") || number.size() - comma != thousands;
            commas.push_back(&cell[comma]);
        }
    for (char *comma : commas)
        *comma = are_decimal ? '.' : ',';
}

std::string file_name(const std::string &probe, const std::string &series) {
    std::string name = probe + "." + series + ".csv";
    for (char &letter : name)
        if (std::isalnum(static_cast<unsigned char>(letter)) == 0 &&
            std::string_view("._-").find(letter) == std::string_view::npos)
            letter = '_';
    return name;
}

/// The text as a cell, in quotes where it needs them.
std::string quoted_cell(std::string text) {
    if (text.find_first_of(",\"\n#") == text.npos && !text.empty() && trimmed(text) == text)
        return text;
    replace_all(text, "\"", "\"\"");
    return '"' + text + '"';
}

/// The report that the samples are from, without them and what was made of them.
Report origin_of(const Report &report, const DeviceRecord &device, const ProbeRecord &record,
                 const Series &series) {
    ProbeRecord without_samples = record;
    without_samples.builds.clear();
    without_samples.findings.clear();
    without_samples.data.series = {{series.name, series.axes, series.measure, {}}};
    Report origin = report;
    origin.devices = {{device.device, {std::move(without_samples)}}};
    return origin;
}

std::string number(const Series &series, double value) {
    if (!std::isfinite(value))
        throw Error(fmt::format("series '{}': a number that is not finite", series.name));
    return fmt::format("{}", value);
}

std::string header(const Series &series, bool blocks) {
    std::vector<std::string> columns;
    for (const Axis &axis : series.axes)
        columns.push_back(csv_column(axis));
    if (blocks)
        columns.emplace_back(block_column);
    columns.push_back(csv_column(series.measure));
    for (const auto &column : columns)
        if (std::ranges::count(columns, column) > 1)
            throw Error(fmt::format("series '{}' has two columns '{}'", series.name, column));
    std::ranges::transform(columns, columns.begin(), quoted_cell);
    return fmt::format("{}\n", fmt::join(columns, ","));
}

std::string rows(const Series &series, const Point &point, bool blocks) {
    std::string start;
    for (std::size_t i = 0; i < point.at.size(); ++i) {
        const auto &labels = series.axes.at(i).labels;
        start += labels.empty() ? number(series, point.at[i])
                                : quoted_cell(labels.at(static_cast<std::size_t>(point.at[i])));
        start += ',';
    }
    if (point.samples.empty())
        return start + (blocks ? ",\n" : "\n");
    std::string text;
    for (std::size_t i = 0; i < point.samples.size(); ++i) {
        const std::string block = point.block.empty() ? "" : std::to_string(point.block.at(i));
        text += start + block + (blocks ? "," : "") + number(series, point.samples[i]) + "\n";
    }
    return text;
}

} // namespace

std::string plain_csv(std::string_view text) {
    const bool low_byte_first = text.starts_with("\xff\xfe");
    std::string plain = low_byte_first || text.starts_with("\xfe\xff")
                            ? ascii_of(text.substr(2), low_byte_first)
                            : std::string(text);
    if (plain.starts_with("\xef\xbb\xbf"))
        plain.erase(0, 3);
    if (plain.find('\n') == std::string::npos)
        std::ranges::replace(plain, '\r', '\n');
    if (plain.starts_with("sep="))
        plain.front() = '#';
    return plain;
}

std::vector<CsvRow> csv_rows(std::string_view text, std::string_view separators, std::size_t skip,
                             const std::string &file,
                             const std::function<bool(std::span<const CsvRow>)> &fits) {
    std::exception_ptr problem;
    std::vector<CsvRow> rows;
    for (const char separator : separators)
        try {
            rows = Scanner{text, file, separator}.rows_behind(skip);
            if (separator != ',')
                repair_decimal_commas(rows);
            if (fits(rows))
                return rows;
        } catch (const InputError &) {
            problem = problem ? problem : std::current_exception();
        }
    if (problem)
        std::rethrow_exception(problem);
    return rows;
}

std::string csv_column(const Axis &axis) {
    return axis.unit == Unit::one ? axis.name
                                  : fmt::format("{}_{}", axis.name, spelling_of(axis.unit));
}

std::string in_quotes(std::string_view text) {
    std::size_t end = std::min<std::size_t>(text.size(), 60);
    while (end > 0 && end < text.size() && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U)
        --end; // not within a character
    return fmt::format("'{}{}'", text.substr(0, end), end < text.size() ? "..." : "");
}

void fail_at(const std::string &file, std::size_t line, const std::string &problem) {
    throw InputError(fmt::format("{}:{}: {}", file, line, problem));
}

std::vector<CsvFile> to_csv(const Report &report, const DeviceRecord &device,
                            const ProbeRecord &record) {
    std::vector<CsvFile> files;
    for (const Series &series : record.data.series) {
        const bool blocks = std::ranges::any_of(
            series.points, [](const Point &point) { return !point.block.empty(); });
        std::string text = std::string(origin_mark) +
                           to_line(to_json(origin_of(report, device, record, series))) + "\n" +
                           header(series, blocks);
        for (const Point &point : series.points)
            text += rows(series, point, blocks);
        files.push_back({file_name(record.probe, series.name), std::move(text)});
    }
    return files;
}

} // namespace clprobe
