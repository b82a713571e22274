#include "model/text.hpp"
#include "opencl/compiler_report.hpp"

namespace clprobe {
namespace {

/// The number right before `words` in the line: 30 of "Used 30 registers" for " registers".
std::optional<std::uint64_t> number_before(std::string_view line, std::string_view words) {
    const std::size_t end = line.find(words);
    if (end == std::string_view::npos)
        return std::nullopt;
    line = line.substr(0, end);
    return number_in<std::uint64_t>(line.substr(line.find_last_not_of("0123456789") + 1));
}

void take(std::optional<std::uint64_t> &field, std::optional<std::uint64_t> said) {
    if (said)
        field = said;
}

/// The name in "Compiling entry function 'NAME' for" or at the end of "Function properties for
/// NAME"; nothing for a line that speaks of no function.
std::optional<std::string_view> function_named(std::string_view line) {
    for (const std::string_view before : {"entry function '", "Function properties for "})
        if (const std::size_t found = line.find(before); found != std::string_view::npos) {
            const std::string_view rest = line.substr(found + before.size());
            return rest.substr(0, rest.find_first_of(" '\r"));
        }
    return std::nullopt;
}

} // namespace

std::string verbose_option(const DeviceInfo &device) {
    return device.has_extension("cl_nv_compiler_options") ? "-cl-nv-verbose" : "";
}

CompilerReport read_build_log(std::string_view log, std::string_view function) {
    CompilerReport report;
    // What the assembler says follows the name of the function that it is about.
    bool about_function = false;
    for (const std::string_view line : split(log, '\n')) {
        if (const auto named = function_named(line))
            about_function = *named == function;
        if (!about_function)
            continue;
        take(report.registers, number_before(line, " registers"));
        take(report.stack, number_before(line, " bytes stack frame"));
        take(report.spill_stores, number_before(line, " bytes spill stores"));
        take(report.spill_loads, number_before(line, " bytes spill loads"));
    }
    return report;
}

CompilerReport compiler_report(const Program &program, const Kernel &kernel) {
    CompilerReport report = read_build_log(program.log(), kernel.name());
    report.private_memory = kernel.private_memory();
    report.local_memory = kernel.local_memory();
    report.max_group_size = kernel.max_group_size();
    return report;
}

} // namespace clprobe
