#pragma once
#include <functional>
#include <string>

namespace clprobe {

/// What the process prints on stdout and stderr while `work` runs, in the order of its writing.
/// Whatever `work` throws passes through. Throws Error where no temporary file can be made.
[[nodiscard]] std::string captured(const std::function<void()> &work);

} // namespace clprobe
