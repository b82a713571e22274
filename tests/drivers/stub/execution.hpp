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

/// What launching the kernel does to its buffers with the behaviour `execute`: what the kernel
/// `spin` of host/event_timer computes, so that the audit of the stamps gets past its
/// verification. Nothing for any other kernel.
[[nodiscard]] std::function<void()> execution_of(const Kernel &kernel, std::size_t work_items);

} // namespace stub
