#include <clprobe/catch2.hpp>
#include <clprobe/context.hpp>

#include <catch2/catch_test_macros.hpp>

#include <cstdint>
#include <vector>

namespace mine {
clprobe::Registry probes(); // made by clprobe_add_probes
}

CLPROBE_DEVICE_TEST("device.consumer.round_trip")(const clprobe::Device &device) {
    const clprobe::Context context(device);
    const std::vector<std::uint32_t> values{1, 2, 3};
    const clprobe::Buffer buffer = context.buffer(12);
    context.write<std::uint32_t>(buffer, values);
    CHECK(context.read<std::uint32_t>(buffer, 0, 3) == values);
}

int main(int argc, char **argv) {
    const clprobe::Registry registry = mine::probes();
    return clprobe::run_device_tests(argc, argv, registry);
}
