#include "common/build_log.hpp"

#include <algorithm>

namespace clprobe::probes {

std::string first_error(const std::string &log) {
    constexpr std::size_t most = 160;
    std::string first;
    for (std::size_t begin = 0; begin < log.size();) {
        const std::size_t end = std::min(log.find('\n', begin), log.size());
        const std::string line = log.substr(begin, std::min(end - begin, most));
        begin = end + 1;
        if (line.find("error") != std::string::npos)
            return line;
        if (first.empty())
            first = line;
    }
    return first.empty() ? "it does not say why" : first;
}

} // namespace clprobe::probes
