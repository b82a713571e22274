#pragma once
#include "inspect/inspection.hpp"

#include <cstdint>
#include <functional>
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
    std::uint64_t loaded_bytes = 0; ///< by a work-item
};

/// The counts of the innermost loop, as `Disassembly` says; nothing where no line jumps back.
[[nodiscard]] std::optional<InstructionCount> count_loop(const std::vector<CodeLine> &code);

/// The disassembly with its counts, by the assemblers that we can read; nothing for an empty text.
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

/// One compilation that Mesa's compilers for Mali told of.
struct MesaShader {
    std::string function; ///< empty where Mesa did not say
    std::vector<Statistic> statistics;
    std::string disassembly; ///< empty where Mesa did not print it
};

/// What Mesa printed while it compiled.
struct MesaOutput {
    std::vector<MesaShader> shaders;   ///< in the order they were compiled
    std::vector<std::string> messages; ///< what else was printed, each line once

    /// The last compilation of that function, which is the one that launches use: Rusticl compiles
    /// a kernel once for whatever launch may come, and once for launches without offsets. Null
    /// where there is none.
    [[nodiscard]] const MesaShader *find(std::string_view function) const;
};

/// Reads what a driver printed, Mesa being told to by BIFROST_MESA_DEBUG or
/// MIDGARD_MESA_DEBUG=shaderdb,shaders.
[[nodiscard]] MesaOutput read_mesa_output(std::string_view text);

/// The numbers of a line "SHADER-DB: ... shader: 28 inst, 25 tuples, ..., 0:0 spills:fills"; none
/// for another line.
[[nodiscard]] std::vector<Statistic> read_shader_db(std::string_view line);

/// What the process prints on stdout and stderr while `work` runs, in the order of its writing.
/// Whatever `work` throws passes through. Throws Error where no temporary file can be made.
[[nodiscard]] std::string captured(const std::function<void()> &work);

/// What the command prints of a file with these bytes, whose name is put behind it; empty where it
/// fails or is not installed.
[[nodiscard]] std::string output_of(const std::string &command, std::string_view bytes);

} // namespace clprobe
