#pragma once
#include "inspect/inspection.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace clprobe {

/// The function's code in a program's binary as the driver gives it: NVIDIA's is PTX text, PoCL's
/// an archive with a shared library for each kernel, taken apart by `objdump` where that is
/// installed. Nothing where the binary holds neither.
[[nodiscard]] std::optional<Disassembly> disassembled(const std::vector<unsigned char> &binary,
                                                      const std::string &function);

/// The body of the entry ".entry NAME(" of a PTX text; empty where it has none.
[[nodiscard]] std::string ptx_entry(std::string_view ptx, std::string_view function);

} // namespace clprobe
