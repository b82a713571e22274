// Preloaded before Mesa's no-hardware shim for Panfrost, which exports no fences: here submitted
// work is done at once, so that enqueues, reads, maps and finishes return. No kernel executes.
//
// With CLPROBE_SHIM_STAMPS in the environment the kernel driver also claims to be one that has
// timestamps (DRM_PANFROST_PARAM_SYSTEM_TIMESTAMP of version 1.3), so that queues with profiling
// can be made, whose events then have START and END zero, as the GPU that would write them is
// missing.

#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <dlfcn.h>
#include <fcntl.h>

namespace {

constexpr unsigned long get_param = 0x44; // DRM_COMMAND_BASE + DRM_PANFROST_GET_PARAM
constexpr std::uint32_t system_timestamp = 41;
constexpr std::uint32_t system_timestamp_frequency = 42;
constexpr std::uint64_t ticks_a_second = 24'000'000;

// What both structures begin with, as <xf86drm.h> and <drm/panfrost_drm.h> have it.
struct Version {
    int major, minor;
};
struct Param {
    std::uint32_t which, padding;
    std::uint64_t value;
};

bool with_stamps() {
    static const bool asked = std::getenv("CLPROBE_SHIM_STAMPS") != nullptr;
    return asked;
}

/// The function of libdrm, which RTLD_NEXT would not find: drivers load it for themselves alone.
template <typename Function>
Function *libdrm(const char *name) {
    return reinterpret_cast<Function *>(dlsym(dlopen("libdrm.so.2", RTLD_NOW), name));
}

std::uint64_t ticks() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * ticks_a_second +
           static_cast<std::uint64_t>(now.tv_nsec) * (ticks_a_second / 1'000'000) / 1000;
}

bool is_get_param(unsigned long request) {
    return ((request >> 8) & 0xff) == 'd' && (request & 0xff) == get_param;
}

} // namespace

extern "C" {

/// A fence that is signalled: a descriptor on which waiting ends at once.
int drmSyncobjExportSyncFile(int, std::uint32_t, int *file) {
    *file = open("/dev/null", O_RDONLY | O_CLOEXEC);
    return *file < 0 ? -1 : 0;
}

int drmSyncobjImportSyncFile(int, std::uint32_t, int) {
    return 0;
}

Version *drmGetVersion(int file) {
    static auto *const real = libdrm<Version *(int)>("drmGetVersion");
    Version *version = real(file);
    if (with_stamps() && version != nullptr && version->major == 1 && version->minor < 3)
        version->minor = 3;
    return version;
}

int drmIoctl(int file, unsigned long request, void *argument) {
    static auto *const real = libdrm<int(int, unsigned long, void *)>("drmIoctl");
    if (with_stamps() && is_get_param(request)) {
        auto *const param = static_cast<Param *>(argument);
        if (param->which == system_timestamp || param->which == system_timestamp_frequency) {
            param->value = param->which == system_timestamp ? ticks() : ticks_a_second;
            return 0;
        }
    }
    return real(file, request, argument);
}

} // extern "C"
