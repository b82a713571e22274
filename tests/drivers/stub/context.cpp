#include "answer.hpp"
#include "api.hpp"
#include "call.hpp"
#include "device.hpp"

#include <algorithm>

namespace stub {
namespace {

std::vector<cl_context_properties> copied(const cl_context_properties *properties) {
    std::vector<cl_context_properties> copy;
    if (!properties)
        return copy;
    for (; *properties; properties += 2)
        copy.insert(copy.end(), {properties[0], properties[1]});
    copy.push_back(0);
    return copy;
}

using Notify = void(CL_CALLBACK *)(const char *, const void *, std::size_t, void *);

} // namespace

cl_context create_context(const cl_context_properties *properties, cl_uint count,
                          const cl_device_id *list, Notify, void *, cl_int *error) {
    const Call call("clCreateContext");
    if (count == 0 || !list)
        return failure(CL_INVALID_VALUE, error);
    std::vector<cl_device_id> chosen(list, list + count);
    if (!std::ranges::all_of(chosen, [](cl_device_id device) { return alive(device); }))
        return failure(CL_INVALID_DEVICE, error);
    if (const cl_int gone = call.device_state(CL_DEVICE_NOT_AVAILABLE))
        return failure(gone, error);
    return result(make<_cl_context>({std::move(chosen), copied(properties)}), error);
}

cl_context create_context_from_type(const cl_context_properties *properties, cl_device_type type,
                                    Notify notify, void *data, cl_int *error) {
    cl_uint count = 0;
    if (const cl_int none = get_device_ids(platform(), type, 0, nullptr, &count))
        return failure(none, error);
    return create_context(properties, count, devices().data(), notify, data, error);
}

cl_int retain_context(cl_context context) {
    const Call call("clRetainContext");
    return retained(context, CL_INVALID_CONTEXT);
}

cl_int release_context(cl_context context) {
    const Call call("clReleaseContext");
    return released(context, CL_INVALID_CONTEXT);
}

cl_int get_context_info(cl_context context, cl_context_info name, std::size_t room, void *value,
                        std::size_t *size) {
    const Call call("clGetContextInfo");
    if (!alive(context))
        return CL_INVALID_CONTEXT;
    const Answer answer(room, value, size);
    switch (name) {
    case CL_CONTEXT_REFERENCE_COUNT:
        return answer(context->references);
    case CL_CONTEXT_NUM_DEVICES:
        return answer(static_cast<cl_uint>(context->body->devices.size()));
    case CL_CONTEXT_DEVICES:
        return answer(context->body->devices);
    case CL_CONTEXT_PROPERTIES:
        return answer(context->body->properties);
    default:
        return CL_INVALID_VALUE;
    }
}

} // namespace stub
