#include <clprobe/page.hpp>
#include <clprobe/registry.hpp>
#include <clprobe/session.hpp>
#include <clprobe/workloads.hpp>

#include <cstdio>
#include <fstream>
#include <span>
#include <string>
#include <vector>

namespace {

/// One of clprobe's own kernels in a program's own buffers: whether matrices of ones multiply to
/// what they have to.
bool multiplies(const clprobe::Device &device, const clprobe::Registry &registry) {
    const clprobe::workloads::GemmShape shape{100, 60, 30};
    const auto plan = clprobe::workloads::gemm_plans(shape, {device.info(), {}}).front();
    const clprobe::workloads::Gemm gemm(shape, plan);

    const clprobe::Context context(device);
    const clprobe::Program program =
        context.build(registry.kernel("workloads/gemm"), gemm.build_options());
    const std::vector<float> ones(100 * 60, 1.0F);
    const clprobe::Buffer a = context.buffer(ones.size() * sizeof(float));
    const clprobe::Buffer b = context.buffer(ones.size() * sizeof(float));
    const clprobe::Buffer c = context.buffer(ones.size() * sizeof(float));
    context.write<float>(a, ones);
    context.write<float>(b, ones);
    const clprobe::Buffer left = context.buffer(gemm.left_panels_bytes());
    const clprobe::Buffer right = context.buffer(gemm.right_panels_bytes());
    const clprobe::BoundLaunch launches[] = {
        {program.kernel("pack_left"), gemm.pack_left(), {a, left, shape.m, shape.k, gemm.steps()}},
        {program.kernel("pack_right"),
         gemm.pack_right(),
         {b, right, shape.n, shape.k, gemm.steps()}},
        {program.kernel("gemm"),
         gemm.multiply(gemm.blocks()),
         {left, right, c, shape.m, shape.n, gemm.steps(), 0u}}};
    for (const clprobe::BoundLaunch &launch : launches)
        launch.enqueue(context);
    context.finish();
    return context.read<float>(c, 0, 100 * 60) == std::vector<float>(100 * 60, 30.0F);
}

} // namespace

int main() {
    const std::vector<clprobe::Device> devices = clprobe::enumerate();
    if (devices.empty()) {
        std::puts("no OpenCL device");
        return 4;
    }
    const clprobe::Registry registry = clprobe::builtin_probes();
    const std::vector<std::string> names{"host/event_timer"};
    clprobe::RunOptions options;
    options.profile = clprobe::Profile::quick;
    clprobe::Observer silent;
    const clprobe::Report report =
        clprobe::run(registry, names, std::span(devices).first(1), options, silent);
    for (const clprobe::Finding &finding : report.devices.at(0).probes.at(0).findings) {
        const std::string value =
            finding.value ? clprobe::format({*finding.value, finding.unit}) : finding.note;
        std::printf("%s: %s\n", finding.key.c_str(), value.c_str());
    }
    if (clprobe::can_make_pages())
        std::ofstream("page.html") << clprobe::page(std::span(&report, 1), registry);
    if (!multiplies(devices.front(), registry))
        return 1;
    return report.devices[0].probes[0].findings.empty() ? 1 : 0;
}
