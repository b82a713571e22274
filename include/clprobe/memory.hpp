#pragma once
// The native OpenCL types that some public names show. A consumer may set another target version
// before it includes anything of clprobe.
#ifndef CL_TARGET_OPENCL_VERSION
#define CL_TARGET_OPENCL_VERSION 300
#endif
#include <CL/cl.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

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

/// What a texel holds: which channels, and each one's type.
struct ImageFormat {
    cl_channel_order order = CL_RGBA;
    cl_channel_type type = CL_FLOAT;

    /// Channels of a texel; 0 for an order that this library does not know.
    [[nodiscard]] std::size_t channels() const;
    /// Bytes of a texel; 0 for an order or a type that this library does not know.
    [[nodiscard]] std::size_t texel_bytes() const;
    bool operator==(const ImageFormat &) const = default;
};

/// "RGBA8", "R32F", "R32UI": the channels, the bits of each, and S for signed normalised values, I
/// and UI for integers, F for floating point, nothing for values from 0 to 1.
[[nodiscard]] std::string name(const ImageFormat &format);

/// Format and size of an image; of a 1-D image, the height is 0.
struct ImageShape {
    ImageFormat format;
    std::size_t width = 0; ///< texels
    std::size_t height = 0;

    [[nodiscard]] unsigned dimensions() const { return height == 0 ? 1 : 2; }
    [[nodiscard]] std::size_t texels() const { return height == 0 ? width : width * height; }
    /// What its texels need; the device may pad its rows.
    [[nodiscard]] std::size_t bytes() const { return texels() * format.texel_bytes(); }
    bool operator==(const ImageShape &) const = default;
};

/// "RGBA32F image of 512 x 256 texels".
[[nodiscard]] std::string name(const ImageShape &shape);

/// An image of a device, read through its texture path and written by kernels.
class Image {
public:
    /// Takes over one reference of the handle.
    Image(cl_mem owned, const ImageShape &shape);

    [[nodiscard]] const ImageShape &shape() const { return shape_; }
    [[nodiscard]] cl_mem native() const;

private:
    struct State;
    std::shared_ptr<const State> state_;
    ImageShape shape_;
};

/// Whether a read takes the nearest texel, or mixes those around.
enum class Filter { nearest, linear };
[[nodiscard]] std::string name(Filter filter);

/// What a read beyond an image's edge gives. `none` leaves it undefined, and costs nothing.
enum class Addressing { none, clamp_to_edge, clamp, repeat };

/// How an image is read at a coordinate: an argument of a kernel.
class Sampler {
public:
    /// Takes over one reference of the handle.
    explicit Sampler(cl_sampler owned);

    [[nodiscard]] cl_sampler native() const;

private:
    struct State;
    std::shared_ptr<const State> state_;
};

} // namespace clprobe
