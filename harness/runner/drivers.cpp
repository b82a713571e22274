#include "io/file.hpp"
#include "io/terminal.hpp"
#include "isolation.hpp"
#include "measure/machine.hpp"

#include <clprobe/context.hpp>
#include <clprobe/error.hpp>

#include <CL/cl_icd.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <dlfcn.h>
#include <fcntl.h>
#include <fstream>
#include <grp.h>
#include <iterator>
#include <link.h>
#include <set>
#include <sstream>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace clprobe::runner {
namespace {

namespace fs = std::filesystem;

/// What loaders read; each only some of them.
constexpr std::array loader_variables = {"OCL_ICD_VENDORS", "OCL_ICD_FILENAMES",
                                         "OPENCL_VENDOR_PATH"};

/// What the loader reads, found by its own rules: the drivers, without what becomes of them.
struct Reading {
    explicit Reading(const Json &loader)
        : ocl_icd_(loader.at("kind") == "ocl-icd"), folder_(loader.at("folder")),
          variables_(loader.at("variables")) {
        ocl_icd_ ? read_as_ocl_icd() : read_as_khronos();
        for (const char *name : loader_variables)
            if (!environment(name).empty() && !variables_.contains(name))
                notes.push_back(fmt::format("{} is set, but this loader does not read it", name));
    }

    Json drivers = Json::array();
    std::vector<std::string> notes;

private:
    /// A folder, an .icd file (in the usual folder where it is a mere name), or a library.
    void read_as_ocl_icd() {
        const std::string vendors = environment("OCL_ICD_VENDORS");
        const std::string path = environment("OPENCL_VENDOR_PATH");
        const std::string usual = path.empty() ? folder_ : path;
        const bool icd = vendors.ends_with(".icd");
        if (vendors.empty())
            read_folder(usual, path.empty() ? "" : "OPENCL_VENDOR_PATH");
        else if (fs::is_directory(vendors, ignored_))
            read_folder(vendors, "OCL_ICD_VENDORS");
        else if (icd && vendors.find('/') == std::string::npos &&
                 fs::exists(fs::path(usual) / vendors, ignored_))
            read_file(fs::path(usual) / vendors);
        else if (icd && !fs::exists(vendors, ignored_))
            notes.push_back(fmt::format("OCL_ICD_VENDORS names {}, which does not exist", vendors));
        else if (icd)
            read_file(vendors);
        else
            add("OCL_ICD_VENDORS", vendors);
        if (!vendors.empty() && !path.empty())
            notes.emplace_back("OPENCL_VENDOR_PATH is set, but OCL_ICD_VENDORS takes its place");
    }

    /// Libraries by name, and a folder.
    void read_as_khronos() {
        std::istringstream names(
            variables_.contains("OCL_ICD_FILENAMES") ? environment("OCL_ICD_FILENAMES") : "");
        for (std::string name; std::getline(names, name, ':');)
            add("OCL_ICD_FILENAMES", name);
        const char *vendors =
            variables_.contains("OCL_ICD_VENDORS") ? std::getenv("OCL_ICD_VENDORS") : nullptr;
        if (vendors != nullptr)
            read_folder(vendors, "OCL_ICD_VENDORS");
        else if (!folder_.empty())
            read_folder(folder_, "");
    }

    void read_folder(const std::string &folder, const std::string &named_by) {
        const auto note = [&](const std::string &problem) {
            notes.push_back(
                (named_by.empty() ? folder : fmt::format("{} names {}, which", named_by, folder)) +
                ' ' + problem);
        };
        std::error_code error;
        std::set<fs::path> files;
        for (const auto &entry : fs::directory_iterator(folder, error))
            if (entry.path().extension() == ".icd")
                files.insert(entry.path());
        if (error == std::errc::no_such_file_or_directory)
            note("does not exist");
        else if (error == std::errc::not_a_directory)
            note("is no folder");
        else if (error)
            note("cannot be read: " + error.message());
        else if (files.empty())
            note("holds no .icd file");
        for (const fs::path &file : files)
            read_file(file);
    }

    /// The library is an .icd file's first line, or all of it but a newline at its end.
    void read_file(const fs::path &file) {
        std::ifstream stream(file);
        std::string text{std::istreambuf_iterator<char>(stream), {}};
        if (ocl_icd_)
            text.erase(std::min(text.find('\n'), text.size()));
        else if (text.ends_with('\n'))
            text.pop_back();
        add(file.string(), text);
        if (!stream.is_open())
            drivers.back()["problem"] = "the file cannot be read";
        else if (text.empty())
            drivers.back()["problem"] = "the file names no library";
    }

    void add(const std::string &file, const std::string &library) {
        drivers.push_back({{"file", file}, {"library", library}, {"platforms", Json::array()}});
    }

    bool ocl_icd_;
    std::string folder_; ///< that the loader was built to read
    std::set<std::string> variables_;
    std::error_code ignored_;
};

bool any_names(const Json &drivers, std::string_view part) {
    std::string names = to_line(drivers);
    std::ranges::transform(names, names.begin(), [](unsigned char c) { return std::tolower(c); });
    return names.find(part) != std::string::npos;
}

/// Where PoCL keeps what it compiles, and the variable that says so.
std::pair<const char *, fs::path> pocl_cache() {
    if (const std::string own = environment("POCL_CACHE_DIR"); !own.empty())
        return {"POCL_CACHE_DIR", own};
    if (const std::string xdg = environment("XDG_CACHE_HOME"); !xdg.empty())
        return {"XDG_CACHE_HOME", fs::path(xdg) / "pocl" / "kcache"};
    if (const std::string home = environment("HOME"); !home.empty())
        return {"HOME", fs::path(home) / ".cache" / "pocl" / "kcache"};
    return {"no HOME", "/tmp/pocl/kcache"};
}

/// Why PoCL cannot make its cache; empty where it can.
std::string pocl_cache_problem() {
    const auto [by, cache] = pocl_cache();
    std::error_code ignored;
    fs::path there = cache;
    while (!there.empty() && !fs::exists(there, ignored) && there != there.parent_path())
        there = there.parent_path();
    if (there.empty())
        there = ".";
    if (fs::is_directory(there, ignored) &&
        ::faccessat(AT_FDCWD, there.c_str(), W_OK | X_OK, AT_EACCESS) == 0)
        return {};
    return fmt::format(
        "PoCL cannot write its cache, {} (by {}): {}; set POCL_CACHE_DIR to a folder "
        "that can be written",
        cache.string(), by,
        fs::is_directory(there, ignored) ? fmt::format("no right to write {}", there.string())
                                         : fmt::format("{} is no folder", there.string()));
}

void add_notes(std::vector<std::string> &notes, const Json &drivers) {
    const std::string rusticl = environment("RUSTICL_ENABLE");
    if (!rusticl.empty())
        notes.push_back(
            fmt::format("RUSTICL_ENABLE is {}{}", rusticl,
                        any_names(drivers, "rusticl") ? "" : ", but no driver is Rusticl"));
    else if (any_names(drivers, "rusticl"))
        notes.emplace_back("RUSTICL_ENABLE is not set: Rusticl shows most devices only where it "
                           "names their driver (panfrost, iris, radeonsi, llvmpipe ...)");
    if (any_names(drivers, "pocl"))
        if (std::string problem = pocl_cache_problem(); !problem.empty())
            notes.push_back(std::move(problem));
    std::ranges::move(closed_render_nodes("/dev/dri"), std::back_inserter(notes));
}

std::string with_code(const char *function, cl_int code) {
    return fmt::format("{} answers {} ({})", function, opencl_error_name(code), code);
}

std::string line_of(const Json &driver) {
    std::string line =
        driver.at("file").get<std::string>() + ": " + driver.at("library").get<std::string>();
    for (const Json &platform : driver.at("platforms")) {
        const auto devices = platform.at("devices").get<std::size_t>();
        line += fmt::format(", platform {}: {}", platform.at("name").get<std::string>(),
                            devices == 0 ? "no devices" : counted(devices, "device"));
        if (platform.contains("code"))
            line += ", " + with_code("clGetDeviceIDs", platform.at("code").get<int>());
    }
    if (driver.contains("problem"))
        line += ' ' + driver.at("problem").get<std::string>();
    std::ranges::replace(line, '\n', '?'); // of a library's name
    return line;
}

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

std::vector<std::string> closed_render_nodes(const fs::path &folder) {
    std::vector<std::string> closed;
    std::error_code ignored;
    for (const auto &entry : fs::directory_iterator(folder, ignored)) {
        const std::string path = entry.path().string();
        struct stat state {};
        if (!entry.path().filename().string().starts_with("renderD") ||
            ::faccessat(AT_FDCWD, path.c_str(), R_OK | W_OK, AT_EACCESS) == 0 ||
            ::stat(path.c_str(), &state) != 0)
            continue;
        const group *owner = ::getgrgid(state.st_gid);
        closed.push_back(fmt::format(
            "no right to open {}, as a GPU's driver must: it belongs to "
            "the group {}",
            path, owner != nullptr ? owner->gr_name : std::to_string(state.st_gid).c_str()));
    }
    std::ranges::sort(closed);
    return closed;
}

Json drivers_report(const Worker &worker, double seconds) {
    Json report = {{"drivers", Json::array()}};
    std::vector<std::string> notes;
    const auto described = worker.ask("loader", Json::object(), seconds);
    if (!described.problem.empty()) {
        notes.push_back("describing the OpenCL loader " + described.problem);
    } else if (const Json &loader = described.answer; loader.contains("problem")) {
        notes.push_back(fmt::format("there is no OpenCL loader ({}): install one, on Debian the "
                                    "package ocl-icd-libopencl1, and a driver such as "
                                    "pocl-opencl-icd",
                                    loader.at("problem").get<std::string>()));
    } else {
        report["loader"] = {{"path", loader.at("path")}, {"kind", loader.at("kind")}};
        const Reading reading(loader);
        notes = reading.notes;
        for (Json driver : reading.drivers) {
            std::string stage;
            if (!driver.contains("problem")) {
                const auto trial = worker.ask("driver",
                                              {{"library", driver.at("library")},
                                               {"all_symbols", loader.at("kind") == "Khronos"}},
                                              seconds, [&](const Json &message) {
                                                  stage = message.at("stage").get<std::string>();
                                              });
                if (trial.problem.empty())
                    driver.update(trial.answer);
                else
                    driver["problem"] = trial.problem + (stage.empty() ? "" : ", " + stage);
            }
            report["drivers"].push_back(std::move(driver));
        }
        add_notes(notes, report.at("drivers"));
    }
    report["notes"] = notes;
    return report;
}

std::string lines_of(const Json &report) {
    const Json &drivers = report.at("drivers");
    std::vector<std::string> lines;
    if (report.contains("loader"))
        lines.push_back(fmt::format("the OpenCL loader is {} ({})",
                                    report.at("loader").at("path").get<std::string>(),
                                    report.at("loader").at("kind").get<std::string>()));
    for (const Json &driver : drivers)
        lines.push_back(line_of(driver));
    for (const Json &note : report.at("notes"))
        lines.push_back(note.get<std::string>());
    if (report.contains("loader") && drivers.empty())
        lines.emplace_back("no driver is to be loaded: install one, on Debian for example "
                           "pocl-opencl-icd");
    return fmt::format("{}", fmt::join(lines, "\n"));
}

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
    std::set<std::string> variables;
    for (const char *name : loader_variables)
        if (text.find(name) != std::string::npos)
            variables.insert(name);
    const std::string folder = vendors_folder(text);
    const char *kind = variables.contains("OPENCL_VENDOR_PATH") ? "ocl-icd"
                       : !folder.empty()                        ? "Khronos"
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
