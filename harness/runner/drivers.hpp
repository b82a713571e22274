#pragma once
#include "isolation.hpp"

#include <clprobe/json.hpp>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace clprobe::runner {

/// What the OpenCL loader of this system is told to load, and what becomes of it: `loader` (`path`,
/// `kind`), absent where there is none; `drivers`, each with what names it (`file`: an .icd file or
/// a variable of the environment), the `library` as that has it, its `platforms` (`name`,
/// `devices`, and the `code` of clGetDeviceIDs where that fails) and, where there are none or one
/// is passed over, the `problem`; `notes`, which are sentences about the environment. Each library
/// is loaded in a child process of its own, for so long.
[[nodiscard]] Json drivers_report(const Worker &worker, double seconds);

/// The same as lines for people, one a driver.
[[nodiscard]] std::string lines_of(const Json &report);

/// The nodes of GPUs in this folder ("/dev/dri") that this process may not open, as sentences.
[[nodiscard]] std::vector<std::string> closed_render_nodes(const std::filesystem::path &folder);

// What child processes do for the report.

/// The loader, by its own text: `path`, `kind` and `folder`, where it looks for .icd files, and the
/// `variables` of the environment that it reads. Where there is none,
/// the `problem`: what dlopen() says.
[[nodiscard]] Json describe_loader();

/// Loads a driver's library as the loader would, at once with all its symbols or not, and asks it
/// for its devices: `platforms` and `problem` as in the report. `stage` gets what is done next.
[[nodiscard]] Json try_driver(const std::string &library, bool all_symbols,
                              const std::function<void(const char *)> &stage);

} // namespace clprobe::runner
