// `clprobe devices` says what becomes of every driver that the OpenCL loader is told to load.

#include "on_stub.hpp"
#include "program.hpp"
#include "runner/isolation.hpp"

#include <clprobe/json.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

using namespace clprobe;
using namespace clprobe::test;
using Catch::Matchers::ContainsSubstring;

namespace {

/// A folder of .icd files.
class IcdFiles {
public:
    IcdFiles() { std::filesystem::create_directory(folder()); }

    [[nodiscard]] std::string folder() const { return scratch_.file("vendors"); }
    [[nodiscard]] std::string file(const std::string &name) const { return folder() + '/' + name; }

    /// Writes a file there, and returns its name.
    std::string write(const std::string &name, const std::string &text) const {
        std::ofstream(file(name)) << text;
        return file(name);
    }

private:
    Scratch scratch_;
};

/// What `clprobe devices` says, with no device.
std::string said(const std::string &behaviour, const Environment &environment) {
    const Outcome outcome = run_on_stub(behaviour, {"devices"}, environment);
    CHECK(outcome.exit_status == 3);
    return outcome.err;
}

std::string said_of_stub(const std::string &behaviour) {
    return said(behaviour, {});
}

bool is_ocl_icd() {
    return said_of_stub("devices=0").find("(ocl-icd)") != std::string::npos;
}

} // namespace

TEST_CASE("no_device.every_icd_file_is_a_line") {
    const IcdFiles files;
    files.write("a.icd", CLPROBE_STUB_LIBRARY "\n");
    files.write("b.icd", "libclprobe-is-nowhere.so\n");
    files.write("c.icd", files.write("text.so", std::string(100, 'x')));
    files.write("d.icd", CLPROBE_SLOW_BUILDS "\n");
    files.write("e.icd", "");
    files.write("not-read.txt", "libclprobe-is-not-read.so\n");
    const std::string text = said("devices=0", {{"OCL_ICD_VENDORS", files.folder()}});
    CHECK_THAT(text,
               ContainsSubstring(files.file("a.icd: ") + CLPROBE_STUB_LIBRARY +
                                 ", platform clprobe stub: no devices, clGetDeviceIDs answers "
                                 "CL_DEVICE_NOT_FOUND (-1)\n"));
    CHECK_THAT(text, ContainsSubstring(files.file("b.icd: libclprobe-is-nowhere.so does not load: "
                                                  "libclprobe-is-nowhere.so: cannot open")));
    CHECK_THAT(text, ContainsSubstring("text.so does not load: ") &&
                         ContainsSubstring("invalid ELF header"));
    CHECK_THAT(text,
               ContainsSubstring(CLPROBE_SLOW_BUILDS " exports no clGetExtensionFunctionAddress"));
    CHECK_THAT(text, ContainsSubstring(files.file("e.icd: ")) &&
                         ContainsSubstring("the file names no library"));
    CHECK_THAT(text, !ContainsSubstring("not-read"));
}

TEST_CASE("no_device.the_code_of_a_driver_s_refusal_is_told") {
    CHECK_THAT(said_of_stub("device_error=-6"),
               ContainsSubstring("clGetDeviceIDs answers CL_OUT_OF_HOST_MEMORY (-6)"));
    CHECK_THAT(said_of_stub("no_platform"),
               ContainsSubstring("has no platform: clIcdGetPlatformIDsKHR answers "
                                 "CL_PLATFORM_NOT_FOUND_KHR (-1001)"));
}

TEST_CASE("no_device.the_driver_that_crashes_is_named") {
    CHECK_THAT(said_of_stub("load_crash"),
               ContainsSubstring("crashed (SIGSEGV)") && ContainsSubstring("while it was loaded"));
    CHECK_THAT(said_of_stub("list_crash"), ContainsSubstring(CLPROBE_STUB_LIBRARY " crashed") &&
                                               ContainsSubstring("in clGetDeviceIDs"));
}

TEST_CASE("no_device.the_driver_that_hangs_is_named") {
    const Outcome outcome =
        run_on_stub("load_hang", {"run", "--timeout", "1", "--profile", "tiny"});
    CHECK(outcome.exit_status == 3);
    CHECK_THAT(outcome.err, ContainsSubstring(CLPROBE_STUB_LIBRARY " did not end within 1 s") &&
                                ContainsSubstring("while it was loaded"));
    CHECK(outcome.seconds < 20);
}

TEST_CASE("no_device.variables_are_read_as_ocl_icd_does") {
    if (!is_ocl_icd())
        SKIP("the loader is another one");
    const IcdFiles files;
    const std::string line = " " CLPROBE_STUB_LIBRARY ", platform clprobe stub";
    const std::string icd = files.write("one.icd", CLPROBE_STUB_LIBRARY "\n");
    const std::string empty = files.file("empty");
    std::filesystem::create_directory(empty);
    const std::vector<std::pair<Environment, std::string>> cases = {
        {{{"OCL_ICD_VENDORS", icd}}, icd + ":" + line},
        {{{"OCL_ICD_VENDORS", "one.icd"}, {"OPENCL_VENDOR_PATH", files.folder()}},
         icd + ":" + line},
        {{{"OCL_ICD_VENDORS", CLPROBE_STUB_LIBRARY}}, "OCL_ICD_VENDORS:" + line},
        {{{"OCL_ICD_VENDORS", ""}, {"OPENCL_VENDOR_PATH", files.folder()}}, icd + ":" + line},
        {{{"OCL_ICD_VENDORS", empty}},
         "OCL_ICD_VENDORS names " + empty + ", which holds no .icd file"},
        {{{"OCL_ICD_VENDORS", "/nowhere/x.icd"}},
         "OCL_ICD_VENDORS names /nowhere/x.icd, which does not exist"},
        {{{"OCL_ICD_VENDORS", "/nowhere/x"}}, "OCL_ICD_VENDORS: /nowhere/x does not load"},
        {{{"OCL_ICD_VENDORS", ""}, {"OPENCL_VENDOR_PATH", "/nowhere"}},
         "OPENCL_VENDOR_PATH names /nowhere, which does not exist"},
        {{{"OCL_ICD_VENDORS", icd}, {"OPENCL_VENDOR_PATH", "/nowhere"}},
         "OPENCL_VENDOR_PATH is set, but OCL_ICD_VENDORS takes its place"},
        {{{"OCL_ICD_FILENAMES", "x"}},
         "OCL_ICD_FILENAMES is set, but this loader does not read it"}};
    for (const auto &[environment, expected] : cases)
        CHECK_THAT(said("devices=0", environment), ContainsSubstring(expected));
}

TEST_CASE("no_device.variables_are_read_as_the_khronos_loader_does") {
    const IcdFiles files;
    const std::string line = " " CLPROBE_STUB_LIBRARY ", platform clprobe stub";
    files.write("one.icd", CLPROBE_STUB_LIBRARY "\n");
    files.write("two.icd", "first.so\nsecond.so\n");
    const Environment khronos = {{"LD_LIBRARY_PATH", CLPROBE_KHRONOS_LOADER},
                                 {"OCL_ICD_FILENAMES", CLPROBE_STUB_LIBRARY ":libnowhere.so"},
                                 {"OPENCL_VENDOR_PATH", "/nowhere"},
                                 {"OCL_ICD_VENDORS", files.folder()}};
    const std::string text = said("", khronos);
    for (const std::string &expected : std::vector<std::string>{
             "libOpenCL.so.1 (Khronos)", "OCL_ICD_FILENAMES:" + line,
             "OCL_ICD_FILENAMES: libnowhere.so does not load", files.file("one.icd:") + line,
             "two.icd: first.so?second.so does not load",
             "OPENCL_VENDOR_PATH is set, but this loader does not read it"})
        CHECK_THAT(text, ContainsSubstring(expected));
    Environment one_file = khronos;
    one_file["OCL_ICD_VENDORS"] = files.file("one.icd");
    CHECK_THAT(said("", one_file), ContainsSubstring("one.icd, which is no folder"));
}

TEST_CASE("no_device.rusticl_is_told_by_its_variable") {
    const IcdFiles files;
    files.write("rusticl.icd", "libRusticlOpenCL-nowhere.so.1\n");
    CHECK_THAT(said("", {{"OCL_ICD_VENDORS", files.folder()}, {"RUSTICL_ENABLE", ""}}),
               ContainsSubstring("RUSTICL_ENABLE is not set"));
    CHECK_THAT(said("", {{"OCL_ICD_VENDORS", files.folder()}, {"RUSTICL_ENABLE", "panfrost"}}),
               ContainsSubstring("RUSTICL_ENABLE is panfrost\n"));
    CHECK_THAT(said("devices=0", {{"RUSTICL_ENABLE", "iris"}}),
               ContainsSubstring("RUSTICL_ENABLE is iris, but no driver is Rusticl"));
}

TEST_CASE("no_device.pocl_needs_a_cache_that_it_can_write") {
    const IcdFiles files;
    files.write("pocl.icd", CLPROBE_STUB_LIBRARY "\n");
    const std::string no_folder = files.write("no-folder", "");
    const auto text = [&](Environment more) {
        more["OCL_ICD_VENDORS"] = files.folder();
        return said("devices=0", more);
    };
    const auto problem = [&](const std::string &below, const char *by) {
        return ContainsSubstring("PoCL cannot write its cache, " + no_folder + below + " (by " +
                                 by + "): " + no_folder + " is no folder");
    };
    CHECK_THAT(text({{"POCL_CACHE_DIR", no_folder + "/x"}}), problem("/x", "POCL_CACHE_DIR"));
    CHECK_THAT(text({{"POCL_CACHE_DIR", ""}, {"XDG_CACHE_HOME", no_folder}}),
               problem("/pocl/kcache", "XDG_CACHE_HOME"));
    CHECK_THAT(text({{"POCL_CACHE_DIR", ""}, {"XDG_CACHE_HOME", ""}, {"HOME", no_folder}}),
               problem("/.cache/pocl/kcache", "HOME"));
    CHECK_THAT(text({{"POCL_CACHE_DIR", files.file("to/be/made")}}), !ContainsSubstring("PoCL"));
}

TEST_CASE("no_device.render_nodes_that_may_not_be_opened_are_named") {
    const IcdFiles nodes;
    const std::string closed = nodes.write("renderD128", "");
    nodes.write("card0", "");
    std::filesystem::permissions(nodes.folder(), std::filesystem::perms{0755});
    std::filesystem::permissions(std::filesystem::path(nodes.folder()).parent_path(),
                                 std::filesystem::perms{0755});
    REQUIRE(::chmod(closed.c_str(), 0) == 0);
    const bool root = ::geteuid() == 0;
    if (root && ::seteuid(65534) != 0)
        SKIP("root may open everything, and cannot become anybody else here");
    const auto named = runner::closed_render_nodes(nodes.folder());
    if (root)
        REQUIRE(::seteuid(0) == 0);
    REQUIRE(named.size() == 1);
    CHECK_THAT(named.front(),
               ContainsSubstring("no right to open " + closed) && ContainsSubstring("the group "));
    REQUIRE(::chmod(closed.c_str(), 0666) == 0);
    CHECK(runner::closed_render_nodes(nodes.folder()).empty());
    CHECK(runner::closed_render_nodes("/nowhere").empty());
}

TEST_CASE("no_device.the_same_stands_behind_verbose_and_in_json") {
    const std::string line = CLPROBE_STUB_LIBRARY ", platform clprobe stub: 1 device\n";
    const Outcome verbose = run_on_stub("", {"devices", "--verbose"});
    CHECK(verbose.exit_status == 0);
    CHECK_THAT(verbose.err, ContainsSubstring(line));
    CHECK_THAT(run_on_stub("", {"devices"}).err, !ContainsSubstring(line));
    for (const char *isolation : {"--isolate", "--no-isolate"}) {
        const Json there = parse_json(run_on_stub("", {"devices", "--json", isolation}).out);
        CHECK(there.at("drivers").at(0).at("platforms").at(0).at("devices") == 1);
        const Json none =
            parse_json(run_on_stub("devices=0", {"devices", "--json", isolation}).out);
        CHECK(none.at("devices").empty());
        CHECK(none.at("drivers").at(0).at("library") == CLPROBE_STUB_LIBRARY);
        CHECK(none.at("drivers").at(0).at("platforms").at(0).at("code") == -1);
        CHECK(none.at("loader").contains("path"));
    }
}
