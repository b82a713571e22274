#include <clprobe/page.hpp>
#include <clprobe/registry.hpp>
#include <clprobe/session.hpp>
#include <clprobe/workloads.hpp>

#include <cstddef>
#include <cstdio>
#include <fstream>
#include <span>
#include <string>
#include <vector>

namespace {

/// One of clprobe's own kernels in a program's own buffers: whether matrices multiply to what
/// they have to.
bool multiplies(const clprobe::Device &device, const clprobe::Registry &registry,
                const clprobe::workloads::GemmShape &shape) {
    const auto plan = clprobe::workloads::gemm_plans(shape, {device.info(), {}}).front();
    const clprobe::workloads::Gemm gemm(shape, plan);

    const clprobe::Context context(device);
    const clprobe::Program program =
        context.build(registry.kernel("workloads/gemm"), gemm.build_options());
    std::vector<float> rows(std::size_t{shape.m} * shape.k);
    for (std::size_t i = 0; i < rows.size(); ++i)
        rows[i] = static_cast<float>(i / shape.k % 7); // all of a row are equal
    std::vector<float> columns(std::size_t{shape.k} * shape.n);
    for (std::size_t i = 0; i < columns.size(); ++i)
        columns[i] = static_cast<float>(i % shape.n % 5);
    const clprobe::Buffer a = context.buffer(rows.size() * sizeof(float));
    const clprobe::Buffer b = context.buffer(columns.size() * sizeof(float));
    const clprobe::Buffer c = context.buffer(sizeof(float) * shape.m * shape.n);
    context.write<float>(a, rows);
    context.write<float>(b, columns);
    clprobe::Buffer left = a;
    if (gemm.packs_left()) {
        left = context.buffer(gemm.left_panels_bytes());
        clprobe::BoundLaunch{program.kernel("pack_left"),
                             gemm.pack_left(),
                             {a, left, shape.m, shape.k, gemm.steps()}}
            .enqueue(context);
    }
    const clprobe::Buffer right = context.buffer(gemm.right_panels_bytes());
    const clprobe::BoundLaunch launches[] = {
        {program.kernel("pack_right"),
         gemm.pack_right(),
         {b, right, shape.n, shape.k, gemm.steps()}},
        {program.kernel("gemm"),
         gemm.multiply(gemm.blocks()),
         {left, right, c, shape.m, shape.n, gemm.steps(), 0u}}};
    for (const clprobe::BoundLaunch &launch : launches)
        launch.enqueue(context);
    context.finish();
    const std::vector<float> product = context.read<float>(c, 0, std::size_t{shape.m} * shape.n);
    for (std::size_t i = 0; i < product.size(); ++i)
        if (product[i] != static_cast<float>(shape.k) * static_cast<float>(i / shape.n % 7) *
                              static_cast<float>(i % shape.n % 5))
            return false;
    return true;
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
    // Of the second depth, CPUs read the left operand where it is.
    if (!multiplies(devices.front(), registry, {100, 60, 30}) ||
        !multiplies(devices.front(), registry, {100, 60, 64}))
        return 1;
    return report.devices[0].probes[0].findings.empty() ? 1 : 0;
}
