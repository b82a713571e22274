#pragma once
#include <array>
#include <cstdint>

namespace clprobe::probes::dot_product {

/// One of the write-up's programs: multiplications of a work-item.
struct Variant {
    unsigned published = 0;

    /// Pairs of vectors of which it takes the sixteen products.
    [[nodiscard]] constexpr unsigned pairs() const { return (published + 15) / 16; }
    /// Products that would come twice and are taken once.
    [[nodiscard]] constexpr unsigned once() const { return 16 * pairs() - published; }
};
inline constexpr std::array<Variant, 5> variants = {{{16}, {48}, {107}, {169}, {261}}};

/// Vectors of four that a work-item loads.
[[nodiscard]] constexpr unsigned loads_of(const Variant &variant) {
    return variant.pairs() == 1 ? 2 : 3;
}
/// Bytes that a work-item loads and stores.
[[nodiscard]] constexpr unsigned bytes_of(const Variant &variant) {
    return 16 * (loads_of(variant) + 1);
}

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

/// Operations of a work-item: as they are written, and how many are left once each value is
/// computed only once, which a compiler may do without changing a result.
struct Operations {
    unsigned written_multiplications = 0;
    unsigned multiplications = 0;
    unsigned additions = 0;

    /// The least that a work-item does.
    [[nodiscard]] unsigned flops() const { return multiplications + additions; }
};
[[nodiscard]] Operations operations_of(const Variant &variant);

/// What the kernel fills an array with, between 1/4 and 3/4.
[[nodiscard]] Vector<double> value(std::uint32_t element, std::uint32_t key);

} // namespace clprobe::probes::dot_product
