#include "compute/dot_product/dot_product.hpp"

#include <algorithm>
#include <map>
#include <tuple>

namespace clprobe::probes::dot_product {
namespace {

template <class T>
T dot(const Vector<T> &a, const Vector<T> &b) {
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2] + a[3] * b[3];
}

/// The dot products of a with b and with b in the three orders that swap its elements in pairs.
template <class T>
Vector<T> pair(const Vector<T> &a, const Vector<T> &b) {
    return {dot(a, b), dot(a, {b[1], b[0], b[3], b[2]}), dot(a, {b[2], b[3], b[0], b[1]}),
            dot(a, {b[3], b[2], b[1], b[0]})};
}

template <class T>
Vector<T> operator+(const Vector<T> &a, const Vector<T> &b) {
    return {a[0] + b[0], a[1] + b[1], a[2] + b[2], a[3] + b[3]};
}

/// The dot product of (a, b) with (b, a), which is two products, each twice.
template <class T>
T swapped(const std::array<T, 2> &a, const std::array<T, 2> &b, int once) {
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
Vector<T> square(const Vector<T> &a, int once) {
    return {dot(a, a), swapped<T>({a[0], a[2]}, {a[1], a[3]}, once),
            swapped<T>({a[0], a[1]}, {a[2], a[3]}, once - 2),
            swapped<T>({a[0], a[1]}, {a[3], a[2]}, once - 4)};
}

/// The sum of so many results: the first is pair(a, b), the next pairs it with c, the next that
/// with a, and so on.
template <class T>
Vector<T> chain(const Vector<T> &a, const Vector<T> &b, const Vector<T> &c, unsigned links) {
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
Vector<T> combination(const Variant &variant, const Vector<T> &x, const Vector<T> &y,
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

/// Every value that was computed, by its operation and operands: equal ones have one number.
struct Ledger {
    std::map<std::tuple<char, int, int>, int> values;
    Operations operations;
    int next = 0;

    int result(char operation, int a, int b) {
        const auto [found, added] =
            values.try_emplace({operation, std::min(a, b), std::max(a, b)}, next);
        next += added ? 1 : 0;
        if (operation == '*') {
            ++operations.written_multiplications;
            operations.multiplications += added ? 1 : 0;
        } else {
            operations.additions += added ? 1 : 0;
        }
        return found->second;
    }
};

/// A value that is no number, but knows how it came about.
struct Symbol {
    Ledger *ledger = nullptr;
    int number = 0;

    friend Symbol operator*(const Symbol &a, const Symbol &b) {
        return {a.ledger, a.ledger->result('*', a.number, b.number)};
    }
    friend Symbol operator+(const Symbol &a, const Symbol &b) {
        return {a.ledger, a.ledger->result('+', a.number, b.number)};
    }
};

Vector<Symbol> inputs(Ledger &ledger) {
    Vector<Symbol> vector;
    for (Symbol &symbol : vector)
        symbol = {&ledger, ledger.next++};
    return vector;
}

} // namespace

Vector<double> combined(const Variant &variant, const Vector<double> &x, const Vector<double> &y,
                        const Vector<double> &z) {
    return combination(variant, x, y, z);
}

Operations operations_of(const Variant &variant) {
    Ledger ledger;
    const auto x = inputs(ledger);
    const auto y = inputs(ledger);
    const auto z = inputs(ledger);
    static_cast<void>(combination(variant, x, y, z));
    return ledger.operations;
}

Vector<double> value(std::uint32_t element, std::uint32_t key) {
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

} // namespace clprobe::probes::dot_product
