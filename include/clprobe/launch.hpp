#pragma once
#include <clprobe/context.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <random>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace clprobe {

/// Marks the `uint` argument of a kernel that says how often its loop runs.
struct TripCount {};
inline constexpr TripCount trip_count{};

/// An argument in local memory: so many bytes for each work-group.
struct LocalBytes {
    std::size_t bytes = 0;
};

/// What outputs are filled with before a launch: no number that a kernel would compute.
inline constexpr std::uint32_t poison = 0xa5c396e1u;

/// An argument of a kernel: memory, a sampler, a value of any type that can be copied byte by byte,
/// or a function that makes such a value anew for each launch.
class Argument {
public:
    /// None: whatever the kernel was given before.
    Argument() = default;
    template <typename T>
    requires(!std::is_same_v<T, Argument>) Argument(T value) {
        if constexpr (std::is_invocable_v<T &>)
            set_ = [make = std::move(value)](Kernel &kernel, unsigned index,
                                             std::uint32_t) mutable { kernel.set(index, make()); };
        else
            set_ = [held = std::move(value)](Kernel &kernel, unsigned index, std::uint32_t) {
                kernel.set(index, held);
            };
    }
    Argument(TripCount);
    Argument(LocalBytes memory);

    /// A buffer that the kernel writes: filled with `word` before each launch.
    [[nodiscard]] static Argument output(const Buffer &buffer, std::uint32_t word = poison);

private:
    friend struct BoundLaunch;
    struct Output {
        Buffer buffer;
        std::uint32_t word;
    };
    std::function<void(Kernel &, unsigned index, std::uint32_t trips)> set_;
    std::optional<Output> output_;
    bool counts_trips_ = false;
};

/// A buffer that the kernel writes: filled with `word` before each launch, and the first such is
/// what `LaunchOutcome::word` reads.
[[nodiscard]] inline Argument output(const Buffer &buffer, std::uint32_t word = poison) {
    return Argument::output(buffer, word);
}

class LaunchOutcome;

/// A launch with all that belongs to it: the kernel, its range and its arguments, which are applied
/// at each enqueue, whatever else the kernel was launched with in between.
struct BoundLaunch {
    Kernel kernel;
    NdRange range;
    /// In the kernel's order. One of them may be `trip_count`; without it a launch counts as one
    /// trip, and its time includes the launch.
    std::vector<Argument> arguments = {};
    /// Throws VerificationError where what a launch left is not what the host computes. Called
    /// after each, untimed.
    std::function<void(const LaunchOutcome &)> check = {};
    /// What else must happen before each launch, untimed: writing what the kernel starts from.
    std::function<void()> before = {};

    /// Replaces one argument; those between that were never given stay what the kernel has.
    BoundLaunch &set(unsigned index, Argument argument);
    [[nodiscard]] bool counts_trips() const;
    /// The buffer of the first output. Throws std::logic_error where there is none.
    [[nodiscard]] const Buffer &output() const;
    /// Calls `before`, fills the outputs and sets the arguments: the kernel is then ready to be
    /// enqueued. `transfer`, where given, is raised by the seconds that the filling took.
    void prepare(const Context &context, std::uint32_t trips, double *transfer = nullptr) const;
    /// Prepares and enqueues it; does not wait, and checks nothing.
    Event enqueue(const Context &context, std::uint32_t trips = 1) const {
        prepare(context, trips);
        return context.launch(kernel, range);
    }
};

/// What one launch left, for its check: read back from the device at indices chosen after it.
class LaunchOutcome {
public:
    /// `transfer`, where given, is raised by the seconds that reading takes.
    LaunchOutcome(const Context &context, const BoundLaunch &launch, std::uint32_t trips,
                  std::mt19937_64 &random, double *transfer = nullptr)
        : context_(context), launch_(launch), trips_(trips), random_(random), transfer_(transfer) {}

    [[nodiscard]] std::uint32_t trips() const { return trips_; }
    /// Indices of a few of `count`, chosen anew at each call.
    [[nodiscard]] std::vector<std::size_t> sample(std::size_t count, std::size_t most = 4) const;
    template <typename T>
    [[nodiscard]] std::vector<T> read(const Buffer &buffer, std::size_t first,
                                      std::size_t count) const {
        std::vector<T> values(count);
        read_bytes(buffer, first * sizeof(T), count * sizeof(T), values.data());
        return values;
    }
    /// One 32-bit word of the buffer; by default of the launch's first output.
    [[nodiscard]] std::uint32_t word(const Buffer &buffer, std::size_t index) const {
        return read<std::uint32_t>(buffer, index, 1).front();
    }
    [[nodiscard]] std::uint32_t word(std::size_t index) const {
        return word(launch_.output(), index);
    }
    /// Throws VerificationError with the kernel's name, `what` and the trips where not `right`.
    void expect(bool right, std::string_view what) const;

private:
    void read_bytes(const Buffer &buffer, std::size_t offset, std::size_t bytes, void *to) const;

    const Context &context_;
    const BoundLaunch &launch_;
    std::uint32_t trips_;
    std::mt19937_64 &random_;
    double *transfer_;
};

/// A check of a launch whose work-items each leave a word in the first output: for `most` of
/// `items`, chosen after the launch, it must be `expected(item, trips)`.
[[nodiscard]] std::function<void(const LaunchOutcome &)>
check_words(std::size_t items,
            std::function<std::uint32_t(std::size_t item, std::uint32_t trips)> expected,
            std::size_t most = 4);

} // namespace clprobe
