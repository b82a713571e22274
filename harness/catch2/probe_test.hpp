#pragma once
#include <clprobe/device.hpp>
#include <clprobe/registry.hpp>

#include <string>

namespace clprobe {

/// The body of a probe's test: runs it on the device and checks what must hold of any report. The
/// report is left as `<test>.json` in CLPROBE_REPORT_DIR.
void test_probe(const Registry &registry, const Probe &probe, const Device &device,
                const std::string &test);

} // namespace clprobe
