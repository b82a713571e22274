#include "drivers.hpp"
#include "io/file.hpp"

#include <clprobe/context.hpp>
#include <clprobe/error.hpp>

#include <CL/cl_icd.h>
#include <fmt/format.h>

#include <dlfcn.h>
#include <link.h>
#include <string_view>

namespace clprobe::runner {
namespace {

/// The absolute path in the text that ends in "OpenCL/vendors": the folder that a loader was built
/// to read. Empty where there is none.
std::string vendors_folder(std::string_view text) {
    constexpr std::string_view end = "/OpenCL/vendors";
    for (std::size_t at = 0; (at = text.find(end, at)) != std::string_view::npos; ++at) {
        const std::size_t first = text.rfind('\0', at) + 1; // npos + 1 is 0
        const std::string_view path = text.substr(first, at + end.size() - first);
        const std::string_view behind = text.substr(at + end.size(), 2);
        if (path.front() == '/' && (behind.starts_with('\0') || behind.starts_with("/\0")))
            return std::string(path);
    }
    return {};
}

template <class Function>
Function *function_of(void *library, const char *name) {
    return reinterpret_cast<Function *>(::dlsym(library, name));
}

std::string with_code(const char *function, cl_int code) {
    return fmt::format("{} answers {} ({})", function, opencl_error_name(code), code);
}

std::string text_of(cl_platform_id platform, const cl_icd_dispatch &table, cl_platform_info what) {
    std::size_t bytes = 0;
    if (table.clGetPlatformInfo == nullptr ||
        table.clGetPlatformInfo(platform, what, 0, nullptr, &bytes) != CL_SUCCESS || bytes == 0)
        return {};
    std::string text(bytes, '\0');
    if (table.clGetPlatformInfo(platform, what, bytes, text.data(), nullptr) != CL_SUCCESS)
        return {};
    return text.c_str();
}

} // namespace

Json describe_loader() {
    void *library = ::dlopen("libOpenCL.so.1", RTLD_LAZY | RTLD_LOCAL);
    // A copy, which the next dlopen does not free.
    const std::string problem = library == nullptr ? ::dlerror() : "";
    if (library == nullptr)
        library = ::dlopen("libOpenCL.so", RTLD_LAZY | RTLD_LOCAL);
    link_map *map = nullptr;
    if (library == nullptr || ::dlinfo(library, RTLD_DI_LINKMAP, &map) != 0)
        return {{"problem", problem}};
    const std::string path = std::filesystem::canonical(map->l_name);
    const std::string text = read_file(path);
    // Asking it by clGetICDLoaderInfoOCLICD would have it load the drivers.
    Json variables = Json::array();
    for (const char *name : {"OCL_ICD_VENDORS", "OCL_ICD_FILENAMES", "OPENCL_VENDOR_PATH"})
        if (text.find(name) != std::string::npos)
            variables.push_back(name);
    const auto reads = [&](const char *name) {
        return std::find(variables.begin(), variables.end(), name) != variables.end();
    };
    const std::string folder = vendors_folder(text);
    const char *kind = reads("OPENCL_VENDOR_PATH") ? "ocl-icd"
                       : !folder.empty()           ? "Khronos"
                                                   : "no ICD loader";
    return {{"path", path}, {"kind", kind}, {"folder", folder}, {"variables", variables}};
}

Json try_driver(const std::string &library, bool all_symbols,
                const std::function<void(const char *)> &stage) {
    Json result = {{"platforms", Json::array()}};
    const auto failed = [&](const std::string &problem) {
        result["problem"] = problem;
        return result;
    };
    stage("while it was loaded");
    void *handle = ::dlopen(library.c_str(), (all_symbols ? RTLD_NOW : RTLD_LAZY) | RTLD_LOCAL);
    if (handle == nullptr)
        return failed(fmt::format("does not load: {}", ::dlerror()));
    auto *extension = function_of<void *(const char *)>(handle, "clGetExtensionFunctionAddress");
    if (extension == nullptr)
        return failed("exports no clGetExtensionFunctionAddress: it is no OpenCL driver");
    stage("in clIcdGetPlatformIDsKHR");
    using GetPlatforms = cl_int(cl_uint, cl_platform_id *, cl_uint *);
    auto *get = reinterpret_cast<GetPlatforms *>(extension("clIcdGetPlatformIDsKHR"));
    if (get == nullptr)
        get = function_of<GetPlatforms>(handle, "clIcdGetPlatformIDsKHR");
    if (get == nullptr)
        return failed("has no clIcdGetPlatformIDsKHR: it is no driver for an OpenCL loader");
    cl_uint count = 0;
    cl_int code = get(0, nullptr, &count);
    std::vector<cl_platform_id> platforms(code == CL_SUCCESS ? count : 0);
    if (!platforms.empty())
        code = get(count, platforms.data(), nullptr);
    if (code != CL_SUCCESS || platforms.empty())
        return failed("has no platform: " + with_code("clIcdGetPlatformIDsKHR", code));
    for (const cl_platform_id platform : platforms) {
        const auto *table = *reinterpret_cast<const cl_icd_dispatch *const *>(platform);
        if (table == nullptr || table->clGetDeviceIDs == nullptr)
            return failed("has a platform without a table of functions");
        stage("in clGetPlatformInfo");
        Json entry = {{"name", text_of(platform, *table, CL_PLATFORM_NAME)}, {"devices", 0}};
        if (text_of(platform, *table, CL_PLATFORM_EXTENSIONS).find("cl_khr_icd") ==
            std::string::npos)
            result["problem"] = "has a platform without cl_khr_icd, which the loader passes over";
        stage("in clGetDeviceIDs");
        cl_uint devices = 0;
        const cl_int found =
            table->clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 0, nullptr, &devices);
        if (found == CL_SUCCESS)
            entry["devices"] = devices;
        else
            entry["code"] = found;
        result["platforms"].push_back(std::move(entry));
    }
    return result;
}

} // namespace clprobe::runner
