#pragma once
#include <clprobe/device.hpp>
#include <clprobe/kernel.hpp>
#include <clprobe/memory.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace clprobe {

/// An OpenCL device: what it says of itself, and its native handle, which the driver keeps for as
/// long as the process lives.
class Device {
public:
    Device(DeviceInfo info, cl_device_id native) : info_(std::move(info)), native_(native) {}

    [[nodiscard]] const DeviceInfo &info() const { return info_; }
    [[nodiscard]] cl_device_id native() const { return native_; }

private:
    DeviceInfo info_;
    cl_device_id native_;
};

/// Every device of every platform, in the loader's order. Empty where there is no loader, no
/// platform or no device: that is no error.
[[nodiscard]] std::vector<Device> enumerate();

/// The answers of one device, asked anew; `slug` is left empty. What the driver refuses to answer
/// is absent.
[[nodiscard]] DeviceInfo query(cl_device_id device);

/// The four timestamps of a command, in the ticks that the device calls nanoseconds.
struct ProfilingTimestamps {
    std::uint64_t queued = 0;
    std::uint64_t submit = 0;
    std::uint64_t start = 0;
    std::uint64_t end = 0;

    bool operator==(const ProfilingTimestamps &) const = default;
};

/// A command in a queue.
class Event {
public:
    /// Takes over one reference of the handle.
    explicit Event(cl_event owned);

    /// Returns when the command is done; throws Error where it ended in one.
    void wait() const;
    /// The command's timestamps, once it is done; nothing where the driver does not give them.
    [[nodiscard]] std::optional<ProfilingTimestamps> profiling_timestamps() const;
    [[nodiscard]] cl_event native() const;

private:
    struct State;
    std::shared_ptr<const State> state_;
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

    /// Throws Error with the driver's code where the memory is not to be had. With
    /// CL_MEM_ALLOC_HOST_PTR among the flags, in memory that the host reaches too.
    [[nodiscard]] Buffer buffer(std::size_t bytes, cl_mem_flags flags = CL_MEM_READ_WRITE) const;
    /// Throws Unsupported, with the reason, where the device has no images, or none of this format
    /// or size; Error where the memory is not to be had.
    [[nodiscard]] Image image(const ImageShape &shape,
                              cl_mem_flags flags = CL_MEM_READ_WRITE) const;
    /// A 1-D image of the buffer's bytes (`image1d_buffer_t`); throws as the other.
    [[nodiscard]] Image image(const Buffer &texels, const ImageFormat &format) const;
    /// The formats of images of one or two dimensions, as the driver lists them for these flags;
    /// none where it has no images.
    [[nodiscard]] std::vector<ImageFormat>
    image_formats(unsigned dimensions, cl_mem_flags flags = CL_MEM_READ_WRITE) const;
    /// Coordinates are texels, or from 0 to 1 where the image repeats. Throws Unsupported where the
    /// device has no images.
    [[nodiscard]] Sampler sampler(Filter filter, Addressing addressing) const;
    /// Throws BuildError with the compiler's log.
    [[nodiscard]] Program build(const KernelText &text, const std::string &options) const;
    /// A program from the binary of another, which `name` tells of. Its build's time is that of
    /// handing the binary over as well. Throws Error where the driver does not take it.
    [[nodiscard]] Program build_binary(const std::string &name,
                                       const std::vector<unsigned char> &binary) const;

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

    /// Copies within the device; does not wait.
    void copy(const Buffer &from, std::size_t from_offset, const Buffer &to, std::size_t to_offset,
              std::size_t bytes) const;
    /// Waits until that part of the buffer is in the host's address space, to be read (CL_MAP_READ)
    /// or written (CL_MAP_WRITE, or CL_MAP_WRITE_INVALIDATE_REGION where its contents may go).
    [[nodiscard]] Mapping map(const Buffer &buffer, std::size_t offset, std::size_t bytes,
                              cl_map_flags access) const;
    /// Blocking transfers of all of an image's texels, row after row without padding.
    void write_texels(const Image &image, const void *source) const;
    void read_texels(const Image &image, void *destination) const;

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
