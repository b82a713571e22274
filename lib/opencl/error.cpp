#include "model/text.hpp"

#include <clprobe/context.hpp>
#include <clprobe/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

namespace clprobe {
namespace {

/// The names of the codes from -1 downwards; those from -20 to -29 are nobody's.
constexpr std::string_view code_names =
    "CL_DEVICE_NOT_FOUND CL_DEVICE_NOT_AVAILABLE CL_COMPILER_NOT_AVAILABLE "
    "CL_MEM_OBJECT_ALLOCATION_FAILURE CL_OUT_OF_RESOURCES CL_OUT_OF_HOST_MEMORY "
    "CL_PROFILING_INFO_NOT_AVAILABLE CL_MEM_COPY_OVERLAP CL_IMAGE_FORMAT_MISMATCH "
    "CL_IMAGE_FORMAT_NOT_SUPPORTED CL_BUILD_PROGRAM_FAILURE CL_MAP_FAILURE "
    "CL_MISALIGNED_SUB_BUFFER_OFFSET CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST "
    "CL_COMPILE_PROGRAM_FAILURE CL_LINKER_NOT_AVAILABLE CL_LINK_PROGRAM_FAILURE "
    "CL_DEVICE_PARTITION_FAILED CL_KERNEL_ARG_INFO_NOT_AVAILABLE - - - - - - - - - - "
    "CL_INVALID_VALUE CL_INVALID_DEVICE_TYPE CL_INVALID_PLATFORM CL_INVALID_DEVICE "
    "CL_INVALID_CONTEXT CL_INVALID_QUEUE_PROPERTIES CL_INVALID_COMMAND_QUEUE CL_INVALID_HOST_PTR "
    "CL_INVALID_MEM_OBJECT CL_INVALID_IMAGE_FORMAT_DESCRIPTOR CL_INVALID_IMAGE_SIZE "
    "CL_INVALID_SAMPLER CL_INVALID_BINARY CL_INVALID_BUILD_OPTIONS CL_INVALID_PROGRAM "
    "CL_INVALID_PROGRAM_EXECUTABLE CL_INVALID_KERNEL_NAME CL_INVALID_KERNEL_DEFINITION "
    "CL_INVALID_KERNEL CL_INVALID_ARG_INDEX CL_INVALID_ARG_VALUE CL_INVALID_ARG_SIZE "
    "CL_INVALID_KERNEL_ARGS CL_INVALID_WORK_DIMENSION CL_INVALID_WORK_GROUP_SIZE "
    "CL_INVALID_WORK_ITEM_SIZE CL_INVALID_GLOBAL_OFFSET CL_INVALID_EVENT_WAIT_LIST "
    "CL_INVALID_EVENT CL_INVALID_OPERATION CL_INVALID_GL_OBJECT CL_INVALID_BUFFER_SIZE "
    "CL_INVALID_MIP_LEVEL CL_INVALID_GLOBAL_WORK_SIZE CL_INVALID_PROPERTY "
    "CL_INVALID_IMAGE_DESCRIPTOR CL_INVALID_COMPILER_OPTIONS CL_INVALID_LINKER_OPTIONS "
    "CL_INVALID_DEVICE_PARTITION_COUNT CL_INVALID_PIPE_SIZE CL_INVALID_DEVICE_QUEUE "
    "CL_INVALID_SPEC_ID CL_MAX_SIZE_RESTRICTION_EXCEEDED";

std::string failure(std::string_view doing, int code) {
    return fmt::format("{}: {} ({})", doing, opencl_error_name(code), code);
}

/// Levenshtein's distance.
std::size_t edits(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i + 1;
        for (std::size_t j = 0; j < b.size(); ++j) {
            const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
        }
    }
    return row.back();
}

} // namespace

std::string_view opencl_error_name(int code) {
    if (code == -1001)
        return "CL_PLATFORM_NOT_FOUND_KHR";
    std::string_view names = code < 0 ? code_names : "";
    for (int left = code; left < -1 && !names.empty(); ++left)
        names.remove_prefix(std::min(names.find(' '), names.size() - 1) + 1);
    const std::string_view name = names.substr(0, names.find(' '));
    return name.size() > 1 ? name : "unknown OpenCL error";
}

Error::Error(std::string_view doing, int code)
    : std::runtime_error(failure(doing, code)), code_(code) {}

BuildError::BuildError(std::string_view kernel, std::string_view options, int code, std::string log)
    : Error(code, failure(fmt::format("building {} with \"{}\"", kernel, options), code) + "\n" +
                      shortened(log, 600)), // as fits a line or two of a table
      log_(std::move(log)) {}

std::string unknown_name(std::string_view what, std::string_view wrong,
                         const std::map<std::string, std::string> &known, std::string_view all) {
    std::string meant;
    std::size_t least = std::max<std::size_t>(3, wrong.size() / 2);
    for (const auto &[name, stands_for] : known) {
        const std::string_view behind_family = std::string_view(name).substr(name.find('/') + 1);
        const std::size_t distance = std::min(edits(wrong, name), edits(wrong, behind_family));
        if (distance < least) {
            least = distance;
            meant = stands_for.empty() ? name : stands_for;
        }
    }
    return fmt::format("no {} is called \"{}\"{}; {}", what, wrong,
                       meant.empty() ? "" : fmt::format(" (did you mean {}?)", meant), all);
}

} // namespace clprobe
