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
     {types[6], 8, 8, 4, "FP64_FP64_K4"},
     {types[6], 16, 8, 16, "FP64_FP64_K16"}}};

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

Matrix random_matrix(unsigned height, unsigned width, Format format, std::mt19937_64 &random) {
    const std::size_t count = static_cast<std::size_t>(height) * width;
    const std::vector<float> values =
        format == Format::int8 ? signed_bytes(count, random) : ones_and_twos(count, random);
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

void add_product(Work &work, const Matrix &left, const Matrix &right, std::int64_t times) {
    const unsigned depth = left.width;
    for (std::size_t i = 0; i < work.products.size(); ++i) {
        const auto row = static_cast<unsigned>(i / work.width);
        const auto column = static_cast<unsigned>(i % work.width);
        std::int64_t sum = 0;
        for (unsigned k = 0; k < depth; ++k)
            sum += left.at(row, k) * right.at(k, column);
        work.products[i] += times * sum;
    }
}

/// Trips after which signs have to change for sums to stay exact, a power of two, less one.
std::uint32_t turn_for(const Work &work, const Type &type) {
    std::int64_t most_added = 1;
    std::int64_t most_before = 0;
    for (const std::int64_t product : work.products)
        most_added = std::max(most_added, std::abs(product));
    for (const std::int64_t sum : work.sums)
        most_before = std::max(most_before, std::abs(sum));
    const double most =
        (exact_up_to(type) - static_cast<double>(most_before)) / static_cast<double>(most_added);
    const double trips = std::clamp(most, 1.0, 0x1p31);
    return std::bit_floor(static_cast<std::uint32_t>(trips)) - 1;
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
    return fmt::format("m{}n{}k{}", m, n, k);
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
    const Instruction &mma_ = instruction(mma);
    const double one = 2.0 * mma_.m * mma_.n * mma_.k;
    return one * left * right * steps() * static_cast<double>(work_items()) / warp;
}

std::string Variant::build_options() const {
    return fmt::format("-D{} -DROWS={} -DCOLUMNS={} -DSTEPS={}{}", instruction(mma).macro, left,
                       right, steps(), source == Source::local ? " -DFROM_LOCAL" : "");
}

std::string Variant::label() const {
    return fmt::format("{} {}, {} x {} a warp, operands {}", instruction(mma).type.name(),
                       instruction(mma).name(), left, right,
                       source == Source::local ? "from local memory" : "in registers");
}

std::string Variant::describe() const {
    return fmt::format("{}, {} {} of {}", label(), groups, groups == 1 ? "group" : "groups",
                       local_size);
}

Work work_for(const Variant &variant, std::mt19937_64 &random) {
    const Instruction &mma = instruction(variant.mma);
    const unsigned height = variant.left * mma.m;
    Work work;
    work.width = variant.right * mma.n;
    work.products.resize(static_cast<std::size_t>(height) * work.width);
    for (unsigned slice = 0; slice < variant.slices(); ++slice) {
        const Matrix left = random_matrix(height, mma.k, mma.type.operand, random);
        const Matrix right = random_matrix(mma.k, work.width, mma.type.operand, random);
        for (unsigned i = 0; i < variant.left; ++i)
            append_fragments(
                work.left, mma.type.operand, left, {i * mma.m, 0}, mma.left_elements(),
                [&](unsigned lane, unsigned element) { return mma.left_place(lane, element); });
        for (unsigned i = 0; i < variant.right; ++i)
            append_fragments(
                work.right, mma.type.operand, right, {0, i * mma.n}, mma.right_elements(),
                [&](unsigned lane, unsigned element) { return mma.right_place(lane, element); });
        add_product(work, left, right, variant.steps() / variant.slices());
    }
    const Matrix start = random_matrix(height, work.width, mma.type.sum, random);
    work.sums = start.values;
    for (unsigned i = 0; i < variant.left; ++i)
        for (unsigned j = 0; j < variant.right; ++j)
            append_fragments(work.start, mma.type.sum, start, {i * mma.m, j * mma.n},
                             mma.sum_elements(), Instruction::sum_place);
    work.turn = turn_for(work, mma.type);
    work.sign = sign_bits(mma.type.operand);
    return work;
}

std::int64_t times_added(std::uint32_t trips, std::uint32_t turn) {
    const std::int64_t length = std::int64_t{turn} + 1;
    const std::int64_t rest = trips % length;
    return trips / length % 2 == 0 ? rest : length - rest;
}

std::uint32_t expected_word(const Variant &variant, const Work &work, std::size_t item,
                            std::uint32_t trips) {
    const Instruction &mma = instruction(variant.mma);
    const auto lane = static_cast<unsigned>(item % warp);
    const std::int64_t times = times_added(trips, work.turn);
    const std::size_t a_word = std::max<std::size_t>(4, bytes_of(mma.type.sum));
    auto word = static_cast<std::uint32_t>(item);
    for (unsigned i = 0; i < variant.left; ++i)
        for (unsigned j = 0; j < variant.right; ++j) {
            std::vector<std::byte> bytes;
            for (unsigned element = 0; element < mma.sum_elements(); ++element) {
                const Place place = Instruction::sum_place(lane, element);
                const std::size_t at =
                    static_cast<std::size_t>(i * mma.m + place.row) * work.width + j * mma.n +
                    place.column;
                append(bytes, mma.type.sum, work.sums[at] + times * work.products[at]);
            }
            for (std::size_t at = 0; at < bytes.size(); at += a_word)
                word = word * 31 + word_of(std::span(bytes).subspan(at, a_word));
        }
    return word;
}

} // namespace clprobe::probes::matrix_rate
