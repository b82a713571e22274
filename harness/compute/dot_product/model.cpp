#include "compute/dot_product/model.hpp"

#include <algorithm>
#include <map>
#include <tuple>

namespace clprobe::probes::dot_product {
namespace {

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

Operations operations_of(const Variant &variant) {
    Ledger ledger;
    const auto x = inputs(ledger);
    const auto y = inputs(ledger);
    const auto z = inputs(ledger);
    static_cast<void>(combined(variant, x, y, z));
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
