#include "common/half.hpp"
#include "common/operands.hpp"
#include "compute/matrix_rate/matrix_rate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <utility>

namespace clprobe::probes::matrix_rate {
namespace {

constexpr std::array format_names{"fp64", "fp32", "tf32", "bf16", "fp16", "e4m3", "int8", "int32"};

/// As the PTX ISA has them.
constexpr std::array ptx_names{"f64", "f32", "tf32", "bf16", "f16", "e4m3", "s8", "s32"};

constexpr std::array<Type, 7> types{{{Format::fp16, Format::fp32},
                                     {Format::bf16, Format::fp32},
                                     {Format::tf32, Format::fp32},
                                     {Format::e4m3, Format::fp32},
                                     {Format::int8, Format::int32},
                                     {Format::fp16, Format::fp16},
                                     {Format::fp64, Format::fp64}}};

constexpr std::array<Instruction, mma_names.size()> instructions{
    {{types[0], 16, 8, 16, "FP16_FP32"},
     {types[1], 16, 8, 16, "BF16_FP32"},
     {types[2], 16, 8, 8, "TF32_FP32"},
     {types[3], 16, 8, 32, "E4M3_FP32"},
     {types[4], 16, 8, 32, "INT8_INT32"},
     {types[5], 16, 8, 16, "FP16_FP16"},
     {types[6], 16, 8, 16, "FP64_FP64_K16"},
     {types[6], 8, 8, 4, "FP64_FP64_K4"}}};

/// The work-items of a warp are eight groups of four, for eight rows or columns.
unsigned group_of(unsigned lane) {
    return lane / 4;
}
unsigned in_group(unsigned lane) {
    return lane % 4;
}
/// Elements that stand side by side in a register, which has 32 bits, or 64 for one of those.
unsigned elements_a_register(Format format) {
    return static_cast<unsigned>(std::max<std::size_t>(1, 4 / bytes_of(format)));
}

/// An 8-bit number with a sign, four bits of exponent, biased by 7, and three of fraction
/// (Micikevicius et al., FP8 Formats for Deep Learning, 2022).
std::uint8_t e4m3_bits(std::int64_t value) {
    if (value == 0)
        return 0;
    const auto magnitude = static_cast<std::uint64_t>(std::abs(value));
    const auto exponent = static_cast<unsigned>(std::bit_width(magnitude)) - 1;
    const auto fraction = static_cast<unsigned>((magnitude << 3U >> exponent) & 7U);
    return static_cast<std::uint8_t>((value < 0 ? 0x80U : 0U) | (exponent + 7) << 3U | fraction);
}

template <typename T>
void append_bytes(std::vector<std::byte> &bytes, T value) {
    const auto all = std::bit_cast<std::array<std::byte, sizeof(T)>>(value);
    bytes.insert(bytes.end(), all.begin(), all.end());
}

/// Up to which magnitude sums are exact, whatever a unit does on the way. Of 8-bit numbers some
/// units keep fewer bits than single precision has: 14 on a Hopper (DeepSeek-V3 Technical Report,
/// 2024, section 3.3.2).
double exact_up_to(const Type &type) {
    if (type.sum == Format::fp16 || type.operand == Format::e4m3)
        return 0x1p11;
    if (type.sum == Format::fp32)
        return 0x1p23;
    return std::numeric_limits<double>::infinity(); // integers wrap, and fp64 has room enough
}

std::uint32_t sign_bits(Format format) {
    switch (format) {
    case Format::tf32:
        return 0x80000000U;
    case Format::fp16:
    case Format::bf16:
        return 0x80008000U;
    case Format::e4m3:
        return 0x80808080U;
    default:
        return 0;
    }
}

/// A matrix of whole numbers, one row after the other.
struct Matrix {
    unsigned width = 0;
    std::vector<std::int64_t> values;

    [[nodiscard]] std::int64_t at(unsigned row, unsigned column) const {
        return values[static_cast<std::size_t>(row) * width + column];
    }
};

/// The smaller, the less there is room for in the sums.
std::vector<float> operands_of(const Type &type, std::size_t count, std::mt19937_64 &random) {
    if (type.operand == Format::int8)
        return signed_bytes(count, random);
    return exact_up_to(type) <= 0x1p11 ? ones(count, random) : small_integers(count, random);
}

Matrix matrix_of(unsigned width, const std::vector<float> &values) {
    Matrix matrix{width, {}};
    for (const float value : values)
        matrix.values.push_back(static_cast<std::int64_t>(value));
    return matrix;
}

/// The elements that each work-item holds of the part of the matrix that begins there.
template <typename PlaceOf>
void append_fragments(std::vector<std::byte> &bytes, Format format, const Matrix &matrix,
                      const Place &first, std::size_t elements, const PlaceOf &place_of) {
    for (unsigned lane = 0; lane < warp; ++lane)
        for (unsigned element = 0; element < elements; ++element) {
            const Place place = place_of(lane, element);
            append(bytes, format, matrix.at(first.row + place.row, first.column + place.column));
        }
}

/// Adds the product of such a slice to what a trip adds, and its magnitude to how far sums go while
/// it does.
void add_product(Problem &problem, std::vector<std::int64_t> &swings, const Matrix &left,
                 const Matrix &right, std::int64_t times) {
    for (std::size_t i = 0; i < problem.products.size(); ++i) {
        const auto row = static_cast<unsigned>(i / problem.width);
        const auto column = static_cast<unsigned>(i % problem.width);
        std::int64_t sum = 0;
        for (unsigned k = 0; k < left.width; ++k)
            sum += left.at(row, k) * right.at(k, column);
        problem.products[i] += times * sum;
        swings[i] += times * std::abs(sum);
    }
}

std::int64_t largest(const std::vector<std::int64_t> &values) {
    std::int64_t most = 1;
    for (const std::int64_t value : values)
        most = std::max(most, std::abs(value));
    return most;
}

/// Trips after which signs have to change for sums to stay exact. No multiple of two or three: what
/// counts of trips that are powers of two leave differs then, and is never what no trip leaves.
std::uint32_t turn_for(const Problem &problem, const Type &type, std::int64_t swing) {
    const double room = exact_up_to(type) - static_cast<double>(largest(problem.sums) + swing);
    const double most = room / static_cast<double>(largest(problem.products));
    auto trips = static_cast<std::uint32_t>(std::clamp(most, 1.0, 0x1p31 - 1));
    while (trips % 2 == 0 || trips % 3 == 0)
        --trips;
    return trips;
}

/// The word that stands for those bytes of a sum, or of two halves.
std::uint32_t word_of(std::span<const std::byte> bytes) {
    std::uint32_t word = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i)
        word ^= std::to_integer<std::uint32_t>(bytes[i]) << (8 * (i % 4));
    return word;
}

} // namespace

std::size_t bytes_of(Format format) {
    return std::array<std::size_t, 8>{8, 4, 4, 2, 2, 1, 1, 4}[static_cast<std::size_t>(format)];
}

void append(std::vector<std::byte> &bytes, Format format, std::int64_t value) {
    switch (format) {
    case Format::fp64:
        return append_bytes(bytes, static_cast<double>(value));
    case Format::fp32:
    case Format::tf32: // the upper 19 bits of a float
        return append_bytes(bytes, static_cast<float>(value));
    case Format::bf16: // the upper 16
        return append_bytes(bytes,
                            static_cast<std::uint16_t>(
                                std::bit_cast<std::uint32_t>(static_cast<float>(value)) >> 16U));
    case Format::fp16:
        return append_bytes(bytes, half_bits(static_cast<double>(value)));
    case Format::e4m3:
        return append_bytes(bytes, e4m3_bits(value));
    case Format::int8:
        return append_bytes(bytes, static_cast<std::int8_t>(value));
    case Format::int32: // modulo 2^32, as the device adds
        return append_bytes(bytes, static_cast<std::uint32_t>(value));
    }
}

std::string Type::name() const {
    return fmt::format("{}.{}", format_names[static_cast<std::size_t>(operand)],
                       format_names[static_cast<std::size_t>(sum)]);
}

std::span<const Type> all_types() {
    return types;
}

const Instruction &instruction(Mma mma) {
    return instructions[static_cast<std::size_t>(mma)];
}

std::string Instruction::name() const {
    const char *const of = ptx_names[static_cast<std::size_t>(type.operand)];
    const char *const sum = ptx_names[static_cast<std::size_t>(type.sum)];
    return fmt::format("mma.m{}n{}k{}.{}.{}.{}.{}", m, n, k, sum, of, of, sum);
}

// A register holds neighbours of a row of the left matrix; registers go down by eight rows first,
// where there are sixteen, and then along the row.
Place Instruction::left_place(unsigned lane, unsigned element) const {
    const unsigned together = elements_a_register(type.operand);
    const unsigned index = element / together;
    const unsigned below = m / 8;
    return {group_of(lane) + 8 * (index % below),
            (index / below * 4 + in_group(lane)) * together + element % together};
}

// And neighbours of a column of the right one.
Place Instruction::right_place(unsigned lane, unsigned element) const {
    const unsigned together = elements_a_register(type.operand);
    return {(element / together * 4 + in_group(lane)) * together + element % together,
            group_of(lane)};
}

Place Instruction::sum_place(unsigned lane, unsigned element) {
    return {group_of(lane) + 8 * (element / 2), 2 * in_group(lane) + element % 2};
}

unsigned Variant::steps() const {
    const unsigned most = source == Source::local ? 4 : 16;
    return std::clamp(64 / (left * right), 1U, most);
}

double Variant::operations() const {
    const Instruction &each = instruction(mma);
    const double one = 2.0 * each.m * each.n * each.k;
    return one * left * right * steps() * static_cast<double>(work_items()) / warp;
}

std::string Variant::build_options() const {
    return fmt::format("-D{} -DROWS={} -DCOLUMNS={} -DSTEPS={}{}", instruction(mma).macro, left,
                       right, steps(), source == Source::local ? " -DFROM_LOCAL" : "");
}

std::string Variant::label() const {
    return fmt::format("{}, {} x {} a warp, operands {}", instruction(mma).name(), left, right,
                       source == Source::local ? "from local memory" : "in registers");
}

std::string Variant::describe() const {
    return fmt::format("{}, {} {} of {}", label(), groups, groups == 1 ? "group" : "groups",
                       local_size);
}

Problem problem_for(const Variant &variant, std::mt19937_64 &random) {
    const Instruction &mma = instruction(variant.mma);
    const unsigned height = variant.left * mma.m;
    Problem problem;
    problem.width = variant.right * mma.n;
    problem.products.resize(static_cast<std::size_t>(height) * problem.width);
    std::vector<std::int64_t> swings(problem.products.size());
    for (unsigned slice = 0; slice < variant.slices(); ++slice) {
        const Matrix left =
            matrix_of(mma.k, operands_of(mma.type, std::size_t{height} * mma.k, random));
        const Matrix right = matrix_of(
            problem.width, operands_of(mma.type, std::size_t{mma.k} * problem.width, random));
        for (unsigned i = 0; i < variant.left; ++i)
            append_fragments(
                problem.left, mma.type.operand, left, {i * mma.m, 0}, mma.left_elements(),
                [&](unsigned lane, unsigned element) { return mma.left_place(lane, element); });
        for (unsigned i = 0; i < variant.right; ++i)
            append_fragments(
                problem.right, mma.type.operand, right, {0, i * mma.n}, mma.right_elements(),
                [&](unsigned lane, unsigned element) { return mma.right_place(lane, element); });
        add_product(problem, swings, left, right, variant.steps() / variant.slices());
    }
    const Matrix start = matrix_of(problem.width, small_integers(problem.products.size(), random));
    problem.sums = start.values;
    for (unsigned i = 0; i < variant.left; ++i)
        for (unsigned j = 0; j < variant.right; ++j)
            append_fragments(problem.start, mma.type.sum, start, {i * mma.m, j * mma.n},
                             mma.sum_elements(), Instruction::sum_place);
    problem.turn = turn_for(problem, mma.type, largest(swings) + mma.k);
    problem.sign = sign_bits(mma.type.operand);
    return problem;
}

std::int64_t times_added(std::uint32_t trips, std::uint32_t turn) {
    const std::uint32_t rest = trips % turn;
    return trips / turn % 2 == 0 ? rest : turn - rest;
}

std::uint32_t expected_word(const Variant &variant, const Problem &problem, std::size_t item,
                            std::uint32_t trips) {
    const Instruction &mma = instruction(variant.mma);
    const auto lane = static_cast<unsigned>(item % warp);
    const std::int64_t times = times_added(trips, problem.turn);
    const std::size_t a_word = std::max<std::size_t>(4, bytes_of(mma.type.sum));
    auto word = static_cast<std::uint32_t>(item);
    for (unsigned i = 0; i < variant.left; ++i)
        for (unsigned j = 0; j < variant.right; ++j) {
            std::vector<std::byte> bytes;
            for (unsigned element = 0; element < mma.sum_elements(); ++element) {
                const Place place = Instruction::sum_place(lane, element);
                const std::size_t at =
                    static_cast<std::size_t>(i * mma.m + place.row) * problem.width + j * mma.n +
                    place.column;
                append(bytes, mma.type.sum, problem.sums[at] + times * problem.products[at]);
            }
            for (std::size_t at = 0; at < bytes.size(); at += a_word)
                word = word * 31 + word_of(std::span(bytes).subspan(at, a_word));
        }
    return word;
}

} // namespace clprobe::probes::matrix_rate
