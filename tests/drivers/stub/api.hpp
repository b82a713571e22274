#pragma once

#include <CL/cl_icd.h>

#include <type_traits>

namespace stub {

template <class Pointer>
using Function = std::remove_pointer_t<Pointer>;

// Named as in OpenCL but in our own way of writing: with OpenCL's names, calls between them would
// go to the loader's functions.
Function<cl_api_clGetPlatformIDs> get_platform_ids;
Function<cl_api_clGetPlatformInfo> get_platform_info;
Function<cl_api_clGetExtensionFunctionAddress> get_extension_function_address;
Function<cl_api_clGetExtensionFunctionAddressForPlatform> get_extension_function_for_platform;
Function<cl_api_clUnloadPlatformCompiler> unload_platform_compiler;

Function<cl_api_clGetDeviceIDs> get_device_ids;
Function<cl_api_clGetDeviceInfo> get_device_info;
Function<cl_api_clRetainDevice> retain_device;
Function<cl_api_clReleaseDevice> release_device;

Function<cl_api_clCreateContext> create_context;
Function<cl_api_clCreateContextFromType> create_context_from_type;
Function<cl_api_clRetainContext> retain_context;
Function<cl_api_clReleaseContext> release_context;
Function<cl_api_clGetContextInfo> get_context_info;

Function<cl_api_clCreateCommandQueue> create_command_queue;
Function<cl_api_clCreateCommandQueueWithProperties> create_command_queue_with_properties;
Function<cl_api_clRetainCommandQueue> retain_command_queue;
Function<cl_api_clReleaseCommandQueue> release_command_queue;
Function<cl_api_clGetCommandQueueInfo> get_command_queue_info;
Function<cl_api_clFlush> flush;
Function<cl_api_clFinish> finish;
Function<cl_api_clEnqueueMarker> enqueue_marker;
Function<cl_api_clEnqueueMarkerWithWaitList> enqueue_marker_with_wait_list;
Function<cl_api_clEnqueueBarrier> enqueue_barrier;
Function<cl_api_clEnqueueBarrierWithWaitList> enqueue_barrier_with_wait_list;

Function<cl_api_clCreateUserEvent> create_user_event;
Function<cl_api_clSetUserEventStatus> set_user_event_status;
Function<cl_api_clSetEventCallback> set_event_callback;
Function<cl_api_clWaitForEvents> wait_for_events;
Function<cl_api_clRetainEvent> retain_event;
Function<cl_api_clReleaseEvent> release_event;
Function<cl_api_clGetEventInfo> get_event_info;
Function<cl_api_clGetEventProfilingInfo> get_event_profiling_info;

Function<cl_api_clCreateBuffer> create_buffer;
Function<cl_api_clCreateBufferWithProperties> create_buffer_with_properties;
Function<cl_api_clRetainMemObject> retain_mem_object;
Function<cl_api_clReleaseMemObject> release_mem_object;
Function<cl_api_clGetMemObjectInfo> get_mem_object_info;
Function<cl_api_clEnqueueReadBuffer> enqueue_read_buffer;
Function<cl_api_clEnqueueWriteBuffer> enqueue_write_buffer;
Function<cl_api_clEnqueueCopyBuffer> enqueue_copy_buffer;
Function<cl_api_clEnqueueFillBuffer> enqueue_fill_buffer;
Function<cl_api_clEnqueueMapBuffer> enqueue_map_buffer;
Function<cl_api_clEnqueueUnmapMemObject> enqueue_unmap_mem_object;

Function<cl_api_clCreateImage> create_image;
Function<cl_api_clCreateImageWithProperties> create_image_with_properties;
Function<cl_api_clGetSupportedImageFormats> get_supported_image_formats;
Function<cl_api_clGetImageInfo> get_image_info;
Function<cl_api_clEnqueueReadImage> enqueue_read_image;
Function<cl_api_clEnqueueWriteImage> enqueue_write_image;
Function<cl_api_clCreateSampler> create_sampler;
Function<cl_api_clCreateSamplerWithProperties> create_sampler_with_properties;
Function<cl_api_clRetainSampler> retain_sampler;
Function<cl_api_clReleaseSampler> release_sampler;

Function<cl_api_clCreateProgramWithSource> create_program_with_source;
Function<cl_api_clCreateProgramWithBinary> create_program_with_binary;
Function<cl_api_clRetainProgram> retain_program;
Function<cl_api_clReleaseProgram> release_program;
Function<cl_api_clBuildProgram> build_program;
Function<cl_api_clGetProgramInfo> get_program_info;
Function<cl_api_clGetProgramBuildInfo> get_program_build_info;

Function<cl_api_clCreateKernel> create_kernel;
Function<cl_api_clCreateKernelsInProgram> create_kernels_in_program;
Function<cl_api_clRetainKernel> retain_kernel;
Function<cl_api_clReleaseKernel> release_kernel;
Function<cl_api_clSetKernelArg> set_kernel_arg;
Function<cl_api_clGetKernelInfo> get_kernel_info;
Function<cl_api_clGetKernelArgInfo> get_kernel_arg_info;
Function<cl_api_clGetKernelWorkGroupInfo> get_kernel_work_group_info;
Function<cl_api_clEnqueueNDRangeKernel> enqueue_nd_range_kernel;

} // namespace stub
