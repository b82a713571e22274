#include <clprobe/context.hpp>
#include <clprobe/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

namespace clprobe {

std::string_view opencl_error_name(int code) {
    switch (code) {
#define CODE(name)                                                                                 \
    case name:                                                                                     \
        return #name
        CODE(CL_DEVICE_NOT_FOUND);
        CODE(CL_DEVICE_NOT_AVAILABLE);
        CODE(CL_COMPILER_NOT_AVAILABLE);
        CODE(CL_MEM_OBJECT_ALLOCATION_FAILURE);
        CODE(CL_OUT_OF_RESOURCES);
        CODE(CL_OUT_OF_HOST_MEMORY);
        CODE(CL_PROFILING_INFO_NOT_AVAILABLE);
        CODE(CL_MEM_COPY_OVERLAP);
        CODE(CL_IMAGE_FORMAT_MISMATCH);
        CODE(CL_IMAGE_FORMAT_NOT_SUPPORTED);
        CODE(CL_BUILD_PROGRAM_FAILURE);
        CODE(CL_MAP_FAILURE);
        CODE(CL_MISALIGNED_SUB_BUFFER_OFFSET);
        CODE(CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST);
        CODE(CL_COMPILE_PROGRAM_FAILURE);
        CODE(CL_LINKER_NOT_AVAILABLE);
        CODE(CL_LINK_PROGRAM_FAILURE);
        CODE(CL_DEVICE_PARTITION_FAILED);
        CODE(CL_KERNEL_ARG_INFO_NOT_AVAILABLE);
        CODE(CL_INVALID_VALUE);
        CODE(CL_INVALID_DEVICE_TYPE);
        CODE(CL_INVALID_PLATFORM);
        CODE(CL_INVALID_DEVICE);
        CODE(CL_INVALID_CONTEXT);
        CODE(CL_INVALID_QUEUE_PROPERTIES);
        CODE(CL_INVALID_COMMAND_QUEUE);
        CODE(CL_INVALID_HOST_PTR);
        CODE(CL_INVALID_MEM_OBJECT);
        CODE(CL_INVALID_IMAGE_FORMAT_DESCRIPTOR);
        CODE(CL_INVALID_IMAGE_SIZE);
        CODE(CL_INVALID_SAMPLER);
        CODE(CL_INVALID_BINARY);
        CODE(CL_INVALID_BUILD_OPTIONS);
        CODE(CL_INVALID_PROGRAM);
        CODE(CL_INVALID_PROGRAM_EXECUTABLE);
        CODE(CL_INVALID_KERNEL_NAME);
        CODE(CL_INVALID_KERNEL_DEFINITION);
        CODE(CL_INVALID_KERNEL);
        CODE(CL_INVALID_ARG_INDEX);
        CODE(CL_INVALID_ARG_VALUE);
        CODE(CL_INVALID_ARG_SIZE);
        CODE(CL_INVALID_KERNEL_ARGS);
        CODE(CL_INVALID_WORK_DIMENSION);
        CODE(CL_INVALID_WORK_GROUP_SIZE);
        CODE(CL_INVALID_WORK_ITEM_SIZE);
        CODE(CL_INVALID_GLOBAL_OFFSET);
        CODE(CL_INVALID_EVENT_WAIT_LIST);
        CODE(CL_INVALID_EVENT);
        CODE(CL_INVALID_OPERATION);
        CODE(CL_INVALID_GL_OBJECT);
        CODE(CL_INVALID_BUFFER_SIZE);
        CODE(CL_INVALID_MIP_LEVEL);
        CODE(CL_INVALID_GLOBAL_WORK_SIZE);
        CODE(CL_INVALID_PROPERTY);
        CODE(CL_INVALID_IMAGE_DESCRIPTOR);
        CODE(CL_INVALID_COMPILER_OPTIONS);
        CODE(CL_INVALID_LINKER_OPTIONS);
        CODE(CL_INVALID_DEVICE_PARTITION_COUNT);
        CODE(CL_INVALID_PIPE_SIZE);
        CODE(CL_INVALID_DEVICE_QUEUE);
        CODE(CL_INVALID_SPEC_ID);
        CODE(CL_MAX_SIZE_RESTRICTION_EXCEEDED);
#undef CODE
    case -1001:
        return "CL_PLATFORM_NOT_FOUND_KHR";
    default:
        return "unknown OpenCL error";
    }
}

namespace {

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

/// The compiler's own words, as far as they fit a line or two of a table.
std::string excerpt(const std::string &log) {
    constexpr std::size_t most = 600;
    return log.size() <= most ? log : log.substr(0, most) + " ...";
}

} // namespace

Error::Error(std::string_view doing, int code)
    : std::runtime_error(failure(doing, code)), code_(code) {}

BuildError::BuildError(std::string_view kernel, std::string_view options, int code, std::string log)
    : Error(code, failure(fmt::format("building {} with \"{}\"", kernel, options), code) + "\n" +
                      excerpt(log)),
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
