#include "common/pages.hpp"

#include <clprobe/error.hpp>

#include <fmt/format.h>

#include <cstdint>
#include <cstdio>
#include <fstream>
#include <sstream>

namespace clprobe::probes {
namespace {

constexpr double kibibyte = 1024;

/// The number of a line such as "Rss:    1234 kB", in bytes; nothing of any other line.
std::optional<double> bytes_after(const std::string &line, const std::string &name) {
    if (!line.starts_with(name))
        return std::nullopt;
    std::istringstream rest(line.substr(name.size()));
    double number = 0;
    return rest >> number ? std::optional(number * kibibyte) : std::nullopt;
}

} // namespace

std::optional<std::string> pages_at(std::istream &smaps, std::uint64_t address) {
    bool inside = false;
    double page = 0;
    double resident = 0;
    double huge = 0;
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
            page = bytes_after(line, "KernelPageSize:").value_or(page);
            resident = bytes_after(line, "Rss:").value_or(resident);
            huge = bytes_after(line, "AnonHugePages:").value_or(huge);
        }
    }
    if (page == 0)
        return std::nullopt;
    const std::string size = format({page, Unit::byte});
    return huge > 0 && resident > 0
               ? fmt::format("{}, {:.0f} % of it in huge ones", size, 100 * huge / resident)
               : size;
}

std::string pages_of(const Bench &bench, const Buffer &buffer) {
    const std::string unknown = "unknown";
    if (bench.device().type != DeviceType::cpu)
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
