#include "opencl/device_limits.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace clprobe;

TEST_CASE("unit.device_limits.a_group_fits_both_limits") {
    DeviceInfo device;
    CHECK(largest_group(device) == 64);
    device.max_work_group_size = 2048;
    device.max_work_item_sizes = {1024, 1024, 64};
    CHECK(largest_group(device) == 1024);
    CHECK(largest_group(device, 2) == 64);
    device.max_work_group_size = 16;
    CHECK(largest_group(device, 2) == 16);
    device.max_work_group_size = 0;
    CHECK(largest_group(device) == 1);
}

TEST_CASE("unit.device_limits.buffers_take_a_quarter_of_what_is_granted") {
    DeviceInfo device;
    CHECK(largest_buffer(device) == std::size_t{64} << 20);
    device.max_allocation = 4 << 20;
    CHECK(largest_buffer(device) == 1 << 20);
    device.global_memory = 1 << 20;
    CHECK(largest_buffer(device) == 256 << 10);
}
