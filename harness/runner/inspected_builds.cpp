#include "inspected_builds.hpp"

#include <clprobe/session.hpp>

#include <utility>

namespace clprobe::runner {

std::vector<InspectedBuild> builds_of(const std::vector<const Probe *> &probes,
                                      const DeviceInfo &device) {
    std::vector<InspectedBuild> builds;
    for (const Probe *probe : probes)
        for (KernelVariant &variant : probe->kernels(device))
            builds.push_back({probe, std::move(variant)});
    return builds;
}

std::vector<InspectedKernel> BuildInspector::inspect(const InspectedBuild &build) {
    const auto &[probe, variant] = build;
    const KernelText text = with_override(registry_.kernel(variant.text));
    auto [made, is_new] = made_.try_emplace({text.sha256, variant.options, variant.function});
    if (is_new)
        made->second = clprobe::inspect(context_, *probe, text, variant, options_);
    std::vector<InspectedKernel> kernels = made->second;
    for (InspectedKernel &kernel : kernels) {
        kernel.probe = probe->info().name;
        kernel.variant = variant.name;
        kernel.text = text.name;
    }
    return kernels;
}

} // namespace clprobe::runner
