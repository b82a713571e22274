#include "answer.hpp"
#include "api.hpp"
#include "behaviour.hpp"
#include "call.hpp"
#include "device.hpp"

#include <string_view>
#include <unistd.h>

namespace stub {
namespace {

[[gnu::constructor]] void load() {
    while (behaviour().asks("load_hang"))
        pause();
    if (behaviour().asks("load_crash"))
        crash();
}

} // namespace

cl_platform_id platform() {
    static auto &only = *new _cl_platform_id;
    return &only;
}

cl_int get_platform_ids(cl_uint room, cl_platform_id *platforms, cl_uint *count) {
    const Call call("clGetPlatformIDs");
    if ((room == 0) != (platforms == nullptr) || (!platforms && !count))
        return CL_INVALID_VALUE;
    const bool none = behaviour().asks("no_platform");
    if (count)
        *count = none ? 0 : 1;
    if (none)
        return CL_PLATFORM_NOT_FOUND_KHR;
    if (platforms)
        platforms[0] = platform();
    return CL_SUCCESS;
}

cl_int get_platform_info(cl_platform_id id, cl_platform_info name, std::size_t room, void *value,
                         std::size_t *size) {
    const Call call("clGetPlatformInfo");
    if (id && id != platform())
        return CL_INVALID_PLATFORM;
    const Answer answer(room, value, size);
    switch (name) {
    case CL_PLATFORM_PROFILE:
        return answer("FULL_PROFILE");
    case CL_PLATFORM_VERSION:
        return answer("OpenCL " + version_text() + " clprobe stub");
    case CL_PLATFORM_NUMERIC_VERSION:
        return answer(numeric_version);
    case CL_PLATFORM_NAME:
        return answer("clprobe stub");
    case CL_PLATFORM_VENDOR:
        return answer("clprobe");
    case CL_PLATFORM_EXTENSIONS:
        return answer("cl_khr_icd");
    case CL_PLATFORM_EXTENSIONS_WITH_VERSION:
        return answer(name_version("cl_khr_icd"));
    case CL_PLATFORM_ICD_SUFFIX_KHR:
        return answer("STUB");
    case CL_PLATFORM_HOST_TIMER_RESOLUTION:
        return answer(cl_ulong{0});
    default:
        return CL_INVALID_VALUE;
    }
}

void *get_extension_function_address(const char *name) {
    const std::string_view wanted = name ? name : "";
    return wanted == "clIcdGetPlatformIDsKHR" ? reinterpret_cast<void *>(&get_platform_ids)
                                              : nullptr;
}

void *get_extension_function_for_platform(cl_platform_id, const char *name) {
    return get_extension_function_address(name);
}

cl_int unload_platform_compiler(cl_platform_id) {
    return CL_SUCCESS;
}

} // namespace stub

// All that the loader looks up by name.
extern "C" {
CL_API_ENTRY cl_int CL_API_CALL clIcdGetPlatformIDsKHR(cl_uint room, cl_platform_id *platforms,
                                                       cl_uint *count) {
    return stub::get_platform_ids(room, platforms, count);
}
CL_API_ENTRY cl_int CL_API_CALL clGetPlatformInfo(cl_platform_id id, cl_platform_info name,
                                                  std::size_t room, void *value,
                                                  std::size_t *size) {
    return stub::get_platform_info(id, name, room, value, size);
}
CL_API_ENTRY void *CL_API_CALL clGetExtensionFunctionAddress(const char *name) {
    return stub::get_extension_function_address(name);
}
}
