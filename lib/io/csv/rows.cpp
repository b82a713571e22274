#include "io/csv/rows.hpp"

#include <clprobe/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace clprobe {
namespace {

constexpr std::string_view blanks = " \t\r";

std::string trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos)
        return {};
    return std::string(text.substr(first, text.find_last_not_of(blanks) - first + 1));
}

/// What stands between the cells of a header: a comma, or another one where there is none. A blank
/// stands for any number of them.
char separator_of(std::string_view header) {
    for (const char separator : {',', ';', '\t'})
        if (header.find(separator) != std::string_view::npos)
            return separator;
    return ' ';
}

bool is_of_numbers(std::string_view line) {
    return line.find_first_of("0123456789") != std::string_view::npos &&
           line.find_first_not_of("0123456789.,;+-eE \t\r") == std::string_view::npos;
}

/// Where the comment starts right above rows of numbers that have no header otherwise.
std::optional<std::size_t> comment_above_numbers(std::string_view text) {
    std::optional<std::size_t> comment;
    for (std::size_t at = 0; at < text.size();) {
        const auto end = std::min(text.find('\n', at), text.size());
        const auto line = text.substr(at, end - at);
        if (const auto first = line.find_first_not_of(blanks); first != std::string_view::npos) {
            if (line[first] != '#')
                return is_of_numbers(line) ? comment : std::nullopt;
            comment.reset();
            if (line.find('"') == std::string_view::npos)
                comment = at + first;
        }
        at = end + 1;
    }
    return std::nullopt;
}

class Scanner {
public:
    Scanner(std::string_view text, const std::string &file) : text_(text), file_(file) {
        if (text_.starts_with("\xef\xbb\xbf"))
            text_.remove_prefix(3);
    }

    std::vector<CsvRow> rows() {
        std::vector<CsvRow> rows;
        for (; at_ < text_.size(); ++at_, ++line_) {
            skip_blanks();
            if (next() == '#')
                at_ = end_of(text_.find('\n', at_));
            else if (at_ < text_.size() && next() != '\n')
                rows.push_back(rows.empty() ? header() : row());
        }
        return rows;
    }

private:
    [[nodiscard]] char next() const { return at_ < text_.size() ? text_[at_] : '\n'; }
    [[nodiscard]] std::size_t end_of(std::size_t position) const {
        return std::min(position, text_.size());
    }
    void skip_blanks() {
        while (at_ < text_.size() && (next() != separator_ || separator_ == ' ') &&
               blanks.find(next()) != std::string_view::npos)
            ++at_;
    }

    CsvRow header() {
        separator_ = separator_of(text_.substr(at_, text_.find('\n', at_) - at_));
        ends_ = separator_ == ' ' ? " \t\n" : std::string{separator_, '\n'};
        return row();
    }

    /// The cells up to the end of the line, where it stops.
    CsvRow row() {
        CsvRow row{line_, {cell()}};
        while (comes_another())
            row.cells.push_back(cell());
        return row;
    }

    /// Goes on to the next cell of the line, if there is one.
    bool comes_another() {
        skip_blanks();
        if (separator_ == ' ' || next() != separator_)
            return next() != '\n';
        ++at_;
        return true;
    }

    std::string cell() {
        skip_blanks();
        if (next() == '"')
            return quoted_cell();
        const auto end = end_of_cell();
        const auto cell = trimmed(text_.substr(at_, end - at_));
        at_ = end;
        return cell;
    }

    /// Between blanks "Size (KB)" is one cell all the same.
    [[nodiscard]] std::size_t end_of_cell() const {
        auto end = end_of(text_.find_first_of(ends_, at_));
        if (separator_ != ' ')
            return end;
        const auto bracket = text_.find_first_not_of(" \t", end);
        if (bracket != std::string_view::npos &&
            std::string_view("([").find(text_[bracket]) != std::string_view::npos)
            end = end_of(text_.find_first_of(ends_, text_.find_first_of(")]\n", bracket)));
        return end;
    }

    std::string quoted_cell() {
        const auto first_line = line_;
        std::string cell;
        for (;;) {
            const auto end = text_.find('"', at_ + 1);
            if (end == std::string_view::npos)
                fail_at(file_, first_line, "a quote that is never closed");
            const auto part = text_.substr(at_ + 1, end - at_ - 1);
            line_ += static_cast<std::size_t>(std::count(part.begin(), part.end(), '\n'));
            cell += part;
            at_ = end + 1;
            if (next() != '"')
                break;
            cell += '"'; // "" within quotes
        }
        skip_blanks();
        if (separator_ != ' ' && next() != separator_ && next() != '\n')
            fail_at(file_, line_, "text behind a closing quote");
        return cell;
    }

    std::string_view text_;
    const std::string &file_;
    std::size_t at_ = 0;
    std::size_t line_ = 1;
    char separator_ = ',';
    std::string ends_; ///< of a cell
};

} // namespace

std::vector<CsvRow> csv_rows(std::string_view text, const std::string &file) {
    if (const auto comment = comment_above_numbers(text)) {
        std::string uncommented(text);
        uncommented[*comment] = ' ';
        auto rows = Scanner(uncommented, file).rows();
        if (rows.size() > 1 && rows[0].cells.size() == rows[1].cells.size())
            return rows;
    }
    return Scanner(text, file).rows();
}

std::string csv_cell(const std::string &text) {
    const bool plain =
        !text.empty() && text.find_first_of(",\"\n#") == std::string::npos && trimmed(text) == text;
    if (plain)
        return text;
    std::string cell = "\"";
    for (const char letter : text)
        cell += letter == '"' ? std::string("\"\"") : std::string(1, letter);
    return cell + '"';
}

void fail_at(const std::string &file, std::size_t line, const std::string &problem) {
    throw InputError(fmt::format("{}:{}: {}", file, line, problem));
}

} // namespace clprobe
