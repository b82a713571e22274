#include "behaviour.hpp"
#include "device.hpp"

namespace stub {

std::string version_text() {
    return behaviour().asks("version") ? std::string(behaviour().text("version")) : "3.0";
}

std::size_t group_limit() {
    return static_cast<std::size_t>(behaviour().number("group", 256));
}

std::size_t kernel_group_limit() {
    return static_cast<std::size_t>(
        behaviour().number("kernel_group", static_cast<long long>(group_limit())));
}

std::size_t item_limit() {
    return static_cast<std::size_t>(
        behaviour().number("item_size", static_cast<long long>(group_limit())));
}

cl_ulong local_memory_size() {
    return static_cast<cl_ulong>(behaviour().number("local_bytes", 32 << 10));
}

cl_ulong constant_limit() {
    return static_cast<cl_ulong>(behaviour().number("constant_bytes", 64 << 10));
}

std::size_t image_limit() {
    return static_cast<std::size_t>(behaviour().number("image_size", 8192));
}

std::size_t image_buffer_limit() {
    return static_cast<std::size_t>(behaviour().number("image_texels", 65536));
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
