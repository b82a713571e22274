#pragma once
#include <clprobe/device.hpp>
#include <clprobe/event.hpp>
#include <clprobe/kernel.hpp>
#include <clprobe/opencl.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

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

/// One device with an in-order queue. The queue has profiling where the driver makes one; where it
/// refuses, a plain queue serves, and `profiling_refusal` says what it answered.
class Context {
public:
    explicit Context(const Device &device);
    /// A context and queue of the host program's; both are retained.
    Context(cl_context context, cl_command_queue queue);

    [[nodiscard]] const Device &device() const;
    [[nodiscard]] bool profiling() const;
    [[nodiscard]] const std::string &profiling_refusal() const;
    [[nodiscard]] cl_context native() const;
    [[nodiscard]] cl_command_queue native_queue() const;

    /// Throws Error with the driver's code where the memory is not to be had.
    [[nodiscard]] Buffer buffer(std::size_t bytes) const;
    /// Throws BuildError with the compiler's log.
    [[nodiscard]] Program build(const KernelText &text, const std::string &options) const;

    /// Enqueues, does not wait.
    Event launch(const Kernel &kernel, const NdRange &range) const;
    void finish() const;
    void flush() const;

    /// Blocking transfers, `offset` in bytes.
    void write_bytes(const Buffer &buffer, std::size_t offset, std::size_t bytes,
                     const void *source) const;
    void read_bytes(const Buffer &buffer, std::size_t offset, std::size_t bytes,
                    void *destination) const;
    /// Fills the whole buffer with a repeated 32-bit word, from the host's side in the queue's
    /// order.
    void fill(const Buffer &buffer, std::uint32_t word) const;

    template <typename T>
    void write(const Buffer &buffer, std::span<const T> values) const {
        write_bytes(buffer, 0, values.size_bytes(), values.data());
    }
    template <typename T>
    [[nodiscard]] std::vector<T> read(const Buffer &buffer, std::size_t first,
                                      std::size_t count) const {
        std::vector<T> values(count);
        read_bytes(buffer, first * sizeof(T), count * sizeof(T), values.data());
        return values;
    }

private:
    struct State;
    std::shared_ptr<const State> state_;
};

} // namespace clprobe
