#pragma once
#include "opencl/loader.hpp"

#include <clprobe/error.hpp>

#include <optional>
#include <string_view>
#include <utility>

namespace clprobe {

/// The one border at which OpenCL's errors become ours: runs `call`, and throws what it was doing
/// with the code's name in place of a cl::Error.
template <typename Call>
decltype(auto) checked(std::string_view doing, Call &&call) {
    try {
        return std::forward<Call>(call)();
    } catch (const cl::Error &error) {
        throw Error(doing, error.err());
    }
}

/// What `call` answers; nothing where OpenCL refuses it.
template <typename Call>
auto answered(Call &&call) -> std::optional<decltype(call())> {
    try {
        return std::forward<Call>(call)();
    } catch (const cl::Error &) {
        return std::nullopt;
    }
}

} // namespace clprobe
