#include "opencl/checked.hpp"

#include <clprobe/device.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <sstream>
#include <type_traits>

namespace clprobe {
namespace {

/// A device's answer as `Value`; nothing where the driver refuses the question.
template <typename Value>
std::optional<Value> ask(cl_device_id device, cl_device_info what) {
    Value value{};
    return clGetDeviceInfo(device, what, sizeof value, &value, nullptr) == CL_SUCCESS
               ? std::optional{value}
               : std::nullopt;
}

template <typename Answer>
std::optional<std::uint64_t> number(cl_device_id device, cl_device_info what) {
    const auto answer = ask<Answer>(device, what);
    return answer ? std::optional<std::uint64_t>{*answer} : std::nullopt;
}

std::string text(cl_device_id device, cl_device_info what) {
    std::size_t bytes = 0;
    if (clGetDeviceInfo(device, what, 0, nullptr, &bytes) != CL_SUCCESS || bytes == 0)
        return {};
    std::string answer(bytes, '\0');
    if (clGetDeviceInfo(device, what, bytes, answer.data(), nullptr) != CL_SUCCESS)
        return {};
    answer.resize(answer.find('\0') == std::string::npos ? bytes : answer.find('\0'));
    return answer;
}

std::string platform_text(cl_platform_id platform, cl_platform_info what) {
    const auto answer = answered([&] {
        std::string value;
        cl::Platform(platform).getInfo(what, &value);
        return value;
    });
    return answer.value_or("");
}

std::vector<std::string> words(const std::string &line) {
    std::istringstream stream(line);
    std::vector<std::string> result;
    for (std::string word; stream >> word;)
        result.push_back(word);
    return result;
}

/// Empty where there is none: some drivers name the extension and answer nothing but zeros.
std::string uuid_of(cl_device_id device) {
    const auto bytes = ask<std::array<cl_uchar, CL_UUID_SIZE_KHR>>(device, CL_DEVICE_UUID_KHR);
    std::string uuid;
    if (!bytes || std::ranges::count(*bytes, 0) == CL_UUID_SIZE_KHR)
        return uuid;
    for (std::size_t i = 0; i < bytes->size(); ++i)
        uuid +=
            fmt::format("{}{:02x}", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", (*bytes)[i]);
    return uuid;
}

DeviceType type_of(cl_device_id device) {
    const auto type = ask<cl_device_type>(device, CL_DEVICE_TYPE).value_or(CL_DEVICE_TYPE_GPU);
    if ((type & CL_DEVICE_TYPE_CPU) != 0)
        return DeviceType::cpu;
    return (type & CL_DEVICE_TYPE_GPU) != 0 ? DeviceType::gpu : DeviceType::accelerator;
}

void ask_identity(cl_device_id device, DeviceInfo &info) {
    info.name = text(device, CL_DEVICE_NAME);
    info.vendor = text(device, CL_DEVICE_VENDOR);
    info.version = text(device, CL_DEVICE_VERSION);
    info.c_version = text(device, CL_DEVICE_OPENCL_C_VERSION);
    info.driver_version = text(device, CL_DRIVER_VERSION);
    info.extensions = words(text(device, CL_DEVICE_EXTENSIONS));
    info.type = type_of(device);
    if (info.has_extension("cl_khr_device_uuid"))
        info.uuid = uuid_of(device);
    if (const auto platform = ask<cl_platform_id>(device, CL_DEVICE_PLATFORM)) {
        info.platform = platform_text(*platform, CL_PLATFORM_NAME);
        info.platform_version = platform_text(*platform, CL_PLATFORM_VERSION);
    }
}

void ask_limits(cl_device_id device, DeviceInfo &info) {
    info.compute_units = number<cl_uint>(device, CL_DEVICE_MAX_COMPUTE_UNITS);
    info.max_clock_mhz = number<cl_uint>(device, CL_DEVICE_MAX_CLOCK_FREQUENCY);
    info.max_work_group_size = number<std::size_t>(device, CL_DEVICE_MAX_WORK_GROUP_SIZE);
    if (const auto sizes = ask<std::array<std::size_t, 3>>(device, CL_DEVICE_MAX_WORK_ITEM_SIZES))
        info.max_work_item_sizes = {{(*sizes)[0], (*sizes)[1], (*sizes)[2]}};
    info.global_memory = number<cl_ulong>(device, CL_DEVICE_GLOBAL_MEM_SIZE);
    info.max_allocation = number<cl_ulong>(device, CL_DEVICE_MAX_MEM_ALLOC_SIZE);
    info.local_memory = number<cl_ulong>(device, CL_DEVICE_LOCAL_MEM_SIZE);
    info.local_memory_dedicated =
        ask<cl_device_local_mem_type>(device, CL_DEVICE_LOCAL_MEM_TYPE) == CL_LOCAL;
    info.cache_size = number<cl_ulong>(device, CL_DEVICE_GLOBAL_MEM_CACHE_SIZE);
    info.cache_line = number<cl_uint>(device, CL_DEVICE_GLOBAL_MEM_CACHELINE_SIZE);
    info.address_bits = number<cl_uint>(device, CL_DEVICE_ADDRESS_BITS);
    info.timer_resolution_ns = number<std::size_t>(device, CL_DEVICE_PROFILING_TIMER_RESOLUTION);
    info.native_float_width = number<cl_uint>(device, CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT);
}

void ask_abilities(cl_device_id device, DeviceInfo &info) {
    info.fp64 = info.has_extension("cl_khr_fp64") ||
                number<cl_device_fp_config>(device, CL_DEVICE_DOUBLE_FP_CONFIG).value_or(0) != 0;
    info.fp16 = info.has_extension("cl_khr_fp16");
    info.images = ask<cl_bool>(device, CL_DEVICE_IMAGE_SUPPORT) == cl_bool{CL_TRUE};
    if (info.images) {
        info.image2d_max_width = number<std::size_t>(device, CL_DEVICE_IMAGE2D_MAX_WIDTH);
        info.image2d_max_height = number<std::size_t>(device, CL_DEVICE_IMAGE2D_MAX_HEIGHT);
    }
    info.unified_memory = ask<cl_bool>(device, CL_DEVICE_HOST_UNIFIED_MEMORY) == cl_bool{CL_TRUE};
    const auto queue = ask<cl_command_queue_properties>(device, CL_DEVICE_QUEUE_PROPERTIES);
    info.profiling_advertised = (queue.value_or(0) & CL_QUEUE_PROFILING_ENABLE) != 0;
}

} // namespace

DeviceInfo query(cl_device_id device) {
    DeviceInfo info;
    ask_identity(device, info);
    ask_limits(device, info);
    ask_abilities(device, info);
    return info;
}

std::vector<Device> enumerate() {
    if (!clprobe_has_loader())
        return {};
    std::vector<cl_device_id> handles;
    // No platform (-1001) and a platform without devices (-1) both mean: nothing here.
    for (const cl::Platform &platform : answered([] {
                                            std::vector<cl::Platform> found;
                                            cl::Platform::get(&found);
                                            return found;
                                        }).value_or(std::vector<cl::Platform>{})) {
        const auto devices = answered([&] {
            std::vector<cl::Device> found;
            platform.getDevices(CL_DEVICE_TYPE_ALL, &found);
            return found;
        });
        for (const cl::Device &device : devices.value_or(std::vector<cl::Device>{}))
            handles.push_back(device());
    }
    std::vector<DeviceInfo> infos;
    for (const cl_device_id handle : handles)
        infos.push_back(query(handle));
    assign_slugs(infos);
    std::vector<Device> result;
    for (std::size_t i = 0; i < handles.size(); ++i)
        result.emplace_back(std::move(infos[i]), handles[i]);
    return result;
}

} // namespace clprobe
