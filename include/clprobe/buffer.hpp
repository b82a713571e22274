#pragma once
#include <clprobe/opencl.hpp>

#include <cstddef>
#include <memory>
#include <span>

namespace clprobe {

/// Memory of a device, read and written by kernels.
class Buffer {
public:
    /// Takes over one reference of the handle.
    Buffer(cl_mem owned, std::size_t bytes);

    [[nodiscard]] std::size_t bytes() const { return bytes_; }
    [[nodiscard]] cl_mem native() const;

private:
    struct State;
    std::shared_ptr<const State> state_;
    std::size_t bytes_;
};

/// A part of a buffer in the host's address space, for as long as this lives.
class Mapping {
public:
    /// Takes over the mapping of `bytes` of the buffer to `at`, made on that queue.
    Mapping(cl_command_queue queue, Buffer buffer, std::byte *at, std::size_t bytes);
    Mapping(Mapping &&) noexcept = default;
    Mapping &operator=(Mapping &&) = delete;
    Mapping(const Mapping &) = delete;
    Mapping &operator=(const Mapping &) = delete;
    /// Ends it without waiting, and whatever the driver says.
    ~Mapping();

    [[nodiscard]] std::span<std::byte> bytes() const;
    /// Ends it and waits for that. Throws Error where the driver refuses. No bytes are left after
    /// it.
    void unmap();

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace clprobe
