#include "layer.hpp"

cl_icd_dispatch layer::below;

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
                                            const cl_icd_dispatch **table) {
    static cl_icd_dispatch own{};
    layer::below = *target;
    layer::replace(own);
    *count = sizeof own / sizeof(void *);
    *table = &own;
    return CL_SUCCESS;
}
