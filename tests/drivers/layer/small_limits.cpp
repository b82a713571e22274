// A layer between the OpenCL loader and any driver (OPENCL_LAYERS), under which the device has the
// limits that CLPROBE_LIMITS names ("group=4,item_size=2") and refuses what exceeds them. `gpu`
// makes a processor one.
#include "layer.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <limits>
#include <string>

namespace {

/// The limit of that name; none where it is not asked for.
std::size_t limit(const std::string &name) {
    const char *list = std::getenv("CLPROBE_LIMITS");
    const std::string text = "," + std::string(list == nullptr ? "" : list);
    const std::size_t at = text.find("," + name + "=");
    return at == std::string::npos ? std::numeric_limits<std::size_t>::max()
                                   : std::stoul(text.substr(at + name.size() + 2));
}

template <typename Value>
void lower(void *answer, const char *name) {
    auto &value = *static_cast<Value *>(answer);
    value = static_cast<Value>(std::min<std::uint64_t>(value, limit(name)));
}

cl_int CL_API_CALL device_info(cl_device_id device, cl_device_info what, std::size_t room,
                               void *value, std::size_t *size) {
    const cl_int code = layer::below.clGetDeviceInfo(device, what, room, value, size);
    if (code != CL_SUCCESS || value == nullptr)
        return code;
    switch (what) {
    case CL_DEVICE_TYPE:
        if (limit("gpu") == 1)
            *static_cast<cl_device_type *>(value) = CL_DEVICE_TYPE_GPU;
        break;
    case CL_DEVICE_MAX_WORK_GROUP_SIZE:
        lower<std::size_t>(value, "group");
        break;
    case CL_DEVICE_MAX_WORK_ITEM_SIZES:
        for (std::size_t i = 0; i < room / sizeof(std::size_t); ++i)
            lower<std::size_t>(static_cast<std::size_t *>(value) + i, "item_size");
        break;
    case CL_DEVICE_MAX_MEM_ALLOC_SIZE:
        lower<cl_ulong>(value, "allocation");
        break;
    case CL_DEVICE_LOCAL_MEM_SIZE:
        lower<cl_ulong>(value, "local_bytes");
        break;
    case CL_DEVICE_MAX_CONSTANT_BUFFER_SIZE:
        lower<cl_ulong>(value, "constant_bytes");
        break;
    case CL_DEVICE_IMAGE2D_MAX_WIDTH:
    case CL_DEVICE_IMAGE2D_MAX_HEIGHT:
        lower<std::size_t>(value, "image_size");
        break;
    default:
        break;
    }
    return code;
}

cl_int CL_API_CALL kernel_info(cl_kernel kernel, cl_device_id device,
                               cl_kernel_work_group_info what, std::size_t room, void *value,
                               std::size_t *size) {
    const cl_int code =
        layer::below.clGetKernelWorkGroupInfo(kernel, device, what, room, value, size);
    if (code == CL_SUCCESS && value != nullptr && what == CL_KERNEL_WORK_GROUP_SIZE)
        lower<std::size_t>(value, "kernel_group");
    return code;
}

cl_int CL_API_CALL launch(cl_command_queue queue, cl_kernel kernel, cl_uint dimensions,
                          const std::size_t *offset, const std::size_t *global,
                          const std::size_t *local, cl_uint count, const cl_event *waits,
                          cl_event *event) {
    std::size_t group = 1;
    for (cl_uint i = 0; i < dimensions && local != nullptr; ++i) {
        if (local[i] > limit("item_size"))
            return CL_INVALID_WORK_ITEM_SIZE;
        group *= local[i];
    }
    if (group > std::min(limit("group"), limit("kernel_group")))
        return CL_INVALID_WORK_GROUP_SIZE;
    return layer::below.clEnqueueNDRangeKernel(queue, kernel, dimensions, offset, global, local,
                                               count, waits, event);
}

cl_int CL_API_CALL set_argument(cl_kernel kernel, cl_uint index, std::size_t bytes,
                                const void *value) {
    cl_kernel_arg_address_qualifier space = CL_KERNEL_ARG_ADDRESS_PRIVATE;
    static_cast<void>(layer::below.clGetKernelArgInfo(
        kernel, index, CL_KERNEL_ARG_ADDRESS_QUALIFIER, sizeof space, &space, nullptr));
    std::size_t held = 0;
    if (space == CL_KERNEL_ARG_ADDRESS_CONSTANT && value != nullptr)
        static_cast<void>(layer::below.clGetMemObjectInfo(
            *static_cast<const cl_mem *>(value), CL_MEM_SIZE, sizeof held, &held, nullptr));
    if (held > limit("constant_bytes"))
        return CL_INVALID_ARG_VALUE;
    if (value == nullptr && bytes > limit("local_bytes"))
        return CL_INVALID_ARG_SIZE;
    return layer::below.clSetKernelArg(kernel, index, bytes, value);
}

cl_mem refused(cl_int code, cl_int *error) {
    if (error != nullptr)
        *error = code;
    return nullptr;
}

cl_mem CL_API_CALL create_buffer(cl_context context, cl_mem_flags flags, std::size_t size,
                                 void *host, cl_int *error) {
    if (size > limit("allocation"))
        return refused(CL_INVALID_BUFFER_SIZE, error);
    return layer::below.clCreateBuffer(context, flags, size, host, error);
}

cl_mem CL_API_CALL create_image(cl_context context, cl_mem_flags flags,
                                const cl_image_format *format, const cl_image_desc *image,
                                void *host, cl_int *error) {
    if (std::max(image->image_width, image->image_height) > limit("image_size"))
        return refused(CL_INVALID_IMAGE_SIZE, error);
    return layer::below.clCreateImage(context, flags, format, image, host, error);
}

} // namespace

void layer::replace(cl_icd_dispatch &own) {
    own.clGetDeviceInfo = device_info;
    own.clGetKernelWorkGroupInfo = kernel_info;
    own.clEnqueueNDRangeKernel = launch;
    own.clSetKernelArg = set_argument;
    own.clCreateBuffer = create_buffer;
    own.clCreateImage = create_image;
}
