#include "inspect/code.hpp"
#include "model/text.hpp"

#include <algorithm>
#include <utility>

namespace clprobe {
namespace {

constexpr std::string_view statistics_mark = "SHADER-DB:";

/// Adds "28 inst", and "0:0 spills:fills" as two.
void add_statistics(std::string_view entry, std::vector<Statistic> &statistics) {
    const std::size_t blank = std::min(entry.find(' '), entry.size());
    const auto values = split(entry.substr(0, blank), ':');
    const auto names = split(trimmed(entry.substr(blank)), ':');
    for (std::size_t i = 0; i < std::min(values.size(), names.size()); ++i)
        if (const auto value = number_in<double>(values[i]))
            statistics.push_back({std::string(names[i]), *value});
}

/// The function of "decl_function __wrapped_NAME () (entrypoint)", Rusticl's wrapper's prefix taken
/// off.
std::optional<std::string_view> entry_point(std::string_view line) {
    constexpr std::string_view declaration = "decl_function ";
    constexpr std::string_view wrapped = "__wrapped_";
    if (!line.starts_with(declaration) || !line.ends_with("(entrypoint)"))
        return std::nullopt;
    line.remove_prefix(declaration.size());
    if (line.starts_with(wrapped))
        line.remove_prefix(wrapped.size());
    return line.substr(0, line.find(' '));
}

/// The last stage of what is printed of a shader: Bifrost's begins with its first clause, the
/// others' behind the last brace of the stage before.
std::string disassembly_in(const std::vector<std::string_view> &lines) {
    auto first = std::find_if(lines.begin(), lines.end(),
                              [](std::string_view line) { return line.starts_with("clause_"); });
    if (first == lines.end())
        first = std::find_if(lines.rbegin(), lines.rend(), [](std::string_view line) {
                    return line.starts_with('}');
                }).base();
    std::string text;
    for (; first != lines.end(); ++first)
        if (!text.empty() || !trimmed(*first).empty())
            text.append(*first).append("\n");
    while (text.ends_with("\n\n"))
        text.pop_back();
    return text;
}

void add_message(std::string_view line, std::vector<std::string> &messages) {
    constexpr std::size_t most = 50;
    if (!trimmed(line).empty() && messages.size() < most &&
        std::find(messages.begin(), messages.end(), line) == messages.end())
        messages.emplace_back(line);
}

} // namespace

std::vector<Statistic> read_shader_db(std::string_view line) {
    if (!line.starts_with(statistics_mark))
        return {};
    constexpr std::string_view label_end = " shader: ";
    line.remove_prefix(statistics_mark.size());
    if (const std::size_t label = line.rfind(label_end); label != std::string_view::npos)
        line.remove_prefix(label + label_end.size());
    std::vector<Statistic> statistics;
    for (const std::string_view entry : split(line, ','))
        add_statistics(trimmed(entry), statistics);
    return statistics;
}

const MesaShader *MesaOutput::find(std::string_view function) const {
    const auto found = std::find_if(shaders.rbegin(), shaders.rend(),
                                    [&](auto &shader) { return shader.function == function; });
    return found == shaders.rend() ? nullptr : &*found;
}

// The numbers come on stderr and the code on stdout: each is in its order, and how they mix is left
// to the buffers.
MesaOutput read_mesa_output(std::string_view text) {
    MesaOutput output;
    std::vector<std::vector<Statistic>> statistics;
    std::vector<std::vector<std::string_view>> listings;
    for (const std::string_view line : split(text, '\n')) {
        if (line.starts_with(statistics_mark)) {
            statistics.push_back(read_shader_db(line));
        } else if (line.starts_with("shader: MESA_SHADER_")) {
            listings.emplace_back();
        } else if (line.starts_with("MESA: ") || listings.empty()) {
            add_message(line, output.messages);
        } else {
            listings.back().push_back(line);
        }
    }
    output.shaders.resize(std::max(statistics.size(), listings.size()));
    for (std::size_t i = 0; i < statistics.size(); ++i)
        output.shaders[i].statistics = std::move(statistics[i]);
    for (std::size_t i = 0; i < listings.size(); ++i) {
        for (const std::string_view line : listings[i])
            if (const auto function = entry_point(line))
                output.shaders[i].function = *function;
        output.shaders[i].disassembly = disassembly_in(listings[i]);
    }
    return output;
}

} // namespace clprobe
