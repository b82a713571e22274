#include "compute/matrix_rate/matrix_rate.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <functional>
#include <map>
#include <random>
#include <set>
#include <utility>
#include <vector>

using namespace clprobe;
using namespace clprobe::probes::matrix_rate;

namespace {

std::vector<Mma> all_mmas() {
    std::vector<Mma> all;
    for (std::size_t i = 0; i < mma_names.size(); ++i)
        all.push_back(static_cast<Mma>(i));
    return all;
}

/// What a device reads of those bytes, by another way than they were written.
double number(Format format, const std::byte *bytes) {
    std::uint64_t bits = 0;
    std::memcpy(&bits, bytes, bytes_of(format));
    const auto of = [&](int exponent_bits, int fraction_bits) {
        const double sign = (bits >> (exponent_bits + fraction_bits) & 1) != 0 ? -1 : 1;
        const auto exponent = static_cast<int>(bits >> fraction_bits & ((1U << exponent_bits) - 1));
        const auto fraction = static_cast<double>(bits & ((std::uint64_t{1} << fraction_bits) - 1));
        const int bias = (1 << (exponent_bits - 1)) - 1;
        return exponent == 0 ? sign * std::ldexp(fraction, 1 - bias - fraction_bits)
                             : sign * std::ldexp(std::ldexp(1.0, fraction_bits) + fraction,
                                                 exponent - bias - fraction_bits);
    };
    switch (format) {
    case Format::fp64:
        return of(11, 52);
    case Format::fp32:
        return of(8, 23);
    case Format::tf32:
        bits >>= 13U; // what the units read
        return of(8, 10);
    case Format::bf16:
        return of(8, 7);
    case Format::fp16:
        return of(5, 10);
    case Format::e4m3:
        return of(4, 3);
    case Format::int8:
        return static_cast<std::int8_t>(bits);
    case Format::int32:
        return static_cast<std::int32_t>(bits);
    }
    return 0;
}

std::vector<double> numbers(Format format, const std::vector<std::byte> &bytes) {
    std::vector<double> all;
    for (std::size_t at = 0; at < bytes.size(); at += bytes_of(format))
        all.push_back(number(format, &bytes[at]));
    return all;
}

/// The places that a PTX ISA figure lists, word by word: of element i of a problem-item, `group`
/// and `member` as it calls lane / 4 and lane % 4.
struct Figure {
    std::function<Place(unsigned group, unsigned member, unsigned i)> left, right;
};
Figure figure(Mma mma) {
    switch (mma) {
    case Mma::fp16_fp32:
    case Mma::bf16_fp32:
    case Mma::fp16_fp16:
        return {[](unsigned group, unsigned member, unsigned i) -> Place {
                    const bool upper = i < 2 || (4 <= i && i < 6);
                    return {upper ? group : group + 8,
                            i < 4 ? member * 2 + (i & 1) : member * 2 + (i & 1) + 8};
                },
                [](unsigned group, unsigned member, unsigned i) -> Place {
                    return {i < 2 ? member * 2 + (i & 1) : member * 2 + (i & 1) + 8, group};
                }};
    case Mma::tf32_fp32:
        return {[](unsigned group, unsigned member, unsigned i) -> Place {
                    return {i == 0 || i == 2 ? group : group + 8, i < 2 ? member : member + 4};
                },
                [](unsigned group, unsigned member, unsigned i) -> Place {
                    return {i == 0 ? member : member + 4, group};
                }};
    case Mma::e4m3_fp32:
    case Mma::int8_int32:
        return {[](unsigned group, unsigned member, unsigned i) -> Place {
                    const bool upper = i < 4 || (8 <= i && i < 12);
                    return {upper ? group : group + 8,
                            i < 8 ? member * 4 + (i & 3) : member * 4 + (i & 3) + 16};
                },
                [](unsigned group, unsigned member, unsigned i) -> Place {
                    return {i < 4 ? member * 4 + (i & 3) : member * 4 + (i & 3) + 16, group};
                }};
    case Mma::fp64_k4:
        return {[](unsigned group, unsigned member, unsigned) -> Place {
                    return {group, member};
                },
                [](unsigned group, unsigned member, unsigned) -> Place {
                    return {member, group};
                }};
    case Mma::fp64_k16:
        return {[](unsigned group, unsigned member, unsigned i) -> Place {
                    return {i % 2 == 0 ? group : group + 8,
                            i % 2 == 0 ? i * 2 + member : i * 2 - 2 + member};
                },
                [](unsigned group, unsigned member, unsigned i) -> Place {
                    return {member + i * 4, group};
                }};
    }
    return {};
}

/// What the kernel does, for one warp: registers, an instruction of 32 of them, trips.
class Warp {
public:
    Warp(const Variant &variant, const Problem &problem)
        : variant_(variant), mma_(instruction(variant.mma)), problem_(problem),
          left_(numbers(mma_.type.operand, problem.left)),
          right_(numbers(mma_.type.operand, problem.right)),
          sums_(numbers(mma_.type.sum, problem.start)) {}

    void run(std::uint32_t trips) {
        std::uint32_t until = problem_.turn;
        for (std::uint32_t trip = 0; trip < trips; ++trip) {
            for (unsigned step = 0; step < variant_.steps(); ++step)
                for (unsigned i = 0; i < variant_.left; ++i)
                    for (unsigned j = 0; j < variant_.right; ++j)
                        multiply((trip + step) % variant_.slices(), i, j);
            if (--until == 0) {
                until = problem_.turn;
                sign_ = -sign_;
            }
        }
    }
    [[nodiscard]] double largest() const { return largest_; }
    [[nodiscard]] std::uint32_t word(std::uint32_t item) const {
        std::uint32_t word = item;
        const std::size_t a_pair = warp * mma_.sum_elements();
        for (std::size_t pair = 0; pair < std::size_t{variant_.left} * variant_.right; ++pair) {
            std::vector<std::byte> bytes;
            for (std::size_t k = 0; k < mma_.sum_elements(); ++k)
                append(bytes, mma_.type.sum,
                       static_cast<std::int64_t>(
                           sums_[pair * a_pair + item % warp * mma_.sum_elements() + k]));
            for (std::size_t at = 0; at < bytes.size();) {
                std::uint32_t low = 0;
                std::uint32_t high = 0;
                std::memcpy(&low, &bytes[at], 4);
                at += 4;
                if (mma_.type.sum == Format::fp64) {
                    std::memcpy(&high, &bytes[at], 4);
                    at += 4;
                }
                word = word * 31 + (low ^ high);
            }
        }
        return word;
    }

private:
    /// d += a b by the figures, as matrices.
    void multiply(std::size_t slice, unsigned i, unsigned j) {
        const auto [left_place, right_place] = figure(variant_.mma);
        std::map<std::pair<unsigned, unsigned>, double> a;
        std::map<std::pair<unsigned, unsigned>, double> b;
        for (unsigned lane = 0; lane < warp; ++lane) {
            for (unsigned e = 0; e < mma_.left_elements(); ++e) {
                const Place at = left_place(lane / 4, lane % 4, e);
                a[{at.row, at.column}] =
                    left_[((slice * variant_.left + i) * warp + lane) * mma_.left_elements() + e];
            }
            for (unsigned e = 0; e < mma_.right_elements(); ++e) {
                const Place at = right_place(lane / 4, lane % 4, e);
                b[{at.row, at.column}] =
                    right_[((slice * variant_.right + j) * warp + lane) * mma_.right_elements() +
                           e];
            }
        }
        for (unsigned lane = 0; lane < warp; ++lane)
            for (unsigned e = 0; e < mma_.sum_elements(); ++e) {
                const unsigned row = e < 2 ? lane / 4 : lane / 4 + 8;
                const unsigned column = lane % 4 * 2 + (e & 1);
                double &sum =
                    sums_[((i * variant_.right + j) * warp + lane) * mma_.sum_elements() + e];
                for (unsigned k = 0; k < mma_.k; ++k)
                    sum += sign_ * a.at({row, k}) * b.at({k, column});
                largest_ = std::max(largest_, std::abs(sum));
            }
    }

    Variant variant_;
    Instruction mma_;
    const Problem &problem_;
    std::vector<double> left_;
    std::vector<double> right_;
    std::vector<double> sums_;
    double sign_ = 1;
    double largest_ = 0;
};

} // namespace

TEST_CASE("unit.matrix_rate.fragments are those of the PTX ISA and hold each element once") {
    for (const Mma mma : all_mmas()) {
        const Instruction &one = instruction(mma);
        CAPTURE(mma_names[static_cast<std::size_t>(mma)]);
        const Figure listed = figure(mma);
        std::set<std::pair<unsigned, unsigned>> left;
        std::set<std::pair<unsigned, unsigned>> right;
        std::set<std::pair<unsigned, unsigned>> sums;
        for (unsigned lane = 0; lane < warp; ++lane) {
            for (unsigned e = 0; e < one.left_elements(); ++e) {
                const Place at = one.left_place(lane, e);
                CHECK(at == listed.left(lane / 4, lane % 4, e));
                CHECK((at.row < one.m && at.column < one.k));
                left.emplace(at.row, at.column);
            }
            for (unsigned e = 0; e < one.right_elements(); ++e) {
                const Place at = one.right_place(lane, e);
                CHECK(at == listed.right(lane / 4, lane % 4, e));
                CHECK((at.row < one.k && at.column < one.n));
                right.emplace(at.row, at.column);
            }
            for (unsigned e = 0; e < one.sum_elements(); ++e) {
                const Place at = Instruction::sum_place(lane, e);
                CHECK((at.row < one.m && at.column < one.n));
                sums.emplace(at.row, at.column);
            }
        }
        CHECK(left.size() == std::size_t{one.m} * one.k);
        CHECK(right.size() == std::size_t{one.k} * one.n);
        CHECK(sums.size() == std::size_t{one.m} * one.n);
    }
}

TEST_CASE("unit.matrix_rate.whole numbers are written as the device reads them") {
    for (const Format format : {Format::fp64, Format::fp32, Format::tf32, Format::bf16,
                                Format::fp16, Format::e4m3, Format::int8, Format::int32})
        for (std::int64_t value = -16; value <= 16; ++value) {
            std::vector<std::byte> bytes;
            append(bytes, format, value);
            CAPTURE(static_cast<int>(format), value);
            REQUIRE(bytes.size() == bytes_of(format));
            CHECK(number(format, bytes.data()) == static_cast<double>(value));
        }
    std::vector<std::byte> wrapped;
    append(wrapped, Format::int32, (std::int64_t{1} << 40) - 7);
    CHECK(number(Format::int32, wrapped.data()) == -7);
}

TEST_CASE("unit.matrix_rate.the host knows what every problem-item leaves, after any trips") {
    std::mt19937_64 random(7);
    for (const Mma mma : all_mmas())
        for (const Source source : {Source::registers, Source::local}) {
            const Variant variant{mma, source, 2, 3, 64, 2};
            const Problem problem = problem_for(variant, random);
            for (const std::uint32_t trips : {0u, 1u, 2u, 5u, 12u}) {
                Warp one_warp(variant, problem);
                one_warp.run(trips);
                CAPTURE(variant.describe(), trips, problem.turn);
                for (const std::uint32_t item : {0u, 1u, 31u, 32u, 63u, 100u, 127u})
                    CHECK(expected_word(variant, problem, item, trips) == one_warp.word(item));
            }
        }
}

TEST_CASE("unit.matrix_rate.one trip, step or pair less is another word") {
    std::mt19937_64 random(8);
    for (const Type &type : all_types())
        for (const Source source : {Source::registers, Source::local})
            for (const Variant &variant : candidates_for(type, source, 1, 1024)) {
                const Problem problem = problem_for(variant, random);
                CAPTURE(variant.describe(), problem.turn);
                CHECK(problem.turn >= 5);
                const auto word = [&](std::uint32_t trips) {
                    return expected_word(variant, problem, 5, trips);
                };
                // Powers of two, as launches have, and what is left out of them.
                for (std::uint32_t trips = 1; trips < 1u << 20U; trips *= 2) {
                    CHECK(word(trips) != word(0));
                    CHECK(word(trips) != word(trips - 1));
                    CHECK(word(trips) != word(trips / 2));
                    CHECK(word(trips) != word(2 * trips));
                }
                Problem less = problem;
                const Place place = Instruction::sum_place(5, 1);
                less.products[place.row * problem.width + place.column] += 1;
                CHECK(expected_word(variant, less, 5, 1) != word(1));
            }
}

TEST_CASE("unit.matrix_rate.sums stay exact however long a launch is") {
    std::mt19937_64 random(9);
    for (const Mma mma : {Mma::fp16_fp16, Mma::e4m3_fp32}) {
        const Variant variant{mma, Source::registers, 1, 1, 32, 1};
        const Problem problem = problem_for(variant, random);
        Warp one_warp(variant, problem);
        one_warp.run(4 * problem.turn + 1);
        CHECK(one_warp.largest() <= 2048);
        CHECK(one_warp.largest() > 512); // and use the room that there is
    }
    // Far beyond what can be run here: a launch of seconds.
    const Variant single{Mma::fp16_fp32, Source::registers, 4, 4, 256, 1};
    const Problem problem = problem_for(single, random);
    const auto [low, high] = std::ranges::minmax(problem.products);
    CHECK(static_cast<double>(std::max(-low, high)) * problem.turn < 0x1p24);
    CHECK(problem.turn > 4000);
}

TEST_CASE("unit.matrix_rate.times added go up and down") {
    CHECK(times_added(0, 5) == 0);
    CHECK(times_added(4, 5) == 4);
    CHECK(times_added(5, 5) == 5);
    CHECK(times_added(6, 5) == 4);
    CHECK(times_added(10, 5) == 0);
    CHECK(times_added(11, 5) == 1);
    CHECK(times_added(4000000000u, 0x7fffffffu) == 2 * std::int64_t{0x7fffffff} - 4000000000);
}
