#include "io/markup.hpp"
#include "io/network.hpp"
#include "model/layer_titles.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

namespace clprobe {
namespace {

/// Layers that are equal but for their names, what they take and their activation.
struct EqualLayers {
    SizedLayer first;
    std::vector<std::size_t> places = {}; ///< among all layers
};

bool are_equal(const SizedLayer &a, const SizedLayer &b) {
    Layer layer = b.layer;
    layer.name = a.layer.name;
    layer.inputs = a.layer.inputs;
    layer.activation = a.layer.activation;
    return a.layer == layer && a.input == b.input && a.output == b.output && a.work == b.work;
}

std::vector<EqualLayers> equal_layers(std::span<const SizedLayer> layers) {
    std::vector<EqualLayers> rows;
    for (std::size_t i = 0; i < layers.size(); ++i) {
        const auto same = std::ranges::find_if(
            rows, [&](const EqualLayers &row) { return are_equal(row.first, layers[i]); });
        if (same == rows.end())
            rows.push_back({layers[i], {i}});
        else
            same->places.push_back(i);
    }
    return rows;
}

std::string kibibytes(std::uint64_t elements, ElementType type) {
    const double kib = static_cast<double>(elements * size_of(type)) / 1024;
    return fmt::format("{:.{}f}", kib, kib < 10 && elements > 0 ? 1 : 0);
}

std::string millions(std::uint64_t count) {
    return count == 0 ? "0" : fmt::format("{:.2f}", static_cast<double>(count) / 1e6);
}

std::string intensity_text(const Work &work, ElementType type) {
    const double value = flop_per_byte(work, type);
    return fmt::format("{:.{}f}", value, value < 10 ? 2 : value < 100 ? 1 : 0);
}

std::string seconds_text(double seconds) {
    return format({seconds, Unit::second}, 3);
}

/// A column: its head, and below that the unit of its numbers.
struct Heading {
    std::string title;
    std::string unit;
};

/// What stands in a row: layers, or the sum of some.
struct TableLine {
    std::string what;
    std::string shape;
    Work work;
    std::optional<LayerTeardown> teardown = {};
};

/// Which times a table has.
enum class Times { none, predicted, measured_too };

Times table_times(const Teardown *teardown) {
    if (teardown == nullptr)
        return Times::none;
    return teardown->whole.measured ? Times::measured_too : Times::predicted;
}

/// The lines as a table of cells, the numbers yet unaligned.
class Cells {
public:
    Cells(ElementType type, Times times) : type_(type), times_(times) {
        headings = {{"layer", ""},     {"shape", ""},      {"mult-adds", "M"}, {"weights", "KiB"},
                    {"inputs", "KiB"}, {"outputs", "KiB"}, {"flop/B", ""}};
        if (times == Times::predicted) {
            headings.erase(headings.begin() + 5);
            headings[4] = {"in + out", "KiB"};
            headings.insert(headings.end(), {{"bound", ""}, {"predicted", ""}, {"FMA", "%"}});
        } else if (times == Times::measured_too) { // with no room for activations
            headings.erase(headings.begin() + 4, headings.begin() + 6);
            headings.insert(headings.end(),
                            {{"bound", ""}, {"predicted", ""}, {"measured", ""}, {"FMA", "%"}});
        }
    }

    [[nodiscard]] std::vector<std::string> row(const TableLine &line) const {
        const Work &work = line.work;
        std::vector<std::string> cells = {line.what, line.shape, millions(work.multiply_adds),
                                          kibibytes(work.weights, type_)};
        if (times_ == Times::none) {
            cells.push_back(kibibytes(work.inputs, type_));
            cells.push_back(kibibytes(work.outputs, type_));
            cells.push_back(intensity_text(work, type_));
            return cells;
        }
        if (times_ == Times::predicted)
            cells.push_back(kibibytes(work.inputs + work.outputs, type_));
        cells.push_back(intensity_text(work, type_));
        if (!line.teardown)
            return cells;
        const LayerTeardown &layer = *line.teardown;
        cells.push_back(layer.bound);
        cells.push_back(layer.predicted ? seconds_text(layer.predicted->seconds) : "");
        if (times_ == Times::measured_too)
            cells.push_back(layer.measured ? seconds_text(*layer.measured) : "");
        const auto share = times_ == Times::measured_too ? layer.measured_share : layer.share;
        cells.push_back(share ? fmt::format("{:.0f}", 100 * *share) : "");
        return cells;
    }

    std::vector<Heading> headings;

private:
    ElementType type_;
    Times times_;
};

bool is_convolution(const SizedLayer &sized) {
    return sized.layer.op == Operator::convolution ||
           sized.layer.op == Operator::depthwise_convolution;
}

/// Of equal layers: what is measured of them is the mean.
LayerTeardown teardown_of_equal(const std::vector<LayerTeardown> &layers,
                                const std::vector<std::size_t> &places) {
    LayerTeardown mean = layers[places.front()];
    if (!mean.measured)
        return mean;
    double sum = 0;
    for (const std::size_t place : places)
        sum += layers[place].measured.value_or(*mean.measured);
    const double seconds = sum / static_cast<double>(places.size());
    if (mean.measured_share)
        *mean.measured_share *= *mean.measured / seconds;
    mean.measured = seconds;
    return mean;
}

/// A line for equal layers, one for all convolutions where there are other layers, one for all.
std::vector<TableLine> lines_of(const NetworkTable &table, const Teardown *teardown) {
    std::vector<TableLine> lines;
    for (const EqualLayers &row : equal_layers(table.layers)) {
        const std::size_t count = row.places.size();
        const std::string times = count == 1 ? "" : fmt::format("{} x ", count);
        TableLine &line = lines.emplace_back(TableLine{times + operator_title(row.first.layer),
                                                       shape_title(row.first), row.first.work});
        if (teardown != nullptr)
            line.teardown = teardown_of_equal(teardown->layers, row.places);
    }
    std::vector<SizedLayer> convolutions;
    std::ranges::copy_if(table.layers, std::back_inserter(convolutions), is_convolution);
    if (!convolutions.empty() && convolutions.size() < table.layers.size())
        lines.push_back({counted(convolutions.size(), "convolution"), "", total_of(convolutions)});
    TableLine &all = lines.emplace_back(
        TableLine{"all " + counted(table.layers.size(), "layer"), "", total_of(table.layers)});
    if (teardown != nullptr)
        all.teardown = teardown->whole;
    return lines;
}

/// Pads the cells from the third on, so that their ends stand below each other. A table's last
/// column is wrapped as words are: an empty one takes that place.
void align_right(std::vector<TableRow> &rows, std::size_t columns) {
    for (std::size_t i = 2; i < columns; ++i) {
        std::size_t width = 0;
        for (const TableRow &row : rows)
            width = std::max(width, i < row.cells.size() ? row.cells[i].size() : 0);
        for (TableRow &row : rows)
            if (i < row.cells.size())
                row.cells[i].insert(0, width - row.cells[i].size(), ' ');
    }
    rows.front().cells.emplace_back();
}

std::string table_text(const NetworkTable &table, const Teardown *teardown,
                       const TextStyle &style) {
    const Cells cells(table.type, table_times(teardown));
    std::vector<TableRow> rows(2);
    for (const Heading &heading : cells.headings) {
        rows[0].cells.push_back(heading.title);
        rows[1].cells.push_back(heading.unit);
    }
    rows[0].colour = rows[1].colour = Colour::dim;
    for (const TableLine &line : lines_of(table, teardown))
        rows.push_back({cells.row(line), line.shape.empty() ? Colour::bold : Colour::none});
    align_right(rows, cells.headings.size());
    return render_table(rows, style);
}

std::string table_markdown(const NetworkTable &table, const Teardown *teardown) {
    const Cells cells(table.type, table_times(teardown));
    std::vector<std::vector<std::string>> rows(1);
    for (const Heading &heading : cells.headings)
        rows[0].push_back(heading.title + (heading.unit.empty() ? "" : ", " + heading.unit));
    for (const TableLine &line : lines_of(table, teardown)) {
        std::vector<std::string> row = cells.row(line);
        for (std::string &cell : row)
            cell = markdown_text(cell);
        row.resize(rows[0].size());
        rows.push_back(std::move(row));
    }
    return markdown_table(rows);
}

std::string bytes_text(std::uint64_t bytes) {
    return format({static_cast<double>(bytes), Unit::byte}, 4);
}

/// The sentence under the network's table.
std::string summary_of_network(const NetworkTable &table) {
    const Work total = total_of(table.layers);
    const std::uint64_t size = size_of(table.type);
    std::string text = fmt::format(
        "{} parameters, {} M multiply-adds; {}, batch {}: {} of memory, {} for parameters and at "
        "most {} for activations",
        total.parameters(), millions(total.multiply_adds), name(table.type), table.batch,
        bytes_text(table.memory_bytes()), bytes_text(total.parameters() * size),
        bytes_text(table.live_elements * size));
    if (total.cached > 0)
        text += fmt::format(", {} for cached keys and values", bytes_text(total.cached * size));
    return text;
}

std::string time_text(const PredictedTime &time, const TextStyle &style) {
    Finding finding;
    finding.value = time.seconds;
    finding.unit = Unit::second;
    finding.interval = time.interval;
    finding.status = Status::measured;
    return value_text(finding, style);
}

/// What the device's part comes to, a line each: what it takes, the floors, what is missing.
std::vector<std::pair<std::string, std::string>> conclusions(const Teardown &teardown,
                                                             const TextStyle &style) {
    std::vector<std::pair<std::string, std::string>> lines;
    const LayerTeardown &whole = teardown.whole;
    lines.emplace_back("predicted",
                       whole.predicted
                           ? fmt::format("{} in {}", time_text(*whole.predicted, style),
                                         teardown.launches == 1
                                             ? "1 launch"
                                             : fmt::format("{} launches", teardown.launches))
                           : "no time, as a rate is missing that it is made of");
    std::vector<std::string> runs;
    for (const Finding &run : teardown.runs)
        runs.push_back(
            fmt::format("{} {}", run.key.substr(run.key.rfind('.') + 1), value_text(run, style)));
    if (!runs.empty())
        lines.emplace_back("measured", fmt::format("{}", fmt::join(runs, ", ")));
    std::vector<std::string> floors;
    for (const TimeFloor &floor : whole.floors)
        floors.push_back(fmt::format("{} {}", floor.by, time_text(floor.time, style)));
    if (!floors.empty())
        lines.emplace_back("at least", fmt::format("{}", fmt::join(floors, ", ")));
    std::vector<std::string> roofs;
    for (const Finding &finding : teardown.findings)
        roofs.push_back(
            fmt::format("{} {}", finding.key, format({*finding.value, finding.unit}, 3)));
    if (!roofs.empty())
        lines.emplace_back("made of", fmt::format("{}", fmt::join(roofs, ", ")));
    for (const AbsentFinding &absent : teardown.absent)
        lines.emplace_back("without", fmt::format("{}: {}", absent.key, absent.reason));
    return lines;
}

} // namespace

NetworkTable::NetworkTable(Network of, ElementType as, std::uint64_t images)
    : network(std::move(of)), type(as), batch(images), layers(sized_layers(network, batch)),
      live_elements(live_activations(network, layers, batch)) {}

std::uint64_t NetworkTable::memory_bytes() const {
    const Work total = total_of(layers);
    return (total.parameters() + total.cached + live_elements) * size_of(type);
}

std::string networks_text(std::span<const Network> networks, const TextStyle &style) {
    std::vector<TableRow> rows = {
        {{"network", "layers", "parameters", "mult-adds", ""}, Colour::dim}};
    for (const Network &network : networks) {
        const std::vector<SizedLayer> layers = sized_layers(network);
        const Work total = total_of(layers);
        rows.push_back(
            {{network.name, fmt::format("{}", layers.size()), fmt::format("{}", total.parameters()),
              millions(total.multiply_adds) + " M", network.title}});
    }
    return render_table(rows, style);
}

std::string network_text(const NetworkTable &table, std::span<const Teardown> teardowns,
                         const TextStyle &style) {
    std::string text = render_table({{{table.network.title}, Colour::bold}}, style);
    if (teardowns.empty())
        text += table_text(table, nullptr, style);
    for (const Teardown &teardown : teardowns) {
        text += device_text(teardown.device, style) + table_text(table, &teardown, style);
        std::vector<TableRow> rows;
        for (const auto &[what, how] : conclusions(teardown, style))
            rows.push_back({{what, how}, what == "without" ? Colour::yellow : Colour::none});
        text += render_table(rows, style) + "\n";
    }
    return text + render_table({{{summary_of_network(table)}, Colour::none},
                                {{"source: " + table.network.source}, Colour::dim}},
                               style);
}

std::string network_markdown(const NetworkTable &table, std::span<const Teardown> teardowns) {
    std::string text = fmt::format("### {}\n\n", markdown_text(table.network.title));
    if (teardowns.empty())
        text += table_markdown(table, nullptr) + "\n";
    for (const Teardown &teardown : teardowns) {
        text += fmt::format("On {}:\n\n{}\n", markdown_text(teardown.device.name),
                            table_markdown(table, &teardown));
        for (const auto &[what, how] : conclusions(teardown, {.utf8 = true}))
            text += fmt::format("- {}: {}\n", what, markdown_text(how));
        text += "\n";
    }
    return text + fmt::format("{}.\n\nSource: {}\n", markdown_text(summary_of_network(table)),
                              markdown_text(table.network.source));
}

} // namespace clprobe
