#pragma once
#include <clprobe/inspection.hpp>
#include <clprobe/registry.hpp>

#include <map>
#include <string>
#include <tuple>
#include <vector>

namespace clprobe::runner {

/// One of the builds to inspect.
struct InspectedBuild {
    const Probe *probe = nullptr;
    KernelVariant variant;
};
[[nodiscard]] std::vector<InspectedBuild> builds_of(const std::vector<const Probe *> &probes,
                                                    const DeviceInfo &device);

/// Inspects builds on one device. A program that two of them share is built once: a compiler that
/// finds it in its cache the second time says nothing of it.
class BuildInspector {
public:
    BuildInspector(const Context &context, const Registry &registry, const InspectOptions &options)
        : context_(context), registry_(registry), options_(options) {}

    [[nodiscard]] std::vector<InspectedKernel> inspect(const InspectedBuild &build);

private:
    const Context &context_;
    const Registry &registry_;
    InspectOptions options_;
    /// By the text's digest, the options and the function.
    std::map<std::tuple<std::string, std::string, std::string>, std::vector<InspectedKernel>> made_;
};

} // namespace clprobe::runner
