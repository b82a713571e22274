// Several drivers in one process, and none.

#include "on_stub.hpp"
#include "program.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

using namespace clprobe;
using namespace clprobe::test;

namespace {

/// A folder of drivers for the loader, to be filled.
class Vendors {
public:
    explicit Vendors(const Scratch &scratch) : folder_(scratch.file("vendors")) {
        std::filesystem::create_directory(folder_);
    }

    void add_stub() { std::filesystem::copy(CLPROBE_STUB_ICD, folder_); }

    /// The loader takes a library once, so this is the stub under another name.
    void add_second_stub() {
        std::ifstream icd(CLPROBE_STUB_ICD);
        std::string library;
        std::getline(icd, library);
        const std::filesystem::path copy = folder_ / "second.so";
        std::filesystem::copy(library, copy);
        std::ofstream(folder_ / "second.icd") << copy.string() << '\n';
    }

    void add_systems() {
        const std::filesystem::path systems = "/etc/OpenCL/vendors";
        if (std::filesystem::exists(systems))
            for (const auto &file : std::filesystem::directory_iterator(systems))
                if (file.path().extension() == ".icd")
                    std::filesystem::copy(file, folder_);
    }

    /// Runs the audit of the stamps on every device.
    [[nodiscard]] Report run() const {
        const std::string json = folder_ / "report.json";
        const Outcome outcome = run_on_stub(
            "execute,trip_ns=1000",
            {"run", "--profile", "tiny", "--device", "all", "--json", json, "host/event_timer"},
            {{"OCL_ICD_VENDORS", folder_.string()}});
        INFO(outcome.err);
        REQUIRE(outcome.exit_status == 0);
        return report_of(json);
    }

    [[nodiscard]] Outcome devices() const {
        return run_on_stub("", {"devices"}, {{"OCL_ICD_VENDORS", folder_.string()}});
    }

private:
    std::filesystem::path folder_;
};

std::set<std::string> slugs(const Report &report) {
    std::set<std::string> slugs;
    for (const DeviceRecord &device : report.devices)
        slugs.insert(device.device.slug);
    return slugs;
}

} // namespace

TEST_CASE("several_drivers.the_same_device_of_two_is_two") {
    const Scratch scratch;
    Vendors vendors(scratch);
    vendors.add_stub();
    vendors.add_second_stub();
    const Report report = vendors.run();
    CHECK(slugs(report) == std::set<std::string>{"gpu0-stub-gpu", "gpu1-stub-gpu"});
    for (const DeviceRecord &device : report.devices)
        CHECK(device.probes.at(0).status != Status::failed);
}

TEST_CASE("several_drivers.those_of_the_system_stand_beside_the_stub") {
    const Scratch scratch;
    Vendors vendors(scratch);
    vendors.add_systems();
    vendors.add_stub();
    const Report report = vendors.run();
    CHECK(slugs(report).contains("gpu0-stub-gpu"));
    CHECK(slugs(report).size() == report.devices.size());
    for (const DeviceRecord &device : report.devices) {
        CAPTURE(device.device.slug, device.probes.at(0).reason);
        CHECK(device.probes.at(0).status != Status::failed);
    }
}

TEST_CASE("several_drivers.a_loader_without_a_driver_has_no_device") {
    const Scratch scratch;
    CHECK(Vendors(scratch).devices().exit_status == 3);
}
