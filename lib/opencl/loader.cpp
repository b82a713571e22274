#include "opencl/loader.hpp"

#include <clprobe/error.hpp>

#include <dlfcn.h>
#include <string>

namespace {

void *loader_library() {
    // Never closed: drivers do not survive being unloaded.
    static void *const library = [] {
        void *found = dlopen("libOpenCL.so.1", RTLD_NOW | RTLD_GLOBAL);
        return found != nullptr ? found : dlopen("libOpenCL.so", RTLD_NOW | RTLD_GLOBAL);
    }();
    return library;
}

} // namespace

void *clprobe::loader_symbol(const char *name) {
    if (loader_library() == nullptr)
        throw Error("there is no OpenCL loader (libOpenCL.so.1) on this system");
    void *symbol = dlsym(loader_library(), name);
    if (symbol == nullptr)
        throw Error(std::string("the OpenCL loader of this system is too old: it lacks ") + name);
    return symbol;
}

const clprobe::LoaderFunctions &clprobe_loader() {
    static const clprobe::LoaderFunctions functions;
    return functions;
}

bool clprobe_has_loader() {
    return loader_library() != nullptr;
}
