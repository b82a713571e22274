#include "opencl/kernel_text.hpp"

#include <clprobe/catch2.hpp>
#include <clprobe/context.hpp>
#include <clprobe/error.hpp>

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <array>
#include <numeric>

using namespace clprobe;

namespace {

constexpr ImageFormat r32f{CL_R, CL_FLOAT};
constexpr ImageFormat rgba8{CL_RGBA, CL_UNORM_INT8};
constexpr ImageFormat rgba32f{CL_RGBA, CL_FLOAT};

void need_images(const Device &device) {
    if (!device.info().images)
        SKIP(device.info().slug << " has no images");
}

Kernel kernel_of(const Context &context, const std::string &source) {
    return context.build({"tests/image", source, sha256(source)}, "").kernel("k");
}

std::vector<float> numbered(std::size_t count) {
    std::vector<float> values(count);
    std::iota(values.begin(), values.end(), 1.0f);
    return values;
}

bool has(const std::vector<ImageFormat> &formats, const ImageFormat &format) {
    return std::find(formats.begin(), formats.end(), format) != formats.end();
}

} // namespace

CLPROBE_DEVICE_TEST("device.image.texels that are written come back")(const Device &device) {
    need_images(device);
    const Context context(device);
    const Image image = context.image({rgba32f, 12, 5});
    const std::vector<float> texels = numbered(4 * 12 * 5);
    context.write_texels(image, texels.data());
    std::vector<float> found(texels.size());
    context.read_texels(image, found.data());
    CHECK(found == texels);
}

CLPROBE_DEVICE_TEST("device.image.a kernel reads one image and writes another")
(const Device &device) {
    need_images(device);
    const Context context(device);
    const Image from = context.image({rgba8, 8, 4});
    const Image to = context.image({rgba8, 8, 4});
    std::array<std::uint32_t, 32> texels{};
    std::iota(texels.begin(), texels.end(), 0x01020304u);
    context.write_texels(from, texels.data());
    Kernel kernel = kernel_of(context, R"(
kernel void k(read_only image2d_t from, sampler_t nearest, write_only image2d_t to) {
    const int2 at = (int2)(get_global_id(0) % 8, get_global_id(0) / 8);
    write_imagef(to, at, read_imagef(from, nearest, (int2)(7 - at.x, at.y)));
})");
    kernel.set(0, from);
    kernel.set(1, context.sampler(Filter::nearest, Addressing::clamp_to_edge));
    kernel.set(2, to);
    context.launch(kernel, NdRange::linear(4, 8)).wait();
    std::array<std::uint32_t, 32> found{};
    context.read_texels(to, found.data());
    for (std::size_t i = 0; i < texels.size(); ++i)
        CHECK(found[i] == texels[i ^ 7u]); // each row of eight backwards
}

CLPROBE_DEVICE_TEST("device.image.a linear sampler reads between texels")(const Device &device) {
    need_images(device);
    const Context context(device);
    if (!has(context.image_formats(2), r32f))
        SKIP(device.info().slug << " has no R32F images");
    const Image image = context.image({r32f, 4, 2});
    const std::vector<float> texels = {1, 2, 4, 8, 1, 2, 4, 8};
    context.write_texels(image, texels.data());
    const Buffer out = context.buffer(3 * sizeof(float));
    Kernel kernel = kernel_of(context, R"(
kernel void k(read_only image2d_t image, sampler_t linear, global float *out) {
    const float x = get_global_id(0) + 1.0f;
    out[get_global_id(0)] = read_imagef(image, linear, (float2)(x, 1.0f)).x;
})");
    kernel.set(0, image);
    kernel.set(1, context.sampler(Filter::linear, Addressing::clamp_to_edge));
    kernel.set(2, out);
    context.launch(kernel, NdRange::linear(3, 1)).wait();
    CHECK(context.read<float>(out, 0, 3) == std::vector<float>{1.5f, 3, 6});
}

CLPROBE_DEVICE_TEST("device.image.a 1-D image of a buffer shows its contents")
(const Device &device) {
    need_images(device);
    const Context context(device);
    const Buffer texels = context.buffer(64 * sizeof(float));
    context.write<float>(texels, numbered(64));
    const Buffer out = context.buffer(16 * sizeof(float));
    try {
        const Image image = context.image(texels, rgba32f);
        CHECK(image.shape() == ImageShape{rgba32f, 16, 0});
        Kernel kernel = kernel_of(context, R"(
kernel void k(read_only image1d_buffer_t image, global float *out) {
    out[get_global_id(0)] = read_imagef(image, (int)get_global_id(0)).z;
})");
        kernel.set(0, image);
        kernel.set(1, out);
        context.launch(kernel, NdRange::linear(2, 8)).wait();
    } catch (const Error &error) {
        SKIP("no images of buffers: " << error.what());
    }
    const std::vector<float> found = context.read<float>(out, 0, 16);
    CHECK(found.front() == 3);
    CHECK(found.back() == 63);
}

CLPROBE_DEVICE_TEST("device.image.what the device lacks is unsupported")(const Device &device) {
    need_images(device);
    const Context context(device);
    const auto width = device.info().image2d_max_width;
    REQUIRE(width);
    CHECK_THROWS_AS(context.image({rgba8, *width + 1, 1}), Unsupported);
    const std::vector<ImageFormat> formats = context.image_formats(2);
    CHECK(has(formats, rgba8));
    for (const ImageFormat &format : {ImageFormat{CL_DEPTH, CL_SNORM_INT8}, ImageFormat{CL_RA, 1}})
        if (!has(formats, format))
            CHECK_THROWS_AS(context.image({format, 16, 16}), Error);
}

CLPROBE_DEVICE_TEST("device.buffer.what is written through a mapping is in the buffer")
(const Device &device) {
    const Context context(device);
    for (const cl_mem_flags flags : {cl_mem_flags{0}, cl_mem_flags{CL_MEM_ALLOC_HOST_PTR}}) {
        const Buffer buffer = context.buffer(4096, CL_MEM_READ_WRITE | flags);
        context.fill(buffer, 5);
        Mapping mapping = context.map(buffer, 1024, 64, CL_MAP_WRITE);
        REQUIRE(mapping.bytes().size() == 64);
        std::fill(mapping.bytes().begin(), mapping.bytes().end(), std::byte{7});
        mapping.unmap();
        CHECK(mapping.bytes().empty());
        CHECK(context.read<std::uint32_t>(buffer, 255, 3) ==
              std::vector<std::uint32_t>{5, 0x07070707u, 0x07070707u});
        const Mapping read = context.map(buffer, 1084, 8, CL_MAP_READ);
        CHECK(read.bytes()[3] == std::byte{7});
        CHECK(read.bytes()[4] == std::byte{5});
    }
}

CLPROBE_DEVICE_TEST("device.buffer.a copy goes from offset to offset")(const Device &device) {
    const Context context(device);
    const Buffer from = context.buffer(256);
    const Buffer to = context.buffer(256);
    context.fill(from, 1);
    context.fill(to, 2);
    context.copy(from, 0, to, 8, 4);
    CHECK(context.read<std::uint32_t>(to, 1, 3) == std::vector<std::uint32_t>{2, 1, 2});
}
