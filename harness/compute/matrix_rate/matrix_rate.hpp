#pragma once
#include <clprobe/probe.hpp>
#include <clprobe/row.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <tuple>
#include <vector>

namespace clprobe::probes::matrix_rate {

inline constexpr const char *kernel_text = "compute/matrix_rate";
inline constexpr std::size_t warp = 32; ///< work-items that do an instruction together

/// How a number is stored.
enum class Format { fp64, fp32, tf32, bf16, fp16, e4m3, int8, int32 };
[[nodiscard]] std::size_t bytes_of(Format format);
/// Appends the number as the device has it. For whole numbers that the format holds.
void append(std::vector<std::byte> &bytes, Format format, std::int64_t value);

/// What the findings are of: the format of both operands, and that of the sums.
struct Type {
    Format operand = Format::fp16;
    Format sum = Format::fp32;

    [[nodiscard]] std::string name() const; ///< "fp16.fp32"
    bool operator==(const Type &) const = default;
};
[[nodiscard]] std::span<const Type> all_types();

/// A row and a column of a matrix.
struct Place {
    unsigned row = 0;
    unsigned column = 0;
    bool operator==(const Place &) const = default;
};

/// An instruction `mma` of the PTX ISA: d += a b, of an m x k matrix and a k x n one. Of each
/// matrix a work-item holds so many elements in its registers, in the order of their addresses;
/// which ones is what the section "Matrix Fragments" has for each shape, and one rule for all of
/// those here.
struct Instruction {
    Type type;
    unsigned m = 16;
    unsigned n = 8;
    unsigned k = 16;
    const char *macro = ""; ///< by which the kernel knows it

    [[nodiscard]] std::string name() const; ///< "mma.m16n8k16.f32.f16.f16.f32"
    [[nodiscard]] std::size_t left_elements() const { return std::size_t{m} * k / warp; }
    [[nodiscard]] std::size_t right_elements() const { return std::size_t{k} * n / warp; }
    [[nodiscard]] std::size_t sum_elements() const { return std::size_t{m} * n / warp; }
    [[nodiscard]] Place left_place(unsigned lane, unsigned element) const;
    [[nodiscard]] Place right_place(unsigned lane, unsigned element) const;
    [[nodiscard]] static Place sum_place(unsigned lane, unsigned element);
};
/// Of a type, those that are tried for it.
enum class Mma {
    fp16_fp32,
    bf16_fp32,
    tf32_fp32,
    e4m3_fp32,
    int8_int32,
    fp16_fp16,
    fp64_k4,
    fp64_k16
};
inline constexpr std::array<const char *, 8> mma_names{"fp16_fp32", "bf16_fp32",  "tf32_fp32",
                                                       "e4m3_fp32", "int8_int32", "fp16_fp16",
                                                       "fp64_k4",   "fp64_k16"};
[[nodiscard]] const Instruction &instruction(Mma mma);

/// Where operands are before each step: in registers, or in local memory.
enum class Source { registers, local };
inline constexpr std::array<const char *, 2> source_names{"registers", "local"};

/// One candidate kernel and how it is launched: the row of every series of this probe. A warp
/// multiplies each of its left operands with each of its right ones, and has sums for each pair.
struct Variant {
    Mma mma = Mma::fp16_fp32;
    Source source = Source::registers;
    unsigned left = 4;  ///< operands of a warp
    unsigned right = 4; ///< likewise
    std::size_t local_size = 256;
    std::size_t groups = 1;

    static auto columns() {
        constexpr double most = 1 << 30;
        return std::tuple{column("instruction", &Variant::mma, mma_names),
                          column("operands", &Variant::source, source_names),
                          column("left", &Variant::left).between(1, 16),
                          column("right", &Variant::right).between(1, 16),
                          column("local_size", &Variant::local_size).between(warp, most),
                          column("groups", &Variant::groups).between(1, most),
                          trips()};
    }
    /// How often a trip multiplies each pair.
    [[nodiscard]] unsigned steps() const;
    /// Sets of operands: one for each step, or the same in registers for all.
    [[nodiscard]] unsigned slices() const { return source == Source::local ? steps() : 1; }
    [[nodiscard]] std::size_t work_items() const { return local_size * groups; }
    /// Of all warps together in one trip, a multiplication and an addition counting two.
    [[nodiscard]] double operations() const;
    [[nodiscard]] std::string build_options() const;
    /// What the compiler is given: "mma.m16n8k16.f32.f16.f16.f32, 4 x 4 a warp, operands from
    /// local memory".
    [[nodiscard]] std::string label() const;
    /// And how it is launched, behind that: "..., 264 groups of 256".
    [[nodiscard]] std::string describe() const;

    bool operator==(const Variant &) const = default;
};

/// What a launch starts from, in the order in which the kernel reads it, and what the host needs to
/// know what it leaves. All are whole numbers, and few enough are added up before they are taken
/// off again that no sum is ever rounded: whatever the order and the width of a unit's additions
/// are, there is one right result, to the bit.
struct Problem {
    std::vector<std::byte> left;
    std::vector<std::byte> right;
    std::vector<std::byte> start;
    std::uint32_t turn = 1; ///< trips until the left operands change their sign
    std::uint32_t sign = 0; ///< the bits of a word that this changes

    unsigned width = 0;                 ///< of the following, which are one row after the other
    std::vector<std::int64_t> sums;     ///< before the first trip
    std::vector<std::int64_t> products; ///< what a trip adds
};
[[nodiscard]] Problem problem_for(const Variant &variant, std::mt19937_64 &random);

/// How often a trip's products are in the sums after so many trips, where every `turn` trips change
/// the sign.
[[nodiscard]] std::int64_t times_added(std::uint32_t trips, std::uint32_t turn);

/// The word that a work-item must leave.
[[nodiscard]] std::uint32_t expected_word(const Variant &variant, const Problem &problem,
                                          std::size_t item, std::uint32_t trips);

/// What is tried for that type, the most promising first, on a device of so many compute units
/// whose groups have up to `largest` work-items. Few enough groups that all are resident at
/// once.
[[nodiscard]] std::vector<Variant> candidates_for(const Type &type, Source source,
                                                  std::size_t units, std::size_t largest);
/// One warp, each instruction on the sums of the one before.
[[nodiscard]] Variant latency_variant(const Type &type);

/// Why the device cannot be asked; nothing where it can.
[[nodiscard]] std::optional<std::string> lacks_instructions(const DeviceInfo &device);
/// The builds to inspect: of each instruction the first candidates, and the latency's.
[[nodiscard]] std::vector<KernelVariant> inspected(const DeviceInfo &device);

/// Finds the fastest variant of each type and source, then measures all of them anew.
void run_experiments(Bench &bench);

namespace series {
inline constexpr const char *race = "race";
inline constexpr const char *rate = "rate";
inline constexpr const char *latency = "latency";
} // namespace series

/// Attributes of the data, after `what_of`: why it was not measured, and how many words of its
/// timed launches were verified.
namespace entry {
inline const std::string unsupported = ".unsupported"; ///< text
inline const std::string failed = ".failed";           ///< text
inline const std::string verified = ".verified_words"; ///< number
} // namespace entry
enum class Aspect { rate, local_rate, latency };
inline constexpr Aspect all_aspects[] = {Aspect::rate, Aspect::local_rate, Aspect::latency};
/// "fp16.fp32.local_rate"
[[nodiscard]] std::string what_of(const Type &type, Aspect aspect);

[[nodiscard]] std::vector<FindingKey> finding_keys();
[[nodiscard]] std::vector<Finding> findings_of(const Dataset &data, const Facts &facts);
[[nodiscard]] std::vector<Tuning> tunings_of(const Dataset &data);

} // namespace clprobe::probes::matrix_rate
