#pragma once
#include <clprobe/report.hpp>

#include <filesystem>

namespace clprobe::runner {

/// The report in a file; "-" is standard input. Throws InputError, naming the file, and in it the
/// place, where it cannot be read.
[[nodiscard]] Report read_report(const std::filesystem::path &file);

} // namespace clprobe::runner
