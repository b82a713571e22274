#include "commands.hpp"
#include "io/file.hpp"

#include <clprobe/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace clprobe::runner {
namespace {

namespace fs = std::filesystem;

using Substitutions = std::map<std::string, std::string>;

/// The texts of the files of new_probe/, by name. CMake makes a list of them.
const std::map<std::string, std::string> templates = {
#include "new_probe_templates.inc"
};

/// A file to be written, and the template that it is made of.
using NewFile = std::pair<fs::path, std::string>;

/// "step_rate" as the name of a class: "StepRate".
std::string as_type(const std::string &name) {
    std::string type;
    for (std::size_t i = 0; i < name.size(); ++i)
        if (const char c = name[i]; c != '_')
            type += i == 0 || name[i - 1] == '_' ? static_cast<char>(std::toupper(c)) : c;
    return type;
}

bool is_identifier(const std::string &text) {
    return text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string::npos &&
           !text.empty() && text.front() >= 'a';
}

std::string filled_in(std::string text, const Substitutions &substitutions) {
    for (const auto &[name, value] : substitutions) {
        const std::string mark = "%" + name + "%";
        for (auto at = text.find(mark); at != std::string::npos; at = text.find(mark, at))
            text.replace(at, mark.size(), value), at += value.size();
    }
    return text;
}

/// The family and the name of "FAMILY/NAME".
std::pair<std::string, std::string> parts_of(const std::string &probe) {
    const auto slash = probe.find('/');
    const std::string family = probe.substr(0, slash);
    const std::string name = slash == std::string::npos ? "" : probe.substr(slash + 1);
    if (!is_identifier(family) || !is_identifier(name))
        throw InputError(fmt::format("'{}' is no FAMILY/NAME of lower-case letters, digits and "
                                     "underscores, such as compute/step_rate",
                                     probe));
    return {family, name};
}

std::vector<NewFile> files_for(const std::string &family, const std::string &name, bool own_tree,
                               bool whole_project) {
    const fs::path mutants = own_tree ? "tests/probes/mutants" : "tests/mutants";
    std::vector<NewFile> files = {{fs::path("kernels") / family / (name + ".cl"), "kernel.cl"},
                                  {fs::path("harness") / family / (name + ".cpp"), "probe.cpp"},
                                  {fs::path("tests/unit") / (name + ".cpp"), "test.cpp"},
                                  {mutants / (family + "_" + name + ".txt"), "mutants.txt"}};
    if (whole_project)
        files.insert(files.end(), {{"CMakeLists.txt", "project.cmake"},
                                   {"main.cpp", "program.cpp"},
                                   {"tests/main.cpp", "device_tests.cpp"}});
    return files;
}

/// What to do next, for people.
std::string next_steps(const std::string &family, const std::string &name, bool own_tree,
                       bool whole_project) {
    if (own_tree)
        return fmt::format("next: cmake --preset dev && cmake --build --preset dev && "
                           "ctest --preset dev -R {0}\n"
                           "its page: build/dev/harness/clprobe list --markdown docs/probes\n",
                           name);
    return fmt::format("{2}next: cmake -B build && cmake --build build && "
                       "ctest --test-dir build -R {1}\n"
                       "then: build/probe run {0}/{1}\n",
                       family, name,
                       whole_project ? ""
                                     : "CMakeLists.txt was there and stays as it is: "
                                       "docs/adding-a-probe.md of clprobe says what it takes\n");
}

} // namespace

int new_probe_command(const Options &options, const Registry & /*registry*/) {
    const auto [family, name] = parts_of(*options.probe);
    if (!is_identifier(options.name_space))
        throw InputError(fmt::format("--namespace: '{}' is no name of lower-case letters, digits "
                                     "and underscores",
                                     options.name_space));
    // In clprobe's own tree files lie elsewhere than in a project that uses it.
    const bool own_tree = fs::exists(options.folder / "harness" / "runner") &&
                          fs::exists(options.folder / "tests" / "probes");
    const bool whole_project = !own_tree && !fs::exists(options.folder / "CMakeLists.txt");
    const std::string name_space = own_tree ? "clprobe::probes" : options.name_space;
    const Substitutions substitutions = {
        {"family", family},
        {"name", name},
        {"class", as_type(name)},
        {"namespace", name_space},
        {"using", own_tree ? "" : "\nusing namespace clprobe;\n"},
        {"registry", own_tree ? "builtin_probes" : name_space + "::probes"},
        {"registry_header", own_tree ? "clprobe/registry.hpp" : "clprobe/probe.hpp"},
        {"declaration", own_tree ? ""
                                 : fmt::format("\n#include <clprobe/registry.hpp>\n\nnamespace {} "
                                               "{{\nclprobe::Registry probes();\n}}\n",
                                               name_space)},
    };
    const std::vector<NewFile> files = files_for(family, name, own_tree, whole_project);
    for (const auto &[path, made_of] : files)
        if (fs::exists(options.folder / path))
            throw InputError(fmt::format("'{}' is there already; nothing was written",
                                         (options.folder / path).string()));
    for (const auto &[path, made_of] : files) {
        fs::create_directories((options.folder / path).parent_path());
        write_file(options.folder / path, filled_in(templates.at(made_of), substitutions));
        fmt::print("{}\n", path.string());
    }
    fmt::print("{}", next_steps(family, name, own_tree, whole_project));
    return exit_done;
}

} // namespace clprobe::runner
