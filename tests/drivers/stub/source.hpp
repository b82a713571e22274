#pragma once

#include <CL/cl.h>

#include <optional>
#include <string>
#include <vector>

namespace stub {

/// A kernel as its source declares it; the names of its parameters only where no preprocessor line
/// stands among them.
struct KernelText {
    std::string name;
    std::optional<std::vector<std::string>> parameters;
};

/// The kernels that a source plainly declares; those that a macro makes are not seen.
[[nodiscard]] std::vector<KernelText> kernels_in(const std::string &source);

/// The file that the source's first #line names, or "kernel.cl".
[[nodiscard]] std::string file_named_in(const std::string &source);

} // namespace stub
