#include "behaviour.hpp"
#include "device.hpp"

namespace stub {

std::string version_text() {
    return behaviour().asks("version") ? std::string(behaviour().text("version")) : "3.0";
}

std::size_t group_limit() {
    return static_cast<std::size_t>(behaviour().number("group", 256));
}

cl_ulong memory_size() {
    return static_cast<cl_ulong>(behaviour().number("memory_mib", 256)) << 20;
}

cl_ulong allocation_limit() {
    return memory_size() / 4;
}

bool discrete() {
    return behaviour().asks("discrete");
}

bool has_images() {
    return !behaviour().asks("no_images");
}

} // namespace stub
