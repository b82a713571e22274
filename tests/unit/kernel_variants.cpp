#include <clprobe/registry.hpp>

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <map>
#include <regex>
#include <set>
#include <sstream>
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

const std::regex identifier(R"(\b[A-Za-z_]\w*)");

/// The macros that a text defines, by their names, without options: of `#ifdef` the part that
/// holds, of `#if` the first.
std::map<std::string, std::string> macros_in(std::string text) {
    text = std::regex_replace(text, std::regex(R"(\\\n)"), " ");
    std::map<std::string, std::string> macros;
    std::vector<bool> holds{true};
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        std::string directive;
        std::string name;
        words >> directive >> name;
        name = name.substr(0, name.find('('));
        const bool outer = holds.size() < 2 || holds[holds.size() - 2];
        if (directive == "#ifdef" || directive == "#ifndef")
            holds.push_back(holds.back() && macros.contains(name) == (directive == "#ifdef"));
        else if (directive == "#if")
            holds.push_back(holds.back());
        else if (directive == "#else" || directive == "#elif")
            holds.back() = outer && !holds.back();
        else if (directive == "#endif")
            holds.pop_back();
        else if (directive == "#define" && holds.back())
            macros[name] = line;
    }
    return macros;
}

/// The kernels of a text by their names, each to its end and with the macros that it uses: probes
/// that include the same file have those in common whose macros are the same too.
std::map<std::string, std::string> kernels_in(const std::string &text) {
    static const std::regex pattern(R"(\bkernel\s+void\s+(\w+)\s*\()");
    const auto macros = macros_in(text);
    std::map<std::string, std::string> kernels;
    for (std::sregex_iterator at(text.begin(), text.end(), pattern), end; at != end; ++at) {
        const auto begin = static_cast<std::size_t>(at->position(1));
        std::string kernel = text.substr(begin, text.find("\n}", begin) - begin);
        std::set<std::string> used;
        for (std::size_t seen = 0; seen < kernel.size();) {
            const std::string rest = kernel.substr(seen);
            seen = kernel.size();
            for (std::sregex_iterator word(rest.begin(), rest.end(), identifier); word != end;
                 ++word)
                if (macros.contains(word->str()) && used.insert(word->str()).second)
                    kernel += "\n" + macros.at(word->str());
        }
        kernels[(*at)[1]] = std::move(kernel);
    }
    return kernels;
}

} // namespace

TEST_CASE("unit.kernel_variants.every kernel of every probe is named") {
    const Registry registry = builtin_probes();
    for (const DeviceInfo &device : devices()) {
        std::set<std::string> named;
        for (const auto &probe : registry.probes())
            for (const KernelVariant &variant : probe->kernels(device))
                for (const auto &[name, kernel] : kernels_in(registry.kernel(variant.text).text))
                    if (variant.function.empty() || variant.function == name)
                        named.insert(kernel);
        for (const auto &probe : registry.probes())
            for (const std::string &text : probe->info().kernels) {
                if (probe->unsupported(device)) // and so never builds it there
                    continue;
                const auto variants = probe->kernels(device);
                CHECK(std::ranges::any_of(
                    variants, [&](const KernelVariant &variant) { return variant.text == text; }));
                for (const auto &[name, kernel] : kernels_in(registry.kernel(text).text)) {
                    INFO(probe->info().name << " builds " << text << " with " << name);
                    CHECK(named.contains(kernel));
                }
            }
    }
}

TEST_CASE("unit.kernel_variants.kernels whose macros differ are not the same") {
    const Registry registry = builtin_probes();
    const auto kernel = [&](const char *text, const char *name) {
        return kernels_in(registry.kernel(text).text).at(name);
    };
    const auto own = kernel("memory/buffer_latency", "follow_ring");
    CHECK(own != kernel("memory/tlb", "follow_ring"));
    CHECK(own != kernel("memory/constant_memory", "follow_ring"));
    const auto shared = kernel("memory/buffer_latency", "link_ring");
    CHECK(shared == kernel("memory/tlb", "link_ring"));
    CHECK(shared != kernel("memory/constant_memory", "link_ring"));
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

TEST_CASE("unit.kernel_variants.operators are of the family that the device would take") {
    const Registry registry = builtin_probes();
    DeviceInfo device;
    device.max_work_group_size = 1024;
    device.local_memory = 49152;
    for (const bool own : {false, true})
        for (const char *name :
             {"workloads/attention", "workloads/convolution", "workloads/gemm"}) {
            device.local_memory_dedicated = own;
            const KernelVariant variant = registry.find(name)->kernels(device).front();
            INFO(name << ": " << variant.options);
            const bool by_local_memory = variant.options.find("-DTILE_") != std::string::npos;
            CHECK(by_local_memory == own);
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
