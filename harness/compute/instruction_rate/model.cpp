#include "common/half.hpp"
#include "compute/instruction_rate/instruction_rate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

namespace clprobe::probes::instruction_rate {
namespace {

std::uint64_t mask_of(Type type) {
    return ~std::uint64_t{0} >> (64 - bits_of(type));
}

/// The bits as a number with a sign, but of types without one.
std::int64_t with_sign(Type type, std::uint64_t bits) {
    if (type == Type::uint32)
        return static_cast<std::int64_t>(bits);
    const unsigned unused = 64 - bits_of(type);
    return static_cast<std::int64_t>(bits << unused) >> unused;
}

std::uint32_t hash(std::size_t element, unsigned stream) {
    const std::uint32_t h =
        static_cast<std::uint32_t>(element) * 2654435761U + stream * 2246822519U;
    return (h ^ h >> 15) & 31U;
}

template <typename T>
struct State {
    T x{};
    T y{};
};

/// Runs the trips, giving each what is another one in 32 of them.
template <typename Step>
void run(std::uint32_t first, std::uint32_t last, unsigned steps, const Step &step) {
    for (std::uint32_t trip = first; trip < last; ++trip)
        for (unsigned i = 0; i < steps; ++i)
            step(i, trip % 32);
}

std::int64_t dot_of_bytes(std::uint64_t x, std::uint64_t a) {
    std::int64_t sum = 0;
    for (unsigned shift = 0; shift < 32; shift += 8)
        sum += with_sign(Type::int8, x >> shift & 255U) * with_sign(Type::int8, a >> shift & 255U);
    return sum;
}

class Whole {
public:
    Whole(Instruction of, std::size_t element, unsigned chain)
        : type_(of.type), op_(of.op), mask_(mask_of(of.type)), of_(operands_of(of).whole),
          pairs_(loop_of(of).pairs) {
        const auto seed = [&](unsigned i) { return 2 * hash(element, 2 * chain + i) + 3; };
        s_ = {(seed(0) + of_[3]) & mask_, seed(1)};
    }

    std::uint64_t after(std::uint32_t trips) {
        switch (op_) {
        case Op::add:
            pairs(trips, [](auto x, auto y) { return x + y; });
            break;
        case Op::mul:
            pairs(trips, [](auto x, auto y) { return x * y; });
            break;
        case Op::mad:
            run(0, trips, pairs_, [this](unsigned, unsigned) {
                s_.x = (s_.x * of_[0] + s_.y) & mask_;
                s_.y = (s_.y * of_[1] + s_.x) & mask_;
            });
            break;
        case Op::popcount:
            pairs(trips, [](auto x, auto y) { return std::uint64_t(std::popcount(x)) + y; });
            break;
        case Op::to_fp32:
            pairs(trips, [this](auto x, auto y) {
                const auto value = static_cast<float>(with_sign(type_, x));
                return std::bit_cast<std::uint32_t>(value) + y;
            });
            break;
        case Op::dot4:
            pairs(trips, [this](auto x, auto y) {
                return static_cast<std::uint64_t>(dot_of_bytes(x, of_[0])) + y;
            });
            break;
        case Op::dot4_sat:
            pairs(trips, [this](auto x, auto y) {
                using Limits = std::numeric_limits<std::int32_t>;
                const std::int64_t sum = dot_of_bytes(x, of_[0]) + with_sign(type_, y);
                return static_cast<std::uint64_t>(
                    std::clamp<std::int64_t>(sum, Limits::min(), Limits::max()));
            });
            break;
        case Op::divide:
            run(0, trips, pairs_, [this](unsigned, unsigned) {
                const std::int64_t quotient = with_sign(type_, of_[0]) / with_sign(type_, s_.y | 1);
                s_.x = static_cast<std::uint64_t>(quotient) & mask_;
                s_.y = (s_.y * of_[1] + s_.x) & mask_;
            });
            break;
        case Op::logic:
            run(0, trips, pairs_, [this](unsigned, unsigned) {
                s_.x ^= s_.y;
                s_.y = (s_.y + s_.x) & mask_;
            });
            break;
        case Op::shift:
            next(trips, [this](auto x, unsigned) { return of_[0] >> (x & (bits_of(type_) - 1)); });
            break;
        case Op::mul_hi: // of the largest number and any other
            next(trips, [](auto x, unsigned) { return x == 0 ? 0 : x - 1; });
            break;
        case Op::mad24:
            next(trips, [this](auto x, unsigned) { return x * of_[0] + of_[1]; });
            break;
        case Op::select:
            next(trips, [this](auto x, unsigned moving) {
                return (x < of_[0] ? of_[1] : of_[2]) + moving;
            });
            break;
        default: // min: what it comes to rest at
            if (trips > 0)
                s_.x = (trips - 1) % 32;
            break;
        }
        return (s_.x + 2 * s_.y) & mask_;
    }

private:
    template <typename Step>
    void pairs(std::uint32_t trips, const Step &step) {
        run(0, trips, pairs_, [&](unsigned, unsigned) {
            s_.x = step(s_.x, s_.y) & mask_;
            s_.y = step(s_.y, s_.x) & mask_;
        });
    }
    template <typename Step>
    void next(std::uint32_t trips, const Step &step) {
        run(0, trips, 2 * pairs_,
            [&](unsigned, unsigned moving) { s_.x = step(s_.x, moving) & mask_; });
    }

    Type type_;
    Op op_;
    std::uint64_t mask_;
    std::array<std::uint64_t, 4> of_;
    unsigned pairs_;
    State<std::uint64_t> s_;
};

double function(Op op, double a, double x, double moving) {
    switch (op) {
    case Op::divide:
    case Op::native_divide:
        return a / x + moving;
    case Op::exp2:
    case Op::native_exp2:
        return std::exp2(x) - moving;
    default:
        return static_cast<double>(exact(op, 0, x)) + moving;
    }
}

class Real {
public:
    Real(Instruction of, std::size_t element, unsigned chain)
        : of_(of), operands_(operands_of(of).real), steps_(2 * loop_of(of).pairs) {
        const auto seed = [&](unsigned i) { return hash(element, 2 * chain + i) / 32.0 + 1; };
        s_ = {round(seed(0) + operands_[3]), seed(1)};
    }

    double after(std::uint32_t trips) {
        const double a = operands_[0];
        const double b = operands_[1];
        const double c = operands_[2];
        const double d = operands_[3];
        switch (of_.op) {
        case Op::mad: // of an exact product
            run(0, trips, steps_, [&, this](unsigned i, unsigned) {
                s_.x = round(s_.x * (i % 2 == 0 ? a : b) + (i % 2 == 0 ? c : d));
            });
            break;
        case Op::add:
            run(0, trips, steps_, [this](unsigned i, unsigned) {
                if (i % 2 == 0)
                    s_.x += s_.y;
                else
                    s_.y -= s_.x;
            });
            break;
        case Op::mul:
        case Op::to_fp32:
            run(0, trips, steps_,
                [&, this](unsigned i, unsigned) { s_.x = round(s_.x * (i % 2 == 0 ? a : b)); });
            break;
        case Op::to_int32:
            s_.x += steps_ * static_cast<double>(trips);
            break;
        case Op::select:
            run(0, trips, steps_, [&, this](unsigned, unsigned moving) {
                s_.x = (s_.x < a ? b : c) + 1 + moving / 32.0;
            });
            break;
        case Op::min: // what it comes to rest at
            if (trips > 0)
                s_.x = 1 + (trips - 1) % 32 / 32.0;
            break;
        default: // what was long before does not matter
            run(trips - std::min(trips, 128U), trips, steps_, [&, this](unsigned, unsigned moving) {
                s_.x = function(of_.op, a, s_.x, 1 + moving / 32.0);
            });
            break;
        }
        return round(round(s_.x + s_.y) + s_.y);
    }

private:
    [[nodiscard]] double round(double value) const { return rounded(of_.type, value); }

    Instruction of_;
    std::array<double, 4> operands_;
    unsigned steps_;
    State<double> s_;
};

template <typename T>
void append_bytes(std::vector<std::byte> &bytes, T value) {
    const std::size_t at = bytes.size();
    bytes.resize(at + sizeof value);
    std::memcpy(&bytes[at], &value, sizeof value);
}

std::vector<Instruction> make_instructions() {
    using enum Op;
    std::vector<Instruction> all;
    const auto enter = [&](Type type, std::initializer_list<Op> ops) {
        for (const Op op : ops)
            all.push_back({type, op});
    };
    for (const Type type : {Type::int8, Type::int16, Type::int32, Type::int64})
        enter(type, {add, mul, mad, shift, logic, popcount, min, select, divide});
    enter(Type::int32, {mad24, to_fp32, dot4, dot4_sat});
    enter(Type::int64, {mul_hi});
    enter(Type::uint32, {mul_hi, min, select, divide});
    for (const Type type : {Type::fp16, Type::fp32, Type::fp64})
        enter(type, {add, mul, mad, min, select, divide, recip, sqrt, rsqrt, exp2, log2, sin});
    enter(Type::fp16, {to_fp32});
    enter(Type::fp32, {to_int32, native_divide, native_recip, native_sqrt, native_rsqrt,
                       native_exp2, native_log2, native_sin});
    std::ranges::stable_sort(all, {}, &Instruction::type);
    return all;
}

Op precise(Op op) {
    return is_native(op)
               ? static_cast<Op>(static_cast<int>(op) - static_cast<int>(Op::native_divide) +
                                 static_cast<int>(Op::divide))
               : op;
}

} // namespace

unsigned bits_of(Type type) {
    return std::array{8U, 16U, 32U, 32U, 64U, 16U, 32U, 64U}[static_cast<std::size_t>(type)];
}

bool is_real(Type type) {
    return type >= Type::fp16;
}

double rounded(Type type, double value) {
    if (type == Type::fp16)
        return rounded_to_half(value);
    return type == Type::fp32 ? static_cast<double>(static_cast<float>(value)) : value;
}

bool is_function(Type type, Op op) {
    return is_real(type) && op >= Op::divide;
}

std::string Instruction::name() const {
    return instruction_rate::name(type) + "." + instruction_rate::name(op);
}

std::span<const Instruction> all_instructions() {
    static const std::vector<Instruction> all = make_instructions();
    return all;
}

Loop loop_of(Instruction instruction) {
    switch (instruction.op) {
    case Op::logic:
        return {13, 1, "an addition"};
    case Op::min:
        return {4, 6};
    case Op::shift:
        return {13, 2, "a mask of its count"};
    case Op::select:
        return {13, 2, "a comparison"};
    case Op::popcount:
        return {2, 2, "an addition"};
    case Op::mul_hi:
        return {4};
    case Op::mad:
    case Op::mad24: // a multiplication and an addition
        return {13, 4, "", 2};
    case Op::to_fp32:
        return is_real(instruction.type) ? Loop{13, 4, "half a multiplication"}
                                         : Loop{13, 2, "an addition"};
    case Op::to_int32:
        return {13, 2, "an addition of its bits"};
    case Op::dot4:
    case Op::dot4_sat: // four multiplications and as many additions
        return {13, 16, "", 8};
    case Op::divide:
        if (!is_real(instruction.type))
            return {2, 1, "a multiply-add"};
        [[fallthrough]];
    default:
        if (is_native(instruction.op))
            return {4, 2, "an addition"};
        if (is_function(instruction.type, instruction.op))
            return {1, 2, "an addition"};
        return {};
    }
}

Operands operands_of(Instruction instruction) {
    const auto [type, op] = instruction;
    Operands of;
    if (is_real(type)) {
        switch (op) {
        case Op::mul:
        case Op::to_fp32: // up again after each step down, but for a drift; in half, for the sign
            if (type == Type::fp16)
                of.real = {-2, 0.5, 0, 0};
            else {
                of.real[0] = rounded(type, 0.7232142857142857);
                of.real[1] =
                    rounded(type, (1 + (type == Type::fp32 ? 0x1p-20 : 0x1p-30)) / of.real[0]);
            }
            break;
        case Op::mad: // exact while it drifts; in half, for the sign
            of.real = {type == Type::fp16 ? -1.0 : 1.0, 1, 3, type == Type::fp16 ? 0 : -2.96875};
            break;
        case Op::min:
            of.real = {16, 8, 12, 6};
            break;
        case Op::select:
            of.real = {4, 7, 0, 0};
            break;
        case Op::to_int32: // what takes off the bits of 2^23 as a number, and adds those that it
                           // has
            of.real = {std::bit_cast<float>(0x4b000001U - 0x800000U), 0, 0, 0x1p23};
            break;
        case Op::divide:
        case Op::native_divide:
            of.real[0] = 0.5;
            break;
        case Op::exp2:
        case Op::native_exp2:
            of.real[3] = -3;
            break;
        case Op::log2:
        case Op::native_log2:
            of.real[3] = 2;
            break;
        default:
            break;
        }
        return of;
    }
    const std::uint64_t mask = mask_of(type);
    switch (op) {
    case Op::mad:
        of.whole = {0x2545f4914f6cdd1dU & mask, 0x9e3779b97f4a7c15U & mask, 0, 0};
        break;
    case Op::shift: // any number comes into one cycle of 7, 15, 23 or 33
        of.whole[0] = type == Type::int8    ? 0x2c
                      : type == Type::int16 ? 0x2ce8
                      : type == Type::int64 ? 0x95790d691de0b026
                                            : 0x6cd17e3b;
        break;
    case Op::mul_hi: // by the largest number, of large ones
        of.whole = {mask, 0, 0, mask - 128};
        break;
    case Op::mad24:
        of.whole = {1, 1, 0, 0};
        break;
    case Op::min:
        of.whole = {100, 60, 80, 40};
        break;
    case Op::select:
        of.whole = {40, 64, 0, 0};
        break;
    case Op::dot4:
    case Op::dot4_sat:
        of.whole[0] = 0x7dc3a1f7;
        break;
    case Op::divide:
        of.whole = {type == Type::uint32 ? mask : mask >> 1, 5, 0, 0};
        break;
    default:
        break;
    }
    return of;
}

void append(std::vector<std::byte> &bytes, Type type, double value) {
    if (type == Type::fp16)
        append_bytes(bytes, half_bits(value));
    else if (type == Type::fp32)
        append_bytes(bytes, static_cast<float>(value));
    else
        append_bytes(bytes, value);
}

std::vector<std::byte> Operands::bytes(Type type) const {
    std::vector<std::byte> all;
    for (std::size_t i = 0; i < whole.size(); ++i)
        if (is_real(type))
            append(all, type, real[i]);
        else
            for (unsigned bit = 0; bit < bits_of(type); bit += 8)
                all.push_back(static_cast<std::byte>(whole[i] >> bit & 255U));
    return all;
}

double Variant::steps() const {
    const Loop loop = loop_of(instruction());
    return static_cast<double>(loop.pairs) * loop.a_pair / loop.a_step;
}

double Variant::operations() const {
    return steps() * loop_of(instruction()).a_step * chains * width *
           static_cast<double>(work_items());
}

std::string Variant::describe() const {
    return fmt::format("{} {} of {}{}, {} {} of {}", chains, chains == 1 ? "chain" : "chains",
                       name(type), width > 1 ? " x " + std::to_string(width) : "", groups,
                       groups == 1 ? "group" : "groups", local_size);
}

Number expected(Instruction instruction, std::size_t element, unsigned chain, std::uint32_t trips) {
    if (is_real(instruction.type))
        return {0, Real(instruction, element, chain).after(trips)};
    return {Whole(instruction, element, chain).after(trips), 0};
}

double tolerance(Instruction instruction) {
    if (!is_function(instruction.type, instruction.op))
        return 0;
    if (is_native(instruction.op))
        return 0x1p-7;
    // Errors of a step are up to 1 / (1 - 0.83) times as much at rest; results are below 8.
    const double epsilon = instruction.type == Type::fp16   ? 0x1p-11
                           : instruction.type == Type::fp32 ? 0x1p-24
                                                            : 0x1p-53;
    return 24 * (allowed_ulp(instruction).value_or(4) + 1) * epsilon;
}

std::optional<double> allowed_ulp(Instruction instruction) {
    // In the order of single, double and half precision; of OpenCL's full profile.
    const auto by_type = [&](double fp32, double fp64, double fp16) {
        return instruction.type == Type::fp32 ? fp32 : instruction.type == Type::fp64 ? fp64 : fp16;
    };
    switch (instruction.op) {
    case Op::divide:
    case Op::recip:
        return by_type(2.5, 0.5, 0.5);
    case Op::sqrt:
        return by_type(3, 0.5, 0.5);
    case Op::rsqrt:
        return by_type(2, 2, 1);
    case Op::exp2:
    case Op::log2:
        return by_type(3, 3, 2);
    case Op::sin:
        return by_type(4, 4, 2);
    default:
        return std::nullopt;
    }
}

long double exact(Op op, double other, double x) {
    const long double wide = x;
    switch (precise(op)) {
    case Op::divide:
        return other / wide;
    case Op::recip:
        return 1 / wide;
    case Op::sqrt:
        return std::sqrt(wide);
    case Op::rsqrt:
        return 1 / std::sqrt(wide);
    case Op::exp2:
        return std::exp2(wide);
    case Op::log2:
        return std::log2(wide);
    default:
        return std::sin(wide);
    }
}

double ulps_between(Type type, double found, long double exact) {
    const int digits = type == Type::fp16 ? 11 : type == Type::fp32 ? 24 : 53;
    const int least = type == Type::fp16 ? -14 : type == Type::fp32 ? -126 : -1022;
    int exponent = least;
    if (exact != 0)
        std::frexp(exact, &exponent);
    const long double ulp = std::ldexp(1.0L, std::max(exponent - 1, least) - (digits - 1));
    return static_cast<double>(std::abs(found - exact) / ulp);
}

Domain domain_of(Instruction instruction) {
    const bool half = instruction.type == Type::fp16;
    switch (precise(instruction.op)) {
    case Op::divide:
        return {half ? 0x1p-6 : 0x1p-30, half ? 0x1p6 : 0x1p30, true, true};
    case Op::recip:
        return {half ? 0x1p-12 : 0x1p-60, half ? 0x1p12 : 0x1p60, true, true};
    case Op::exp2:
        return {half ? -12.0 : -100, half ? 12.0 : 100, false, false};
    case Op::sin:
        return is_native(instruction.op) ? Domain{-3.125, 3.125, false, false}
                                         : Domain{half ? -100.0 : -1000, half ? 100.0 : 1000};
    default:
        return {half ? 0x1p-12 : 0x1p-60, half ? 0x1p12 : 0x1p60, true, false};
    }
}

} // namespace clprobe::probes::instruction_rate
