#pragma once
// clCreateCommandQueue is the one call that every version of OpenCL has for making a queue.
#define CL_USE_DEPRECATED_OPENCL_1_2_APIS
#include <clprobe/context.hpp>

namespace clprobe {

/// The loader's entry point of that name. Throws Error where there is no loader, or an old one.
[[nodiscard]] void *loader_symbol(const char *name);

/// The OpenCL functions that the library calls, from the ICD loader, which is opened when the first
/// of them is used: reading and interpreting a report works where none is installed
/// (docs/adr/0002-loader-on-demand.md).
struct LoaderFunctions {
#define CLPROBE_LOADED(name)                                                                       \
    decltype(::name) &name = *reinterpret_cast<decltype(&::name)>(loader_symbol(#name))
    CLPROBE_LOADED(clBuildProgram);
    CLPROBE_LOADED(clCreateBuffer);
    CLPROBE_LOADED(clCreateCommandQueue);
    CLPROBE_LOADED(clCreateContext);
    CLPROBE_LOADED(clCreateImage);
    CLPROBE_LOADED(clCreateKernel);
    CLPROBE_LOADED(clCreateProgramWithSource);
    CLPROBE_LOADED(clCreateSampler);
    CLPROBE_LOADED(clEnqueueCopyBuffer);
    CLPROBE_LOADED(clEnqueueFillBuffer);
    CLPROBE_LOADED(clEnqueueMapBuffer);
    CLPROBE_LOADED(clEnqueueNDRangeKernel);
    CLPROBE_LOADED(clEnqueueReadBuffer);
    CLPROBE_LOADED(clEnqueueReadImage);
    CLPROBE_LOADED(clEnqueueUnmapMemObject);
    CLPROBE_LOADED(clEnqueueWriteBuffer);
    CLPROBE_LOADED(clEnqueueWriteImage);
    CLPROBE_LOADED(clFinish);
    CLPROBE_LOADED(clFlush);
    CLPROBE_LOADED(clGetCommandQueueInfo);
    CLPROBE_LOADED(clGetContextInfo);
    CLPROBE_LOADED(clGetDeviceIDs);
    CLPROBE_LOADED(clGetDeviceInfo);
    CLPROBE_LOADED(clGetEventInfo);
    CLPROBE_LOADED(clGetEventProfilingInfo);
    CLPROBE_LOADED(clGetKernelArgInfo);
    CLPROBE_LOADED(clGetKernelInfo);
    CLPROBE_LOADED(clGetKernelWorkGroupInfo);
    CLPROBE_LOADED(clGetPlatformIDs);
    CLPROBE_LOADED(clGetPlatformInfo);
    CLPROBE_LOADED(clGetProgramBuildInfo);
    CLPROBE_LOADED(clGetProgramInfo);
    CLPROBE_LOADED(clGetSupportedImageFormats);
    CLPROBE_LOADED(clReleaseCommandQueue);
    CLPROBE_LOADED(clReleaseContext);
    CLPROBE_LOADED(clReleaseDevice);
    CLPROBE_LOADED(clReleaseEvent);
    CLPROBE_LOADED(clReleaseKernel);
    CLPROBE_LOADED(clReleaseMemObject);
    CLPROBE_LOADED(clReleaseProgram);
    CLPROBE_LOADED(clReleaseSampler);
    CLPROBE_LOADED(clRetainCommandQueue);
    CLPROBE_LOADED(clRetainContext);
    CLPROBE_LOADED(clRetainDevice);
    CLPROBE_LOADED(clRetainEvent);
    CLPROBE_LOADED(clRetainKernel);
    CLPROBE_LOADED(clRetainMemObject);
    CLPROBE_LOADED(clRetainProgram);
    CLPROBE_LOADED(clRetainSampler);
    CLPROBE_LOADED(clSetKernelArg);
    CLPROBE_LOADED(clWaitForEvents);
#undef CLPROBE_LOADED
};

} // namespace clprobe

/// The functions, loaded at the first call. In the global namespace, as CLHPP qualifies its calls.
[[nodiscard]] const clprobe::LoaderFunctions &clprobe_loader();

/// Whether there is a loader to open.
[[nodiscard]] bool clprobe_has_loader();

// CLHPP's calls and our own go through the table from here on.
#define clBuildProgram clprobe_loader().clBuildProgram
#define clCreateBuffer clprobe_loader().clCreateBuffer
#define clCreateCommandQueue clprobe_loader().clCreateCommandQueue
#define clCreateContext clprobe_loader().clCreateContext
#define clCreateImage clprobe_loader().clCreateImage
#define clCreateKernel clprobe_loader().clCreateKernel
#define clCreateProgramWithSource clprobe_loader().clCreateProgramWithSource
#define clCreateSampler clprobe_loader().clCreateSampler
#define clEnqueueCopyBuffer clprobe_loader().clEnqueueCopyBuffer
#define clEnqueueFillBuffer clprobe_loader().clEnqueueFillBuffer
#define clEnqueueMapBuffer clprobe_loader().clEnqueueMapBuffer
#define clEnqueueNDRangeKernel clprobe_loader().clEnqueueNDRangeKernel
#define clEnqueueReadBuffer clprobe_loader().clEnqueueReadBuffer
#define clEnqueueReadImage clprobe_loader().clEnqueueReadImage
#define clEnqueueUnmapMemObject clprobe_loader().clEnqueueUnmapMemObject
#define clEnqueueWriteBuffer clprobe_loader().clEnqueueWriteBuffer
#define clEnqueueWriteImage clprobe_loader().clEnqueueWriteImage
#define clFinish clprobe_loader().clFinish
#define clFlush clprobe_loader().clFlush
#define clGetCommandQueueInfo clprobe_loader().clGetCommandQueueInfo
#define clGetContextInfo clprobe_loader().clGetContextInfo
#define clGetDeviceIDs clprobe_loader().clGetDeviceIDs
#define clGetDeviceInfo clprobe_loader().clGetDeviceInfo
#define clGetEventInfo clprobe_loader().clGetEventInfo
#define clGetEventProfilingInfo clprobe_loader().clGetEventProfilingInfo
#define clGetKernelArgInfo clprobe_loader().clGetKernelArgInfo
#define clGetKernelInfo clprobe_loader().clGetKernelInfo
#define clGetKernelWorkGroupInfo clprobe_loader().clGetKernelWorkGroupInfo
#define clGetPlatformIDs clprobe_loader().clGetPlatformIDs
#define clGetPlatformInfo clprobe_loader().clGetPlatformInfo
#define clGetProgramBuildInfo clprobe_loader().clGetProgramBuildInfo
#define clGetProgramInfo clprobe_loader().clGetProgramInfo
#define clGetSupportedImageFormats clprobe_loader().clGetSupportedImageFormats
#define clReleaseCommandQueue clprobe_loader().clReleaseCommandQueue
#define clReleaseContext clprobe_loader().clReleaseContext
#define clReleaseDevice clprobe_loader().clReleaseDevice
#define clReleaseEvent clprobe_loader().clReleaseEvent
#define clReleaseKernel clprobe_loader().clReleaseKernel
#define clReleaseMemObject clprobe_loader().clReleaseMemObject
#define clReleaseProgram clprobe_loader().clReleaseProgram
#define clReleaseSampler clprobe_loader().clReleaseSampler
#define clRetainCommandQueue clprobe_loader().clRetainCommandQueue
#define clRetainContext clprobe_loader().clRetainContext
#define clRetainDevice clprobe_loader().clRetainDevice
#define clRetainEvent clprobe_loader().clRetainEvent
#define clRetainKernel clprobe_loader().clRetainKernel
#define clRetainMemObject clprobe_loader().clRetainMemObject
#define clRetainProgram clprobe_loader().clRetainProgram
#define clRetainSampler clprobe_loader().clRetainSampler
#define clSetKernelArg clprobe_loader().clSetKernelArg
#define clWaitForEvents clprobe_loader().clWaitForEvents

#define CL_HPP_TARGET_OPENCL_VERSION 300
#define CL_HPP_MINIMUM_OPENCL_VERSION 110
#define CL_HPP_ENABLE_EXCEPTIONS
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wconversion"
#include <CL/opencl.hpp>
#pragma GCC diagnostic pop
