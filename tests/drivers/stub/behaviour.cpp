#include "behaviour.hpp"

#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <iterator>

namespace stub {
namespace {

constexpr std::string_view settings[] = {
    "address_bits",    "allocations", "build_crash",    "build_error",    "build_hang",
    "build_us",        "claims",      "constant_bytes", "counts",         "cpu",
    "device_error",    "devices",     "discrete",       "execute",        "first_us",
    "formats",         "fp16",        "fp64",           "group",          "half_answers",
    "image_error",     "image_size",  "image_texels",   "item_size",      "kernel_group",
    "launch_crash",    "launch_hang", "launch_us",      "leaves_process", "list_crash",
    "list_hang",       "load_crash",  "load_hang",      "local_bytes",    "lost",
    "memory_mib",      "mhz",         "name",           "no_cache_size",  "no_images",
    "no_platform",     "oom",         "oom_code",       "oom_launch",     "prints",
    "queue_profiling", "stacks",      "stamps",         "takes_ptx",      "timer_ns",
    "trip_ns",         "units",       "uuid",           "vanish",         "version",
};

[[noreturn]] void refuse(std::string_view what, std::string_view entry) {
    std::fprintf(stderr, "CLPROBE_STUB: %.*s '%.*s'\n", static_cast<int>(what.size()), what.data(),
                 static_cast<int>(entry.size()), entry.data());
    std::_Exit(99);
}

} // namespace

Behaviour::Behaviour(std::string_view list) {
    while (!list.empty()) {
        const std::string_view entry = list.substr(0, list.find(','));
        list.remove_prefix(std::min(list.size(), entry.size() + 1));
        const std::string_view name = entry.substr(0, entry.find('='));
        if (std::ranges::find(settings, name) == std::end(settings))
            refuse("unknown behaviour", name);
        asked_.emplace(name, entry.substr(std::min(entry.size(), name.size() + 1)));
    }
}

std::string_view Behaviour::text(std::string_view name) const {
    const auto found = asked_.find(name);
    return found == asked_.end() ? std::string_view{} : std::string_view{found->second};
}

long long Behaviour::number(std::string_view name, long long otherwise) const {
    if (!asks(name))
        return otherwise;
    const std::string_view given = text(name);
    long long value = 0;
    const auto [end, error] = std::from_chars(given.data(), given.data() + given.size(), value);
    if (error != std::errc{} || end != given.data() + given.size())
        refuse("not a number for", name);
    return value;
}

const Behaviour &behaviour() {
    static const Behaviour &asked = *[] {
        const char *list = std::getenv("CLPROBE_STUB");
        return new Behaviour(list ? list : "");
    }();
    return asked;
}

void crash() {
    std::signal(SIGSEGV, SIG_DFL);
    std::raise(SIGSEGV);
    std::abort();
}

} // namespace stub
