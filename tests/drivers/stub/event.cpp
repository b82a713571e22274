#include "answer.hpp"
#include "api.hpp"
#include "behaviour.hpp"
#include "schedule.hpp"

#include <algorithm>
#include <thread>

namespace stub {
namespace {

cl_int status(const Event &event) {
    if (event.error < 0)
        return event.error;
    if (!event.scheduled)
        return event.type == CL_COMMAND_USER ? CL_SUBMITTED : CL_QUEUED;
    const Time time = now();
    if (time >= event.ended)
        return CL_COMPLETE;
    return time >= event.started ? CL_RUNNING : CL_SUBMITTED;
}

/// A stamp as the device tells it, in the manner that `stamps=` asks for. Its epoch is an hour
/// before the host clock's, so that no stamp is 0 by chance.
cl_ulong told(Time stamp) {
    constexpr cl_ulong day = 86'400'000'000'000;
    const auto nanoseconds =
        static_cast<cl_ulong>((stamp.time_since_epoch() + std::chrono::hours(1)).count());
    const std::string_view manner = behaviour().text("stamps");
    if (manner == "constant")
        return day;
    if (manner == "backward")
        return 36'500 * day - nanoseconds;
    if (manner == "coarse")
        return nanoseconds / 1000 * 1000;
    if (manner == "unit")
        return nanoseconds / 1000;
    return nanoseconds;
}

} // namespace

cl_event create_user_event(cl_context context, cl_int *error) {
    const Call call("clCreateUserEvent");
    if (!alive(context))
        return failure(CL_INVALID_CONTEXT, error);
    Event event;
    event.context = Ref(context);
    return result(make<_cl_event>(std::move(event)), error);
}

cl_int set_user_event_status(cl_event event, cl_int status) {
    const Call call("clSetUserEventStatus");
    if (!alive(event) || event->body->type != CL_COMMAND_USER)
        return CL_INVALID_EVENT;
    if (status > 0)
        return CL_INVALID_VALUE;
    if (event->body->scheduled)
        return CL_INVALID_OPERATION;
    event->body->error = status;
    event->body->ended = now();
    event->body->scheduled = true;
    schedule_released();
    return CL_SUCCESS;
}

cl_int set_event_callback(cl_event event, cl_int when,
                          void(CL_CALLBACK *notify)(cl_event, cl_int, void *), void *data) {
    const Call call("clSetEventCallback");
    if (!alive(event))
        return CL_INVALID_EVENT;
    if (!notify || when < CL_COMPLETE || when > CL_SUBMITTED)
        return CL_INVALID_VALUE;
    // Every callback waits for the end, which no caller can tell from a driver slow to notice.
    std::thread([held = Ref(event), when, notify, data]() mutable {
        cl_int error = CL_SUCCESS;
        {
            Call waiting("callback");
            const cl_event handle = held.handle();
            if (await(waiting, {&handle, 1}) != CL_SUCCESS)
                error = held->error;
        }
        notify(held.handle(), error < 0 ? error : when, data);
        const Call done("callback done");
        held = {};
    }).detach();
    return CL_SUCCESS;
}

cl_int wait_for_events(cl_uint count, const cl_event *events) {
    Call call("clWaitForEvents");
    if (count == 0 || !events)
        return CL_INVALID_VALUE;
    const std::span all(events, count);
    if (!std::ranges::all_of(all, [](cl_event event) { return alive(event); }))
        return CL_INVALID_EVENT;
    if (const cl_int gone = call.device_state(CL_OUT_OF_RESOURCES))
        return gone;
    return await(call, all);
}

cl_int retain_event(cl_event event) {
    const Call call("clRetainEvent");
    return retained(event, CL_INVALID_EVENT);
}

cl_int release_event(cl_event event) {
    const Call call("clReleaseEvent");
    return released(event, CL_INVALID_EVENT);
}

cl_int get_event_info(cl_event event, cl_event_info name, std::size_t room, void *value,
                      std::size_t *size) {
    const Call call("clGetEventInfo");
    if (!alive(event))
        return CL_INVALID_EVENT;
    const Answer answer(room, value, size);
    switch (name) {
    case CL_EVENT_COMMAND_QUEUE:
        return answer(event->body->queue.handle());
    case CL_EVENT_CONTEXT:
        return answer(event->body->context.handle());
    case CL_EVENT_COMMAND_TYPE:
        return answer(event->body->type);
    case CL_EVENT_COMMAND_EXECUTION_STATUS:
        return answer(status(*event->body));
    case CL_EVENT_REFERENCE_COUNT:
        return answer(event->references);
    default:
        return CL_INVALID_VALUE;
    }
}

cl_int get_event_profiling_info(cl_event event, cl_profiling_info name, std::size_t room,
                                void *value, std::size_t *size) {
    const Call call("clGetEventProfilingInfo");
    if (!alive(event))
        return CL_INVALID_EVENT;
    const Event &body = *event->body;
    const std::string_view manner = behaviour().text("stamps");
    const bool profiled = body.queue.handle() && body.queue->properties & CL_QUEUE_PROFILING_ENABLE;
    const Answer answer(room, value, size);
    if (manner == "zero") // on a plain queue too, as Rusticl does
        return answer(cl_ulong{0});
    if (!profiled || status(body) != CL_COMPLETE || manner == "error")
        return CL_PROFILING_INFO_NOT_AVAILABLE;
    if (manner == "unstarted" && name != CL_PROFILING_COMMAND_QUEUED &&
        name != CL_PROFILING_COMMAND_SUBMIT)
        return answer(cl_ulong{0});
    switch (name) {
    case CL_PROFILING_COMMAND_QUEUED:
        return answer(told(body.queued));
    case CL_PROFILING_COMMAND_SUBMIT:
        return answer(told(body.submitted));
    case CL_PROFILING_COMMAND_START:
        return answer(told(body.started));
    case CL_PROFILING_COMMAND_END:
    case CL_PROFILING_COMMAND_COMPLETE:
        return answer(told(body.ended));
    default:
        return CL_INVALID_VALUE;
    }
}

} // namespace stub
