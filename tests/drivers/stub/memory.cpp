#include "answer.hpp"
#include "api.hpp"
#include "behaviour.hpp"
#include "device.hpp"
#include "memory.hpp"

#include <climits>
#include <cstdlib>

namespace stub {
namespace {

std::size_t allocated() {
    std::size_t sum = 0;
    for (const auto &[handle, shell] : shells<_cl_mem>())
        if (shell->body && shell->body->type != CL_MEM_OBJECT_IMAGE1D_BUFFER)
            sum += shell->body->size;
    return sum;
}

cl_int check_host_pointer(cl_mem_flags flags, const void *host_pointer) {
    const bool used = (flags & (CL_MEM_USE_HOST_PTR | CL_MEM_COPY_HOST_PTR)) != 0;
    return used == (host_pointer != nullptr) ? CL_SUCCESS : CL_INVALID_HOST_PTR;
}

cl_mem create(const Call &call, cl_context context, cl_mem_flags flags, std::size_t size,
              void *host_pointer, cl_int *error) {
    if (!alive(context))
        return failure(CL_INVALID_CONTEXT, error);
    if (size == 0 || size > allocation_limit())
        return failure(CL_INVALID_BUFFER_SIZE, error);
    Memory memory;
    memory.context = Ref(context);
    memory.flags = flags;
    memory.size = size;
    if (const cl_int failed = allocate(call, memory, host_pointer))
        return failure(failed, error);
    return result(make<_cl_mem>(std::move(memory)), error);
}

} // namespace

cl_int allocate(const Call &call, Memory &memory, void *host_pointer) {
    if (const cl_int gone = call.device_state(CL_DEVICE_NOT_AVAILABLE))
        return gone;
    if (const cl_int wrong = check_host_pointer(memory.flags, host_pointer))
        return wrong;
    static long long allocations = 0;
    if (memory.size > static_cast<std::size_t>(behaviour().number("oom", LLONG_MAX)) ||
        ++allocations > behaviour().number("allocations", LLONG_MAX))
        return static_cast<cl_int>(
            behaviour().number("oom_code", CL_MEM_OBJECT_ALLOCATION_FAILURE));
    if (allocated() + memory.size > memory_size())
        return CL_MEM_OBJECT_ALLOCATION_FAILURE;

    if (memory.flags & CL_MEM_USE_HOST_PTR) {
        memory.host_pointer = host_pointer;
        memory.storage = {static_cast<std::byte *>(host_pointer), [](std::byte *) {}};
        return CL_SUCCESS;
    }
    // calloc, as its pages cost nothing until they are written.
    memory.storage = {static_cast<std::byte *>(std::calloc(memory.size, 1)),
                      [](std::byte *bytes) { std::free(bytes); }};
    if (!memory.storage)
        return CL_OUT_OF_HOST_MEMORY;
    if (host_pointer)
        std::memcpy(memory.storage.get(), host_pointer, memory.size);
    return CL_SUCCESS;
}

bool covers(cl_mem memory, std::size_t offset, std::size_t size) {
    const std::size_t all = memory->body->size;
    return size > 0 && offset <= all && size <= all - offset;
}

cl_mem create_buffer(cl_context context, cl_mem_flags flags, std::size_t size, void *host_pointer,
                     cl_int *error) {
    Call call("clCreateBuffer");
    call.detail("bytes=" + std::to_string(size));
    return create(call, context, flags, size, host_pointer, error);
}

cl_mem create_buffer_with_properties(cl_context context, const cl_mem_properties *properties,
                                     cl_mem_flags flags, std::size_t size, void *host_pointer,
                                     cl_int *error) {
    Call call("clCreateBufferWithProperties");
    call.detail("bytes=" + std::to_string(size));
    if (properties && *properties)
        return failure(CL_INVALID_PROPERTY, error);
    return create(call, context, flags, size, host_pointer, error);
}

cl_int retain_mem_object(cl_mem memory) {
    const Call call("clRetainMemObject");
    return retained(memory, CL_INVALID_MEM_OBJECT);
}

cl_int release_mem_object(cl_mem memory) {
    const Call call("clReleaseMemObject");
    return released(memory, CL_INVALID_MEM_OBJECT);
}

cl_int get_mem_object_info(cl_mem memory, cl_mem_info name, std::size_t room, void *value,
                           std::size_t *size) {
    const Call call("clGetMemObjectInfo");
    if (!alive(memory))
        return CL_INVALID_MEM_OBJECT;
    const Answer answer(room, value, size);
    const Memory &body = *memory->body;
    switch (name) {
    case CL_MEM_TYPE:
        return answer(body.type);
    case CL_MEM_FLAGS:
        return answer(body.flags);
    case CL_MEM_SIZE:
        return answer(body.size);
    case CL_MEM_HOST_PTR:
        return answer(body.host_pointer);
    case CL_MEM_MAP_COUNT:
        return answer(static_cast<cl_uint>(body.maps.size()));
    case CL_MEM_REFERENCE_COUNT:
        return answer(memory->references);
    case CL_MEM_CONTEXT:
        return answer(body.context.handle());
    case CL_MEM_ASSOCIATED_MEMOBJECT:
        return answer(cl_mem{nullptr});
    case CL_MEM_OFFSET:
        return answer(std::size_t{0});
    default:
        return CL_INVALID_VALUE;
    }
}

} // namespace stub
