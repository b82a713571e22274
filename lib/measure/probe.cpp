#include <clprobe/probe.hpp>

namespace clprobe {

std::vector<KernelVariant> Probe::kernels(const DeviceInfo & /*device*/) const {
    std::vector<KernelVariant> variants;
    for (const std::string &text : info().kernels)
        variants.push_back({{}, text, {}, {}});
    return variants;
}

} // namespace clprobe
