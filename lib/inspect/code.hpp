#pragma once
#include "inspect/inspection.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace clprobe {

/// What a line of a disassembly holds, where that counts.
struct CodeLine {
    std::vector<std::string> labels; ///< by which jumps name it
    std::string jump;                ///< the label that it may jump to; empty for none
    bool goes_on = true;             ///< the line behind it may run next
    bool instruction = false;        ///< does something
    bool slot = false;               ///< a multiply-add could stand here
    bool fma = false;
};

/// The counts of all lines.
[[nodiscard]] InstructionCount count(const std::vector<CodeLine> &code);
/// Those of the innermost loop, as `Disassembly` says; nothing where no line jumps back.
[[nodiscard]] std::optional<InstructionCount> count_loop(const std::vector<CodeLine> &code);

/// The lines of the assemblers that we can read.
[[nodiscard]] std::vector<CodeLine> read_bifrost(std::string_view text);
[[nodiscard]] std::vector<CodeLine> read_valhall(std::string_view text);
/// Jumps of Midgard's say how far, in units that the text does not show: it has no loops here.
[[nodiscard]] std::vector<CodeLine> read_midgard(std::string_view text);
[[nodiscard]] std::vector<CodeLine> read_ptx(std::string_view text);
/// As `objdump -d --no-show-raw-insn` prints it, for x86-64 and AArch64.
[[nodiscard]] std::vector<CodeLine> read_objdump(std::string_view text);

/// The disassembly with its counts; nothing for an empty text.
[[nodiscard]] std::optional<Disassembly> counted(std::string language, std::string text);

/// Which of Mali's instruction sets Mesa printed: "bifrost", "valhall" or "midgard", by the names
/// of its statistics.
[[nodiscard]] std::string mali_language(const std::vector<Statistic> &statistics);

/// The function's code in a program's binary as the driver gives it: NVIDIA's is PTX text, PoCL's
/// an archive with a shared library for each kernel, taken apart by `objdump` where that is
/// installed. Nothing where the binary holds neither.
[[nodiscard]] std::optional<Disassembly> disassembled(const std::vector<unsigned char> &binary,
                                                      const std::string &function);

/// The body of the entry ".entry NAME(" of a PTX text; empty where it has none.
[[nodiscard]] std::string ptx_entry(std::string_view ptx, std::string_view function);

} // namespace clprobe
