#pragma once
#include <array>
#include <cstdint>

namespace clprobe::probes::dot_product {

/// One of the write-up's programs: the number of multiplications that it tells of, and of how many
/// pairs of vectors ours takes the sixteen products.
struct Variant {
    unsigned published = 0;
    unsigned pairs = 0;
};
inline constexpr std::array<Variant, 5> variants = {
    {{16, 1}, {48, 3}, {107, 7}, {169, 11}, {261, 17}}};

/// Vectors of four that a work-item loads.
[[nodiscard]] constexpr unsigned loads_of(const Variant &variant) {
    return variant.pairs == 1 ? 2 : 3;
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

/// What a work-item computes of x, y and z, in numbers of any type.
template <class T>
[[nodiscard]] Vector<T> combined(unsigned pairs, const Vector<T> &x, const Vector<T> &y,
                                 const Vector<T> &z) {
    const auto xy = pair(x, y);
    if (pairs == 1)
        return xy;
    const auto yz = pair(y, z);
    const auto zx = pair(z, x);
    auto sum = xy + yz + zx;
    if (pairs == 3)
        return sum;
    const auto xyz = pair(xy, z);
    sum = sum + (pair(x, x) + pair(y, y) + pair(z, z) + xyz);
    if (pairs == 7)
        return sum;
    const auto yzx = pair(yz, x);
    const auto zxy = pair(zx, y);
    const auto xyzx = pair(xyz, x);
    const auto yzxy = pair(yzx, y);
    sum = sum + (yzx + zxy + xyzx + yzxy);
    if (pairs == 11)
        return sum;
    const auto zxyz = pair(zxy, z);
    const auto xyzxy = pair(xyzx, y);
    const auto yzxyz = pair(yzxy, z);
    const auto zxyzx = pair(zxyz, x);
    const auto xyzxyz = pair(xyzxy, z);
    const auto yzxyzx = pair(yzxyz, x);
    return sum + (zxyz + xyzxy + yzxyz + zxyzx + xyzxyz + yzxyzx);
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
