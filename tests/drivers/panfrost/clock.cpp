// Which clock clprobe times a kernel by on the first device, and why: a line. No probe can tell on
// Mesa's no-hardware shim, where nothing executes: their kernels fail before their stamps count.
#include <clprobe/context.hpp>
#include <clprobe/error.hpp>
#include <clprobe/sampling.hpp>

#include <cstdio>

int main() try {
    const clprobe::Context context(clprobe::enumerate().at(0));
    const clprobe::KernelText text{
        "nothing", "kernel void nothing(global uint *out) { out[0] = 1; }", {}};
    const clprobe::Program program = context.build(text, "");
    const clprobe::BoundLaunch launch{
        program.kernel("nothing"), clprobe::NdRange::linear(1, 1), {context.buffer(4)}};
    clprobe::MeasureOptions options;
    options.stopping.seconds = 0.1;
    const clprobe::ClockChoice clock = clprobe::measure(context, launch, options).clock();
    std::printf("%s: %s\n", clock.source.c_str(), clock.reason.c_str());
    return 0;
} catch (const clprobe::Error &error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
}
