#include "opencl/checked.hpp"
#include "opencl/device_limits.hpp"

#include <clprobe/context.hpp>
#include <clprobe/memory.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace clprobe {
namespace {

struct Channels {
    cl_channel_order order;
    const char *name;
    std::size_t count;
};
constexpr Channels channel_orders[] = {
    {CL_R, "R", 1},         {CL_A, "A", 1},       {CL_INTENSITY, "I", 1}, {CL_LUMINANCE, "L", 1},
    {CL_DEPTH, "DEPTH", 1}, {CL_RG, "RG", 2},     {CL_RA, "RA", 2},       {CL_RGBA, "RGBA", 4},
    {CL_BGRA, "BGRA", 4},   {CL_ARGB, "ARGB", 4}, {CL_ABGR, "ABGR", 4},   {CL_sRGBA, "sRGBA", 4},
    {CL_sBGRA, "sBGRA", 4},
};

struct ChannelType {
    cl_channel_type type;
    const char *suffix;
    std::size_t bytes;
};
constexpr ChannelType channel_types[] = {
    {CL_UNORM_INT8, "", 1},       {CL_UNORM_INT16, "", 2},     {CL_SNORM_INT8, "S", 1},
    {CL_SNORM_INT16, "S", 2},     {CL_SIGNED_INT8, "I", 1},    {CL_SIGNED_INT16, "I", 2},
    {CL_SIGNED_INT32, "I", 4},    {CL_UNSIGNED_INT8, "UI", 1}, {CL_UNSIGNED_INT16, "UI", 2},
    {CL_UNSIGNED_INT32, "UI", 4}, {CL_HALF_FLOAT, "F", 2},     {CL_FLOAT, "F", 4},
};

const Channels *channels_of(const ImageFormat &format) {
    const auto *const found =
        std::find_if(std::begin(channel_orders), std::end(channel_orders),
                     [&](const Channels &entry) { return entry.order == format.order; });
    return found != std::end(channel_orders) ? found : nullptr;
}

const ChannelType *type_of(const ImageFormat &format) {
    const auto *const found =
        std::find_if(std::begin(channel_types), std::end(channel_types),
                     [&](const ChannelType &entry) { return entry.type == format.type; });
    return found != std::end(channel_types) ? found : nullptr;
}

cl_mem_object_type type_of(unsigned dimensions) {
    return dimensions == 1 ? CL_MEM_OBJECT_IMAGE1D : CL_MEM_OBJECT_IMAGE2D;
}

/// Why there can be no images at all; an empty text where there can.
std::string no_images(const DeviceInfo &device) {
    // A driver of OpenCL 1.1 does not have the calls at all, and the loader would jump to nowhere.
    for (const char *old : {"OpenCL 1.0", "OpenCL 1.1"})
        if (device.platform_version.starts_with(old))
            return fmt::format("images are made by a call that {} does not have", old);
    return device.images ? "" : "the device has no images";
}

std::string too_large(const DeviceInfo &device, const ImageShape &shape) {
    if (shape.width <= largest_image_width(device) && shape.height <= largest_image_height(device))
        return "";
    return fmt::format("the device's images have at most {} x {} texels",
                       largest_image_width(device), largest_image_height(device));
}

/// Throws what a refusal means: formats and sizes are what a device may lack, all else is an error.
[[noreturn]] void refused(const ImageShape &shape, cl_int code) {
    const std::string doing = "creating an " + name(shape);
    if (code == CL_IMAGE_FORMAT_NOT_SUPPORTED || code == CL_INVALID_IMAGE_SIZE ||
        code == CL_INVALID_OPERATION)
        throw Unsupported(doing, code);
    throw Error(doing, code);
}

Image make_image(cl_context context, cl_mem_flags flags, const ImageShape &shape,
                 const cl_image_desc &description) {
    const cl_image_format format{shape.format.order, shape.format.type};
    cl_int code = CL_SUCCESS;
    const cl_mem memory = clCreateImage(context, flags, &format, &description, nullptr, &code);
    if (code != CL_SUCCESS)
        refused(shape, code);
    return {memory, shape};
}

using Extent = std::array<std::size_t, 3>;

Extent extent(const ImageShape &shape) {
    return {shape.width, std::max<std::size_t>(shape.height, 1), 1};
}

} // namespace

std::size_t ImageFormat::channels() const {
    const Channels *known = channels_of(*this);
    return known != nullptr ? known->count : 0;
}

std::size_t ImageFormat::texel_bytes() const {
    const ChannelType *known = type_of(*this);
    return known != nullptr ? known->bytes * channels() : 0;
}

std::string name(const ImageFormat &format) {
    const Channels *order = channels_of(format);
    const ChannelType *type = type_of(format);
    if (order == nullptr || type == nullptr)
        return fmt::format("{:#x}/{:#x}", format.order, format.type);
    return fmt::format("{}{}{}", order->name, 8 * type->bytes, type->suffix);
}

std::string name(const ImageShape &shape) {
    return shape.dimensions() == 1
               ? fmt::format("{} image of {} texels", name(shape.format), shape.width)
               : fmt::format("{} image of {} x {} texels", name(shape.format), shape.width,
                             shape.height);
}

std::string name(Filter filter) {
    return filter == Filter::nearest ? "nearest" : "linear";
}

struct Image::State {
    cl::Memory memory;
};

Image::Image(cl_mem owned, const ImageShape &shape)
    : state_(std::make_shared<const State>(State{cl::Memory(owned, false)})), shape_(shape) {}

cl_mem Image::native() const {
    return state_->memory();
}

struct Sampler::State {
    cl::Sampler sampler;
};

Sampler::Sampler(cl_sampler owned)
    : state_(std::make_shared<const State>(State{cl::Sampler(owned, false)})) {}

cl_sampler Sampler::native() const {
    return state_->sampler();
}

std::vector<ImageFormat> Context::image_formats(unsigned dimensions, cl_mem_flags flags) const {
    cl_uint count = 0;
    if (!no_images(device().info()).empty() ||
        clGetSupportedImageFormats(native(), flags, type_of(dimensions), 0, nullptr, &count) !=
            CL_SUCCESS)
        return {};
    std::vector<cl_image_format> listed(count);
    if (count == 0 || clGetSupportedImageFormats(native(), flags, type_of(dimensions), count,
                                                 listed.data(), nullptr) != CL_SUCCESS)
        return {};
    std::vector<ImageFormat> formats;
    for (const cl_image_format &format : listed)
        formats.push_back({format.image_channel_order, format.image_channel_data_type});
    return formats;
}

Image Context::image(const ImageShape &shape, cl_mem_flags flags) const {
    for (const std::string &reason :
         {no_images(device().info()), too_large(device().info(), shape)})
        if (!reason.empty())
            throw Unsupported(fmt::format("creating an {}: {}", name(shape), reason));
    cl_image_desc description{};
    description.image_type = type_of(shape.dimensions());
    description.image_width = shape.width;
    description.image_height = shape.height;
    return make_image(native(), flags, shape, description);
}

Image Context::image(const Buffer &texels, const ImageFormat &format) const {
    const std::size_t texel = std::max<std::size_t>(format.texel_bytes(), 1);
    const ImageShape shape{format, texels.bytes() / texel, 0};
    if (const std::string reason = no_images(device().info()); !reason.empty())
        throw Unsupported(fmt::format("creating an {} on a buffer: {}", name(shape), reason));
    if (shape.width > largest_buffer_image(device()))
        throw Unsupported(fmt::format("creating an {} on a buffer: it has at most {} texels",
                                      name(shape), largest_buffer_image(device())));
    cl_image_desc description{};
    description.image_type = CL_MEM_OBJECT_IMAGE1D_BUFFER;
    description.image_width = shape.width;
    description.mem_object = texels.native();
    return make_image(native(), CL_MEM_READ_WRITE, shape, description);
}

Sampler Context::sampler(Filter filter, Addressing addressing) const {
    constexpr cl_addressing_mode modes[] = {CL_ADDRESS_NONE, CL_ADDRESS_CLAMP_TO_EDGE,
                                            CL_ADDRESS_CLAMP, CL_ADDRESS_REPEAT};
    // OpenCL repeats images at normalised coordinates only.
    const cl_bool normalised = addressing == Addressing::repeat ? CL_TRUE : CL_FALSE;
    cl_int code = CL_SUCCESS;
    const cl_sampler sampler =
        clCreateSampler(native(), normalised, modes[static_cast<std::size_t>(addressing)],
                        filter == Filter::nearest ? CL_FILTER_NEAREST : CL_FILTER_LINEAR, &code);
    if (code == CL_INVALID_OPERATION)
        throw Unsupported("creating a sampler", code);
    if (code != CL_SUCCESS)
        throw Error("creating a sampler", code);
    return Sampler(sampler);
}

void Context::write_texels(const Image &image, const void *source) const {
    constexpr Extent origin{};
    const Extent region = extent(image.shape());
    const cl_int code = clEnqueueWriteImage(native_queue(), image.native(), CL_TRUE, origin.data(),
                                            region.data(), 0, 0, source, 0, nullptr, nullptr);
    if (code != CL_SUCCESS)
        throw Error("writing an " + name(image.shape()), code);
}

void Context::read_texels(const Image &image, void *destination) const {
    constexpr Extent origin{};
    const Extent region = extent(image.shape());
    const cl_int code = clEnqueueReadImage(native_queue(), image.native(), CL_TRUE, origin.data(),
                                           region.data(), 0, 0, destination, 0, nullptr, nullptr);
    if (code != CL_SUCCESS)
        throw Error("reading an " + name(image.shape()), code);
}

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
