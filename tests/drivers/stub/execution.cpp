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

} // namespace

std::function<void()> execution_of(const Kernel &kernel, std::size_t work_items) {
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
