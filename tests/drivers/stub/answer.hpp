#pragma once

#include <CL/cl.h>

#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace stub {

/// Answers a clGet*Info query by OpenCL's rules: the size where it is asked for, the value where
/// there is room for it, CL_INVALID_VALUE where the room is too small.
class Answer {
public:
    Answer(std::size_t room, void *value, std::size_t *size)
        : room_(room), value_(value), size_(size) {}

    template <class T>
    requires std::is_trivially_copyable_v<T>
    [[nodiscard]] cl_int operator()(const T &answer) const { return bytes(&answer, sizeof answer); }
    template <class T>
    [[nodiscard]] cl_int operator()(const std::vector<T> &answer) const {
        return bytes(answer.data(), answer.size() * sizeof(T));
    }
    [[nodiscard]] cl_int operator()(const std::string &answer) const {
        return bytes(answer.c_str(), answer.size() + 1);
    }
    [[nodiscard]] cl_int operator()(const char *answer) const {
        return (*this)(std::string(answer));
    }

private:
    [[nodiscard]] cl_int bytes(const void *data, std::size_t count) const {
        if (value_ && room_ < count)
            return CL_INVALID_VALUE;
        if (value_ && count > 0)
            std::memcpy(value_, data, count);
        if (size_)
            *size_ = count;
        return CL_SUCCESS;
    }

    std::size_t room_;
    void *value_;
    std::size_t *size_;
};

/// "OpenCL 3.0" as CL_*_NUMERIC_VERSION has it.
constexpr cl_version numeric_version = CL_MAKE_VERSION(3, 0, 0);

/// A name and its version, as CL_DEVICE_EXTENSIONS_WITH_VERSION and its like list them.
[[nodiscard]] inline cl_name_version name_version(std::string_view name) {
    cl_name_version entry{CL_MAKE_VERSION(1, 0, 0), {}};
    name.copy(static_cast<char *>(entry.name), sizeof entry.name - 1);
    return entry;
}

} // namespace stub
