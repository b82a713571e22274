#pragma once

#include "objects.hpp"

#include <cstring>
#include <string_view>

namespace stub {

/// The argument set for the parameter of that name; T{} where none of that size is.
template <class T>
[[nodiscard]] T argument(const Kernel &kernel, std::string_view name) {
    T value{};
    for (const auto &[index, argument] : kernel.arguments)
        if (kernel.parameters && kernel.parameters->at(index) == name &&
            argument.value.size() == sizeof value)
            std::memcpy(&value, argument.value.data(), sizeof value);
    return value;
}

/// What launching the kernel does to its buffers, so that it gets past its probe's verification:
/// with the behaviour `execute` what `spin` of host/event_timer computes, with `units` what
/// `fill_unit` of execution/compute_units does, with `counts` what `count_launch` and
/// `advance` of host/launch do. Nothing for any other kernel.
[[nodiscard]] std::function<void()> execution_of(const Kernel &kernel, std::size_t work_items);

} // namespace stub
