#include "answer.hpp"
#include "api.hpp"
#include "behaviour.hpp"
#include "device.hpp"
#include "memory.hpp"
#include "schedule.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace stub {
namespace {

struct Format {
    cl_image_format format;
    std::size_t element_size;
};

constexpr std::array all_formats = {
    Format{{CL_RGBA, CL_UNORM_INT8}, 4},  Format{{CL_R, CL_FLOAT}, 4},
    Format{{CL_R, CL_UNORM_INT8}, 1},     Format{{CL_RG, CL_FLOAT}, 8},
    Format{{CL_R, CL_UNSIGNED_INT32}, 4}, Format{{CL_RGBA, CL_UNSIGNED_INT8}, 4},
    Format{{CL_RGBA, CL_HALF_FLOAT}, 8},  Format{{CL_RGBA, CL_UNSIGNED_INT32}, 16},
    Format{{CL_RGBA, CL_FLOAT}, 16},
};

std::span<const Format> formats() {
    const auto asked = static_cast<std::size_t>(behaviour().number("formats", all_formats.size()));
    return std::span(all_formats).first(std::min(asked, all_formats.size()));
}

bool fits(const cl_image_desc &image) {
    if (image.image_width == 0)
        return false;
    switch (image.image_type) {
    case CL_MEM_OBJECT_IMAGE1D:
        return image.image_width <= image_limit();
    case CL_MEM_OBJECT_IMAGE1D_BUFFER:
        return image.image_width <= image_buffer_limit() && alive(image.mem_object);
    case CL_MEM_OBJECT_IMAGE2D:
        return image.image_width <= image_limit() && image.image_height > 0 &&
               image.image_height <= image_limit();
    default:
        return false;
    }
}

std::size_t height(const cl_image_desc &image) {
    return image.image_type == CL_MEM_OBJECT_IMAGE2D ? image.image_height : 1;
}

std::size_t row_bytes(const Memory &image) {
    return image.image.image_width * image.element_size;
}

cl_mem create(const Call &call, cl_context context, cl_mem_flags flags,
              const cl_image_format *format, const cl_image_desc *description, void *host_pointer,
              cl_int *error) {
    if (!alive(context))
        return failure(CL_INVALID_CONTEXT, error);
    if (!has_images())
        return failure(CL_INVALID_OPERATION, error);
    const std::span<const Format> offered = formats();
    const auto known = std::ranges::find_if(offered, [&](const Format &entry) {
        return format && entry.format.image_channel_order == format->image_channel_order &&
               entry.format.image_channel_data_type == format->image_channel_data_type;
    });
    if (known == offered.end())
        return failure(CL_IMAGE_FORMAT_NOT_SUPPORTED, error);
    if (!description || !fits(*description))
        return failure(CL_INVALID_IMAGE_SIZE, error);
    if (behaviour().asks("image_error"))
        return failure(static_cast<cl_int>(behaviour().number("image_error", 0)), error);
    Memory memory;
    memory.context = Ref(context);
    memory.type = description->image_type;
    memory.flags = flags;
    memory.format = *format;
    memory.image = *description;
    memory.element_size = known->element_size;
    memory.size = row_bytes(memory) * height(*description);
    if (memory.type == CL_MEM_OBJECT_IMAGE1D_BUFFER) {
        if (memory.size > description->mem_object->body->size)
            return failure(CL_INVALID_IMAGE_SIZE, error);
        memory.storage = description->mem_object->body->storage;
    } else if (const cl_int failed = allocate(call, memory, host_pointer)) {
        return failure(failed, error);
    }
    return result(make<_cl_mem>(std::move(memory)), error);
}

/// What is wrong with a region of an image, if anything.
cl_int check(cl_mem image, const std::size_t *origin, const std::size_t *region) {
    if (!alive(image) || image->body->type == CL_MEM_OBJECT_BUFFER)
        return CL_INVALID_MEM_OBJECT;
    const std::array size{image->body->image.image_width, height(image->body->image),
                          std::size_t{1}};
    for (std::size_t i = 0; i < size.size(); ++i)
        if (region[i] == 0 || origin[i] > size[i] || region[i] > size[i] - origin[i])
            return CL_INVALID_VALUE;
    return CL_SUCCESS;
}

/// Calls `row(byte in the image, byte on the host, bytes)` for each row of a region.
template <class Row>
void each_row(const Memory &image, const std::size_t *origin, const std::size_t *region,
              std::size_t host_pitch, Row row) {
    const std::size_t bytes = region[0] * image.element_size;
    for (std::size_t y = 0; y < region[1]; ++y)
        row((origin[1] + y) * row_bytes(image) + origin[0] * image.element_size,
            y * (host_pitch ? host_pitch : bytes), bytes);
}

} // namespace

cl_mem create_image(cl_context context, cl_mem_flags flags, const cl_image_format *format,
                    const cl_image_desc *description, void *host_pointer, cl_int *error) {
    const Call call("clCreateImage");
    return create(call, context, flags, format, description, host_pointer, error);
}

cl_mem create_image_with_properties(cl_context context, const cl_mem_properties *properties,
                                    cl_mem_flags flags, const cl_image_format *format,
                                    const cl_image_desc *description, void *host_pointer,
                                    cl_int *error) {
    const Call call("clCreateImageWithProperties");
    if (properties && *properties)
        return failure(CL_INVALID_PROPERTY, error);
    return create(call, context, flags, format, description, host_pointer, error);
}

cl_int get_supported_image_formats(cl_context context, cl_mem_flags, cl_mem_object_type,
                                   cl_uint room, cl_image_format *list, cl_uint *count) {
    const Call call("clGetSupportedImageFormats");
    if (!alive(context))
        return CL_INVALID_CONTEXT;
    const std::span<const Format> offered = has_images() ? formats() : std::span<const Format>{};
    if (count)
        *count = static_cast<cl_uint>(offered.size());
    if (list)
        std::ranges::transform(offered.first(std::min<std::size_t>(offered.size(), room)), list,
                               &Format::format);
    return CL_SUCCESS;
}

cl_int get_image_info(cl_mem image, cl_image_info name, std::size_t room, void *value,
                      std::size_t *size) {
    const Call call("clGetImageInfo");
    if (!alive(image) || image->body->type == CL_MEM_OBJECT_BUFFER)
        return CL_INVALID_MEM_OBJECT;
    const Answer answer(room, value, size);
    const Memory &body = *image->body;
    switch (name) {
    case CL_IMAGE_FORMAT:
        return answer(body.format);
    case CL_IMAGE_ELEMENT_SIZE:
        return answer(body.element_size);
    case CL_IMAGE_ROW_PITCH:
        return answer(row_bytes(body));
    case CL_IMAGE_WIDTH:
        return answer(body.image.image_width);
    case CL_IMAGE_HEIGHT:
        return answer(body.type == CL_MEM_OBJECT_IMAGE2D ? body.image.image_height : 0);
    case CL_IMAGE_SLICE_PITCH:
    case CL_IMAGE_DEPTH:
    case CL_IMAGE_ARRAY_SIZE:
        return answer(std::size_t{0});
    default:
        return CL_INVALID_VALUE;
    }
}

cl_int enqueue_read_image(cl_command_queue queue, cl_mem image, cl_bool blocking,
                          const std::size_t *origin, const std::size_t *region,
                          std::size_t row_pitch, std::size_t, void *to, cl_uint count,
                          const cl_event *waits, cl_event *event) {
    Call call("clEnqueueReadImage");
    if (const cl_int wrong = check(image, origin, region))
        return wrong;
    auto effect = [image = *image->body, origin = std::array{origin[0], origin[1]},
                   region = std::array{region[0], region[1]}, row_pitch,
                   to = static_cast<std::byte *>(to)] {
        each_row(image, origin.data(), region.data(), row_pitch,
                 [&](std::size_t device, std::size_t host, std::size_t bytes) {
                     std::memcpy(to + host, image.storage.get() + device, bytes);
                 });
    };
    return enqueue(call, queue, CL_COMMAND_READ_IMAGE, transfer_time(image->body->size),
                   {count, waits, event, blocking == CL_TRUE}, effect);
}

cl_int enqueue_write_image(cl_command_queue queue, cl_mem image, cl_bool blocking,
                           const std::size_t *origin, const std::size_t *region,
                           std::size_t row_pitch, std::size_t, const void *from, cl_uint count,
                           const cl_event *waits, cl_event *event) {
    Call call("clEnqueueWriteImage");
    if (const cl_int wrong = check(image, origin, region))
        return wrong;
    auto effect = [image = *image->body, origin = std::array{origin[0], origin[1]},
                   region = std::array{region[0], region[1]}, row_pitch,
                   from = static_cast<const std::byte *>(from)] {
        each_row(image, origin.data(), region.data(), row_pitch,
                 [&](std::size_t device, std::size_t host, std::size_t bytes) {
                     std::memcpy(image.storage.get() + device, from + host, bytes);
                 });
    };
    return enqueue(call, queue, CL_COMMAND_WRITE_IMAGE, transfer_time(image->body->size),
                   {count, waits, event, blocking == CL_TRUE}, effect);
}

cl_sampler create_sampler(cl_context context, cl_bool, cl_addressing_mode, cl_filter_mode,
                          cl_int *error) {
    const Call call("clCreateSampler");
    if (!alive(context))
        return failure(CL_INVALID_CONTEXT, error);
    return result(make<_cl_sampler>({Ref(context)}), error);
}

cl_sampler create_sampler_with_properties(cl_context context, const cl_sampler_properties *,
                                          cl_int *error) {
    return create_sampler(context, CL_FALSE, CL_ADDRESS_NONE, CL_FILTER_NEAREST, error);
}

cl_int retain_sampler(cl_sampler sampler) {
    const Call call("clRetainSampler");
    return retained(sampler, CL_INVALID_SAMPLER);
}

cl_int release_sampler(cl_sampler sampler) {
    const Call call("clReleaseSampler");
    return released(sampler, CL_INVALID_SAMPLER);
}

} // namespace stub
