#include "api.hpp"
#include "handle.hpp"

#include <tuple>

namespace stub {
namespace {

/// Stands for every function that this driver lacks: refuses with CL_INVALID_OPERATION.
template <class Pointer>
struct Refusal;
template <class Result, class... Arguments>
struct Refusal<Result(CL_API_CALL *)(Arguments...)> {
    static Result CL_API_CALL call([[maybe_unused]] Arguments... arguments) {
        if constexpr (std::is_same_v<Result, cl_int>) {
            return CL_INVALID_OPERATION;
        } else if constexpr (std::is_pointer_v<Result>) {
            const auto all = std::tie(arguments...);
            const auto &last = std::get<sizeof...(Arguments) - 1>(all);
            if constexpr (std::is_same_v<std::decay_t<decltype(last)>, cl_int *>)
                return failure(CL_INVALID_OPERATION, last);
            else
                return nullptr;
        }
    }
};
struct {
    template <class Pointer>
    constexpr operator Pointer() const {
        return Refusal<Pointer>::call;
    }
} constexpr refused;

/// All but the functions of the graphics interfaces, which no one asks for.
constexpr cl_icd_dispatch functions() {
    cl_icd_dispatch table{};
    table.clGetPlatformIDs = get_platform_ids;
    table.clGetPlatformInfo = get_platform_info;
    table.clGetDeviceIDs = get_device_ids;
    table.clGetDeviceInfo = get_device_info;
    table.clCreateContext = create_context;
    table.clCreateContextFromType = create_context_from_type;
    table.clRetainContext = retain_context;
    table.clReleaseContext = release_context;
    table.clGetContextInfo = get_context_info;
    table.clCreateCommandQueue = create_command_queue;
    table.clRetainCommandQueue = retain_command_queue;
    table.clReleaseCommandQueue = release_command_queue;
    table.clGetCommandQueueInfo = get_command_queue_info;
    table.clSetCommandQueueProperty = refused;
    table.clCreateBuffer = create_buffer;
    table.clCreateImage2D = refused;
    table.clCreateImage3D = refused;
    table.clRetainMemObject = retain_mem_object;
    table.clReleaseMemObject = release_mem_object;
    table.clGetSupportedImageFormats = get_supported_image_formats;
    table.clGetMemObjectInfo = get_mem_object_info;
    table.clGetImageInfo = get_image_info;
    table.clCreateSampler = create_sampler;
    table.clRetainSampler = retain_sampler;
    table.clReleaseSampler = release_sampler;
    table.clGetSamplerInfo = refused;
    table.clCreateProgramWithSource = create_program_with_source;
    table.clCreateProgramWithBinary = create_program_with_binary;
    table.clRetainProgram = retain_program;
    table.clReleaseProgram = release_program;
    table.clBuildProgram = build_program;
    table.clUnloadCompiler = refused;
    table.clGetProgramInfo = get_program_info;
    table.clGetProgramBuildInfo = get_program_build_info;
    table.clCreateKernel = create_kernel;
    table.clCreateKernelsInProgram = create_kernels_in_program;
    table.clRetainKernel = retain_kernel;
    table.clReleaseKernel = release_kernel;
    table.clSetKernelArg = set_kernel_arg;
    table.clGetKernelInfo = get_kernel_info;
    table.clGetKernelWorkGroupInfo = get_kernel_work_group_info;
    table.clWaitForEvents = wait_for_events;
    table.clGetEventInfo = get_event_info;
    table.clRetainEvent = retain_event;
    table.clReleaseEvent = release_event;
    table.clGetEventProfilingInfo = get_event_profiling_info;
    table.clFlush = flush;
    table.clFinish = finish;
    table.clEnqueueReadBuffer = enqueue_read_buffer;
    table.clEnqueueWriteBuffer = enqueue_write_buffer;
    table.clEnqueueCopyBuffer = enqueue_copy_buffer;
    table.clEnqueueReadImage = enqueue_read_image;
    table.clEnqueueWriteImage = enqueue_write_image;
    table.clEnqueueCopyImage = refused;
    table.clEnqueueCopyImageToBuffer = refused;
    table.clEnqueueCopyBufferToImage = refused;
    table.clEnqueueMapBuffer = enqueue_map_buffer;
    table.clEnqueueMapImage = refused;
    table.clEnqueueUnmapMemObject = enqueue_unmap_mem_object;
    table.clEnqueueNDRangeKernel = enqueue_nd_range_kernel;
    table.clEnqueueTask = refused;
    table.clEnqueueNativeKernel = refused;
    table.clEnqueueMarker = enqueue_marker;
    table.clEnqueueWaitForEvents = refused;
    table.clEnqueueBarrier = enqueue_barrier;
    table.clGetExtensionFunctionAddress = get_extension_function_address;
    table.clSetEventCallback = set_event_callback;
    table.clCreateSubBuffer = refused;
    table.clSetMemObjectDestructorCallback = refused;
    table.clCreateUserEvent = create_user_event;
    table.clSetUserEventStatus = set_user_event_status;
    table.clEnqueueReadBufferRect = refused;
    table.clEnqueueWriteBufferRect = refused;
    table.clEnqueueCopyBufferRect = refused;
    table.clCreateSubDevicesEXT = refused;
    table.clRetainDeviceEXT = refused;
    table.clReleaseDeviceEXT = refused;
    table.clCreateSubDevices = refused;
    table.clRetainDevice = retain_device;
    table.clReleaseDevice = release_device;
    table.clCreateImage = create_image;
    table.clCreateProgramWithBuiltInKernels = refused;
    table.clCompileProgram = refused;
    table.clLinkProgram = refused;
    table.clUnloadPlatformCompiler = unload_platform_compiler;
    table.clGetKernelArgInfo = get_kernel_arg_info;
    table.clEnqueueFillBuffer = enqueue_fill_buffer;
    table.clEnqueueFillImage = refused;
    table.clEnqueueMigrateMemObjects = refused;
    table.clEnqueueMarkerWithWaitList = enqueue_marker_with_wait_list;
    table.clEnqueueBarrierWithWaitList = enqueue_barrier_with_wait_list;
    table.clGetExtensionFunctionAddressForPlatform = get_extension_function_for_platform;
    table.clCreateCommandQueueWithProperties = create_command_queue_with_properties;
    table.clCreatePipe = refused;
    table.clGetPipeInfo = refused;
    table.clSVMAlloc = refused;
    table.clSVMFree = refused;
    table.clEnqueueSVMFree = refused;
    table.clEnqueueSVMMemcpy = refused;
    table.clEnqueueSVMMemFill = refused;
    table.clEnqueueSVMMap = refused;
    table.clEnqueueSVMUnmap = refused;
    table.clCreateSamplerWithProperties = create_sampler_with_properties;
    table.clSetKernelArgSVMPointer = refused;
    table.clSetKernelExecInfo = refused;
    table.clGetKernelSubGroupInfoKHR = refused;
    table.clCloneKernel = refused;
    table.clCreateProgramWithIL = refused;
    table.clEnqueueSVMMigrateMem = refused;
    table.clGetDeviceAndHostTimer = refused;
    table.clGetHostTimer = refused;
    table.clGetKernelSubGroupInfo = refused;
    table.clSetDefaultDeviceCommandQueue = refused;
    table.clSetProgramReleaseCallback = refused;
    table.clSetProgramSpecializationConstant = refused;
    table.clCreateBufferWithProperties = create_buffer_with_properties;
    table.clCreateImageWithProperties = create_image_with_properties;
    table.clSetContextDestructorCallback = refused;
    return table;
}

} // namespace

constinit const cl_icd_dispatch dispatch = functions();

} // namespace stub
