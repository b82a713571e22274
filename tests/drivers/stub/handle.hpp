#pragma once

#include <CL/cl_icd.h>

#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>

namespace stub {

/// The driver's functions, as the ICD loader calls them through any handle.
extern const cl_icd_dispatch dispatch;

/// What an OpenCL handle points to. The loader reads `dispatch` before the driver sees a handle, so
/// the shell outlives its last reference: a handle used after its release then answers CL_INVALID_*
/// instead of crashing. Only the body goes with the last reference.
template <class B>
struct Handle {
    using Body = B;
    const cl_icd_dispatch *table = &dispatch;
    cl_uint references = 1;
    std::optional<Body> body;
};

/// Every shell of one kind ever made. Never destroyed: a program's own statics may release handles
/// after this library's are gone.
template <class T>
auto &shells() {
    static auto &all = *new std::unordered_map<const T *, std::unique_ptr<T>>;
    return all;
}

template <class T>
[[nodiscard]] bool alive(const T *handle) {
    return handle != nullptr && shells<T>().contains(handle) && handle->body.has_value();
}

template <class T>
[[nodiscard]] T *make(typename T::Body body) {
    auto shell = std::make_unique<T>();
    shell->body.emplace(std::move(body));
    T *handle = shell.get();
    shells<T>().emplace(handle, std::move(shell));
    return handle;
}

template <class T>
void release(T *handle) {
    if (--handle->references > 0)
        return;
    const auto last = std::exchange(handle->body, std::nullopt);
}

/// An object's hold on another, as a queue holds its context.
template <class T>
class Ref {
public:
    Ref() = default;
    explicit Ref(T *handle) : handle_(handle) { ++handle_->references; }
    Ref(const Ref &other) : handle_(other.handle_) {
        if (handle_)
            ++handle_->references;
    }
    Ref(Ref &&other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
    Ref &operator=(Ref other) noexcept {
        std::swap(handle_, other.handle_);
        return *this;
    }
    ~Ref() {
        if (handle_)
            release(handle_);
    }

    [[nodiscard]] T *handle() const { return handle_; }
    [[nodiscard]] auto &operator*() const { return *handle_->body; }
    [[nodiscard]] auto *operator->() const { return &*handle_->body; }

private:
    T *handle_ = nullptr;
};

/// clRetain*: `invalid` is what a dead handle answers.
template <class T>
[[nodiscard]] cl_int retained(T *handle, cl_int invalid) {
    if (!alive(handle))
        return invalid;
    ++handle->references;
    return CL_SUCCESS;
}

/// clRelease*.
template <class T>
[[nodiscard]] cl_int released(T *handle, cl_int invalid) {
    if (!alive(handle))
        return invalid;
    release(handle);
    return CL_SUCCESS;
}

/// What a clCreate* returns: the handle, or none with its error.
template <class T>
[[nodiscard]] T *result(T *handle, cl_int *error) {
    if (error)
        *error = CL_SUCCESS;
    return handle;
}
inline std::nullptr_t failure(cl_int code, cl_int *error) {
    if (error)
        *error = code;
    return nullptr;
}

} // namespace stub
