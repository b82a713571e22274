#pragma once
#include "opencl/loader.hpp"

#include <clprobe/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace clprobe {

/// The one border at which OpenCL's errors become ours: throws what was being done, with the code's
/// name, where OpenCL refused it.
template <typename... Args>
void check(cl_int code, fmt::format_string<Args...> doing, Args &&...args) {
    if (code != CL_SUCCESS)
        throw Error(fmt::format(doing, std::forward<Args>(args)...), code);
}

/// Puts what OpenCL answers into `value`, and returns its code. `get` is a function clGet...Info,
/// `of` what it is asked.
template <typename Value, typename Get, typename... Of>
cl_int ask(Value &value, Get &get, Of... of) {
    if constexpr (std::is_same_v<Value, std::string>) {
        std::size_t bytes = 0;
        cl_int code = get(of..., 0, nullptr, &bytes);
        value.resize(bytes);
        if (code == CL_SUCCESS && bytes > 0)
            code = get(of..., bytes, value.data(), nullptr);
        value.resize(std::min(value.find('\0'), value.size()));
        return code;
    } else
        return get(of..., sizeof value, &value, nullptr);
}

/// The answer; nothing where OpenCL refuses the question.
template <typename Value, typename Get, typename... Of>
std::optional<Value> answered(Get &get, Of... of) {
    Value value{};
    return ask(value, get, of...) == CL_SUCCESS ? std::optional{std::move(value)} : std::nullopt;
}

/// All that OpenCL lists by one of its functions that are asked first for the number; nothing where
/// it refuses.
template <typename Item, typename List, typename... Of>
std::vector<Item> listed(List &list, Of... of) {
    cl_uint count = 0;
    if (list(of..., 0, nullptr, &count) != CL_SUCCESS || count == 0)
        return {};
    std::vector<Item> items(count);
    return list(of..., count, items.data(), nullptr) == CL_SUCCESS ? items : std::vector<Item>{};
}

} // namespace clprobe
