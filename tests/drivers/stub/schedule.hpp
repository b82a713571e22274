#pragma once

#include "call.hpp"
#include "objects.hpp"

#include <span>

namespace stub {

/// What every clEnqueue* is told about order and completion.
struct Order {
    cl_uint wait_count = 0;
    const cl_event *waits = nullptr;
    cl_event *event = nullptr;
    bool blocking = false;
};

/// Puts a command into an in-order queue. Once all that it waits for is scheduled, `effect` happens
/// and the command's stamps are set: it starts when the device is free and takes `duration`, or
/// never ends with Duration::max(). Nothing is computed in the background; a caller that waits
/// sleeps until the stamp. Returns the OpenCL error of a dead queue, a bad wait list or a vanished
/// device.
[[nodiscard]] cl_int enqueue(Call &call, cl_command_queue queue, cl_command_type type,
                             Duration duration, const Order &order,
                             std::function<void()> effect = {});

/// Schedules what a user event has just set free.
void schedule_released();

/// Sleeps, with the driver's lock released, until the events have ended; returns their error.
[[nodiscard]] cl_int await(Call &call, std::span<const cl_event> events);

/// Sleeps until the queue is empty.
void await_queue(Call &call, cl_command_queue queue);

/// The time a transfer takes: 10 GB/s and a microsecond.
[[nodiscard]] Duration transfer_time(std::size_t bytes);

[[nodiscard]] Time now();

} // namespace stub
