#include "inspect/inspection.hpp"

#include <cstdlib>

namespace clprobe {
namespace {

void set_unless_set(const char *variable, const char *value) {
    ::setenv(variable, value, 0);
}

} // namespace

void make_compilers_talk() {
    for (const char *variable : {"BIFROST_MESA_DEBUG", "MIDGARD_MESA_DEBUG"})
        set_unless_set(variable, "shaderdb,shaders");
    // Code from a cache says nothing. Mesa keeps its OpenCL library there too, half a minute's work
    // on a slow machine: who names a folder for it knows what is in there.
    if (std::getenv("MESA_SHADER_CACHE_DIR") == nullptr)
        set_unless_set("MESA_SHADER_CACHE_DISABLE", "true");
    set_unless_set("CUDA_CACHE_DISABLE", "1");
    set_unless_set("POCL_KERNEL_CACHE", "0");
}

} // namespace clprobe
