#include "no_device.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <dlfcn.h>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <vector>

namespace clprobe::runner {
namespace {

namespace fs = std::filesystem;

/// The drivers that the loader is told of: the names of the .icd files, as far as its folder and
/// the variable in its place tell.
std::vector<std::string> listed_drivers(const fs::path &place) {
    if (place.extension() == ".icd")
        return {place.filename().string()};
    std::vector<std::string> names;
    std::error_code error;
    for (const auto &entry : fs::directory_iterator(place, error))
        if (entry.path().extension() == ".icd")
            names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
}

fs::path drivers_place() {
    const char *variable = std::getenv("OCL_ICD_VENDORS");
    return variable != nullptr && *variable != '\0' ? variable : "/etc/OpenCL/vendors";
}

bool any_contains(const std::vector<std::string> &names, std::string_view part) {
    return std::any_of(names.begin(), names.end(), [&](const std::string &name) {
        return name.find(part) != std::string::npos;
    });
}

} // namespace

bool loader_was_opened() {
    for (const char *name : {"libOpenCL.so.1", "libOpenCL.so"})
        if (void *library = ::dlopen(name, RTLD_LAZY | RTLD_NOLOAD)) {
            ::dlclose(library);
            return true;
        }
    return false;
}

std::string explain_no_device(bool loader) {
    if (!loader)
        return "there is no OpenCL loader (libOpenCL.so.1): install one, on Debian the package "
               "ocl-icd-libopencl1, and a driver such as pocl-opencl-icd";
    const fs::path place = drivers_place();
    const auto drivers = listed_drivers(place);
    if (drivers.empty())
        return fmt::format("there is no OpenCL driver in {}: install one, on Debian for example "
                           "pocl-opencl-icd",
                           place.string());
    std::string text = fmt::format("no OpenCL device shows; the drivers in {} are {}",
                                   place.string(), fmt::join(drivers, ", "));
    if (any_contains(drivers, "rusticl"))
        text += "\nMesa's Rusticl offers a device only where RUSTICL_ENABLE names its driver: set "
                "RUSTICL_ENABLE=panfrost (or iris, radeonsi, llvmpipe, ...)";
    if (any_contains(drivers, "mesa"))
        text += "\nmesa.icd is Mesa's older Clover, whose platform often has no device";
    return text;
}

} // namespace clprobe::runner
