#include "api.hpp"
#include "behaviour.hpp"
#include "device.hpp"
#include "memory.hpp"
#include "schedule.hpp"

#include <cstdlib>
#include <cstring>

namespace stub {
namespace {

/// Where the host sees the buffer: a discrete device's memory through a copy of its own.
std::shared_ptr<std::byte> seen_by_host(Memory &memory) {
    if (!discrete() || (memory.flags & CL_MEM_USE_HOST_PTR) != 0)
        return memory.storage;
    if (!memory.shadow)
        memory.shadow = {static_cast<std::byte *>(std::calloc(memory.size, 1)),
                         [](std::byte *bytes) { std::free(bytes); }};
    return memory.shadow;
}

/// What a mapping or its end has to copy, if anything, and the time of it.
struct Copying {
    Duration duration = transfer_time(0);
    std::function<void()> effect;
};

Copying copying(const std::shared_ptr<std::byte> &to, const std::shared_ptr<std::byte> &from,
                const Mapped &mapped, bool wanted) {
    if (to == from || !wanted)
        return {};
    return {transfer_time(mapped.size), [to, from, mapped] {
                std::memcpy(to.get() + mapped.offset, from.get() + mapped.offset, mapped.size);
            }};
}

} // namespace

void *enqueue_map_buffer(cl_command_queue queue, cl_mem buffer, cl_bool blocking,
                         cl_map_flags flags, std::size_t offset, std::size_t size, cl_uint count,
                         const cl_event *waits, cl_event *event, cl_int *error) {
    Call call("clEnqueueMapBuffer");
    call.detail("offset=" + std::to_string(offset) + " bytes=" + std::to_string(size));
    if (!alive(buffer) || buffer->body->type != CL_MEM_OBJECT_BUFFER)
        return failure(CL_INVALID_MEM_OBJECT, error);
    if (!covers(buffer, offset, size))
        return failure(CL_INVALID_VALUE, error);
    const std::shared_ptr<std::byte> seen = seen_by_host(*buffer->body);
    if (!seen)
        return failure(CL_MAP_FAILURE, error);
    const Mapped mapped{offset, size, flags};
    const bool contents_wanted =
        (flags & CL_MAP_WRITE_INVALIDATE_REGION) == 0 && behaviour().text("lost") != "map";
    const Copying work = copying(seen, buffer->body->storage, mapped, contents_wanted);
    if (const cl_int failed = enqueue(call, queue, CL_COMMAND_MAP_BUFFER, work.duration,
                                      {count, waits, event, blocking == CL_TRUE}, work.effect))
        return failure(failed, error);
    buffer->body->maps.emplace(seen.get() + offset, mapped);
    return result(static_cast<void *>(seen.get() + offset), error);
}

cl_int enqueue_unmap_mem_object(cl_command_queue queue, cl_mem memory, void *at, cl_uint count,
                                const cl_event *waits, cl_event *event) {
    Call call("clEnqueueUnmapMemObject");
    if (!alive(memory))
        return CL_INVALID_MEM_OBJECT;
    auto &maps = memory->body->maps;
    const auto found = maps.find(at);
    if (found == maps.end())
        return CL_INVALID_VALUE;
    const bool written = (found->second.flags & ~cl_map_flags{CL_MAP_READ}) != 0 &&
                         behaviour().text("lost") != "unmap";
    const Copying work =
        copying(memory->body->storage, seen_by_host(*memory->body), found->second, written);
    maps.erase(found);
    return enqueue(call, queue, CL_COMMAND_UNMAP_MEM_OBJECT, work.duration, {count, waits, event},
                   work.effect);
}

} // namespace stub
