#pragma once
#include <clprobe/context.hpp>

#include <cstddef>
#include <cstdint>

namespace clprobe {

/// A context of the same device and memory with a queue of its own, in order and without profiling,
/// which slows some drivers down. Throws Error where the driver makes no such queue.
[[nodiscard]] Context without_profiling(const Context &context);

/// The calls that launches are made of, one after the other with nothing between them, as a program
/// in C would have them: the time that they take is the driver's. All throw Error where a call
/// fails.
class CallLoops {
public:
    /// The kernel's arguments are set by who launches it. Throws Unsupported where the device
    /// allows no such groups.
    CallLoops(Context context, Kernel kernel, const NdRange &range);

    /// Enqueues the kernel so many times, without waiting.
    void enqueue(std::size_t times) const;
    /// The same, each with an event that is released at once.
    void enqueue_with_events(std::size_t times) const;
    void finish(std::size_t times = 1) const;
    /// Sets a 32-bit argument of the kernel so many times: to `first` and the numbers after it.
    void set_argument(unsigned index, std::uint32_t first, std::size_t times) const;

private:
    [[noreturn]] void fail(const char *doing, int code) const;

    Context context_;
    Kernel kernel_;
    NdRange range_;
};

} // namespace clprobe
