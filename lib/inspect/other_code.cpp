#include "inspect/code.hpp"

#include <utility>

namespace clprobe {
namespace {

/// The word that the text begins with.
std::string_view first_word(std::string_view text) {
    return text.substr(0, text.find_first_of(" \t;"));
}

std::string_view second_word(std::string_view text) {
    const std::size_t blank = text.find_first_of(" \t");
    return blank == std::string_view::npos ? std::string_view{}
                                           : first_word(trimmed(text.substr(blank)));
}

} // namespace

// Labels end in a colon, instructions in a semicolon; declarations begin with a point, and a
// predicate ("@%p1") may stand before an instruction.
std::vector<CodeLine> read_ptx(std::string_view text) {
    std::vector<CodeLine> code;
    std::vector<std::string> labels;
    for (std::string_view line : lines_of(text)) {
        line = trimmed(line.substr(0, line.find("//")));
        if (line.ends_with(':'))
            labels.emplace_back(line.substr(0, line.size() - 1));
        if (!line.ends_with(';') || line.starts_with('.'))
            continue;
        const bool conditional = line.starts_with('@');
        if (conditional)
            line = trimmed(line.substr(first_word(line).size()));
        CodeLine read;
        read.labels = std::exchange(labels, {});
        read.slot = read.instruction = true;
        read.fma = line.starts_with("fma.");
        if (first_word(line).starts_with("bra"))
            read.jump = second_word(line);
        read.goes_on = conditional || (read.jump.empty() && first_word(line) != "ret");
        code.push_back(std::move(read));
    }
    return code;
}

// "  4c0:	vfmadd213ps %ymm0,%ymm1,%ymm2" and "  4c7:	jne    4c0 <name+0x20>"
std::vector<CodeLine> read_objdump(std::string_view text) {
    std::vector<CodeLine> code;
    for (std::string_view line : lines_of(text)) {
        line = trimmed(line);
        const std::size_t colon = line.find(":\t");
        if (colon == std::string_view::npos)
            continue;
        const std::string_view instruction = trimmed(line.substr(colon + 2));
        const std::string_view operation = first_word(instruction);
        CodeLine read;
        read.labels = {std::string(line.substr(0, colon))};
        read.slot = read.instruction = !operation.starts_with("nop");
        for (const std::string_view name :
             {"vfmadd", "vfmsub", "vfnmadd", "vfnmsub", "fmadd", "fmla"})
            read.fma = read.fma || operation.starts_with(name);
        if (operation.starts_with('j') || operation.starts_with('b'))
            read.jump = second_word(instruction);
        read.goes_on = operation != "jmp" && operation != "b" && !operation.starts_with("ret");
        code.push_back(std::move(read));
    }
    return code;
}

} // namespace clprobe
