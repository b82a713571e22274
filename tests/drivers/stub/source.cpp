#include "source.hpp"

#include <algorithm>
#include <regex>

namespace stub {
namespace {

std::string without_comments(const std::string &source) {
    std::string text;
    for (std::size_t at = 0; at < source.size();) {
        std::size_t end = at;
        if (source.compare(at, 2, "//") == 0)
            end = source.find('\n', at);
        else if (source.compare(at, 2, "/*") == 0)
            end = std::min(source.find("*/", at), source.size() - 2) + 2;
        else
            text += source[end++];
        at = std::min(end, source.size());
    }
    return text;
}

/// The last word of each parameter.
std::optional<std::vector<std::string>> parameter_names(const std::string &list) {
    if (list.find('#') != std::string::npos)
        return std::nullopt;
    static const std::regex macro_arguments(R"(\([^()]*\))");
    static const std::regex parameter(R"((\w+)\s*(?:,|$))");
    const std::string plain = std::regex_replace(list, macro_arguments, "");
    std::vector<std::string> names;
    for (std::sregex_iterator found(plain.begin(), plain.end(), parameter), end; found != end;
         ++found)
        names.push_back((*found)[1]);
    if (names == std::vector<std::string>{"void"})
        names.clear();
    return names;
}

} // namespace

std::vector<KernelText> kernels_in(const std::string &source) {
    static const std::regex declaration(
        R"(\b(?:__)?kernel\s+(?:__attribute__\s*\(\([^;{]*\)\)\s*)?void\s+)"
        R"((?:__attribute__\s*\(\([^;{]*\)\)\s*)?(\w+)\s*\(((?:[^()]|\([^()]*\))*)\))");
    const std::string text = without_comments(source);
    std::vector<KernelText> kernels;
    for (std::sregex_iterator found(text.begin(), text.end(), declaration), end; found != end;
         ++found)
        kernels.push_back({(*found)[1], parameter_names((*found)[2])});
    return kernels;
}

std::string file_named_in(const std::string &source) {
    static const std::regex line(R"re(#line\s+\d+\s+"([^"\n]*)")re");
    std::smatch found;
    return std::regex_search(source, found, line) ? found[1].str() : "kernel.cl";
}

} // namespace stub
