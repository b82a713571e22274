#pragma once

#include <CL/cl_icd.h>

namespace stub {

// Named as in OpenCL but in our own way of writing: with OpenCL's names, calls between them would
// go to the loader's functions.
decltype(clGetPlatformIDs) get_platform_ids;
decltype(clGetPlatformInfo) get_platform_info;
decltype(clGetExtensionFunctionAddress) get_extension_function_address;
decltype(clGetExtensionFunctionAddressForPlatform) get_extension_function_for_platform;
decltype(clUnloadPlatformCompiler) unload_platform_compiler;

decltype(clGetDeviceIDs) get_device_ids;
decltype(clGetDeviceInfo) get_device_info;
decltype(clRetainDevice) retain_device;
decltype(clReleaseDevice) release_device;

decltype(clCreateContext) create_context;
decltype(clCreateContextFromType) create_context_from_type;
decltype(clRetainContext) retain_context;
decltype(clReleaseContext) release_context;
decltype(clGetContextInfo) get_context_info;

decltype(clCreateCommandQueue) create_command_queue;
decltype(clCreateCommandQueueWithProperties) create_command_queue_with_properties;
decltype(clRetainCommandQueue) retain_command_queue;
decltype(clReleaseCommandQueue) release_command_queue;
decltype(clGetCommandQueueInfo) get_command_queue_info;
decltype(clFlush) flush;
decltype(clFinish) finish;
decltype(clEnqueueMarker) enqueue_marker;
decltype(clEnqueueMarkerWithWaitList) enqueue_marker_with_wait_list;
decltype(clEnqueueBarrier) enqueue_barrier;
decltype(clEnqueueBarrierWithWaitList) enqueue_barrier_with_wait_list;

decltype(clCreateUserEvent) create_user_event;
decltype(clSetUserEventStatus) set_user_event_status;
decltype(clSetEventCallback) set_event_callback;
decltype(clWaitForEvents) wait_for_events;
decltype(clRetainEvent) retain_event;
decltype(clReleaseEvent) release_event;
decltype(clGetEventInfo) get_event_info;
decltype(clGetEventProfilingInfo) get_event_profiling_info;

decltype(clCreateBuffer) create_buffer;
decltype(clCreateBufferWithProperties) create_buffer_with_properties;
decltype(clRetainMemObject) retain_mem_object;
decltype(clReleaseMemObject) release_mem_object;
decltype(clGetMemObjectInfo) get_mem_object_info;
decltype(clEnqueueReadBuffer) enqueue_read_buffer;
decltype(clEnqueueWriteBuffer) enqueue_write_buffer;
decltype(clEnqueueCopyBuffer) enqueue_copy_buffer;
decltype(clEnqueueFillBuffer) enqueue_fill_buffer;
decltype(clEnqueueMapBuffer) enqueue_map_buffer;
decltype(clEnqueueUnmapMemObject) enqueue_unmap_mem_object;

decltype(clCreateImage) create_image;
decltype(clCreateImageWithProperties) create_image_with_properties;
decltype(clGetSupportedImageFormats) get_supported_image_formats;
decltype(clGetImageInfo) get_image_info;
decltype(clEnqueueReadImage) enqueue_read_image;
decltype(clEnqueueWriteImage) enqueue_write_image;
decltype(clCreateSampler) create_sampler;
decltype(clCreateSamplerWithProperties) create_sampler_with_properties;
decltype(clRetainSampler) retain_sampler;
decltype(clReleaseSampler) release_sampler;

decltype(clCreateProgramWithSource) create_program_with_source;
decltype(clCreateProgramWithBinary) create_program_with_binary;
decltype(clRetainProgram) retain_program;
decltype(clReleaseProgram) release_program;
decltype(clBuildProgram) build_program;
decltype(clGetProgramInfo) get_program_info;
decltype(clGetProgramBuildInfo) get_program_build_info;

decltype(clCreateKernel) create_kernel;
decltype(clCreateKernelsInProgram) create_kernels_in_program;
decltype(clRetainKernel) retain_kernel;
decltype(clReleaseKernel) release_kernel;
decltype(clSetKernelArg) set_kernel_arg;
decltype(clGetKernelInfo) get_kernel_info;
decltype(clGetKernelArgInfo) get_kernel_arg_info;
decltype(clGetKernelWorkGroupInfo) get_kernel_work_group_info;
decltype(clEnqueueNDRangeKernel) enqueue_nd_range_kernel;

} // namespace stub
