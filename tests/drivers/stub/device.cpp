#include "answer.hpp"
#include "api.hpp"
#include "behaviour.hpp"
#include "call.hpp"
#include "device.hpp"

#include <algorithm>
#include <array>
#include <unistd.h>

namespace stub {
namespace {

cl_device_type device_type() {
    return behaviour().asks("cpu") ? CL_DEVICE_TYPE_CPU : CL_DEVICE_TYPE_GPU;
}

std::vector<std::string_view> extensions() {
    std::vector<std::string_view> names = {
        "cl_khr_byte_addressable_store", "cl_khr_global_int32_base_atomics",
        "cl_khr_global_int32_extended_atomics", "cl_khr_local_int32_base_atomics",
        "cl_khr_local_int32_extended_atomics"};
    if (behaviour().asks("fp64"))
        names.emplace_back("cl_khr_fp64");
    if (behaviour().asks("fp16"))
        names.emplace_back("cl_khr_fp16");
    if (behaviour().asks("takes_ptx"))
        names.emplace_back("cl_nv_compiler_options");
    if (behaviour().asks("uuid"))
        names.emplace_back("cl_khr_device_uuid");
    return names;
}

std::string extension_list() {
    std::string list;
    for (const std::string_view name : extensions())
        list.append(list.empty() ? "" : " ").append(name);
    return list;
}

cl_device_fp_config floating_point(bool there) {
    return there ? CL_FP_FMA | CL_FP_ROUND_TO_NEAREST | CL_FP_INF_NAN | CL_FP_DENORM : 0;
}

/// The queries that `half_answers` refuses: what a driver is most often found lacking.
constexpr std::array unanswered = {
    cl_device_info{CL_DEVICE_VENDOR_ID},
    cl_device_info{CL_DEVICE_MAX_CLOCK_FREQUENCY},
    cl_device_info{CL_DEVICE_GLOBAL_MEM_CACHE_TYPE},
    cl_device_info{CL_DEVICE_GLOBAL_MEM_CACHE_SIZE},
    cl_device_info{CL_DEVICE_GLOBAL_MEM_CACHELINE_SIZE},
    cl_device_info{CL_DEVICE_LOCAL_MEM_TYPE},
    cl_device_info{CL_DEVICE_PROFILING_TIMER_RESOLUTION},
    cl_device_info{CL_DEVICE_OPENCL_C_VERSION},
    cl_device_info{CL_DEVICE_NUMERIC_VERSION},
    cl_device_info{CL_DEVICE_DOUBLE_FP_CONFIG},
    cl_device_info{CL_DEVICE_MAX_CONSTANT_BUFFER_SIZE},
    cl_device_info{CL_DEVICE_PREFERRED_VECTOR_WIDTH_FLOAT},
};

cl_int identity(cl_device_info name, const Answer &answer) {
    switch (name) {
    case CL_DEVICE_TYPE:
        return answer(device_type());
    case CL_DEVICE_VENDOR_ID:
        return answer(cl_uint{0xc1});
    case CL_DEVICE_NAME:
        return answer(behaviour().asks("name") ? std::string(behaviour().text("name"))
                                               : std::string("Stub GPU"));
    case CL_DEVICE_VENDOR:
        return answer("clprobe");
    case CL_DRIVER_VERSION:
        return answer("1.0");
    case CL_DEVICE_PROFILE:
        return answer("FULL_PROFILE");
    case CL_DEVICE_VERSION:
        return answer("OpenCL " + version_text() + " clprobe stub");
    case CL_DEVICE_OPENCL_C_VERSION:
        return answer("OpenCL C 1.2 ");
    case CL_DEVICE_NUMERIC_VERSION:
        return answer(numeric_version);
    case CL_DEVICE_EXTENSIONS:
        return answer(extension_list());
    case CL_DEVICE_EXTENSIONS_WITH_VERSION: {
        std::vector<cl_name_version> list;
        std::ranges::transform(extensions(), std::back_inserter(list), name_version);
        return answer(list);
    }
    case CL_DEVICE_OPENCL_C_ALL_VERSIONS:
        return answer(name_version("OpenCL C"));
    case CL_DEVICE_BUILT_IN_KERNELS:
        return answer("");
    case CL_DEVICE_UUID_KHR: {
        std::array<cl_uchar, CL_UUID_SIZE_KHR> uuid{};
        uuid.back() = static_cast<cl_uchar>(behaviour().number("uuid", 0));
        return behaviour().asks("uuid") ? answer(uuid) : CL_INVALID_VALUE;
    }
    case CL_DEVICE_PLATFORM:
        return answer(platform());
    case CL_DEVICE_PARENT_DEVICE:
        return answer(cl_device_id{nullptr});
    case CL_DEVICE_REFERENCE_COUNT:
        return answer(cl_uint{1});
    default:
        return CL_INVALID_VALUE;
    }
}

cl_int memory(cl_device_info name, const Answer &answer) {
    const bool cached = !behaviour().asks("no_cache_size");
    switch (name) {
    case CL_DEVICE_GLOBAL_MEM_SIZE:
        return answer(memory_size());
    case CL_DEVICE_MAX_MEM_ALLOC_SIZE:
        return answer(allocation_limit());
    case CL_DEVICE_GLOBAL_MEM_CACHE_TYPE:
        return answer(cl_device_mem_cache_type(cached ? CL_READ_WRITE_CACHE : CL_NONE));
    case CL_DEVICE_GLOBAL_MEM_CACHE_SIZE:
        return answer(cl_ulong{cached ? 256u << 10 : 0});
    case CL_DEVICE_GLOBAL_MEM_CACHELINE_SIZE:
        return answer(cl_uint{cached ? 64u : 0});
    case CL_DEVICE_LOCAL_MEM_TYPE:
        return answer(cl_device_local_mem_type{CL_LOCAL});
    case CL_DEVICE_LOCAL_MEM_SIZE:
        return answer(local_memory_size());
    case CL_DEVICE_MAX_CONSTANT_BUFFER_SIZE:
        return answer(constant_limit());
    case CL_DEVICE_MAX_CONSTANT_ARGS:
        return answer(cl_uint{8});
    case CL_DEVICE_MEM_BASE_ADDR_ALIGN:
        return answer(cl_uint{1024});
    case CL_DEVICE_MIN_DATA_TYPE_ALIGN_SIZE:
        return answer(cl_uint{128});
    case CL_DEVICE_HOST_UNIFIED_MEMORY:
        return answer(cl_bool{discrete() ? 0u : 1u});
    case CL_DEVICE_ERROR_CORRECTION_SUPPORT:
        return answer(cl_bool{CL_FALSE});
    case CL_DEVICE_SVM_CAPABILITIES:
        return answer(cl_device_svm_capabilities{0});
    default:
        return CL_INVALID_VALUE;
    }
}

cl_int images(cl_device_info name, const Answer &answer) {
    const bool there = has_images();
    switch (name) {
    case CL_DEVICE_IMAGE_SUPPORT:
        return answer(cl_bool{there ? 1u : 0});
    case CL_DEVICE_MAX_READ_IMAGE_ARGS:
    case CL_DEVICE_MAX_WRITE_IMAGE_ARGS:
        return answer(cl_uint{there ? 8u : 0});
    case CL_DEVICE_MAX_READ_WRITE_IMAGE_ARGS:
        return answer(cl_uint{0});
    case CL_DEVICE_IMAGE2D_MAX_WIDTH:
    case CL_DEVICE_IMAGE2D_MAX_HEIGHT:
        return answer(there ? image_limit() : 0);
    case CL_DEVICE_IMAGE3D_MAX_WIDTH:
    case CL_DEVICE_IMAGE3D_MAX_HEIGHT:
    case CL_DEVICE_IMAGE3D_MAX_DEPTH:
    case CL_DEVICE_IMAGE_MAX_ARRAY_SIZE:
        return answer(std::size_t{0});
    case CL_DEVICE_IMAGE_MAX_BUFFER_SIZE:
        return answer(there ? image_buffer_limit() : 0);
    case CL_DEVICE_MAX_SAMPLERS:
        return answer(cl_uint{there ? 16u : 0});
    default:
        return CL_INVALID_VALUE;
    }
}

cl_int execution(cl_device_info name, const Answer &answer) {
    switch (name) {
    case CL_DEVICE_AVAILABLE:
    case CL_DEVICE_COMPILER_AVAILABLE:
    case CL_DEVICE_LINKER_AVAILABLE:
    case CL_DEVICE_ENDIAN_LITTLE:
    case CL_DEVICE_PREFERRED_INTEROP_USER_SYNC:
        return answer(cl_bool{CL_TRUE});
    case CL_DEVICE_MAX_COMPUTE_UNITS:
        return answer(static_cast<cl_uint>(behaviour().number("claims", 4)));
    case CL_DEVICE_MAX_CLOCK_FREQUENCY:
        return answer(static_cast<cl_uint>(behaviour().number("mhz", 800)));
    case CL_DEVICE_ADDRESS_BITS:
        return answer(static_cast<cl_uint>(behaviour().number("address_bits", 64)));
    case CL_DEVICE_MAX_WORK_ITEM_DIMENSIONS:
        return answer(cl_uint{3});
    case CL_DEVICE_MAX_WORK_ITEM_SIZES:
        return answer(std::array{item_limit(), item_limit(), item_limit()});
    case CL_DEVICE_MAX_WORK_GROUP_SIZE:
        return answer(group_limit());
    case CL_DEVICE_PREFERRED_WORK_GROUP_SIZE_MULTIPLE:
        return answer(std::size_t{16});
    case CL_DEVICE_MAX_PARAMETER_SIZE:
        return answer(std::size_t{1024});
    case CL_DEVICE_PROFILING_TIMER_RESOLUTION:
        return answer(static_cast<std::size_t>(behaviour().number("timer_ns", 1)));
    case CL_DEVICE_PRINTF_BUFFER_SIZE:
        return answer(std::size_t{1u << 20});
    case CL_DEVICE_QUEUE_PROPERTIES:
        return answer(cl_command_queue_properties{CL_QUEUE_PROFILING_ENABLE});
    case CL_DEVICE_EXECUTION_CAPABILITIES:
        return answer(cl_device_exec_capabilities{CL_EXEC_KERNEL});
    case CL_DEVICE_SINGLE_FP_CONFIG:
        return answer(floating_point(true));
    case CL_DEVICE_DOUBLE_FP_CONFIG:
        return answer(floating_point(behaviour().asks("fp64")));
    case CL_DEVICE_HALF_FP_CONFIG:
        return answer(floating_point(behaviour().asks("fp16")));
    case CL_DEVICE_NON_UNIFORM_WORK_GROUP_SUPPORT:
        return answer(cl_bool{CL_FALSE});
    case CL_DEVICE_MAX_NUM_SUB_GROUPS:
        return answer(cl_uint{0});
    default:
        return CL_INVALID_VALUE;
    }
}

cl_int vectors(cl_device_info name, const Answer &answer) {
    switch (name) {
    case CL_DEVICE_PREFERRED_VECTOR_WIDTH_CHAR:
    case CL_DEVICE_PREFERRED_VECTOR_WIDTH_SHORT:
    case CL_DEVICE_PREFERRED_VECTOR_WIDTH_INT:
    case CL_DEVICE_PREFERRED_VECTOR_WIDTH_LONG:
    case CL_DEVICE_PREFERRED_VECTOR_WIDTH_FLOAT:
    case CL_DEVICE_NATIVE_VECTOR_WIDTH_CHAR:
    case CL_DEVICE_NATIVE_VECTOR_WIDTH_SHORT:
    case CL_DEVICE_NATIVE_VECTOR_WIDTH_INT:
    case CL_DEVICE_NATIVE_VECTOR_WIDTH_LONG:
    case CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT:
        return answer(cl_uint{1});
    case CL_DEVICE_PREFERRED_VECTOR_WIDTH_DOUBLE:
    case CL_DEVICE_NATIVE_VECTOR_WIDTH_DOUBLE:
        return answer(cl_uint{behaviour().asks("fp64") ? 1u : 0});
    case CL_DEVICE_PREFERRED_VECTOR_WIDTH_HALF:
    case CL_DEVICE_NATIVE_VECTOR_WIDTH_HALF:
        return answer(cl_uint{behaviour().asks("fp16") ? 1u : 0});
    default:
        return CL_INVALID_VALUE;
    }
}

} // namespace

const std::vector<cl_device_id> &devices() {
    static const auto &all = *[] {
        auto list = new std::vector<cl_device_id>;
        for (long long i = 0; i < behaviour().number("devices", 1); ++i)
            list->push_back(new _cl_device_id);
        return list;
    }();
    return all;
}

bool alive(cl_device_id device) {
    return std::ranges::find(devices(), device) != devices().end();
}

cl_int get_device_ids(cl_platform_id id, cl_device_type type, cl_uint room, cl_device_id *list,
                      cl_uint *count) {
    const Call call("clGetDeviceIDs");
    while (behaviour().asks("list_hang"))
        pause();
    if (behaviour().asks("list_crash"))
        crash();
    if (behaviour().asks("device_error"))
        return static_cast<cl_int>(behaviour().number("device_error", 0));
    if (id && id != platform())
        return CL_INVALID_PLATFORM;
    if ((room == 0) != (list == nullptr) || (!list && !count))
        return CL_INVALID_VALUE;
    const bool matches =
        type == CL_DEVICE_TYPE_ALL || (type & (device_type() | CL_DEVICE_TYPE_DEFAULT)) != 0;
    const std::size_t found = matches ? devices().size() : 0;
    if (count)
        *count = static_cast<cl_uint>(found);
    if (list)
        std::copy_n(devices().begin(), std::min<std::size_t>(found, room), list);
    return found > 0 ? CL_SUCCESS : CL_DEVICE_NOT_FOUND;
}

cl_int get_device_info(cl_device_id device, cl_device_info name, std::size_t room, void *value,
                       std::size_t *size) {
    const Call call("clGetDeviceInfo");
    if (!alive(device))
        return CL_INVALID_DEVICE;
    if (behaviour().asks("half_answers") && std::ranges::find(unanswered, name) != unanswered.end())
        return CL_INVALID_VALUE;
    const Answer answer(room, value, size);
    if (name == CL_DEVICE_AVAILABLE && call.device_state(CL_DEVICE_NOT_AVAILABLE))
        return answer(cl_bool{CL_FALSE});
    for (const auto part : {identity, memory, images, execution, vectors})
        if (const cl_int error = part(name, answer); error != CL_INVALID_VALUE)
            return error;
    return CL_INVALID_VALUE;
}

cl_int retain_device(cl_device_id device) {
    const Call call("clRetainDevice");
    return alive(device) ? CL_SUCCESS : CL_INVALID_DEVICE;
}

cl_int release_device(cl_device_id device) {
    const Call call("clReleaseDevice");
    return alive(device) ? CL_SUCCESS : CL_INVALID_DEVICE;
}

} // namespace stub
