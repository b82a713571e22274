#pragma once
#include <clprobe/context.hpp>
#include <clprobe/registry.hpp>

#include <filesystem>

namespace clprobe {

/// A Catch2 test that runs once on each device. Made by CLPROBE_DEVICE_TEST.
struct DeviceTest {
    using Body = void (*)(const Device &);

    const char *name;
    Body body;

    /// Adds the test to those that run_device_tests() runs.
    DeviceTest(const char *name, Body body);
};

/// The `main` of a test program: registers with Catch2 a test "probe.<family>.<probe>@<slug>" for
/// each probe of the registry and each device, and "<name>@<slug>" for each CLPROBE_DEVICE_TEST,
/// then runs what the command line selects. Returns Catch2's exit status.
///
/// A probe's test runs it (profile: CLPROBE_PROFILE, by default quick) and checks that every
/// finding is within what the report promises, that interpreting again gives the same, and that the
/// report survives JSON; it asserts no speed. It skips, with the reason, where the device lacks
/// something. The report is left in the folder CLPROBE_REPORT_DIR, where that is set.
/// CLPROBE_DEVICE restricts the devices, as `clprobe run --device` does.
///
/// For ctest, see clprobe_discover_device_tests() of the CMake package: `--list-device-tests` lists
/// the tests and their labels, `--check-devices` says which devices there are, and is skipped where
/// there are none.
///
/// With a folder `mutants` each probe that has a kernel has a test
/// "probe.<family>.<probe>.mutants@<slug>" too: it fails unless the probe fails with each of the
/// broken kernels that `<mutants>/<family>_<probe>.txt` describes (docs/adding-a-probe.md).
int run_device_tests(int argc, char **argv, const Registry &registry,
                     const std::filesystem::path &mutants = {});

} // namespace clprobe

#define CLPROBE_CONCAT_(a, b) a##b
#define CLPROBE_CONCAT(a, b) CLPROBE_CONCAT_(a, b)
/// Defines a Catch2 test that runs once on each device:
/// `CLPROBE_DEVICE_TEST("device.buffer.round_trip")(const clprobe::Device &device) { ... }`
#define CLPROBE_DEVICE_TEST(name)                                                                  \
    CLPROBE_DEVICE_TEST_BY(name, CLPROBE_CONCAT(clprobe_device_test_, __COUNTER__))
#define CLPROBE_DEVICE_TEST_BY(name, function)                                                     \
    static void function(const clprobe::Device &);                                                 \
    static const clprobe::DeviceTest CLPROBE_CONCAT(function, _added)(name, function);             \
    static void function
