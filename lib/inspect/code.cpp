#include "inspect/code.hpp"
#include "model/text.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>
#include <tuple>
#include <utility>

namespace clprobe {
namespace {

/// Reads a line, without blanks around it, into the code line at that place. False where that does
/// not stand there yet, but labels of it may.
using ReadLine = bool (*)(std::string_view line, std::size_t place, CodeLine &code);

/// "FMA" of Mali's "FMA.f32 r2:t0, ...".
std::string_view operation_of(std::string_view instruction) {
    return instruction.substr(0, instruction.find_first_of(". \t"));
}

std::string_view last_operand(std::string_view instruction) {
    return trimmed(instruction.substr(instruction.rfind(',') + 1));
}

bool is_fma(std::string_view operation) {
    return operation == "FMA" || operation == "FFMA";
}

/// 16 of Mali's "LOAD.i128 t1, r4, t1, @r16"; 0 of what loads nothing.
std::uint64_t loaded_by(std::string_view instruction) {
    constexpr std::string_view load = "LOAD.i";
    if (!instruction.starts_with(load))
        return 0;
    const std::string_view bits = instruction.substr(load.size());
    return number_in<std::uint64_t>(bits.substr(0, bits.find_first_of(". \t"))).value_or(0) / 8;
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

// Tuples of two: "*" for the multiply-add unit, "+" for the other, in clauses with labels.
bool read_bifrost(std::string_view line, std::size_t, CodeLine &code) {
    if (line.starts_with("clause_") && line.ends_with(':'))
        code.labels.emplace_back(line.substr(0, line.size() - 1));
    if (!line.starts_with('*') && !line.starts_with('+'))
        return false;
    code.slot = line.front() == '*';
    line.remove_prefix(1);
    code.instruction = operation_of(line) != "NOP";
    code.fma = is_fma(operation_of(line));
    code.loaded_bytes = loaded_by(line);
    if (last_operand(line).starts_with("clause_"))
        code.jump = last_operand(line);
    code.goes_on = operation_of(line) != "JUMP";
    return true;
}

// An instruction a line; a jump counts instructions, from the one behind it.
bool read_valhall(std::string_view line, std::size_t place, CodeLine &code) {
    if (line.empty())
        return false;
    code.labels = {std::to_string(place)};
    code.slot = true;
    code.instruction = operation_of(line) != "NOP";
    code.fma = is_fma(operation_of(line));
    code.loaded_bytes = loaded_by(line);
    if (const auto offset = offset_of(line)) {
        code.jump = std::to_string(static_cast<long>(place) + 1 + *offset);
        code.goes_on = line.find(" 0x0,") == std::string_view::npos; // 0 is always zero
    }
    return true;
}

// Bundles of instructions with their constants, a blank line between them. Jumps say how far, in
// units that the text does not show: there are no loops here.
bool read_midgard(std::string_view line, std::size_t, CodeLine &code) {
    if (line.empty() || line.find("constants ") == 1)
        return false;
    code.slot = code.instruction = true;
    code.fma = is_fma(operation_of(line));
    return true;
}

/// The word that the text begins with.
std::string_view first_word(std::string_view text) {
    return text.substr(0, text.find_first_of(" \t;"));
}

std::string_view second_word(std::string_view text) {
    return first_word(trimmed(text.substr(std::min(text.find_first_of(" \t"), text.size()))));
}

// Labels end in a colon, instructions in a semicolon; declarations begin with a point, and a
// predicate ("@%p1") may stand before an instruction.
bool read_ptx(std::string_view line, std::size_t, CodeLine &code) {
    line = trimmed(line.substr(0, line.find("//")));
    if (line.ends_with(':'))
        code.labels.emplace_back(line.substr(0, line.size() - 1));
    if (!line.ends_with(';') || line.starts_with('.'))
        return false;
    const bool conditional = line.starts_with('@');
    if (conditional)
        line = trimmed(line.substr(first_word(line).size()));
    code.slot = code.instruction = true;
    code.fma = line.starts_with("fma.");
    if (first_word(line).starts_with("bra"))
        code.jump = second_word(line);
    code.goes_on = conditional || (code.jump.empty() && first_word(line) != "ret");
    return true;
}

// As `objdump -d --no-show-raw-insn` prints it, for x86-64 and AArch64:
// "  4c0:	vfmadd213ps %ymm0,%ymm1,%ymm2" and "  4c7:	jne    4c0 <name+0x20>"
bool read_objdump(std::string_view line, std::size_t, CodeLine &code) {
    const std::size_t colon = line.find(":\t");
    if (colon == std::string_view::npos)
        return false;
    const std::string_view instruction = trimmed(line.substr(colon + 2));
    const std::string_view operation = first_word(instruction);
    code.labels = {std::string(line.substr(0, colon))};
    code.slot = code.instruction = !operation.starts_with("nop");
    for (const std::string_view name : {"vfmadd", "vfmsub", "vfnmadd", "vfnmsub", "fmadd", "fmla"})
        code.fma = code.fma || operation.starts_with(name);
    if (operation.starts_with('j') || operation.starts_with('b'))
        code.jump = second_word(instruction);
    code.goes_on = operation != "jmp" && operation != "b" && !operation.starts_with("ret");
    return true;
}

using Lines = std::set<std::size_t>;

/// For each line those that may run right before it.
std::vector<std::vector<std::size_t>> predecessors_of(const std::vector<CodeLine> &code) {
    std::map<std::string, std::size_t> places;
    for (std::size_t i = 0; i < code.size(); ++i)
        for (const std::string &label : code[i].labels)
            places.emplace(label, i);
    std::vector<std::vector<std::size_t>> before(code.size());
    for (std::size_t i = 0; i < code.size(); ++i) {
        if (code[i].goes_on && i + 1 < code.size())
            before[i + 1].push_back(i);
        if (const auto to = places.find(code[i].jump); to != places.end())
            before[to->second].push_back(i);
    }
    return before;
}

/// The natural loops, by the line that each is entered at: the lines from which a jump back to that
/// line can be reached without passing it.
std::map<std::size_t, Lines> loops_in(const std::vector<CodeLine> &code) {
    const auto before = predecessors_of(code);
    std::map<std::size_t, Lines> loops;
    for (std::size_t head = 0; head < code.size(); ++head)
        for (const std::size_t last : before[head]) {
            if (last < head)
                continue;
            Lines &loop = loops[head];
            loop.insert(head);
            std::vector<std::size_t> open = {last};
            while (!open.empty()) {
                const std::size_t line = open.back();
                open.pop_back();
                if (line >= head && loop.insert(line).second)
                    open.insert(open.end(), before[line].begin(), before[line].end());
            }
        }
    return loops;
}

void add(const CodeLine &line, InstructionCount &count) {
    count.instructions += line.instruction ? 1 : 0;
    count.slots += line.slot ? 1 : 0;
    count.fma += line.fma ? 1 : 0;
    if (line.loaded_bytes > 0)
        count.loaded_bytes = count.loaded_bytes.value_or(0) + line.loaded_bytes;
}

} // namespace

std::optional<InstructionCount> count_loop(const std::vector<CodeLine> &code) {
    const auto loops = loops_in(code);
    std::optional<InstructionCount> best;
    for (const auto &loop : loops) {
        const auto is_inside = [&](const auto &other) {
            return other.first != loop.first && loop.second.contains(other.first);
        };
        if (std::ranges::any_of(loops, is_inside))
            continue;
        InstructionCount counted;
        for (const std::size_t line : loop.second)
            add(code[line], counted);
        if (!best ||
            std::tie(counted.fma, counted.instructions) > std::tie(best->fma, best->instructions))
            best = counted;
    }
    return best;
}

std::string mali_language(const std::vector<Statistic> &statistics) {
    const auto has = [&](std::string_view name) {
        return pointer_to(statistics, name, &Statistic::name) != nullptr;
    };
    if (has("tuples"))
        return "bifrost";
    return has("bundles") ? "midgard" : "valhall";
}

std::optional<Disassembly> counted(std::string language, std::string text) {
    if (text.empty())
        return std::nullopt;
    const ReadLine read = language == "bifrost"   ? read_bifrost
                          : language == "valhall" ? read_valhall
                          : language == "midgard" ? read_midgard
                          : language == "ptx"     ? read_ptx
                                                  : read_objdump;
    std::vector<CodeLine> code;
    CodeLine next;
    InstructionCount all;
    for (const std::string_view line : split(text, '\n'))
        if (read(trimmed(line), code.size(), next)) {
            add(next, all);
            code.push_back(std::exchange(next, {}));
        }
    return Disassembly{std::move(language), std::move(text), all, count_loop(code)};
}

} // namespace clprobe
