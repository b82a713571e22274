#include "io/against_cpu.hpp"
#include "io/markup.hpp"
#include "io/network.hpp"

#include <fmt/format.h>

#include <functional>
#include <span>
#include <utility>

namespace clprobe {
namespace {

/// A part of the table: its first row is the head where it has columns of sides.
struct TablePart {
    std::string title;
    std::vector<std::vector<std::string>> rows;
    bool headed = false;
};

/// Three digits.
std::string digits(double value) {
    return fmt::format("{:.{}f}", value, value < 1 ? 3 : value < 10 ? 2 : value < 100 ? 1 : 0);
}

std::string times_cell(const CallFigures &figures) {
    return fmt::format("{} ({})", digits(1e3 * figures.p50), digits(1e3 * figures.p90));
}

std::string rate_cell(const CallFigures &figures) {
    if (figures.rate <= 0)
        return "";
    return digits(figures.rate / 1e9) +
           (figures.share ? fmt::format(" ({:.0f} %)", 100 * *figures.share) : "");
}

TablePart columns_of_sides(const AgainstCpu &table, const std::string &title,
                           const std::function<std::string(const CallFigures &)> &cell) {
    TablePart part{title, {{""}}, true};
    for (const TimedSide &side : table.sides)
        part.rows.front().push_back(side.name);
    for (const Network &network : table.networks) {
        std::vector<std::string> row{network.name};
        for (const TimedSide &side : table.sides) {
            const auto figures = figures_of(network, side);
            row.push_back(figures ? cell(*figures) : "-");
        }
        part.rows.push_back(std::move(row));
    }
    return part;
}

TablePart where_slower(const AgainstCpu &table) {
    TablePart part{"Where a library of the processor's takes less time, and why", {}};
    for (const Network &network : table.networks)
        for (const TimedSide &side : table.sides) {
            const TimedSide *library = fastest_library(table, network);
            if (library == nullptr)
                continue;
            const std::string why = why_slower(network, side, *library);
            if (!why.empty())
                part.rows.push_back({network.name, side.name,
                                     fmt::format("{:.2f} times that of {}: {}",
                                                 figures_of(network, side)->p50 /
                                                     figures_of(network, *library)->p50,
                                                 library->name, why)});
        }
    return part;
}

std::string roof_text(const TimedSide &side) {
    if (side.roof)
        return format({*side.roof, Unit::flop_per_second}, 3) + " of multiply-adds";
    std::string text = "its rate of multiply-adds was not measured";
    if (side.device)
        for (const ProbeRecord &probe : side.device->probes)
            for (const Finding &finding : probe.findings)
                if (finding.key == "fma.fp32.rate" && !finding.note.empty())
                    text += ": " + finding.note;
    return text;
}

TablePart sides_of(const AgainstCpu &table) {
    TablePart part{"Sides, which took turns in " + counted(table.rounds, "round"), {}};
    for (const TimedSide &side : table.sides)
        part.rows.push_back({side.name, side.title, roof_text(side)});
    return part;
}

/// Of the fastest library.
TablePart implementations(const AgainstCpu &table) {
    TablePart part{"What the library chose, by its own names", {}};
    for (const Network &network : table.networks)
        if (const TimedSide *library = fastest_library(table, network))
            part.rows.push_back({network.name, library->name, library->of(network).implementation});
    return part;
}

TablePart transfers(const AgainstCpu &table) {
    TablePart part{"Input and results between host and device, which the times leave out", {}};
    for (const Network &network : table.networks)
        for (const TimedSide &side : table.sides)
            if (side.device && network.layers.size() > 1 && figures_of(network, side))
                if (const auto seconds = transfer_seconds(network, *side.device))
                    part.rows.push_back({network.name, side.name, digits(1e3 * *seconds) + " ms"});
    return part;
}

TablePart absent(const AgainstCpu &table) {
    TablePart part{"Not timed", {}};
    for (const Network &network : table.networks)
        for (const TimedSide &side : table.sides)
            if (const CallTimes &times = side.of(network);
                times.seconds.empty() && !times.absent.empty())
                part.rows.push_back({network.name, side.name, times.absent});
    return part;
}

std::vector<TablePart> parts_of(const AgainstCpu &table) {
    return {columns_of_sides(table,
                             "ms of a call in single precision, at batch 1: half of the calls take "
                             "no longer (nine of ten)",
                             times_cell),
            columns_of_sides(table,
                             "Gflop/s (share of the side's own rate of multiply-adds; Winograd's "
                             "algorithm makes fewer than are counted)",
                             rate_cell),
            where_slower(table),
            sides_of(table),
            implementations(table),
            transfers(table),
            absent(table)};
}

} // namespace

std::string against_cpu_text(const AgainstCpu &table, const TextStyle &style) {
    std::string text;
    for (const TablePart &part : parts_of(table)) {
        if (part.rows.empty())
            continue;
        std::vector<TableRow> rows;
        for (const std::vector<std::string> &cells : part.rows)
            rows.push_back({cells, part.headed && rows.empty() ? Colour::dim : Colour::none});
        text += (text.empty() ? "" : "\n") + render_table({{{part.title}, Colour::bold}}, style) +
                render_table(rows, style);
    }
    return text;
}

std::string against_cpu_markdown(const AgainstCpu &table) {
    std::string text;
    for (const TablePart &part : parts_of(table)) {
        if (part.rows.empty())
            continue;
        std::vector<std::vector<std::string>> rows;
        if (!part.headed)
            rows.emplace_back(part.rows.front().size());
        for (std::vector<std::string> cells : part.rows) {
            for (std::string &cell : cells)
                cell = markdown_text(cell);
            rows.push_back(std::move(cells));
        }
        text += fmt::format("{}**{}**\n\n{}", text.empty() ? "" : "\n", markdown_text(part.title),
                            markdown_table(rows));
    }
    return text;
}

Json to_json(const AgainstCpu &table) {
    Json json = {
        {"against", "cpu"},       {"type", name(ElementType::fp32)}, {"batch", 1},
        {"rounds", table.rounds}, {"sides", Json::array()},          {"rows", Json::array()}};
    for (const TimedSide &side : table.sides) {
        Json &made = json["sides"].emplace_back(
            Json{{"name", side.name}, {"title", side.title}, {"library", !side.device}});
        if (side.roof)
            made["roof"] = *side.roof;
    }
    for (const Network &network : table.networks) {
        Json cells = Json::array();
        const TimedSide *library = fastest_library(table, network);
        for (const TimedSide &side : table.sides) {
            const CallTimes &times = side.of(network);
            Json cell = {{"side", side.name}};
            const auto add = [&](const char *member, const std::string &text) {
                if (!text.empty())
                    cell[member] = text;
            };
            if (const auto figures = figures_of(network, side)) {
                cell["calls"] = times.seconds.size();
                cell["p50"] = figures->p50;
                cell["p90"] = figures->p90;
                if (figures->rate > 0)
                    cell["rate"] = figures->rate;
                if (figures->share)
                    cell["share"] = *figures->share;
                if (side.device)
                    if (const auto seconds = transfer_seconds(network, *side.device))
                        cell["transfers"] = *seconds;
                if (library != nullptr)
                    add("why_slower", why_slower(network, side, *library));
            }
            add("implementation", times.implementation);
            add("absent", times.absent);
            cells.push_back(std::move(cell));
        }
        json["rows"].push_back({{"network", to_json(network)},
                                {"multiply_adds", total_of(sized_layers(network)).multiply_adds},
                                {"cells", std::move(cells)}});
    }
    return json;
}

} // namespace clprobe
