#include "io/csv.hpp"
#include "markdown.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>

namespace clprobe::runner {
namespace {

/// Prose as Markdown shows it: "a*b" keeps its stars, "l<n>" is no tag. Code in backticks stays.
std::string prose(const std::string &text) {
    std::string shown;
    bool code = false;
    for (const char c : text) {
        if (c == '`')
            code = !code;
        if (!code && (c == '*' || c == '<'))
            shown += '\\';
        shown += c;
    }
    return shown;
}

/// Prose inside a table, where a bar would end the cell.
std::string cell(const std::string &text) {
    std::string shown;
    for (const char c : prose(text)) {
        if (c == '|')
            shown += '\\';
        shown += c == '\n' ? ' ' : c;
    }
    return shown;
}

std::string bullets(std::span<const std::string> items) {
    std::string text;
    for (const std::string &item : items)
        text += fmt::format("- {}\n", prose(item));
    return text;
}

std::string section(std::string_view title, const std::string &body) {
    return body.empty() ? std::string() : fmt::format("\n## {}\n\n{}", title, body);
}

std::string findings_table(std::span<const FindingKey> keys) {
    std::string text = "| key | unit | better | meaning |\n|---|---|---|---|\n";
    for (const FindingKey &key : keys)
        text += fmt::format("| `{}` | {} | {} | {} |\n", key.key, symbol(key.unit),
                            name(key.better), cell(key.meaning));
    return text;
}

std::string columns(const SeriesShape &shape) {
    std::string text;
    for (const Axis &axis : shape.axes)
        text += csv_column(axis) + ",";
    return text + csv_column(shape.measure);
}

std::string series_table(std::span<const SeriesShape> shapes) {
    std::string text = "| series | columns of its CSV | meaning |\n|---|---|---|\n";
    for (const SeriesShape &shape : shapes)
        text +=
            fmt::format("| {} | `{}` | {} |\n", shape.name, columns(shape), cell(shape.meaning));
    return text;
}

std::string needs(const ProbeInfo &info) {
    std::string text =
        info.needs.empty() ? "Nothing beyond OpenCL 1.2.\n" : prose(info.needs) + "\n";
    if (!info.depends_on.empty())
        text += fmt::format("\nIt uses what these probes found: {}.\n",
                            fmt::join(info.depends_on, ", "));
    if (!info.cross_checks.empty())
        text += fmt::format("\nWhere these probes run too, its findings are set against theirs: "
                            "{}.\n",
                            fmt::join(info.cross_checks, ", "));
    return text;
}

} // namespace

std::string probe_page(const ProbeInfo &info) {
    std::string text = fmt::format("# {}\n\n{}\n", info.name, prose(info.question));
    text += section("How", prose(info.method) + "\n");
    text += section("What it finds", findings_table(info.findings));
    text += section("What it needs", needs(info));
    if (!info.series.empty())
        text += section("Its series", series_table(info.series));
    text += section("Pitfalls", bullets(info.pitfalls));
    text += section("Sources", bullets(info.sources));
    text += section("Time", fmt::format("About {:g} s at the standard profile, {:g} s at quick.\n",
                                        info.seconds, budget(info, Profile::quick)));
    return text +
           "\n<!-- Made by `clprobe list --markdown` from what the probe says of itself. -->\n";
}

std::string page_name(const ProbeInfo &info) {
    std::string name = info.name + ".md";
    std::replace(name.begin(), name.end(), '/', '-');
    return name;
}

std::string index_page(const Registry &registry) {
    std::string text = "# The probes\n\n"
                       "Made by `clprobe list --markdown`, from what each probe says of itself.\n\n"
                       "| probe | asks |\n|---|---|\n";
    for (const auto &probe : registry.probes())
        text += fmt::format("| [{}]({}) | {} |\n", probe->info().name, page_name(probe->info()),
                            cell(probe->info().question));
    return text;
}

} // namespace clprobe::runner
