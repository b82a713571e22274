#include "inspect/code.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace clprobe {
namespace {

/// "FMA" of "FMA.f32 r2:t0, ...".
std::string_view operation_of(std::string_view instruction) {
    return instruction.substr(0, instruction.find_first_of(". \t"));
}

std::string_view last_operand(std::string_view instruction) {
    return trimmed(instruction.substr(instruction.rfind(',') + 1));
}

bool is_fma(std::string_view operation) {
    return operation == "FMA" || operation == "FFMA";
}

/// How far "BRANCHZ.eq r4, offset:-8" jumps.
std::optional<long> offset_of(std::string_view instruction) {
    constexpr std::string_view mark = "offset:";
    const std::size_t found = instruction.find(mark);
    if (!instruction.starts_with("BRANCHZ") || found == std::string_view::npos)
        return std::nullopt;
    long value = 0;
    const char *const end = instruction.data() + instruction.size();
    if (std::from_chars(instruction.data() + found + mark.size(), end, value).ec != std::errc{})
        return std::nullopt;
    return value;
}

} // namespace

// Tuples of two: "*" for the multiply-add unit, "+" for the other, in clauses with labels.
std::vector<CodeLine> read_bifrost(std::string_view text) {
    std::vector<CodeLine> code;
    std::vector<std::string> labels;
    for (std::string_view line : lines_of(text)) {
        line = trimmed(line);
        if (line.starts_with("clause_") && line.ends_with(':'))
            labels.emplace_back(line.substr(0, line.size() - 1));
        if (!line.starts_with('*') && !line.starts_with('+'))
            continue;
        CodeLine read;
        read.labels = std::exchange(labels, {});
        read.slot = line.front() == '*';
        line.remove_prefix(1);
        read.instruction = operation_of(line) != "NOP";
        read.fma = is_fma(operation_of(line));
        if (last_operand(line).starts_with("clause_"))
            read.jump = last_operand(line);
        read.goes_on = operation_of(line) != "JUMP";
        code.push_back(std::move(read));
    }
    return code;
}

// An instruction a line; a jump counts instructions, from the one behind it.
std::vector<CodeLine> read_valhall(std::string_view text) {
    std::vector<CodeLine> code;
    for (std::string_view line : lines_of(text)) {
        line = trimmed(line);
        if (line.empty())
            continue;
        const auto place = static_cast<long>(code.size());
        CodeLine read;
        read.labels = {std::to_string(place)};
        read.slot = true;
        read.instruction = operation_of(line) != "NOP";
        read.fma = is_fma(operation_of(line));
        if (const auto offset = offset_of(line)) {
            read.jump = std::to_string(place + 1 + *offset);
            read.goes_on = line.find(" 0x0,") == std::string_view::npos; // 0 is always zero
        }
        code.push_back(std::move(read));
    }
    return code;
}

// Bundles of instructions with their constants, a blank line between them.
std::vector<CodeLine> read_midgard(std::string_view text) {
    std::vector<CodeLine> code;
    for (std::string_view line : lines_of(text)) {
        line = trimmed(line);
        if (line.empty() || line.find("constants ") == 1)
            continue;
        CodeLine read;
        read.slot = read.instruction = true;
        read.fma = is_fma(operation_of(line));
        code.push_back(std::move(read));
    }
    return code;
}

std::string mali_language(const std::vector<Statistic> &statistics) {
    const auto has = [&](std::string_view name) {
        return std::any_of(statistics.begin(), statistics.end(),
                           [&](const Statistic &statistic) { return statistic.name == name; });
    };
    if (has("tuples"))
        return "bifrost";
    return has("bundles") ? "midgard" : "valhall";
}

} // namespace clprobe
