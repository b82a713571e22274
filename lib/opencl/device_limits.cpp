#include "opencl/device_limits.hpp"
#include "opencl/loader.hpp"

#include <clprobe/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace clprobe {
namespace {

/// The limit; where it is unknown, `otherwise`.
std::size_t limit_or(const std::optional<std::uint64_t> &limit, std::size_t otherwise) {
    constexpr std::uint64_t most = std::numeric_limits<std::size_t>::max();
    return static_cast<std::size_t>(std::min(limit.value_or(otherwise), most));
}

/// A limit that no report holds.
template <typename Answer>
std::optional<std::uint64_t> ask_limit(const Device &device, cl_device_info what) {
    Answer answer{};
    if (clGetDeviceInfo(device.native(), what, sizeof answer, &answer, nullptr) != CL_SUCCESS)
        return std::nullopt;
    return answer;
}

} // namespace

std::size_t most_work_items(const DeviceInfo &device) {
    return std::max<std::size_t>(limit_or(device.max_work_group_size, 64), 1);
}

std::size_t largest_group(const DeviceInfo &device, unsigned dimension) {
    const std::size_t in_all = most_work_items(device);
    if (!device.max_work_item_sizes)
        return in_all;
    return std::clamp<std::size_t>(limit_or(device.max_work_item_sizes->at(dimension), 1), 1,
                                   in_all);
}

std::size_t largest_buffer(const DeviceInfo &device) {
    const std::size_t granted = limit_or(device.max_allocation, std::size_t{256} << 20);
    return std::min(granted, limit_or(device.global_memory, granted)) / 4;
}

std::size_t largest_local_memory(const DeviceInfo &device) {
    return limit_or(device.local_memory, std::size_t{16} << 10);
}

std::size_t largest_constant_buffer(const Device &device) {
    return std::min(limit_or(ask_limit<cl_ulong>(device, CL_DEVICE_MAX_CONSTANT_BUFFER_SIZE),
                             std::size_t{64} << 10),
                    largest_buffer(device.info()));
}

std::size_t largest_image_width(const DeviceInfo &device) {
    return limit_or(device.image2d_max_width, 2048);
}

std::size_t largest_image_height(const DeviceInfo &device) {
    return limit_or(device.image2d_max_height, 2048);
}

std::size_t largest_buffer_image(const Device &device) {
    return limit_or(ask_limit<std::size_t>(device, CL_DEVICE_IMAGE_MAX_BUFFER_SIZE), 2048);
}

void check_range(const DeviceInfo &device, const std::string &kernel, const NdRange &range) {
    const auto refuse = [&](const char *what, std::uint64_t most, int code) {
        throw Unsupported(fmt::format("launching {} in groups of {} x {} x {}: {} has at most {}",
                                      kernel, range.local[0], range.local[1], range.local[2], what,
                                      most),
                          code);
    };
    if (device.max_work_group_size && range.group_size() > *device.max_work_group_size)
        refuse("a group", *device.max_work_group_size, CL_INVALID_WORK_GROUP_SIZE);
    for (unsigned i = 0; i < range.dimensions && device.max_work_item_sizes; ++i)
        if (range.local.at(i) > device.max_work_item_sizes->at(i))
            refuse("that side of one", device.max_work_item_sizes->at(i),
                   CL_INVALID_WORK_ITEM_SIZE);
}

} // namespace clprobe
