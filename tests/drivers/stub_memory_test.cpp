#include "stub_setup.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <numeric>

using namespace clprobe::test;

namespace {

std::string allocated(std::size_t bytes) {
    const Setup setup;
    const cl::Buffer buffer(setup.context, CL_MEM_READ_WRITE, bytes);
    return "allocated";
}

} // namespace

TEST_CASE("driver.stub.memory_and_idle_kernels") {
    CHECK(answer("", [] {
              const Setup setup;
              std::vector<cl_uint> sent(256);
              std::iota(sent.begin(), sent.end(), 7u);
              const cl::Buffer first(setup.context, CL_MEM_READ_WRITE, 1024);
              const cl::Buffer second(setup.context, CL_MEM_READ_WRITE, 1024);
              setup.queue.enqueueWriteBuffer(first, CL_FALSE, 0, 1024, sent.data());
              cl::Kernel kernel = setup.kernel();
              kernel.setArg(0, first);
              setup.queue.enqueueNDRangeKernel(kernel, cl::NullRange, 256);
              setup.queue.enqueueFillBuffer(second, cl_uint{3}, 0, 1024);
              setup.queue.enqueueCopyBuffer(first, second, 0, 512, 512);
              std::vector<cl_uint> got(256);
              setup.queue.enqueueReadBuffer(second, CL_TRUE, 0, 1024, got.data());
              const bool filled = got[0] == 3 && got[127] == 3;
              const bool copied = std::equal(sent.begin(), sent.begin() + 128, got.begin() + 128);
              auto *mapped = static_cast<cl_uint *>(
                  setup.queue.enqueueMapBuffer(second, CL_TRUE, CL_MAP_READ, 512, 512));
              const bool seen = mapped[0] == 7;
              setup.queue.enqueueUnmapMemObject(second, mapped);
              setup.queue.finish();
              return std::string(filled && copied && seen ? "as written" : "wrong");
          }) == "as written");
}

TEST_CASE("driver.stub.mappings_of_a_discrete_device_are_copies") {
    const auto mapped = [] {
        const Setup setup;
        const cl::Buffer buffer(setup.context, CL_MEM_READ_WRITE, 16 << 20);
        const auto read = [&] {
            cl_uint value = 0;
            setup.queue.enqueueReadBuffer(buffer, CL_TRUE, 512, sizeof value, &value);
            return value;
        };
        setup.queue.enqueueFillBuffer(buffer, cl_uint{3}, 0, 1024);
        auto *values = static_cast<cl_uint *>(
            setup.queue.enqueueMapBuffer(buffer, CL_TRUE, CL_MAP_READ | CL_MAP_WRITE, 512, 512));
        const bool seen = values[0] == 3;
        values[0] = 4;
        const std::string at_once = read() == 4 ? "shared " : "copied ";
        setup.queue.enqueueUnmapMemObject(buffer, values);
        return (seen && read() == 4 ? "" : "wrong ") + at_once +
               (setup.device.getInfo<CL_DEVICE_HOST_UNIFIED_MEMORY>() ? "unified" : "discrete");
    };
    CHECK(answer("", mapped) == "shared unified");
    CHECK(answer("discrete", mapped) == "copied discrete");
}

TEST_CASE("driver.stub.images") {
    const auto made = [](cl::ImageFormat format) {
        return [format] {
            const Setup setup;
            const cl::Image2D image(setup.context, CL_MEM_READ_WRITE, format, 16, 16);
            std::vector<cl::ImageFormat> formats;
            setup.context.getSupportedImageFormats(CL_MEM_READ_WRITE, CL_MEM_OBJECT_IMAGE2D,
                                                   &formats);
            return std::to_string(formats.size());
        };
    };
    const cl::ImageFormat rgba8(CL_RGBA, CL_UNORM_INT8);
    const cl::ImageFormat rgba32f(CL_RGBA, CL_FLOAT);
    CHECK(answer("", made(rgba32f)) == "9");
    CHECK(answer("formats=2", made(rgba8)) == "2");
    CHECK(answer("formats=2", made(rgba32f)) == "clCreateImage -10");
    CHECK(answer("image_error=-40", made(rgba8)) == "clCreateImage -40");
    CHECK(answer("no_images", made(rgba8)) == "clCreateImage -59");
}

TEST_CASE("driver.stub.out_of_memory") {
    CHECK(answer("oom=4096", [] { return allocated(4096); }) == "allocated");
    CHECK(answer("oom=4096", [] { return allocated(4097); }) == "clCreateBuffer -4");
    CHECK(answer("oom=0,oom_code=-61", [] { return allocated(1); }) == "clCreateBuffer -61");
    CHECK(answer("", [] { return allocated((64u << 20) + 1); }) == "clCreateBuffer -61");
    CHECK(answer("memory_mib=16", [] { return allocated(4 << 20); }) == "allocated");
    CHECK(answer("memory_mib=16", [] { return allocated((4 << 20) + 1); }) == "clCreateBuffer -61");
    CHECK(answer("allocations=1", [] {
              const Setup setup;
              const cl::Buffer first(setup.context, CL_MEM_READ_WRITE, 64);
              const cl::Buffer second(setup.context, CL_MEM_READ_WRITE, 64);
              return std::string("allocated");
          }) == "clCreateBuffer -4");
    CHECK(answer("oom_launch", [] {
              const Setup setup;
              setup.launch(setup.kernel()).wait();
              return std::string("launched");
          }) == "clEnqueueNDRangeKernel -5");
}
