#include "api.hpp"
#include "behaviour.hpp"
#include "memory.hpp"
#include "schedule.hpp"

#include <cstring>

namespace stub {
namespace {

/// What is wrong with a buffer and a range of it, if anything.
cl_int check(cl_mem buffer, std::size_t offset, std::size_t size) {
    if (!alive(buffer) || buffer->body->type != CL_MEM_OBJECT_BUFFER)
        return CL_INVALID_MEM_OBJECT;
    return covers(buffer, offset, size) ? CL_SUCCESS : CL_INVALID_VALUE;
}

void detail(Call &call, std::size_t offset, std::size_t size) {
    call.detail("offset=" + std::to_string(offset) + " bytes=" + std::to_string(size));
}

} // namespace

cl_int enqueue_read_buffer(cl_command_queue queue, cl_mem buffer, cl_bool blocking,
                           std::size_t offset, std::size_t size, void *to, cl_uint count,
                           const cl_event *waits, cl_event *event) {
    Call call("clEnqueueReadBuffer");
    detail(call, offset, size);
    if (const cl_int wrong = check(buffer, offset, size))
        return wrong;
    if (!to)
        return CL_INVALID_VALUE;
    return enqueue(call, queue, CL_COMMAND_READ_BUFFER, transfer_time(size),
                   {count, waits, event, blocking == CL_TRUE},
                   [from = buffer->body->storage, to, offset, size] {
                       if (behaviour().text("lost") != "read")
                           std::memcpy(to, from.get() + offset, size);
                   });
}

cl_int enqueue_write_buffer(cl_command_queue queue, cl_mem buffer, cl_bool blocking,
                            std::size_t offset, std::size_t size, const void *from, cl_uint count,
                            const cl_event *waits, cl_event *event) {
    Call call("clEnqueueWriteBuffer");
    detail(call, offset, size);
    if (const cl_int wrong = check(buffer, offset, size))
        return wrong;
    if (!from)
        return CL_INVALID_VALUE;
    return enqueue(call, queue, CL_COMMAND_WRITE_BUFFER, transfer_time(size),
                   {count, waits, event, blocking == CL_TRUE},
                   [to = buffer->body->storage, from, offset, size] {
                       if (behaviour().text("lost") != "write")
                           std::memcpy(to.get() + offset, from, size);
                   });
}

cl_int enqueue_copy_buffer(cl_command_queue queue, cl_mem from, cl_mem to, std::size_t from_offset,
                           std::size_t to_offset, std::size_t size, cl_uint count,
                           const cl_event *waits, cl_event *event) {
    Call call("clEnqueueCopyBuffer");
    detail(call, from_offset, size);
    if (const cl_int wrong = check(from, from_offset, size))
        return wrong;
    if (const cl_int wrong = check(to, to_offset, size))
        return wrong;
    if (from == to && from_offset < to_offset + size && to_offset < from_offset + size)
        return CL_MEM_COPY_OVERLAP;
    return enqueue(call, queue, CL_COMMAND_COPY_BUFFER, transfer_time(size), {count, waits, event},
                   [a = from->body->storage, b = to->body->storage, from_offset, to_offset, size] {
                       std::memcpy(b.get() + to_offset, a.get() + from_offset, size);
                   });
}

cl_int enqueue_fill_buffer(cl_command_queue queue, cl_mem buffer, const void *pattern,
                           std::size_t pattern_size, std::size_t offset, std::size_t size,
                           cl_uint count, const cl_event *waits, cl_event *event) {
    Call call("clEnqueueFillBuffer");
    detail(call, offset, size);
    if (const cl_int wrong = check(buffer, offset, size))
        return wrong;
    const bool power_of_two = pattern_size > 0 && (pattern_size & (pattern_size - 1)) == 0;
    if (!pattern || !power_of_two || pattern_size > 128 || offset % pattern_size != 0 ||
        size % pattern_size != 0)
        return CL_INVALID_VALUE;
    const auto *bytes = static_cast<const std::byte *>(pattern);
    return enqueue(call, queue, CL_COMMAND_FILL_BUFFER, transfer_time(size), {count, waits, event},
                   [to = buffer->body->storage, offset, size,
                    value = std::vector<std::byte>(bytes, bytes + pattern_size)] {
                       for (std::size_t at = 0; at < size; at += value.size())
                           std::memcpy(to.get() + offset + at, value.data(), value.size());
                   });
}

} // namespace stub
