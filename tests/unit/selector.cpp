#include <clprobe/device.hpp>
#include <clprobe/error.hpp>

#include <catch2/catch_test_macros.hpp>

using namespace clprobe;

namespace {

std::vector<DeviceInfo> machine() {
    std::vector<DeviceInfo> devices(4);
    devices[0].name = "pthread-AMD EPYC";
    devices[0].type = DeviceType::cpu;
    devices[1].name = "Mali-G52 r1 (Panfrost)";
    devices[2].name = "Mali-G52 r1 (Panfrost)";
    devices[3].name = "\xc3\xa9\xc3\xa9";
    devices[3].type = DeviceType::accelerator;
    assign_slugs(devices);
    return devices;
}

using Positions = std::vector<std::size_t>;

} // namespace

TEST_CASE("unit.device.slugs are lower case, and tell identical devices apart") {
    const auto devices = machine();
    CHECK(devices[0].slug == "cpu0-pthread-amd-epyc");
    CHECK(devices[1].slug == "gpu0-mali-g52-r1-panfrost");
    CHECK(devices[2].slug == "gpu1-mali-g52-r1-panfrost");
    CHECK(devices[3].slug == "acc0-unnamed");
}

TEST_CASE("unit.device.a selector is a slug, an index, a type, or part of a name") {
    const auto devices = machine();
    CHECK(select(devices, "") == Positions{1});
    CHECK(select(devices, "all") == Positions{0, 1, 2, 3});
    CHECK(select(devices, "cpu") == Positions{0});
    CHECK(select(devices, "gpu") == Positions{1});
    CHECK(select(devices, "3") == Positions{3});
    CHECK(select(devices, "gpu1-mali-g52-r1-panfrost") == Positions{2});
    CHECK(select(devices, "EPYC") == Positions{0});
    CHECK(select(devices, "panfrost") == Positions{1, 2});
}

TEST_CASE("unit.device.without a GPU the first device is the default") {
    auto devices = machine();
    devices.erase(devices.begin() + 1, devices.begin() + 3);
    CHECK(select(devices, "") == Positions{0});
    CHECK(select({}, "").empty());
}

TEST_CASE("unit.device.a selector that fits nothing names what there is") {
    const auto devices = machine();
    for (const char *wrong : {"4", "adreno", "gpu7", "-1"})
        try {
            static_cast<void>(select(devices, wrong));
            FAIL("selected something for " << wrong);
        } catch (const InputError &error) {
            CHECK(std::string(error.what()).find("gpu0-mali-g52") != std::string::npos);
        }
}
