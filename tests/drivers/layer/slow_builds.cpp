// A layer between the OpenCL loader and any driver (OPENCL_LAYERS), under which each build takes
// CLPROBE_BUILD_MS longer: as compilers do that unroll large loops.
#include <CL/cl_layer.h>

#include <chrono>
#include <cstdlib>
#include <thread>

namespace {

cl_icd_dispatch below;

cl_int CL_API_CALL build_slowly(cl_program program, cl_uint count, const cl_device_id *devices,
                                const char *options, void(CL_CALLBACK *notify)(cl_program, void *),
                                void *data) {
    if (const char *milliseconds = std::getenv("CLPROBE_BUILD_MS"))
        std::this_thread::sleep_for(std::chrono::milliseconds(std::atoi(milliseconds)));
    return below.clBuildProgram(program, count, devices, options, notify, data);
}

} // namespace

CL_API_ENTRY cl_int CL_API_CALL clGetLayerInfo(cl_layer_info name, std::size_t room, void *value,
                                               std::size_t *size) {
    if (name != CL_LAYER_API_VERSION || (value && room < sizeof(cl_layer_api_version)))
        return CL_INVALID_VALUE;
    if (size)
        *size = sizeof(cl_layer_api_version);
    if (value)
        *static_cast<cl_layer_api_version *>(value) = CL_LAYER_API_VERSION_100;
    return CL_SUCCESS;
}

CL_API_ENTRY cl_int CL_API_CALL clInitLayer(cl_uint, const cl_icd_dispatch *target, cl_uint *count,
                                            const cl_icd_dispatch **layer) {
    static cl_icd_dispatch own{}; // what is not set goes on to the driver
    below = *target;
    own.clBuildProgram = build_slowly;
    *count = sizeof own / sizeof(void *);
    *layer = &own;
    return CL_SUCCESS;
}
