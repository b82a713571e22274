#include "inspect/code.hpp"
#include "inspect/inspection.hpp"

#include <clprobe/error.hpp>

#include <cstdlib>

namespace clprobe {
namespace {

std::string joined(const std::string &options, const std::string &more) {
    return options.empty() || more.empty() ? options + more : options + " " + more;
}

/// The kernels of one program, looked at one after the other.
struct Inspector {
    const Context &context;
    const KernelText &text;
    const InspectOptions &options;
    InspectedKernel program; ///< what is true of all its kernels
    std::vector<InspectedKernel> kernels = {};
    std::vector<unsigned char> binary = {};
    std::string printed = {};

    std::vector<InspectedKernel> run() {
        build();
        if (kernels.empty())
            return {program};
        const MesaOutput mesa = read_mesa_output(printed);
        for (InspectedKernel &kernel : kernels) {
            if (const MesaShader *shader = mesa.find(kernel.function)) {
                kernel.statistics = shader->statistics;
                kernel.disassembly =
                    counted(mali_language(shader->statistics), shader->disassembly);
            }
            kernel.messages = mesa.messages;
            if (!kernel.disassembly)
                kernel.disassembly = disassembled(binary, kernel.function);
            if (kernel.disassembly && !options.disassemble)
                kernel.disassembly->text.clear();
        }
        return std::move(kernels);
    }

    void build() {
        std::optional<Program> built;
        std::vector<std::string> functions = {program.function};
        program.error = attempt([&] {
            std::string more = verbose_option(context.device().info());
            if (options.launch)
                more = joined(more, "-cl-kernel-arg-info");
            built = context.build(text, joined(program.options, more));
            program.build_seconds = built->build_seconds();
            binary = built->binary();
            if (!binary.empty())
                program.binary_bytes = binary.size();
            if (program.function.empty())
                functions = built->kernel_names();
        });
        if (program.error.empty())
            for (const std::string &function : functions)
                look_at(*built, function);
    }

    void look_at(const Program &built, const std::string &function) {
        InspectedKernel kernel = program;
        kernel.function = function;
        kernel.error = attempt([&] {
            const Kernel made = built.kernel(function);
            kernel.said = compiler_report(built, made);
            kernel.preferred_multiple = made.preferred_multiple();
            if (options.launch)
                kernel.launch = launch_once_made_up(context, made);
        });
        kernels.push_back(std::move(kernel));
    }

    /// Keeps what is printed meanwhile. The error that it ends with; empty for none.
    std::string attempt(const std::function<void()> &work) {
        std::string problem;
        printed += captured([&] {
            try {
                work();
            } catch (const Error &error) {
                problem = error.what();
            }
        });
        return problem;
    }
};

} // namespace

InspectedKernel uninspected(const Probe &probe, const KernelText &text,
                            const KernelVariant &variant) {
    InspectedKernel kernel;
    kernel.probe = probe.info().name;
    kernel.variant = variant.name;
    kernel.function = variant.function;
    kernel.text = text.name;
    kernel.sha256 = text.sha256;
    kernel.options = variant.options;
    return kernel;
}

std::vector<InspectedKernel> inspect(const Context &context, const Probe &probe,
                                     const KernelText &text, const KernelVariant &variant,
                                     const InspectOptions &options) {
    return Inspector{context, text, options, uninspected(probe, text, variant)}.run();
}

void make_compilers_talk() {
    constexpr int keep = 0; // what is set already
    for (const char *variable : {"BIFROST_MESA_DEBUG", "MIDGARD_MESA_DEBUG"})
        ::setenv(variable, "shaderdb,shaders", keep);
    // Code from a cache says nothing. Mesa keeps its OpenCL library there too, half a minute's work
    // on a slow machine: who names a folder for it knows what is in there.
    if (std::getenv("MESA_SHADER_CACHE_DIR") == nullptr)
        ::setenv("MESA_SHADER_CACHE_DISABLE", "true", keep);
    ::setenv("CUDA_CACHE_DISABLE", "1", keep);
    ::setenv("POCL_KERNEL_CACHE", "0", keep);
}

} // namespace clprobe
