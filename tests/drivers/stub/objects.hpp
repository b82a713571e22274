#pragma once

#include "handle.hpp"

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace stub {

using Duration = std::chrono::nanoseconds;
using Time = std::chrono::time_point<std::chrono::steady_clock, Duration>;

/// The end of a command that never ends.
constexpr Time forever = Time::max();

struct Context {
    std::vector<cl_device_id> devices;
    std::vector<cl_context_properties> properties;
};

/// A command's four stamps in the host's time. They are all known from the moment the command is
/// scheduled; whether it has ended is then only a question of what time it is.
struct Event {
    Ref<_cl_context> context;
    Ref<_cl_command_queue> queue; // none for a user event
    cl_command_type type = CL_COMMAND_USER;
    bool scheduled = false;
    cl_int error = CL_SUCCESS;
    Time queued{}, submitted{}, started{}, ended{};
};

struct Command {
    Ref<_cl_event> event;
    std::vector<Ref<_cl_event>> waits;
    Duration duration{};
    std::function<void()> effect;
};

struct Queue {
    Ref<_cl_context> context;
    cl_device_id device = nullptr;
    cl_command_queue_properties properties = 0;
    std::deque<Command> pending; // held back by an event not scheduled yet
    Time free_at{};
};

/// What a mapping covers, and for what it was made.
struct Mapped {
    std::size_t offset = 0;
    std::size_t size = 0;
    cl_map_flags flags = 0;
};

struct Memory {
    Ref<_cl_context> context;
    cl_mem_object_type type = CL_MEM_OBJECT_BUFFER;
    cl_mem_flags flags = 0;
    std::size_t size = 0;
    void *host_pointer = nullptr;
    std::shared_ptr<std::byte> storage;
    std::shared_ptr<std::byte> shadow; ///< what the host sees of a discrete device's memory
    std::multimap<const void *, Mapped> maps;
    cl_image_format format{};
    cl_image_desc image{};
    std::size_t element_size = 0;
};

struct Sampler {
    Ref<_cl_context> context;
};

struct Program {
    Ref<_cl_context> context;
    std::string source;
    std::string options;
    cl_build_status status = CL_BUILD_NONE;
    std::string log;
};

/// An argument as it was set; in local memory, none of its bytes.
struct Argument {
    std::vector<std::byte> value;
    std::size_t local_bytes = 0;
};

struct Kernel {
    Ref<_cl_program> program;
    std::string name;
    /// Unknown where the source does not show them plainly.
    std::optional<std::vector<std::string>> parameters;
    std::map<cl_uint, Argument> arguments;
    long long launches = 0;
};

} // namespace stub

struct _cl_platform_id {
    const cl_icd_dispatch *table = &stub::dispatch;
};
struct _cl_device_id {
    const cl_icd_dispatch *table = &stub::dispatch;
};
struct _cl_context : stub::Handle<stub::Context> {};
struct _cl_command_queue : stub::Handle<stub::Queue> {};
struct _cl_event : stub::Handle<stub::Event> {};
struct _cl_mem : stub::Handle<stub::Memory> {};
struct _cl_sampler : stub::Handle<stub::Sampler> {};
struct _cl_program : stub::Handle<stub::Program> {};
struct _cl_kernel : stub::Handle<stub::Kernel> {};
