#include "stub_setup.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <array>
#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <thread>
#include <unistd.h>

using namespace clprobe::test;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;

namespace {

std::array<cl_ulong, 4> stamps(const cl::Event &event) {
    return {event.getProfilingInfo<CL_PROFILING_COMMAND_QUEUED>(),
            event.getProfilingInfo<CL_PROFILING_COMMAND_SUBMIT>(),
            event.getProfilingInfo<CL_PROFILING_COMMAND_START>(),
            event.getProfilingInfo<CL_PROFILING_COMMAND_END>()};
}

/// The stamps of one launch as `manner` has them, in the order of time.
std::array<cl_ulong, 4> stamps_on_stub(const std::string &manner) {
    std::istringstream text(answer(manner, [] {
        const Setup setup;
        const cl::Event event = setup.launch(setup.kernel());
        event.wait();
        std::ostringstream line;
        for (const cl_ulong stamp : stamps(event))
            line << stamp << ' ';
        return line.str();
    }));
    std::array<cl_ulong, 4> read{};
    for (cl_ulong &stamp : read)
        REQUIRE(text >> stamp);
    return read;
}

std::string devices_on_stub(const std::string &behaviour) {
    return answer(behaviour, [] {
        std::vector<cl::Platform> platforms;
        cl::Platform::get(&platforms);
        std::vector<cl::Device> devices;
        platforms.at(0).getDevices(CL_DEVICE_TYPE_ALL, &devices);
        std::string names;
        for (const cl::Device &device : devices)
            names += device.getInfo<CL_DEVICE_NAME>() + ";";
        return names;
    });
}

std::string launched() {
    const Setup setup;
    setup.launch(setup.kernel()).wait();
    return "launched";
}

} // namespace

TEST_CASE("driver.stub.devices") {
    CHECK(devices_on_stub("") == "Stub GPU;");
    CHECK(devices_on_stub("devices=2,name=Odd \"name\" \xff\n") ==
          "Odd \"name\" \xff\n;Odd \"name\" \xff\n;");
    CHECK(devices_on_stub("devices=0") == ""); // CLHPP's word for CL_DEVICE_NOT_FOUND
    CHECK(devices_on_stub("no_platform") == "clGetPlatformIDs -1001");
    CHECK(child_on_stub("tyop", launched).exit_status == 99);
}

TEST_CASE("driver.stub.limits") {
    const auto limits = [] {
        const Setup setup;
        std::ostringstream text;
        text << setup.device.getInfo<CL_DEVICE_MAX_WORK_GROUP_SIZE>() << ' '
             << setup.device.getInfo<CL_DEVICE_MAX_CLOCK_FREQUENCY>() << ' '
             << setup.device.getInfo<CL_DEVICE_ADDRESS_BITS>() << ' '
             << setup.device.getInfo<CL_DEVICE_GLOBAL_MEM_CACHE_SIZE>();
        return text.str();
    };
    CHECK(answer("", limits) == "256 800 64 262144");
    CHECK(answer("group=128,mhz=0,address_bits=32,no_cache_size", limits) == "128 0 32 0");
    CHECK(answer("half_answers", limits) == "clGetDeviceInfo -30");
}

TEST_CASE("driver.stub.a_side_of_a_group_has_a_limit_of_its_own") {
    const auto launched_in_groups_of = [](std::size_t size) {
        return [size] {
            const Setup setup;
            const auto sizes = setup.device.getInfo<CL_DEVICE_MAX_WORK_ITEM_SIZES>();
            setup.queue.enqueueNDRangeKernel(setup.kernel(), cl::NullRange, 64, size);
            return std::to_string(sizes[0]) + ' ' + std::to_string(sizes[2]);
        };
    };
    CHECK(answer("group=64,item_size=32", launched_in_groups_of(32)) == "32 32");
    CHECK(answer("group=64,item_size=32", launched_in_groups_of(64)) ==
          "clEnqueueNDRangeKernel -55");
    CHECK(answer("kernel_group=8", launched_in_groups_of(16)) == "clEnqueueNDRangeKernel -54");
}

TEST_CASE("driver.stub.stamps") {
    const auto plain = stamps_on_stub("");
    CHECK(std::is_sorted(plain.begin(), plain.end()));
    CHECK(plain[3] - plain[2] == 100'000);
    const auto longer = stamps_on_stub("launch_us=250");
    CHECK(longer[3] - longer[2] == 250'000);
    const auto looping = stamps_on_stub("launch_us=0,trip_ns=777");
    CHECK(looping[3] - looping[2] == 777);
    CHECK(stamps_on_stub("stamps=zero") == std::array<cl_ulong, 4>{});
    const auto backward = stamps_on_stub("stamps=backward");
    CHECK(std::is_sorted(backward.rbegin(), backward.rend()));
    CHECK(backward[2] - backward[3] == 100'000);
    for (const cl_ulong stamp : stamps_on_stub("stamps=coarse"))
        CHECK(stamp % 1000 == 0);
    const auto unit = stamps_on_stub("stamps=unit,launch_us=5000");
    CHECK(unit[3] - unit[2] == 5000);
    const auto constant = stamps_on_stub("stamps=constant");
    CHECK(constant[0] != 0);
    CHECK(constant == std::array{constant[0], constant[0], constant[0], constant[0]});
    CHECK(answer("stamps=error", [] {
              const Setup setup;
              const cl::Event event = setup.launch(setup.kernel());
              event.wait();
              static_cast<void>(stamps(event));
              return std::string("stamped");
          }) == "clGetEventProfileInfo -7");
}

TEST_CASE("driver.stub.host_time_passes") {
    CHECK(answer("launch_us=20000", [] {
              const Setup setup;
              const cl::Kernel kernel = setup.kernel();
              const auto start = std::chrono::steady_clock::now();
              for (int i = 0; i < 5; ++i)
                  setup.queue.enqueueNDRangeKernel(kernel, cl::NullRange, 64);
              const auto queued = std::chrono::steady_clock::now();
              setup.queue.finish();
              const auto finished = std::chrono::steady_clock::now();
              return std::string(queued - start < 80ms && finished - start >= 100ms ? "passes"
                                                                                    : "stands");
          }) == "passes");
}

TEST_CASE("driver.stub.queue_refuses_profiling") {
    CHECK_THAT(answer("queue_profiling=-35", launched), ContainsSubstring(" -35"));
    CHECK(answer("queue_profiling=-35,stamps=zero", [] {
              const cl::Context context(cl::Device::getDefault());
              const cl::CommandQueue queue(context);
              cl::Event event;
              queue.enqueueMarkerWithWaitList(nullptr, &event);
              event.wait();
              return std::to_string(stamps(event)[3]);
          }) == "0");
}

TEST_CASE("driver.stub.build_errors") {
    const auto build = [] {
        const Setup setup;
        cl::Program program(setup.context, source);
        try {
            program.build("-DTRIPS=1");
        } catch (const cl::Error &error) {
            return std::to_string(error.err()) + ' ' +
                   program.getBuildInfo<CL_PROGRAM_BUILD_LOG>(setup.device);
        }
        return std::string("built");
    };
    const std::string refused = "-11 kernels/stub/nothing.cl:12:5: error: stub says no\n";
    CHECK(answer("build_error", build) == refused);
    CHECK(answer("build_error=TRIPS=1", build) == refused);
    CHECK(answer("build_error=void nothing", build) == refused);
    CHECK(answer("build_error=fp64", build) == "built");
}

TEST_CASE("driver.stub.crashes") {
    CHECK(child_on_stub("build_crash", launched).signal == SIGSEGV);
    CHECK(child_on_stub("launch_crash", launched).signal == SIGSEGV);
    CHECK(child_on_stub("list_crash", launched).signal == SIGSEGV);
}

TEST_CASE("driver.stub.hangs") {
    CHECK(child_on_stub("build_hang", launched, 500ms).timed_out);
    CHECK(child_on_stub("launch_hang", launched, 500ms).timed_out);
    CHECK(child_on_stub("list_hang", launched, 500ms).timed_out);
}

TEST_CASE("driver.stub.vanishes") {
    const auto work = [] {
        const Setup setup;
        const cl::Kernel kernel = setup.kernel();
        std::string results;
        for (int i = 0; i < 3; ++i)
            try {
                static_cast<void>(setup.launch(kernel));
                results += "launched ";
            } catch (const cl::Error &error) {
                results += std::to_string(error.err()) + ' ';
            }
        return results + std::to_string(clFinish(setup.queue()));
    };
    CHECK(answer("vanish=2", work) == "launched launched -5 -5");
}

TEST_CASE("driver.stub.misuse") {
    CHECK(answer("", [] {
              const Setup setup;
              cl_int error = 0;
              cl_mem raw = clCreateBuffer(setup.context(), 0, 64, nullptr, &error);
              clRetainMemObject(raw);
              std::string results;
              for (int i = 0; i < 3; ++i)
                  results += std::to_string(clReleaseMemObject(raw)) + ' ';
              return results;
          }) == "0 0 -38 ");
    CHECK(answer("", [] {
              const Setup setup;
              cl::Program program(setup.context, source);
              program.build();
              setup.queue.enqueueNDRangeKernel(cl::Kernel(program, "nothing"), cl::NullRange, 64);
              return std::string("launched");
          }) == "clEnqueueNDRangeKernel -52");
    CHECK(answer("group=32", [] {
              const Setup setup;
              setup.queue.enqueueNDRangeKernel(setup.kernel(), cl::NullRange, 64, 64);
              return std::string("launched");
          }) == "clEnqueueNDRangeKernel -55");
    CHECK(answer("", [] {
              cl::Kernel kernel = Setup().kernel();
              kernel.setArg(2, cl_uint{1});
              return std::string("set");
          }) == "clSetKernelArg -49");
}

TEST_CASE("driver.stub.user_events_gate_and_callbacks_come") {
    CHECK(answer("", [] {
              const Setup setup;
              cl::UserEvent gate(setup.context);
              const std::vector<cl::Event> waits{gate};
              cl::Event event;
              setup.queue.enqueueNDRangeKernel(setup.kernel(), cl::NullRange, 64, 16, &waits,
                                               &event);
              std::atomic<bool> called = false;
              event.setCallback(
                  CL_COMPLETE,
                  [](cl_event, cl_int, void *flag) {
                      static_cast<std::atomic<bool> *>(flag)->store(true);
                  },
                  &called);
              std::this_thread::sleep_for(5ms);
              const bool held =
                  event.getInfo<CL_EVENT_COMMAND_EXECUTION_STATUS>() == CL_QUEUED && !called;
              gate.setStatus(CL_COMPLETE);
              setup.queue.finish();
              const bool ran = event.getInfo<CL_EVENT_COMMAND_EXECUTION_STATUS>() == CL_COMPLETE;
              const bool told = eventually([&] { return called.load(); }, 5s);
              return std::string(held && ran && told ? "in order" : "wrong");
          }) == "in order");
}

TEST_CASE("driver.stub.trace") {
    const std::filesystem::path file =
        std::filesystem::temp_directory_path() / ("clprobe-stub-trace-" + std::to_string(getpid()));
    const Outcome outcome = child_on_stub("",
                                          [] {
                                              const Setup setup;
                                              clCreateUserEvent(setup.context(), nullptr);
                                              setup.launch(setup.kernel()).wait();
                                              return std::string();
                                          },
                                          20s, {{"CLPROBE_STUB_TRACE", file}});
    REQUIRE(outcome.exit_status == 0);
    std::stringstream text;
    text << std::ifstream(file).rdbuf();
    std::filesystem::remove(file);
    CHECK_THAT(text.str(), ContainsSubstring("clCreateBuffer bytes=1024\n"));
    CHECK_THAT(text.str(),
               ContainsSubstring("clEnqueueNDRangeKernel nothing global=64 local=16 us=100\n"));
    CHECK_THAT(text.str(), ContainsSubstring("leaked event 1\n"));
    CHECK_THAT(text.str(), !ContainsSubstring("leaked memory"));
}
