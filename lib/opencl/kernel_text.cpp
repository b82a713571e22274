#include "opencl/kernel_text.hpp"

#include <clprobe/error.hpp>
#include <clprobe/kernel.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

namespace clprobe {
namespace {

std::string contents(const std::filesystem::path &path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    if (!file)
        throw InputError("cannot read the kernel file " + path.string());
    return text.str();
}

/// The file with each `#include "..."` replaced, once, by the file it names below `root`; line
/// directives keep a compiler's messages true.
std::string with_includes(const std::filesystem::path &root, const std::string &name,
                          std::set<std::string> &included) {
    static const std::regex include(R"(^\s*#\s*include\s+"([^"]+)\"\s*$)");
    std::istringstream lines(contents(root / name));
    std::ostringstream text;
    text << "#line 1 \"" << name << "\"\n";
    int number = 0;
    for (std::string line; std::getline(lines, line);) {
        ++number;
        std::smatch match;
        if (!std::regex_match(line, match, include)) {
            text << line << '\n';
        } else {
            if (included.insert(match[1]).second)
                text << with_includes(root, match[1], included);
            text << "#line " << number + 1 << " \"" << name << "\"\n";
        }
    }
    return text.str();
}

} // namespace

KernelText with_override(const KernelText &embedded) {
    const char *directory = std::getenv("CLPROBE_KERNEL_DIR");
    const std::string file = embedded.name + ".cl";
    if (directory == nullptr || !std::filesystem::exists(std::filesystem::path(directory) / file))
        return embedded;
    std::set<std::string> included;
    KernelText text{embedded.name, with_includes(directory, file, included), {}};
    text.sha256 = sha256(text.text);
    return text;
}

} // namespace clprobe
