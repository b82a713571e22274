#include "behaviour.hpp"
#include "execution.hpp"

#include <algorithm>

namespace stub {
namespace {

/// What a work-item of `spin` leaves (kernels/host/event_timer.cl).
cl_uint spun(const Kernel &kernel, cl_uint item) {
    const auto multiplier = argument<cl_uint>(kernel, "multiplier");
    const auto increment = argument<cl_uint>(kernel, "increment");
    for (cl_uint trip = argument<cl_uint>(kernel, "trips"); trip > 0; --trip)
        item = item * multiplier + increment;
    return item;
}

/// What the work-items of `advance` do (kernels/host/launch.cl).
std::function<void()> advanced(const Kernel &kernel, std::size_t work_items) {
    const auto state = argument<cl_mem>(kernel, "state");
    if (!alive(state) || state->body->size < work_items * sizeof(cl_uint))
        return {};
    return [storage = state->body->storage, kernel, work_items] {
        for (std::size_t item = 0; item < work_items; ++item) {
            cl_uint value = 0;
            std::memcpy(&value, storage.get() + item * sizeof value, sizeof value);
            value = spun(kernel, value);
            std::memcpy(storage.get() + item * sizeof value, &value, sizeof value);
        }
    };
}

/// What a work-item of `fill_unit` leaves (kernels/execution/compute_units.cl).
cl_uint filled(const Kernel &kernel, cl_uint item) {
    const auto a = argument<cl_uint>(kernel, "a");
    const auto b = argument<cl_uint>(kernel, "b");
    cl_uint folded = 0;
    for (cl_uint chain = 0; chain < 8; ++chain) {
        cl_uint x = item * 8 + chain;
        for (cl_uint trip = argument<cl_uint>(kernel, "trips"); trip > 0; --trip)
            x = (x * a) ^ b;
        folded ^= x;
    }
    return folded;
}

/// The constant that `count_launch` was built with (kernels/host/launch.cl).
cl_uint factor_of(const Program &program) {
    constexpr std::string_view option = "-DFACTOR=";
    const auto at = program.options.find(option);
    return at == std::string::npos
               ? 1
               : static_cast<cl_uint>(std::stoul(program.options.substr(at + option.size())));
}

/// What the work-item of `count_launch` does, unless the launch is one that gets lost.
std::function<void()> counted(const Kernel &kernel) {
    static long long counts = 0;
    const long long lost = behaviour().text("counts").empty() ? 0 : behaviour().number("counts", 0);
    const auto count = argument<cl_mem>(kernel, "count");
    if (!alive(count) || (lost > 0 && ++counts % lost == 0))
        return {};
    const cl_uint more = argument<cl_uint>(kernel, "step") * factor_of(*kernel.program);
    return [storage = count->body->storage, more] {
        cl_uint value = 0;
        std::memcpy(&value, storage.get(), sizeof value);
        value += more;
        std::memcpy(storage.get(), &value, sizeof value);
    };
}

} // namespace

std::function<void()> execution_of(const Kernel &kernel, std::size_t work_items) {
    if (kernel.name == "count_launch" && behaviour().asks("counts"))
        return counted(kernel);
    if (kernel.name == "advance" && behaviour().asks("counts"))
        return advanced(kernel, work_items);
    const bool spins = kernel.name == "spin" && behaviour().asks("execute");
    const bool fills = kernel.name == "fill_unit" && behaviour().asks("units");
    if (!spins && !fills)
        return {};
    const auto out = argument<cl_mem>(kernel, "out");
    if (!alive(out))
        return {};
    const std::size_t room = out->body->size / sizeof(cl_uint);
    return [storage = out->body->storage, count = std::min(work_items, room), kernel, spins] {
        for (std::size_t item = 0; item < count; ++item) {
            const auto left = (spins ? spun : filled)(kernel, static_cast<cl_uint>(item));
            std::memcpy(storage.get() + item * sizeof left, &left, sizeof left);
        }
    };
}

} // namespace stub
