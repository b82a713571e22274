#pragma once
#include <clprobe/probe.hpp>
#include <clprobe/row.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <vector>

namespace clprobe::probes::instruction_rate {

inline constexpr const char *kernel_text = "compute/instruction_rate";
inline constexpr const char *dot_extension = "cl_khr_integer_dot_product";

enum class Type { int8, int16, int32, uint32, int64, fp16, fp32, fp64 };
inline constexpr std::array<const char *, 8> type_names{"int8",  "int16", "int32", "uint32",
                                                        "int64", "fp16",  "fp32",  "fp64"};
[[nodiscard]] inline std::string name(Type type) {
    return type_names[static_cast<std::size_t>(type)];
}
[[nodiscard]] unsigned bits_of(Type type);
[[nodiscard]] bool is_real(Type type);
/// To what that type of reals holds.
[[nodiscard]] double rounded(Type type, double value);
/// Why the device cannot be asked for that type; empty where it can.
[[nodiscard]] std::string lacks(const DeviceInfo &device, Type type);

enum class Op {
    add,
    mul,
    mad,
    mul_hi,
    mad24,
    shift,
    logic,
    popcount,
    min,
    select,
    to_int32,
    to_fp32,
    dot4,
    dot4_sat,
    divide,
    recip,
    sqrt,
    rsqrt,
    exp2,
    log2,
    sin,
    native_divide,
    native_recip,
    native_sqrt,
    native_rsqrt,
    native_exp2,
    native_log2,
    native_sin
};
inline constexpr std::array<const char *, 28> op_names{
    "add",          "mul",         "mad",         "mul_hi",        "mad24",        "shift",
    "logic",        "popcount",    "min",         "select",        "to_int32",     "to_fp32",
    "dot4",         "dot4_sat",    "divide",      "recip",         "sqrt",         "rsqrt",
    "exp2",         "log2",        "sin",         "native_divide", "native_recip", "native_sqrt",
    "native_rsqrt", "native_exp2", "native_log2", "native_sin"};
[[nodiscard]] inline std::string name(Op op) {
    return op_names[static_cast<std::size_t>(op)];
}
/// Whether its result is no exact one: from `divide` on, of reals.
[[nodiscard]] bool is_function(Type type, Op op);
/// A function by whatever the hardware has, of no stated accuracy.
[[nodiscard]] inline bool is_native(Op op) {
    return op >= Op::native_divide;
}

/// What one finding's rate and latency are of.
struct Instruction {
    Type type = Type::int32;
    Op op = Op::add;

    [[nodiscard]] std::string name() const; ///< "int32.add"
    bool operator==(const Instruction &) const = default;
};
[[nodiscard]] std::span<const Instruction> all_instructions();

/// A trip of the kernel's loop takes each chain through so many pairs of steps.
struct Loop {
    unsigned pairs = 13;
    unsigned a_pair = 2;     ///< operations that are counted of one
    const char *beside = ""; ///< what else each of them needs, for people
    unsigned a_step = 1;     ///< operations that one instruction does
};
[[nodiscard]] Loop loop_of(Instruction instruction);

/// What the kernel's a, b, c and d are; whole numbers are those of the type's bits.
struct Operands {
    std::array<std::uint64_t, 4> whole{};
    std::array<double, 4> real{};

    /// As the device has them, one after the other.
    [[nodiscard]] std::vector<std::byte> bytes(Type type) const;
};
[[nodiscard]] Operands operands_of(Instruction instruction);
/// Appends a real number as the device has it; exact where the type holds it.
void append(std::vector<std::byte> &bytes, Type type, double value);

/// How a kernel is launched: the row of every series of this probe.
struct Variant {
    Type type = Type::int32;
    Op op = Op::add;
    unsigned width = 1;  ///< elements of a vector
    unsigned chains = 1; ///< of vectors, of a work-item
    std::size_t local_size = 1;
    std::size_t groups = 1;

    static auto columns() {
        constexpr double most = 1 << 30;
        return std::tuple{column("type", &Variant::type, type_names),
                          column("operation", &Variant::op, op_names),
                          column("width", &Variant::width).between(1, 16),
                          column("chains", &Variant::chains).between(1, 16),
                          column("local_size", &Variant::local_size).between(1, most),
                          column("groups", &Variant::groups).between(1, most),
                          trips()};
    }
    [[nodiscard]] Instruction instruction() const { return {type, op}; }
    [[nodiscard]] std::size_t work_items() const { return local_size * groups; }
    /// Of one chain in a trip, each on the result of the one before.
    [[nodiscard]] double steps() const;
    /// Of all work-items in a trip.
    [[nodiscard]] double operations() const;
    [[nodiscard]] std::string describe() const;

    bool operator==(const Variant &) const = default;
};

/// A number of some type: its bits where it is whole, its value where it is real.
struct Number {
    std::uint64_t whole = 0;
    double real = 0;
};
/// What a chain of an element leaves after so many trips, of functions but for rounding.
[[nodiscard]] Number expected(Instruction instruction, std::size_t element, unsigned chain,
                              std::uint32_t trips);
/// By how much a real result may differ from that.
[[nodiscard]] double tolerance(Instruction instruction);

/// Of functions: how far off OpenCL allows a result to be, in units in the last place; nothing of
/// native ones.
[[nodiscard]] std::optional<double> allowed_ulp(Instruction instruction);
/// What an accurate function is of the two numbers, of which most take but the second.
[[nodiscard]] long double exact(Op op, double other, double x);
/// Units in the last place between what was found and what is exact; of infinities and NaN, none.
[[nodiscard]] double ulps_between(Type type, double found, long double exact);
/// Numbers that a function's accuracy is tried with, from the least to the largest of these, both
/// signs where it has both.
struct Domain {
    double low = 0;
    double high = 0;
    bool logarithmic = false;
    bool negative = false;
};
[[nodiscard]] Domain domain_of(Instruction instruction);

/// For a program of all operations of that type.
[[nodiscard]] std::string build_options(const DeviceInfo &device, Type type, unsigned width,
                                        unsigned chains);
/// The kernel that has the operation's loop; some have several, of which they are told the one.
[[nodiscard]] std::string function_of(Instruction instruction, unsigned chains);
/// Why the device has no instruction for dot products of bytes; empty where it has, or may have.
[[nodiscard]] std::string lacks_dot_products(const DeviceInfo &device, Op op);
[[nodiscard]] std::vector<KernelVariant> inspected(const DeviceInfo &device);

void run_experiments(Bench &bench);

namespace series {
inline constexpr const char *race = "race";
inline constexpr const char *rate = "rate";
inline constexpr const char *latency = "latency";
} // namespace series

/// Attributes of the data, after the instruction's name: the worst error, of how many results, and
/// behind that or the name itself why there is none.
namespace entry {
inline const std::string unsupported = ".unsupported"; ///< text
inline const std::string failed = ".failed";           ///< text
inline const std::string ulp = ".ulp";                 ///< number
inline const std::string worst_at = ".worst_at";       ///< number: for which operand
inline const std::string tried = ".tried";             ///< number
} // namespace entry
/// The attribute of how many results of that series' launches were verified.
[[nodiscard]] std::string verified_entry(Instruction instruction, const std::string &series);

[[nodiscard]] std::vector<FindingKey> finding_keys();
[[nodiscard]] std::vector<Finding> findings_of(const Dataset &data, const Facts &facts);

} // namespace clprobe::probes::instruction_rate
