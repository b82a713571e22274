#pragma once
#include "inspect/inspection.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace clprobe {

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

} // namespace clprobe
