#pragma once
#include <clprobe/device.hpp>
#include <clprobe/registry.hpp>

#include <filesystem>
#include <string>

namespace clprobe {

/// The body of a probe's test: runs it on the device and checks what must hold of any report. The
/// report is left as `<test>.json` in CLPROBE_REPORT_DIR.
void test_probe(const Registry &registry, const Probe &probe, const Device &device,
                const std::string &test);

/// Checks, in a Catch2 test, that the probe fails with each of the broken kernels that
/// `<folder>/<family>_<probe>.txt` lists (see docs/adding-a-probe.md). Skips where the device lacks
/// what the probe needs.
void test_mutants(const Registry &registry, const Probe &probe, const Device &device,
                  const std::filesystem::path &folder);

} // namespace clprobe
