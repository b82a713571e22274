#include <clprobe/probes.hpp>

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <regex>
#include <set>
#include <string>
#include <utility>
#include <vector>

using namespace clprobe;

namespace {

/// Devices that between them have everything, and as little as can be.
std::vector<DeviceInfo> devices() {
    DeviceInfo gpu;
    gpu.fp64 = gpu.fp16 = gpu.images = true;
    gpu.extensions = {"cl_ext_float_atomics", "cl_nv_compiler_options"};
    DeviceInfo cpu;
    cpu.type = DeviceType::cpu;
    return {gpu, cpu};
}

/// The kernels of a text, each from its name to its end: probes that include the same file have
/// some in common.
std::set<std::string> functions_in(const std::string &text) {
    static const std::regex pattern(R"(\bkernel\s+void\s+(\w+)\s*\()");
    std::set<std::string> functions;
    for (std::sregex_iterator at(text.begin(), text.end(), pattern), end; at != end; ++at) {
        const auto begin = static_cast<std::size_t>(at->position(1));
        functions.insert(text.substr(begin, text.find("\n}", begin) - begin));
    }
    return functions;
}

/// Those of them that a probe names: all where it names none.
std::set<std::string> named_in(const std::string &text, const KernelVariant &variant) {
    std::set<std::string> named = functions_in(text);
    if (!variant.function.empty())
        std::erase_if(named, [&](const std::string &function) {
            return !function.starts_with(variant.function + "(");
        });
    return named;
}

} // namespace

TEST_CASE("unit.kernel_variants.every kernel of every probe is named") {
    const Registry registry = builtin_probes();
    for (const DeviceInfo &device : devices()) {
        std::set<std::string> named;
        for (const auto &probe : registry.probes())
            for (const KernelVariant &variant : probe->kernels(device))
                named.merge(named_in(registry.kernel(variant.text).text, variant));
        for (const auto &probe : registry.probes())
            for (const std::string &text : probe->info().kernels) {
                INFO(probe->info().name << " builds " << text);
                const auto variants = probe->kernels(device);
                CHECK(std::ranges::any_of(
                    variants, [&](const KernelVariant &variant) { return variant.text == text; }));
                for (const std::string &function : functions_in(registry.kernel(text).text))
                    CHECK(named.contains(function));
            }
    }
}

TEST_CASE("unit.kernel_variants.a probe's variants are told apart") {
    const Registry registry = builtin_probes();
    for (const auto &probe : registry.probes())
        for (const DeviceInfo &device : devices()) {
            INFO(probe->info().name);
            std::set<std::pair<std::string, std::string>> seen;
            const auto &texts = probe->info().kernels;
            for (const KernelVariant &variant : probe->kernels(device)) {
                CHECK(seen.emplace(variant.name, variant.function).second);
                CHECK(std::find(texts.begin(), texts.end(), variant.text) != texts.end());
            }
        }
}

TEST_CASE("unit.kernel_variants.types that a device lacks are left out") {
    const Registry registry = builtin_probes();
    const Probe &probe = *registry.find("compute/fma_rate");
    const auto count = [&](const DeviceInfo &device) { return probe.kernels(device).size(); };
    DeviceInfo device;
    const std::size_t one_type = count(device);
    device.fp16 = device.fp64 = true;
    CHECK(one_type > 0);
    CHECK(count(device) == 3 * one_type);
}
