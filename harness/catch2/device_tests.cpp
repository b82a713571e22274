#include "probe_test.hpp"

#include <clprobe/catch2.hpp>
#include <clprobe/error.hpp>
#include <clprobe/probe.hpp>

#include <catch2/catch_session.hpp>
#include <catch2/catch_test_macros.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace clprobe {
namespace {

/// What ctest is given for a test that was skipped: Catch2's status of a run of nothing but skips.
constexpr int skipped = 4;

std::vector<DeviceTest> &device_tests() {
    static std::vector<DeviceTest> tests;
    return tests;
}

/// A test as Catch2 and ctest see it.
struct ListedTest {
    std::string name;
    std::string labels; ///< separated by blanks
    std::function<void()> body;
};

class Invoker : public Catch::ITestInvoker {
public:
    explicit Invoker(const std::function<void()> &body) : body_(body) {}
    void invoke() const override { body_(); }

private:
    const std::function<void()> &body_;
};

std::vector<Device> devices_of_environment() {
    const char *selector = std::getenv("CLPROBE_DEVICE");
    const std::vector<Device> all = enumerate();
    if (selector == nullptr || *selector == '\0' || all.empty())
        return all;
    std::vector<DeviceInfo> infos;
    for (const Device &device : all)
        infos.push_back(device.info());
    std::vector<Device> selected;
    for (const std::size_t index : select(infos, selector))
        selected.push_back(all[index]);
    return selected;
}

std::vector<ListedTest> list_tests(const Registry &registry, const std::vector<Device> &devices,
                                   const std::filesystem::path &mutants) {
    std::vector<ListedTest> tests;
    for (const Device &device : devices) {
        const std::string slug = device.info().slug;
        const std::string of_device = fmt::format("{} {}", slug, name(device.info().type));
        for (const auto &probe : registry.probes()) {
            std::string dotted = probe->info().name;
            std::replace(dotted.begin(), dotted.end(), '/', '.');
            const std::string test = fmt::format("probe.{}@{}", dotted, slug);
            const std::string labels = fmt::format("probe {} {}", probe->info().name, of_device);
            tests.push_back({test, labels, [&registry, &probe, &device, test] {
                                 test_probe(registry, *probe, device, test);
                             }});
            if (!mutants.empty() && !probe->info().kernels.empty())
                tests.push_back({fmt::format("probe.{}.mutants@{}", dotted, slug), labels,
                                 [&registry, &probe, &device, mutants] {
                                     test_mutants(registry, *probe, device, mutants);
                                 }});
        }
        for (const DeviceTest &test : device_tests())
            tests.push_back({fmt::format("{}@{}", test.name, slug),
                             fmt::format("device {}", of_device),
                             [&test, &device] { test.body(device); }});
    }
    return tests;
}

int check_devices(const std::vector<Device> &devices) {
    for (const Device &device : devices)
        fmt::print("{}: {}, {}\n", device.info().slug, device.info().name, device.info().platform);
    if (devices.empty())
        fmt::print("no OpenCL device: only tests that need none are run\n");
    return devices.empty() ? skipped : EXIT_SUCCESS;
}

} // namespace

DeviceTest::DeviceTest(const char *test_name, Body test_body) : name(test_name), body(test_body) {
    device_tests().push_back(*this);
}

int run_device_tests(int argc, char **argv, const Registry &registry,
                     const std::filesystem::path &mutants) try {
    const std::string_view command = argc == 2 ? argv[1] : "";
    const std::vector<Device> devices = devices_of_environment();
    if (command == "--check-devices")
        return check_devices(devices);
    const std::vector<ListedTest> tests = list_tests(registry, devices, mutants);
    if (command == "--list-device-tests") {
        for (const ListedTest &test : tests)
            fmt::print("{}\t{}\n", test.name, test.labels);
        return EXIT_SUCCESS;
    }
    for (const ListedTest &test : tests)
        Catch::AutoReg(Catch::Detail::make_unique<Invoker>(test.body), CATCH_INTERNAL_LINEINFO, "",
                       Catch::NameAndTags(test.name));
    return Catch::Session().run(argc, argv);
} catch (const Error &error) {
    fmt::print(stderr, "{}\n", error.what());
    return EXIT_FAILURE;
}

} // namespace clprobe
