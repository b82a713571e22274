#include "answer.hpp"
#include "api.hpp"
#include "behaviour.hpp"
#include "device.hpp"
#include "schedule.hpp"

#include <algorithm>

namespace stub {
namespace {

cl_command_queue create(const Call &call, cl_context context, cl_device_id device,
                        cl_command_queue_properties properties, cl_int *error) {
    if (!alive(context))
        return failure(CL_INVALID_CONTEXT, error);
    if (std::ranges::count(context->body->devices, device) == 0)
        return failure(CL_INVALID_DEVICE, error);
    if (properties & ~cl_command_queue_properties{CL_QUEUE_PROFILING_ENABLE})
        return failure(CL_INVALID_QUEUE_PROPERTIES, error);
    if (const cl_int gone = call.device_state(CL_DEVICE_NOT_AVAILABLE))
        return failure(gone, error);
    const auto refusal = static_cast<cl_int>(behaviour().number("queue_profiling", CL_SUCCESS));
    if (properties != 0 && refusal != CL_SUCCESS)
        return failure(refusal, error);
    Queue queue;
    queue.context = Ref(context);
    queue.device = device;
    queue.properties = properties;
    return result(make<_cl_command_queue>(std::move(queue)), error);
}

} // namespace

cl_command_queue create_command_queue(cl_context context, cl_device_id device,
                                      cl_command_queue_properties properties, cl_int *error) {
    const Call call("clCreateCommandQueue");
    return create(call, context, device, properties, error);
}

cl_command_queue create_command_queue_with_properties(cl_context context, cl_device_id device,
                                                      const cl_queue_properties *properties,
                                                      cl_int *error) {
    const Call call("clCreateCommandQueueWithProperties");
    cl_command_queue_properties asked = 0;
    for (; properties && *properties; properties += 2) {
        if (properties[0] != CL_QUEUE_PROPERTIES)
            return failure(CL_INVALID_QUEUE_PROPERTIES, error);
        asked = properties[1];
    }
    return create(call, context, device, asked, error);
}

cl_int retain_command_queue(cl_command_queue queue) {
    const Call call("clRetainCommandQueue");
    return retained(queue, CL_INVALID_COMMAND_QUEUE);
}

cl_int release_command_queue(cl_command_queue queue) {
    const Call call("clReleaseCommandQueue");
    return released(queue, CL_INVALID_COMMAND_QUEUE);
}

cl_int get_command_queue_info(cl_command_queue queue, cl_command_queue_info name, std::size_t room,
                              void *value, std::size_t *size) {
    const Call call("clGetCommandQueueInfo");
    if (!alive(queue))
        return CL_INVALID_COMMAND_QUEUE;
    const Answer answer(room, value, size);
    switch (name) {
    case CL_QUEUE_CONTEXT:
        return answer(queue->body->context.handle());
    case CL_QUEUE_DEVICE:
        return answer(queue->body->device);
    case CL_QUEUE_PROPERTIES:
        return answer(queue->body->properties);
    case CL_QUEUE_REFERENCE_COUNT:
        return answer(queue->references);
    default:
        return CL_INVALID_VALUE;
    }
}

cl_int flush(cl_command_queue queue) {
    const Call call("clFlush");
    return alive(queue) ? call.device_state(CL_OUT_OF_RESOURCES) : CL_INVALID_COMMAND_QUEUE;
}

cl_int finish(cl_command_queue queue) {
    Call call("clFinish");
    if (!alive(queue))
        return CL_INVALID_COMMAND_QUEUE;
    if (const cl_int gone = call.device_state(CL_OUT_OF_RESOURCES))
        return gone;
    await_queue(call, queue);
    return CL_SUCCESS;
}

cl_int enqueue_marker(cl_command_queue queue, cl_event *event) {
    Call call("clEnqueueMarker");
    return enqueue(call, queue, CL_COMMAND_MARKER, {}, {.event = event});
}

cl_int enqueue_marker_with_wait_list(cl_command_queue queue, cl_uint count, const cl_event *waits,
                                     cl_event *event) {
    Call call("clEnqueueMarkerWithWaitList");
    return enqueue(call, queue, CL_COMMAND_MARKER, {}, {count, waits, event});
}

cl_int enqueue_barrier(cl_command_queue queue) {
    Call call("clEnqueueBarrier");
    return enqueue(call, queue, CL_COMMAND_BARRIER, {}, {});
}

cl_int enqueue_barrier_with_wait_list(cl_command_queue queue, cl_uint count, const cl_event *waits,
                                      cl_event *event) {
    Call call("clEnqueueBarrierWithWaitList");
    return enqueue(call, queue, CL_COMMAND_BARRIER, {}, {count, waits, event});
}

} // namespace stub
