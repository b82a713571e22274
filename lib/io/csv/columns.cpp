#include "io/csv/columns.hpp"
#include "io/csv/statistic.hpp"

#include <clprobe/csv.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>
#include <vector>

namespace clprobe {
namespace {

struct Spelling {
    Unit unit;
    std::string_view suffix;
    ColumnScale scale;
};

/// The first of a unit is the one that is written.
constexpr std::array spellings = {
    Spelling{Unit::one, "", {}},
    Spelling{Unit::second, "_s", {}},
    Spelling{Unit::second, "_ms", {1, 1e3}},
    Spelling{Unit::second, "_us", {1, 1e6}},
    Spelling{Unit::second, "_ns", {1, 1e9}},
    Spelling{Unit::cycle, "_cycles", {}},
    Spelling{Unit::cycle, "_clocks", {}},
    Spelling{Unit::cycle, "_clk", {}},
    Spelling{Unit::byte, "_bytes", {}},
    Spelling{Unit::byte, "_b", {}},
    Spelling{Unit::byte, "_kib", {1024, 1}},
    Spelling{Unit::byte, "_mib", {1024 * 1024, 1}},
    Spelling{Unit::byte, "_gib", {1024 * 1024 * 1024, 1}},
    Spelling{Unit::byte, "_kb", {1024, 1}}, // of sizes, as people have them of caches
    Spelling{Unit::byte, "_mb", {1024 * 1024, 1}},
    Spelling{Unit::byte, "_gb", {1024 * 1024 * 1024, 1}},
    Spelling{Unit::byte, "_byte", {}},
    Spelling{Unit::byte_per_second, "_bytes_per_s", {}},
    Spelling{Unit::byte_per_second, "_b_per_s", {}},
    Spelling{Unit::byte_per_second, "_kb_per_s", {1e3, 1}},
    Spelling{Unit::byte_per_second, "_mb_per_s", {1e6, 1}},
    Spelling{Unit::byte_per_second, "_gb_per_s", {1e9, 1}},
    Spelling{Unit::byte_per_second, "_tb_per_s", {1e12, 1}},
    Spelling{Unit::byte_per_second, "_kib_per_s", {1024, 1}},
    Spelling{Unit::byte_per_second, "_mib_per_s", {1024 * 1024, 1}},
    Spelling{Unit::byte_per_second, "_gib_per_s", {1024 * 1024 * 1024, 1}},
    Spelling{Unit::flop_per_second, "_flop_per_s", {}},
    Spelling{Unit::op_per_second, "_op_per_s", {}},
    Spelling{Unit::texel_per_second, "_texel_per_s", {}},
    Spelling{Unit::flop_per_byte, "_flop_per_byte", {}},
    Spelling{Unit::hertz, "_hz", {}},
    Spelling{Unit::joule, "_j", {}},
};

constexpr ColumnScale in_cells{1, 1, true};

bool is_of_word(char letter) {
    const auto code = static_cast<unsigned char>(letter);
    return std::isalnum(code) != 0 || code >= 0x80; // a letter beyond ASCII
}

void replace_all(std::string &text, std::string_view old, std::string_view by) {
    for (auto at = text.find(old); at != std::string::npos; at = text.find(old))
        text.replace(at, old.size(), by);
}

/// With a u for the sign of a micro- or the Greek letter in its place, GB/s for GBps, and Gbit for
/// Gb: what is in bits must not pass for bytes when the case is gone.
std::string spelled_out(std::string text) {
    replace_all(text, "\xc2\xb5", "u");
    replace_all(text, "\xce\xbc", "u");
    replace_all(text, "Bps", "B/s");
    for (std::size_t i = 1; i < text.size(); ++i)
        if (text[i] == 'b' && std::isupper(static_cast<unsigned char>(text[i - 1])) != 0 &&
            (i + 1 == text.size() || !is_of_word(text[i + 1])))
            text.insert(i + 1, "it");
    return text;
}

/// Other words for units.
constexpr std::array synonyms = {
    std::pair{std::string_view("seconds"), "s"},
    std::pair{std::string_view("sec"), "s"},
    std::pair{std::string_view("milliseconds"), "ms"},
    std::pair{std::string_view("msec"), "ms"},
    std::pair{std::string_view("microseconds"), "us"},
    std::pair{std::string_view("usec"), "us"},
    std::pair{std::string_view("nanoseconds"), "ns"},
    std::pair{std::string_view("nsec"), "ns"},
    std::pair{std::string_view("kbytes"), "kb"},
    std::pair{std::string_view("mbytes"), "mb"},
    std::pair{std::string_view("gbytes"), "gb"},
    std::pair{std::string_view("kio"), "kib"},
    std::pair{std::string_view("mio"), "mib"},
    std::pair{std::string_view("gio"), "gib"},
    std::pair{std::string_view("second"), "s"},
    std::pair{std::string_view("cycle"), "cycles"},
    std::pair{std::string_view("gbs"), "gb_per_s"},
    std::pair{std::string_view("tbs"), "tb_per_s"},
};

/// What may stand behind a unit and leaves it what it is: "ns per access", "cycles (median)".
constexpr std::array asides = {"_per_access", "_per_load",      "_per_hop",
                               "_per_read",   "_per_iteration", "_mean",
                               "_avg",        "_median",        "_min"};

bool ends_in_unit(const std::string &plain) {
    return std::ranges::any_of(spellings, [&](const Spelling &spelling) {
        return !spelling.suffix.empty() && ("_" + plain).ends_with(spelling.suffix);
    });
}

std::string without_aside(const std::string &plain) {
    for (const std::string_view aside : asides)
        if (plain.ends_with(aside))
            if (auto rest = plain.substr(0, plain.size() - aside.size()); ends_in_unit(rest))
                return rest;
    return plain;
}

/// Whether a second behind it makes a bandwidth of it: "GB_s".
bool is_of_bytes(std::string_view plain) {
    return plain.ends_with("gb") || plain.ends_with("mb") || plain.ends_with("gib") ||
           plain.ends_with("mib");
}

/// In lower case, with one underscore for whatever is neither letter nor digit, and one word for
/// each unit: "Rate (GB/sec)" as "rate_gb_per_s".
std::string spelled_plainly(const std::string &column) {
    std::string result;
    std::string word;
    const auto end_word = [&] {
        const auto *found = std::ranges::find(synonyms, std::string_view(word),
                                              [](const auto &pair) { return pair.first; });
        if (found != synonyms.end())
            word = found->second;
        if (word == "s" && is_of_bytes(result))
            result += "_per";
        if (!word.empty())
            result += (result.empty() ? "" : "_") + word;
        word.clear();
    };
    for (const char letter : spelled_out(column)) {
        if (is_of_word(letter)) {
            word += static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
            continue;
        }
        end_word();
        if (letter == '/')
            result += "_per";
    }
    end_word();
    return result;
}

std::string plain(const std::string &column) {
    return without_aside(spelled_plainly(column));
}

/// The unit that a name ends with, the longest; not one of a letter unless `shortest` is 2.
const Spelling *spelling_at_end(const std::string &text, std::size_t shortest) {
    const Spelling *longest = nullptr;
    for (const Spelling &spelling : spellings)
        if (spelling.suffix.size() >= shortest && text.ends_with(spelling.suffix) &&
            (longest == nullptr || spelling.suffix.size() > longest->suffix.size()))
            longest = &spelling;
    return longest;
}

/// Whether a unit of one letter is meant: "Size (B)" and "size_B", but hardly "time_b" or "lines".
bool ends_in_a_letter(const std::string &column) {
    return column.ends_with(')') || column.ends_with(']') || column.ends_with("_B");
}

} // namespace

std::string csv_column(const Axis &axis) {
    const auto *spelling =
        std::find_if(spellings.begin(), spellings.end(),
                     [&](const Spelling &candidate) { return candidate.unit == axis.unit; });
    return axis.name + std::string(spelling->suffix);
}

std::optional<UnitOfCell> unit_of_cell(std::string_view text) {
    std::string suffix = "_" + plain(std::string(text));
    if (suffix == "_k" || suffix == "_m" || suffix == "_g")
        suffix += "ib";
    for (const Spelling &spelling : spellings)
        if (spelling.suffix == suffix)
            return UnitOfCell{spelling.unit, spelling.scale};
    return std::nullopt;
}

std::optional<ColumnScale> scale_of(const Axis &axis, const CsvColumn &column) {
    for (const Spelling &spelling : spellings)
        if (spelling.unit == axis.unit &&
            plain(column.name) == plain(axis.name + std::string(spelling.suffix)))
            return spelling.scale;
    if (column.unit_of_cells == axis.unit && plain(column.name) == plain(axis.name))
        return in_cells;
    return std::nullopt;
}

std::optional<ColumnScale> scale_by_unit(const Axis &axis, const CsvColumn &column) {
    if (const auto named = scale_of(axis, column))
        return named;
    if (statistic_of(words_of(column.name)) == ColumnStatistic::deviation)
        return std::nullopt;
    const std::string text = "_" + plain(column.name);
    const Spelling *longest = spelling_at_end(text, ends_in_a_letter(column.name) ? 2 : 3);
    if (longest == nullptr)
        return column.unit_of_cells == axis.unit ? std::optional(in_cells) : std::nullopt;
    if (longest->unit != axis.unit || text.ends_with("_per" + std::string(longest->suffix)))
        return std::nullopt;
    return longest->scale;
}

std::vector<std::string> words_of(const std::string &column) {
    std::vector<std::string> words(1);
    for (const char letter : spelled_plainly(column))
        if (letter == '_')
            words.emplace_back();
        else
            words.back() += letter;
    return words;
}

std::string without_unit(const std::string &column) {
    const std::string text = "_" + plain(column);
    const Spelling *unit = spelling_at_end(text, 2);
    return text.substr(0, text.size() - (unit == nullptr ? 0 : unit->suffix.size()));
}

bool is_named_as(const Axis &axis, const std::string &column) {
    return plain(column) == plain(axis.name) || plain(column).starts_with(plain(axis.name) + "_");
}

std::string column_spellings(const Axis &axis) {
    std::vector<std::string_view> others;
    for (const Spelling &spelling : spellings)
        if (spelling.unit == axis.unit)
            others.push_back(spelling.suffix);
    others.erase(others.begin());
    return others.empty() ? csv_column(axis)
                          : fmt::format("{} (or {})", csv_column(axis), fmt::join(others, ", "));
}

} // namespace clprobe
