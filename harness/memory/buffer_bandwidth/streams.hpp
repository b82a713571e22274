#pragma once
#include "memory/buffer_bandwidth/arrays.hpp"

#include <clprobe/row.hpp>

#include <array>
#include <optional>
#include <string>
#include <vector>

namespace clprobe::probes::buffer_bandwidth {

/// What a kernel does with memory: `read` sums up one array, `write` fills one, `copy` reads one
/// and writes one, `triad` (a = b + s c, in integers) reads two and writes one.
enum class Operation { read, write, copy, triad };
inline constexpr Operation all_operations[] = {Operation::read, Operation::write, Operation::copy,
                                               Operation::triad};
inline constexpr std::array<const char *, 4> operation_names{"read", "write", "copy", "triad"};
[[nodiscard]] std::string name(Operation operation);
/// The arrays that it goes over, each counted once, as STREAM counts.
[[nodiscard]] double arrays_of(Operation operation);

/// How work-items share an array; see Spread.
enum class Layout { one_shot, strided, chunked };
inline constexpr std::array<const char *, 3> layout_names{"one_shot", "strided", "chunked"};

/// A kernel and how it is launched. `share` is the elements of a work-item where the layout is one
/// shot, else the number of groups.
struct StreamShape {
    Operation operation = Operation::read;
    Layout layout = Layout::one_shot;
    unsigned width = 1;
    std::size_t local_size = 1;
    std::size_t share = 8;

    /// Their times grow with the bytes of an array.
    static auto columns() {
        constexpr double most = 1 << 30;
        return std::tuple{column("operation", &StreamShape::operation, operation_names),
                          column("layout", &StreamShape::layout, layout_names),
                          column("width", &StreamShape::width).between(1, 16),
                          column("local_size", &StreamShape::local_size).between(1, most),
                          column("share", &StreamShape::share).between(1, most),
                          trips("bytes", Unit::byte)};
    }
    /// As people read it: "uint4, 8 a work-item, groups of 256".
    [[nodiscard]] std::string describe() const;
    bool operator==(const StreamShape &) const = default;
};

/// Times streams over arrays in memory.
class Streams {
public:
    /// `bytes` of an array at most. What needs more arrays than the device has memory for is left
    /// out; `operations` are those that remain.
    Streams(Programs &programs, const Source &source, double fill_seconds);

    [[nodiscard]] std::vector<Operation> operations() const;
    /// The shape with groups as large as its kernel, where that builds, and the device allow.
    [[nodiscard]] StreamShape allowed(StreamShape shape) const;
    /// Lowers the arrays' size until a launch of the shape stays within the bench's bounds.
    void fit(const StreamShape &shape);
    /// One launch over this share of the arrays, its time going to `series`. Seconds.
    double sample(Series &series, const StreamShape &shape, double share, int block);

private:
    [[nodiscard]] BoundLaunch launch(const StreamShape &shape, std::size_t bytes);
    void check_sums(const StreamShape &shape, const Spread &spread,
                    const LaunchOutcome &outcome) const;
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
