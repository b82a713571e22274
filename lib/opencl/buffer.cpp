#include "opencl/checked.hpp"

#include <clprobe/memory.hpp>

#include <utility>

namespace clprobe {

struct Buffer::State {
    cl::Memory memory;
};

Buffer::Buffer(cl_mem owned, std::size_t bytes)
    : state_(std::make_shared<const State>(State{cl::Memory(owned, false)})), bytes_(bytes) {}

cl_mem Buffer::native() const {
    return state_->memory();
}

struct Mapping::State {
    cl::CommandQueue queue;
    Buffer buffer;
    std::span<std::byte> bytes;
};

Mapping::Mapping(cl_command_queue queue, Buffer buffer, std::byte *at, std::size_t bytes)
    : state_(std::make_unique<State>(
          State{cl::CommandQueue(queue, true), std::move(buffer), {at, bytes}})) {}

Mapping::~Mapping() {
    if (state_)
        clEnqueueUnmapMemObject(state_->queue(), state_->buffer.native(), state_->bytes.data(), 0,
                                nullptr, nullptr);
}

std::span<std::byte> Mapping::bytes() const {
    return state_ ? state_->bytes : std::span<std::byte>{};
}

void Mapping::unmap() {
    const auto ended = std::exchange(state_, nullptr);
    if (!ended)
        return;
    const cl_int code = clEnqueueUnmapMemObject(ended->queue(), ended->buffer.native(),
                                                ended->bytes.data(), 0, nullptr, nullptr);
    if (code != CL_SUCCESS)
        throw Error("unmapping a buffer", code);
    checked("unmapping a buffer", [&] { ended->queue.finish(); });
}

} // namespace clprobe
