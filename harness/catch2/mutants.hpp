#pragma once
#include <clprobe/device.hpp>
#include <clprobe/registry.hpp>

#include <filesystem>

namespace clprobe {

/// Checks, in a Catch2 test, that the probe fails with each of the broken kernels that
/// `<folder>/<family>_<probe>.txt` lists (see docs/adding-a-probe.md). Skips where the device lacks
/// what the probe needs.
void test_mutants(const Registry &registry, const Probe &probe, const Device &device,
                  const std::filesystem::path &folder);

} // namespace clprobe
