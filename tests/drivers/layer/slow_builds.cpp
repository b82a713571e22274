// A layer between the OpenCL loader and any driver (OPENCL_LAYERS), under which each build takes
// CLPROBE_BUILD_MS longer: as compilers do that unroll large loops.
#include "layer.hpp"

#include <chrono>
#include <cstdlib>
#include <thread>

namespace {

cl_int CL_API_CALL build_slowly(cl_program program, cl_uint count, const cl_device_id *devices,
                                const char *options, void(CL_CALLBACK *notify)(cl_program, void *),
                                void *data) {
    if (const char *milliseconds = std::getenv("CLPROBE_BUILD_MS"))
        std::this_thread::sleep_for(std::chrono::milliseconds(std::atoi(milliseconds)));
    return layer::below.clBuildProgram(program, count, devices, options, notify, data);
}

} // namespace

void layer::replace(cl_icd_dispatch &own) {
    own.clBuildProgram = build_slowly;
}
