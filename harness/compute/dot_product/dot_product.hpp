#pragma once
#include "common/local_sizes.hpp"

#include <clprobe/probe.hpp>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace clprobe::probes::dot_product {

inline constexpr const char *kernel_text = "compute/dot_product";

/// What the vectors lie in.
enum class Memory { buffer, image };
inline constexpr Memory all_memories[] = {Memory::buffer, Memory::image};
inline constexpr std::array<const char *, 2> memory_names{"buffer", "image"};
[[nodiscard]] constexpr const char *name(Memory memory) {
    return memory_names[static_cast<std::size_t>(memory)];
}

/// One of the write-up's programs: multiplications of a work-item.
struct Variant {
    unsigned published = 0;
    /// Multiplications and additions that are left once each value is computed only once, which a
    /// compiler may do without changing a result.
    unsigned flops = 0;

    /// Pairs of vectors of which it takes the sixteen products.
    [[nodiscard]] constexpr unsigned pairs() const { return (published + 15) / 16; }
    /// Products that would come twice and are taken once.
    [[nodiscard]] constexpr unsigned once() const { return 16 * pairs() - published; }
    /// Bytes that a work-item loads, as two or three vectors of four, and stores, as one.
    [[nodiscard]] constexpr unsigned bytes() const { return 16 * (pairs() == 1 ? 3 : 4); }
    [[nodiscard]] std::string build_options() const {
        return "-DMULTIPLICATIONS=" + std::to_string(published);
    }
};
inline constexpr std::array<Variant, 5> variants = {
    {{16, 28}, {48, 92}, {107, 202}, {169, 330}, {261, 522}}};

template <class T>
using Vector = std::array<T, 4>;

template <class T>
[[nodiscard]] T dot(const Vector<T> &a, const Vector<T> &b) {
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2] + a[3] * b[3];
}

/// The dot products of a with b and with b in the three orders that swap its elements in pairs.
template <class T>
[[nodiscard]] Vector<T> pair(const Vector<T> &a, const Vector<T> &b) {
    return {dot(a, b), dot(a, {b[1], b[0], b[3], b[2]}), dot(a, {b[2], b[3], b[0], b[1]}),
            dot(a, {b[3], b[2], b[1], b[0]})};
}

template <class T>
[[nodiscard]] Vector<T> operator+(const Vector<T> &a, const Vector<T> &b) {
    return {a[0] + b[0], a[1] + b[1], a[2] + b[2], a[3] + b[3]};
}

/// The dot product of (a, b) with (b, a), which is two products, each twice.
template <class T>
[[nodiscard]] T swapped(const std::array<T, 2> &a, const std::array<T, 2> &b, int once) {
    if (once <= 0)
        return a[0] * b[0] + a[1] * b[1] + b[0] * a[0] + b[1] * a[1];
    const T first = a[0] * b[0];
    if (once == 1)
        return first + first + (a[1] * b[1] + b[1] * a[1]);
    const T second = a[1] * b[1];
    return first + first + (second + second);
}

/// pair(a, a), of whose six products that come twice so many are taken once.
template <class T>
[[nodiscard]] Vector<T> square(const Vector<T> &a, int once) {
    return {dot(a, a), swapped<T>({a[0], a[2]}, {a[1], a[3]}, once),
            swapped<T>({a[0], a[1]}, {a[2], a[3]}, once - 2),
            swapped<T>({a[0], a[1]}, {a[3], a[2]}, once - 4)};
}

/// The sum of so many results: the first is pair(a, b), the next pairs it with c, the next that
/// with a, and so on.
template <class T>
[[nodiscard]] Vector<T> chain(const Vector<T> &a, const Vector<T> &b, const Vector<T> &c,
                              unsigned links) {
    const std::array next = {&c, &a, &b};
    auto last = pair(a, b);
    auto sum = last;
    for (unsigned link = 1; link < links; ++link) {
        last = pair(last, *next[(link - 1) % next.size()]);
        sum = sum + last;
    }
    return sum;
}

/// What a work-item computes of x, y and z, in numbers of any type.
template <class T>
[[nodiscard]] Vector<T> combined(const Variant &variant, const Vector<T> &x, const Vector<T> &y,
                                 const Vector<T> &z) {
    if (variant.pairs() == 1)
        return pair(x, y);
    const unsigned links = variant.pairs() == 3 ? 3 : variant.pairs() - 3;
    const auto sum = chain(x, y, z, (links + 2) / 3) + chain(y, z, x, (links + 1) / 3) +
                     chain(z, x, y, links / 3);
    if (variant.pairs() == 3)
        return sum;
    const int once = static_cast<int>(variant.once());
    return sum + square(x, once) + square(y, once - 6) + square(z, once - 12);
}

/// What the kernel fills an array with, between 1/4 and 3/4.
[[nodiscard]] inline Vector<double> value(std::uint32_t element, std::uint32_t key) {
    Vector<double> values{};
    for (std::uint32_t i = 0; i < 4; ++i) {
        std::uint32_t bits = (element * 4 + i) * 0x9e3779b1U ^ key;
        bits = (bits ^ bits >> 16) * 0x7feb352dU;
        bits = (bits ^ bits >> 15) * 0x846ca68bU;
        bits ^= bits >> 16;
        values[i] = (bits >> 9) * 0x1p-24 + 0.25;
    }
    return values;
}

namespace series {
inline const std::string grid = "grid"; ///< each local size
inline const std::string rate = "rate"; ///< the best local size of each, measured anew
} // namespace series

/// One of the write-up's programs over a memory.
struct ProgramRow {
    Memory memory = Memory::buffer;
    unsigned multiplications = 16;

    static auto columns() {
        return std::tuple{column("memory", &ProgramRow::memory, memory_names),
                          column("multiplications", &ProgramRow::multiplications)};
    }
    bool operator==(const ProgramRow &) const = default;
};
using RateRow = SweptRow<ProgramRow>;

/// Attributes of the data.
namespace entry {
inline const std::string vectors = "vectors_a_trip";    ///< number
inline const std::string verified = "verified_vectors"; ///< number
inline const std::string no_images = "no_images";       ///< text: why there are none
} // namespace entry

/// Sweeps the local sizes of all programs over all memories, then measures each anew with its best.
void run_experiments(Bench &bench);

[[nodiscard]] std::vector<FindingKey> finding_keys();
/// For each memory, the rate of the variant that does best there over the local sizes.
[[nodiscard]] std::vector<HeatMap> maps_of(const Dataset &data);
[[nodiscard]] std::vector<Finding> findings_of(const Dataset &data, const Facts &facts);

} // namespace clprobe::probes::dot_product
