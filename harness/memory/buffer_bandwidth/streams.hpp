#pragma once
#include "memory/buffer_bandwidth/arrays.hpp"

#include <optional>
#include <string>
#include <vector>

namespace clprobe::probes::buffer_bandwidth {

/// What a kernel does with memory: `read` sums up one array, `write` fills one, `copy` reads one
/// and writes one, `triad` (a = b + s c, in integers) reads two and writes one.
enum class Operation { read, write, copy, triad };
inline constexpr Operation all_operations[] = {Operation::read, Operation::write, Operation::copy,
                                               Operation::triad};
[[nodiscard]] std::string name(Operation operation);
/// The arrays that it goes over, each counted once, as STREAM counts.
[[nodiscard]] double arrays_of(Operation operation);

/// How work-items share an array; see Spread.
enum class Layout { one_shot, strided, chunked };

/// A kernel and how it is launched. `share` is the elements of a work-item where the layout is one
/// shot, else the number of groups.
struct StreamShape {
    Operation operation = Operation::read;
    Layout layout = Layout::one_shot;
    unsigned width = 1;
    std::size_t local_size = 1;
    std::size_t share = 8;

    /// As people read it: "uint4, 8 a work-item, groups of 256".
    [[nodiscard]] std::string describe() const;
    bool operator==(const StreamShape &) const = default;
};

/// The axes of a stream's times: the shape, and the bytes of one array.
[[nodiscard]] std::vector<Axis> stream_axes();
/// The coordinates without the bytes.
[[nodiscard]] std::vector<double> coordinates(const StreamShape &shape);
/// The shape at coordinates; nothing where they are none's.
[[nodiscard]] std::optional<StreamShape> stream_shape_at(const std::vector<double> &at);

/// Times streams over arrays in memory.
class Streams {
public:
    /// `bytes` of an array at most. What needs more arrays than the device has memory for is left
    /// out; `operations` are those that remain.
    Streams(Programs &programs, const Source &source, double fill_seconds);

    [[nodiscard]] std::vector<Operation> operations() const;
    /// Lowers the arrays' size until a launch of the shape stays within the bench's bounds.
    void fit(const StreamShape &shape);
    /// One launch over this share of the arrays, its time going to `series`. Seconds.
    double sample(Series &series, const StreamShape &shape, double share, int block);

private:
    [[nodiscard]] Work work(const StreamShape &shape, std::size_t bytes);
    void check_sums(const StreamShape &shape, const Spread &spread) const;
    void check_words(const StreamShape &shape, const Spread &spread, std::uint32_t nonce) const;
    [[nodiscard]] std::uint32_t expected(Operation operation, std::size_t place,
                                         std::uint32_t nonce) const;

    Programs &programs_;
    Bench &bench_;
    const Source &source_;
    std::optional<Source> other_;
    std::optional<Buffer> to_;
    std::optional<Buffer> sums_;
    std::size_t bytes_ = 0;
};

} // namespace clprobe::probes::buffer_bandwidth
