#include "io/datasheet_text.hpp"
#include "io/expectations.hpp"
#include "io/family_text.hpp"
#include "io/markup.hpp"
#include "io/report_markdown.hpp"
#include "model/text.hpp"

#include <clprobe/units.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <set>

namespace clprobe {
namespace {

using Place = DatasheetPart::Place;

constexpr std::ptrdiff_t most_lines = 40; ///< at that width
constexpr std::size_t one_line = 84;      ///< characters beside a label
constexpr std::size_t shown_levels = 7;
constexpr std::size_t most_families = 10; ///< of a part
constexpr std::size_t few_words = 30;
constexpr std::size_t longest_name = 60;
constexpr std::size_t label_width = 13; ///< at least
constexpr std::size_t longest_label = 28;
constexpr std::size_t list_width = 80; ///< of a family's values
constexpr std::size_t wide = 90;       ///< columns: the levels' intervals are shown from there

/// A part of the datasheet, as plain text with foreign words in it. Its rows have a label, or a
/// status's mark, and what there is to say, but for those of a table, whose first row names its
/// columns.
struct Section {
    std::string title;
    std::vector<TableRow> rows;
    enum class Form { labels, table, marks } form = Form::labels;
};

/// How much of each is shown before it is put together, or counted only.
struct Folding {
    std::size_t notes = 3; ///< of a topic
    std::size_t reasons = 6;
    std::size_t rows = 16;                ///< of a section
    std::size_t reason = usual_width - 4; ///< characters of one
    std::size_t row = 3 * one_line;       ///< characters of any
    std::size_t part = one_line;          ///< characters of a part of the chip
    std::set<std::string> wide = {};      ///< parts that may have two lines

    [[nodiscard]] std::size_t room(const std::string &label) const {
        return wide.contains(label) ? std::max(part, 2 * one_line) : part;
    }
};

/// Values with their intervals, or to three digits.
enum class Precision { interval, digits };

/// What stands before the values of a part that is not in the table of levels.
std::string label_of(const DatasheetPart &part) {
    if (part.place == Place::images)
        return "texels";
    if (part.path == "buffer")
        return "cache lines";
    std::string label = part.path.empty() ? part.name : part.path;
    std::ranges::replace(label, '_', ' ');
    return label;
}

/// Whether a value of the part with that label has room on the sheet; of launches, only what a
/// program first asks for.
bool has_room(std::string_view label, std::string_view value) {
    constexpr std::array<std::string_view, 3> of_launches = {"round trip p50", "device p50",
                                                             "back to back"};
    if (label == "local memory" && value == "own memory")
        return false; // a note says what it means
    return label == "launches" ? std::ranges::count(of_launches, value) > 0
                               : !value.ends_with("read size");
}

/// By the label of the part, and the characters that it has room for.
using Texts = std::map<std::pair<std::string, std::size_t>, std::string>;

class Sections {
public:
    /// `texts` are those of parts that were made before for this sheet.
    Sections(const Datasheet &sheet, const TextStyle &style, const Folding &folding, Texts &texts)
        : sheet_(sheet), style_(style), folding_(folding), texts_(texts) {
        for (const DatasheetRate &rate : sheet.rates)
            shown_.insert(rate.finding.key);
        for (const DatasheetNote &note : sheet.notes)
            if (note.topic == "local size")
                shown_.insert(note.keys.begin(), note.keys.end());
    }

    [[nodiscard]] std::vector<Section> all() {
        std::vector<Section> sections = {units(), levels(), around(), rates(), notes(), gaps()};
        std::erase_if(sections, [](const Section &section) { return section.rows.empty(); });
        if (!sheet_.claims.empty())
            sections.push_back(claims());
        for (Section &section : sections)
            limit(section.rows);
        return sections;
    }

private:
    /// Whatever a report holds.
    void limit(std::vector<TableRow> &rows) const {
        if (rows.size() > folding_.rows) {
            const std::size_t left = rows.size() - (folding_.rows - 1);
            rows.resize(folding_.rows - 1);
            rows.push_back({{"", fmt::format("{} more", left)}});
        }
        for (TableRow &row : rows)
            for (std::string &cell : row.cells)
                cell = first_words(cell, &cell == &row.cells.back() ? folding_.row : longest_label);
    }

    /// The value, or as a word where it answers a question.
    [[nodiscard]] std::string value(const DatasheetValue &value, Precision precision) const {
        constexpr std::array questions = {"own memory", "shared with image", "zero copy"};
        const Finding &finding = value.finding;
        std::string text = precision == Precision::interval
                               ? value_text(finding, style_)
                               : format({*finding.value, finding.unit}, 3);
        if (std::ranges::count(questions, value.name) > 0)
            text = *finding.value > 0 ? "yes" : "no";
        return text + (finding.status == Status::suspect ? "!" : "");
    }

    /// What has not been shown yet, as much of it as there is room for.
    [[nodiscard]] std::string told(const std::string &label,
                                   const std::vector<DatasheetValue> &all) {
        std::vector<const DatasheetValue *> values;
        for (const DatasheetValue &value : all)
            if (has_room(label, value.name) && shown_.insert(value.finding.key).second)
                values.push_back(&value);
        const std::size_t room = folding_.room(label);
        const auto [told, is_new] = texts_.try_emplace({label, room});
        if (is_new)
            told->second = fitted(values, room);
        return told->second;
    }
    [[nodiscard]] std::string fitted(const std::vector<const DatasheetValue *> &values,
                                     std::size_t room) const {
        std::string text = one_by_one(values, Precision::interval);
        if (text.size() > room)
            text = one_by_one(values, Precision::digits);
        for (std::size_t most = std::min(values.size(), most_families);
             text.size() > room && most > 0; --most)
            text = by_families(values, most);
        return text;
    }
    [[nodiscard]] std::string one_by_one(const std::vector<const DatasheetValue *> &values,
                                         Precision precision) const {
        std::vector<std::string> texts;
        for (const DatasheetValue *const each : values)
            texts.push_back(fmt::format("{} {}", each->name, value(*each, precision)));
        return fmt::format("{}", fmt::join(texts, ", "));
    }
    [[nodiscard]] std::string by_families(const std::vector<const DatasheetValue *> &values,
                                          std::size_t most) const {
        std::vector<const Finding *> findings;
        for (const DatasheetValue *const each : values)
            findings.push_back(&each->finding);
        std::vector<Family> families = families_of(findings, most);
        const std::size_t left = families.size() - std::min(families.size(), most);
        families.resize(families.size() - left);
        std::vector<std::string> texts;
        for (const Family &family : families)
            texts.push_back(family_told(family, values));
        if (left > 0)
            texts.push_back(fmt::format("{} more", left));
        return fmt::format("{}", fmt::join(texts, "; "));
    }
    [[nodiscard]] std::string family_told(const Family &family,
                                          const std::vector<const DatasheetValue *> &values) const {
        const auto of = [&](const Finding *finding) {
            return *std::ranges::find(values, finding,
                                      [](const DatasheetValue *value) { return &value->finding; });
        };
        if (family.members.size() == 1) {
            const DatasheetValue *const single = of(family.members.front());
            return fmt::format("{} {}", single->name, value(*single, Precision::digits));
        }
        std::string name;
        for (const std::string_view part : split(family.pattern, '.'))
            if (part != "*" && part.data() != family.pattern.data())
                name += (name.empty() ? "" : " ") + std::string(part);
        std::ranges::replace(name, '_', ' ');
        return fmt::format("{}{}{}", name, name.empty() ? "" : " ",
                           family_text(family, list_width, style_));
    }

    void add(Section &section, const std::string &label, const std::string &text) const {
        if (!text.empty())
            section.rows.push_back({{label, text}});
    }

    [[nodiscard]] Section units() {
        Section section;
        for (const DatasheetPart &part : sheet_.parts)
            if (part.place == Place::unit)
                add(section, part.name, told(part.name, part.values));
        return section;
    }

    /// The levels that a buffer is read through.
    [[nodiscard]] Section levels() {
        constexpr std::array columns = {"size", "latency", "read bandwidth"};
        Section section{
            "", {{{"", columns[0], columns[1], columns[2]}, Colour::dim}}, Section::Form::table};
        for (const DatasheetPart &part : sheet_.parts) {
            if (part.path != "buffer" || section.rows.size() > shown_levels)
                continue;
            TableRow row{{part.name}};
            for (const char *const column : columns)
                row.cells.push_back(in_column(part, column));
            while (row.cells.size() > 1 && row.cells.back().empty())
                row.cells.pop_back();
            if (row.cells.size() > 1)
                section.rows.push_back(row);
        }
        if (section.rows.size() == 1)
            section.rows.clear();
        return section;
    }
    [[nodiscard]] std::string in_column(const DatasheetPart &part, std::string_view column) {
        const Finding *const finding = part.find(column);
        if (finding == nullptr)
            return {};
        shown_.insert(finding->key);
        in_table_.insert(finding->key);
        const std::string text = style_.width >= wide ? value_text(*finding, style_)
                                                      : format({*finding->value, finding->unit}, 3);
        return text + (finding->status == Status::suspect ? "!" : "");
    }

    /// What lies around these levels, and between the device and the host.
    [[nodiscard]] Section around() {
        Section section;
        std::vector<std::pair<std::string, std::vector<DatasheetValue>>> rows;
        for (const DatasheetPart &part : sheet_.parts) {
            if (part.place == Place::unit || part.name == "timestamps")
                continue;
            const std::string label = label_of(part);
            const auto same = std::ranges::find(rows, label, &decltype(rows)::value_type::first);
            auto &values = same == rows.end()
                               ? rows.emplace_back(label, std::vector<DatasheetValue>()).second
                               : same->second;
            std::string level = part.level > 0 ? fmt::format("L{} ", part.level) : "";
            if (part.place == Place::memory)
                level = "memory ";
            if (part.path.empty() || label == "cache lines")
                level.clear();
            for (DatasheetValue value : part.values) {
                if (part.place == Place::other && value.finding.better == Better::higher)
                    continue;
                value.name = level + value.name;
                values.push_back(std::move(value));
            }
        }
        for (const auto &[label, values] : rows)
            add(section, label, told(label, values));
        return section;
    }

    /// A row a family: "dot product  32.4 ± 0.2 Tflop/s (49 % of fma fp32), bandwidth ...".
    [[nodiscard]] Section rates() const {
        std::vector<std::pair<std::string, std::vector<const DatasheetRate *>>> families;
        for (const DatasheetRate &rate : sheet_.rates) {
            if (in_table_.contains(rate.finding.key))
                continue;
            const std::string label = family_label(rate);
            if (families.empty() || families.back().first != label)
                families.push_back({label, {}});
            families.back().second.push_back(&rate);
        }
        Section section{"Rates of the whole device", {}};
        for (const auto &[label, rates] : families) {
            std::string text = rates_told(rates, label, Precision::interval);
            if (text.size() > one_line)
                text = rates_told(rates, label, Precision::digits);
            section.rows.push_back({{label, text}});
        }
        return section;
    }
    [[nodiscard]] std::string rates_told(const std::vector<const DatasheetRate *> &rates,
                                         std::string_view label, Precision precision) const {
        std::string text;
        std::string roof;
        for (const DatasheetRate *const rate : rates) {
            std::string_view name = rate->name;
            name.remove_prefix(std::min(name.size(), label.size() + 1));
            text += fmt::format("{}{}{}{}", text.empty() ? "" : ", ", name, name.empty() ? "" : " ",
                                value({"", rate->finding}, precision));
            if (!rate->share)
                continue;
            text += fmt::format(" ({:.0f} %", 100 * *rate->share);
            if (roof != rate->roof)
                text += fmt::format(" of {}", name_of(rate->roof));
            text += ")";
            roof = rate->roof;
        }
        return text;
    }
    /// The first word, or words, of a rate's name, which its family gives.
    [[nodiscard]] static std::string family_label(const DatasheetRate &rate) {
        std::string family(key_family(rate.finding.key));
        std::ranges::replace(family, '_', ' ');
        return rate.name.starts_with(family) ? family : rate.name.substr(0, rate.name.find(' '));
    }
    [[nodiscard]] std::string name_of(const std::string &key) const {
        const auto rate = std::ranges::find_if(sheet_.rates, [&](const DatasheetRate &candidate) {
            return candidate.finding.key == key;
        });
        return rate == sheet_.rates.end() ? key : rate->name;
    }

    /// A row a topic.
    [[nodiscard]] Section notes() const {
        Section section{"To know", {}};
        std::map<std::string, std::size_t> counts;
        for (const DatasheetNote &note : sheet_.notes) {
            if (++counts[note.topic] > folding_.notes)
                continue;
            if (section.rows.empty() || section.rows.back().cells.front() != note.topic)
                section.rows.push_back({{note.topic, note.text}});
            else
                section.rows.back().cells.back() += "; " + note.text;
        }
        return section;
    }

    /// "fma.fp16.* (2)"; where the keys have nothing in common, the first and how many more.
    [[nodiscard]] static std::string named(const std::vector<std::string> &keys) {
        const std::string pattern = common_pattern(keys);
        if (keys.size() == 1)
            return first_words(pattern, longest_name);
        return pattern.starts_with('*')
                   ? fmt::format("{} and {} more", first_words(keys.front(), longest_name),
                                 keys.size() - 1)
                   : fmt::format("{} ({})", first_words(pattern, longest_name), keys.size());
    }
    [[nodiscard]] Section gaps() const {
        Section section{"Not measured, or not to be relied on", {}, Section::Form::marks};
        for (const DatasheetGap &gap : sheet_.gaps) {
            const std::size_t left = sheet_.gaps.size() - section.rows.size();
            if (section.rows.size() >= folding_.reasons && left > 1) {
                section.rows.push_back({{"", fmt::format("{} more reasons", left)}});
                break;
            }
            std::string text = named(gap.keys) + ": " + std::string(name(gap.status));
            if (!gap.reason.empty())
                text += ", " +
                        first_words(gap.reason, std::max(folding_.reason, text.size() + few_words) -
                                                    text.size());
            section.rows.push_back({{mark_of(gap.status), text}, colour_of(gap.status)});
        }
        return section;
    }

    /// How many claims hold, and those that do not.
    [[nodiscard]] Section claims() const {
        Section section{verdicts_text(sheet_.claims), {}, Section::Form::marks};
        for (const CheckedExpectation &claim : sheet_.claims) {
            if (claim.verdict != ExpectationVerdict::refuted)
                continue;
            const Expectation &asked = claim.expectation;
            // One that is asked of several findings is told apart by their keys.
            const std::string what =
                asked.key == claim.finding->key ? asked.claim : claim.finding->key;
            const std::string text = fmt::format(": asked {}, found {}", asked_text(asked),
                                                 value_text(*claim.finding, style_));
            const std::size_t most = std::min(folding_.reason, folding_.row);
            const std::size_t room = std::max(most, text.size() + few_words) - text.size();
            section.rows.push_back(
                {{mark_of(Status::failed), first_words(what, room) + text}, Colour::red});
        }
        return section;
    }

    const Datasheet &sheet_;
    const TextStyle &style_;
    const Folding &folding_;
    Texts &texts_;
    std::set<std::string> shown_; ///< keys that have their place already, or will have
    std::set<std::string> in_table_;
};

std::string text_of(const std::vector<Section> &sections, const TextStyle &style) {
    std::string text;
    for (const Section &section : sections) {
        if (!section.title.empty())
            text += render_table({{{section.title}, Colour::bold}}, style);
        text += render_table(section.rows, style,
                             {section.form == Section::Form::marks ? mark_width : label_width});
    }
    return text;
}

/// The datasheet is folded as far as it has to be, and where lines are left they are used.
Folding fitting(const Datasheet &sheet, const std::function<bool(const Folding &)> &fits) {
    Folding folding;
    for (; !fits(folding) && folding.reasons > 1; --folding.reasons)
        folding.notes = std::min(folding.notes, folding.reasons - 1);
    for (; !fits(folding) && folding.rows > 2; --folding.rows)
        folding.row = one_line;
    const auto try_with = [&](const auto &change) {
        Folding changed = folding;
        change(changed);
        if (fits(changed))
            folding = changed;
    };
    for (const DatasheetPart &part : sheet.parts)
        try_with([&](Folding &wider) { wider.wide.insert(label_of(part)); });
    for (int step = 0; step < 5; ++step) {
        try_with([&](Folding &wider) { ++wider.reasons; });
        try_with([&](Folding &wider) { ++wider.notes; });
    }
    try_with([&](Folding &wider) { wider.reason *= 2; });
    return folding;
}

/// Which run it was, and what came out of it.
std::string head_of(const Report &report, const DeviceRecord &device) {
    std::map<std::string, std::size_t> clocks;
    std::map<Status, std::size_t> counts;
    std::size_t findings = 0;
    for (const ProbeRecord &record : device.probes) {
        if (!record.clock.source.empty())
            ++clocks[record.clock.source];
        for (const Finding &finding : record.findings) {
            ++findings;
            ++counts[finding.status];
        }
    }
    std::string text = fmt::format("{} run", first_words(report.profile, longest_label));
    if (!report.started.empty())
        text +=
            fmt::format(" on {}", first_words(report.started.substr(0, report.started.find('T')),
                                              longest_label));
    if (!report.complete)
        text += ", which did not end";
    const auto clock = std::ranges::max_element(clocks, {}, [](const auto &c) { return c.second; });
    if (clock != clocks.end())
        text += fmt::format(", timed by the {} clock", first_words(clock->first, longest_label));
    text += fmt::format("; {}", counted(findings, "finding"));
    for (const auto &[status, count] : counts)
        text += fmt::format(", {} {}", count, name(status));
    return text;
}

} // namespace

std::string datasheet_text(const Report &report, const DeviceRecord &device, const TextStyle &style,
                           std::span<const CheckedExpectation> checked) {
    const Datasheet sheet = datasheet_of(device, checked);
    constexpr TextStyle usual{.width = usual_width, .utf8 = true};
    const auto text = [&](const Folding &folding, const TextStyle &shown, Texts &texts) {
        return device_text(device.device, shown) +
               render_table({{{head_of(report, device)}}}, shown) +
               text_of(Sections(sheet, shown, folding, texts).all(), shown);
    };
    Texts usual_texts;
    const Folding folding = fitting(sheet, [&](const Folding &tried) {
        return std::ranges::count(text(tried, usual, usual_texts), '\n') <= most_lines;
    });
    Texts texts;
    return text(folding, style, texts);
}

std::string datasheet_markdown(const Report &report, const DeviceRecord &device,
                               std::span<const CheckedExpectation> checked) {
    const Datasheet sheet = datasheet_of(device, checked);
    constexpr TextStyle style{.width = usual_width, .utf8 = true};
    constexpr std::size_t much = 500;
    const Folding unfolded{much, much, much, much, much, much};
    std::string text = fmt::format("{}\n{}.\n", device_markdown(device.device),
                                   markdown_text(head_of(report, device)));
    Texts texts;
    for (const Section &section : Sections(sheet, style, unfolded, texts).all()) {
        if (!section.title.empty())
            text += fmt::format("\n### {}\n", section.title);
        if (section.rows.empty())
            continue;
        std::vector<std::vector<std::string>> rows;
        if (section.form != Section::Form::table)
            rows.push_back({"", ""});
        for (const TableRow &row : section.rows) {
            std::vector<std::string> &cells = rows.emplace_back();
            for (const std::string &cell : row.cells)
                cells.push_back(markdown_text(cell));
            cells.resize(rows.front().size());
        }
        text += "\n" + markdown_table(rows);
    }
    return text;
}

} // namespace clprobe
