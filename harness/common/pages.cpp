#include "common/launch_size.hpp"
#include "common/pages.hpp"

#include <clprobe/error.hpp>

#include <fmt/format.h>

#include <fstream>
#include <map>
#include <sstream>

namespace clprobe::probes {

std::optional<std::string> pages_at(std::istream &smaps, std::uint64_t address) {
    bool inside = false;
    std::map<std::string, double> kibibytes; // of lines such as "Rss:    1234 kB"
    for (std::string line; std::getline(smaps, line);) {
        std::uint64_t first = 0;
        std::uint64_t end = 0;
        char dash = 0;
        std::istringstream header(line);
        if (header >> std::hex >> first >> dash >> end && dash == '-') {
            if (inside)
                break;
            inside = first <= address && address < end;
        } else if (inside) {
            std::istringstream fields(line);
            std::string name;
            fields >> name;
            fields >> kibibytes[name];
        }
    }
    if (kibibytes["KernelPageSize:"] == 0)
        return std::nullopt;
    const std::string size = format({1024 * kibibytes["KernelPageSize:"], Unit::byte});
    const double huge = kibibytes["AnonHugePages:"];
    const double resident = kibibytes["Rss:"];
    return huge > 0 && resident > 0
               ? fmt::format("{}, {:.0f} % of it in huge ones", size, 100 * huge / resident)
               : size;
}

std::string pages_of(const Bench &bench, const Buffer &buffer) {
    const std::string unknown = "unknown";
    if (!is_cpu(bench))
        return unknown;
    try {
        const Mapping mapping = bench.context().map(buffer, 0, buffer.bytes(), CL_MAP_READ);
        std::ifstream smaps("/proc/self/smaps");
        const auto middle = mapping.bytes().data() + buffer.bytes() / 2;
        return pages_at(smaps, reinterpret_cast<std::uintptr_t>(middle)).value_or(unknown);
    } catch (const Error &) {
        return unknown; // no reason to measure nothing
    }
}

} // namespace clprobe::probes
