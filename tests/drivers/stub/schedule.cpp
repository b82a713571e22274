#include "schedule.hpp"

#include <algorithm>
#include <thread>
#include <unistd.h>

namespace stub {
namespace {

bool ready(const Command &command) {
    return std::ranges::all_of(command.waits, [](const auto &wait) { return wait->scheduled; });
}

void run(Queue &queue, const Command &command) {
    Event &event = *command.event;
    event.submitted = now();
    event.started = std::max(event.submitted, queue.free_at);
    for (const auto &wait : command.waits) {
        event.started = std::max(event.started, wait->ended);
        if (wait->error < 0)
            event.error = CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST;
    }
    const bool ends = event.started != forever && command.duration != Duration::max();
    event.ended = ends ? event.started + command.duration : forever;
    if (event.error == CL_SUCCESS && command.effect)
        command.effect();
    event.scheduled = true;
    queue.free_at = event.ended;
}

/// Whether anything could be scheduled, and so might set free what waits in another queue.
bool advance(Queue &queue) {
    bool moved = false;
    while (!queue.pending.empty() && ready(queue.pending.front())) {
        const Command command = std::move(queue.pending.front());
        queue.pending.pop_front();
        run(queue, command);
        moved = true;
    }
    return moved;
}

void sleep_until(Time end) {
    while (end == forever)
        pause();
    // Sleeping overshoots by some 60 us: the rest is spun.
    std::this_thread::sleep_until(end - std::chrono::microseconds(200));
    while (now() < end)
        std::this_thread::yield();
}

} // namespace

Time now() {
    return std::chrono::steady_clock::now();
}

Duration transfer_time(std::size_t bytes) {
    return std::chrono::microseconds(1) + Duration(static_cast<Duration::rep>(bytes / 10));
}

void schedule_released() {
    bool moved = true;
    while (moved) {
        moved = false;
        for (auto &[handle, shell] : shells<_cl_command_queue>())
            if (shell->body) {
                const Ref<_cl_command_queue> held(shell.get());
                moved = advance(*held) || moved;
            }
    }
    scheduled().notify_all();
}

cl_int enqueue(Call &call, cl_command_queue queue, cl_command_type type, Duration duration,
               const Order &order, std::function<void()> effect) {
    if (!alive(queue))
        return CL_INVALID_COMMAND_QUEUE;
    if ((order.wait_count == 0) != (order.waits == nullptr))
        return CL_INVALID_EVENT_WAIT_LIST;
    const std::span waits(order.waits, order.wait_count);
    if (!std::ranges::all_of(waits, [](cl_event event) { return alive(event); }))
        return CL_INVALID_EVENT_WAIT_LIST;
    if (const cl_int gone = call.device_state(CL_OUT_OF_RESOURCES))
        return gone;

    Event event;
    event.context = queue->body->context;
    event.queue = Ref(queue);
    event.type = type;
    event.queued = now();
    Command command;
    cl_event handle = make<_cl_event>(std::move(event));
    command.event = Ref(handle);
    command.duration = duration;
    command.effect = std::move(effect);
    for (const cl_event wait : waits)
        command.waits.emplace_back(wait);
    queue->body->pending.push_back(std::move(command));
    schedule_released();

    const cl_int error = order.blocking ? await(call, {&handle, 1}) : CL_SUCCESS;
    if (order.event)
        *order.event = handle;
    else
        release(handle);
    return error;
}

cl_int await(Call &call, std::span<const cl_event> events) {
    std::vector<Ref<_cl_event>> held;
    for (const cl_event event : events)
        held.emplace_back(event);
    const auto is_scheduled = [](const auto &event) { return event->scheduled; };
    scheduled().wait(call.lock(), [&] { return std::ranges::all_of(held, is_scheduled); });
    Time end{};
    for (const auto &event : held)
        end = std::max(end, event->ended);
    call.lock().unlock();
    sleep_until(end);
    call.lock().lock();
    const bool failed =
        std::ranges::any_of(held, [](const auto &event) { return event->error < 0; });
    return failed ? CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST : CL_SUCCESS;
}

void await_queue(Call &call, cl_command_queue queue) {
    const Ref<_cl_command_queue> held(queue);
    scheduled().wait(call.lock(), [&] { return held->pending.empty(); });
    const Time end = held->free_at;
    call.lock().unlock();
    sleep_until(end);
    call.lock().lock();
}

} // namespace stub
