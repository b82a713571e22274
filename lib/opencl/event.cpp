#include "opencl/checked.hpp"

#include <clprobe/context.hpp>

namespace clprobe {

struct Event::State {
    cl::Event event;
};

Event::Event(cl_event owned) : state_(std::make_shared<const State>(State{cl::Event(owned)})) {}

void Event::wait() const {
    checked("waiting for a command", [&] { state_->event.wait(); });
}

std::optional<ProfilingTimestamps> Event::profiling_timestamps() const {
    return answered([&] {
        return ProfilingTimestamps{state_->event.getProfilingInfo<CL_PROFILING_COMMAND_QUEUED>(),
                                   state_->event.getProfilingInfo<CL_PROFILING_COMMAND_SUBMIT>(),
                                   state_->event.getProfilingInfo<CL_PROFILING_COMMAND_START>(),
                                   state_->event.getProfilingInfo<CL_PROFILING_COMMAND_END>()};
    });
}

cl_event Event::native() const {
    return state_->event();
}

} // namespace clprobe
