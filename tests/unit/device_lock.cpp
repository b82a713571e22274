#include "measure/device_lock.hpp"

#include <clprobe/error.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <atomic>
#include <filesystem>
#include <future>
#include <optional>
#include <unistd.h>

using namespace clprobe;
using Catch::Matchers::ContainsSubstring;

namespace {

/// A device that no other process of this machine has.
struct TestDevice : DeviceInfo {
    explicit TestDevice(const std::string &what) {
        slug = "cpu0-test-" + what + "-" + std::to_string(::getpid());
    }
    ~TestDevice() { std::filesystem::remove("/tmp/clprobe-" + slug + ".lock"); }
};

} // namespace

TEST_CASE("unit.device_lock.the_second_waits_for_the_first_and_says_for_whom") {
    const TestDevice device("wait");
    std::optional<DeviceLock> first(device);
    std::promise<std::string> told;
    std::atomic<bool> released = false;
    std::future<bool> second = std::async(std::launch::async, [&] {
        const DeviceLock lock(device, [&](const std::string &holder) { told.set_value(holder); });
        return released.load();
    });
    CHECK_THAT(told.get_future().get(), ContainsSubstring("process " + std::to_string(::getpid())));
    released = true;
    first.reset();
    CHECK(second.get());
}

TEST_CASE("unit.device_lock.a_free_device_is_not_waited_for") {
    const TestDevice device("free");
    const TestDevice other_device("other");
    bool waited = false;
    const auto note = [&](const std::string &) { waited = true; };
    { const DeviceLock lock(device, note); }
    const DeviceLock again(device, note);
    const DeviceLock other(other_device, note);
    CHECK_FALSE(waited);
}

TEST_CASE("unit.device_lock.waiting_can_be_stopped") {
    const TestDevice device("stop");
    const DeviceLock first(device);
    std::stop_source stop;
    CHECK_THROWS_AS(
        DeviceLock(
            device, [&](const std::string &) { stop.request_stop(); }, stop.get_token()),
        Cancelled);
}
