#include "behaviour.hpp"
#include "execution.hpp"

#include <algorithm>

namespace stub {
std::function<void()> execution_of(const Kernel &kernel, std::size_t work_items) {
    if (!behaviour().asks("execute") || kernel.name != "spin")
        return {};
    const auto out = argument<cl_mem>(kernel, "out");
    if (!alive(out))
        return {};
    const std::size_t room = out->body->size / sizeof(cl_uint);
    return [storage = out->body->storage, count = std::min(work_items, room),
            multiplier = argument<cl_uint>(kernel, "multiplier"),
            increment = argument<cl_uint>(kernel, "increment"),
            trips = argument<cl_uint>(kernel, "trips")] {
        for (std::size_t item = 0; item < count; ++item) {
            auto x = static_cast<cl_uint>(item);
            for (cl_uint i = 0; i < trips; ++i)
                x = x * multiplier + increment;
            std::memcpy(storage.get() + item * sizeof x, &x, sizeof x);
        }
    };
}

} // namespace stub
