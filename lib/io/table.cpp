#include "io/terminal.hpp"
#include "model/text.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <string_view>

namespace clprobe {
namespace {

constexpr std::size_t gap = 2;
constexpr std::size_t least_width = 40;

/// The last column of less than that is no place for words: what does not fit goes below the row.
constexpr std::size_t least_last_column = 24;
constexpr std::size_t indent_below = 8;

bool continues(char byte) {
    return (static_cast<unsigned char>(byte) & 0xc0U) == 0x80;
}

/// How many bytes a UTF-8 character has that starts so; 0 for a byte that starts none.
std::size_t character_size(unsigned char first) {
    if (first < 0x80)
        return 1;
    if (first < 0xc2 || first > 0xf4)
        return 0;
    return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

/// Bytes of the printable character at the start of the text; 0 where there is none.
std::size_t character_at_start(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const std::size_t size = character_size(byte(0));
    if (size > text.size())
        return 0;
    for (std::size_t i = 1; i < size; ++i)
        if (!continues(text[i]))
            return 0;
    const bool control = byte(0) < 0x20 || byte(0) == 0x7f || (byte(0) == 0xc2 && byte(1) < 0xa0);
    return control ? 0 : size;
}

std::size_t width_of(std::string_view text) {
    return static_cast<std::size_t>(std::ranges::count_if(text, std::not_fn(continues)));
}

/// The words in lines of at most that width; a longer word has a line of its own.
std::vector<std::string> wrapped(std::string_view text, std::size_t width) {
    std::vector<std::string> lines(1);
    for (const std::string_view word : split(text, ' ')) {
        if (!lines.back().empty() && width_of(lines.back()) + 1 + width_of(word) > width)
            lines.emplace_back();
        if (!lines.back().empty())
            lines.back() += ' ';
        lines.back() += word;
    }
    return lines;
}

/// In the order of `Colour`.
constexpr std::array escapes = {"", "\x1b[1m", "\x1b[2m", "\x1b[33m", "\x1b[31m"};

std::string coloured(std::string line, Colour colour, const TextStyle &style) {
    line.erase(line.find_last_not_of(' ') + 1);
    if (!style.colour || colour == Colour::none || line.empty())
        return line + "\n";
    return escapes[static_cast<std::size_t>(colour)] + line + "\x1b[0m\n";
}

/// The widths of all columns but the last, each with the gap behind it; `widths` are the least.
std::vector<std::size_t> column_widths(const std::vector<TableRow> &rows,
                                       std::vector<std::size_t> widths) {
    std::size_t columns = 1;
    for (const TableRow &row : rows)
        columns = std::max(columns, row.cells.size());
    widths.resize(columns - 1);
    for (const TableRow &row : rows)
        for (std::size_t i = 0; i < widths.size() && i < row.cells.size(); ++i)
            widths[i] = std::max(widths[i], width_of(row.cells[i]));
    for (std::size_t &width : widths)
        width += gap;
    return widths;
}

std::string render_row(const TableRow &row, const std::vector<std::size_t> &widths,
                       const TextStyle &style) {
    std::string line;
    std::size_t start = 0;
    for (std::size_t i = 0; i < widths.size() && i < row.cells.size(); ++i) {
        start += widths[i];
        line += row.cells[i] + std::string(widths[i] - width_of(row.cells[i]), ' ');
    }
    if (row.cells.size() <= widths.size())
        return coloured(line, row.colour, style);
    const std::size_t width = std::max(style.width, least_width);
    const std::size_t left = start < width ? width - start : 0;
    std::string text;
    if (left < std::min(least_last_column, width_of(row.cells.back()))) {
        text = coloured(line, row.colour, style);
        start = indent_below;
        line = std::string(start, ' ');
    }
    for (const auto &part : wrapped(row.cells.back(), width - start)) {
        text += coloured(line + part, row.colour, style);
        line = std::string(start, ' ');
    }
    return text;
}

} // namespace

std::string printable(std::string_view text, const TextStyle &style) {
    std::string shown;
    while (!text.empty()) {
        const std::size_t size = character_at_start(text);
        if (text[0] == '\n' || text[0] == '\t')
            shown += ' ';
        else if (size == 0 || (size > 1 && !style.utf8))
            shown += '?';
        else
            shown += text.substr(0, size);
        text.remove_prefix(std::max<std::size_t>(size, 1));
    }
    return shown;
}

std::string render_table(const std::vector<TableRow> &rows, const TextStyle &style,
                         const std::vector<std::size_t> &widths) {
    std::vector<TableRow> shown = rows;
    for (TableRow &row : shown)
        for (std::string &cell : row.cells)
            cell = printable(cell, style);
    const auto all_widths = column_widths(shown, widths);
    std::string text;
    for (const TableRow &row : shown)
        text += render_row(row, all_widths, style);
    return text;
}

} // namespace clprobe
