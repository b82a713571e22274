#include "common/ptx.hpp"
#include "compute/fma_rate/fma_rate.hpp"
#include "interpreted.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <optional>
#include <set>
#include <string>

using namespace clprobe;
using namespace clprobe::probes::fma_rate;

namespace {

constexpr Recurrence recurrences[] = {Recurrence::affine, Recurrence::pair, Recurrence::quadratic};

Variant with(Recurrence recurrence, unsigned chains = 5) {
    Variant variant;
    variant.recurrence = recurrence;
    variant.chains = chains;
    variant.body = 6 * chains;
    return variant;
}

/// What is read of the variant in a report.
Variant parsed(const Variant &variant) {
    const Series series{"race", axes<Variant>(), {}, {{coordinates(variant, 1), {}, {}}}};
    return parse<Variant>(series, series.points.front());
}

} // namespace

TEST_CASE("unit.fma_rate.model tells one step of trips from the next") {
    for (const Real real : all_reals)
        for (const Recurrence recurrence : recurrences)
            for (const std::uint32_t trips : {0U, 1U, 2U, 10U, 100U})
                CHECK(expected_word(real, with(recurrence), Arithmetic::fused, 9, trips) !=
                      expected_word(real, with(recurrence), Arithmetic::fused, 9, trips + 1));
    for (const Real real : {Real::fp32, Real::fp64})
        for (const Recurrence recurrence : recurrences)
            for (const std::uint32_t trips : {1000U, 100'000U})
                CHECK(expected_word(real, with(recurrence), Arithmetic::fused, 9, trips) !=
                      expected_word(real, with(recurrence), Arithmetic::fused, 9, trips + 1));
}

TEST_CASE("unit.fma_rate.model depends on the element, the chains and the rounding") {
    for (const Real real : all_reals)
        for (const Recurrence recurrence : recurrences) {
            std::set<std::uint32_t> words;
            for (const std::size_t element : {0U, 1U, 2U, 1000U})
                words.insert(expected_word(real, with(recurrence), Arithmetic::fused, element, 20));
            words.insert(expected_word(real, with(recurrence, 4), Arithmetic::fused, 0, 20));
            words.insert(expected_word(real, with(recurrence), Arithmetic::unfused, 0, 20));
            CHECK(words.size() == 6);
        }
}

TEST_CASE("unit.fma_rate.model agrees with arithmetic done by hand") {
    // One affine chain and one turn: x*a+b, then x*c+d. The seed of element 0, stream 0 is 1/2.
    Variant variant = with(Recurrence::affine, 1);
    variant.body = 2;
    const Operands o = operands(Real::fp64, Recurrence::affine);
    const double fused = std::fma(std::fma(0.5, o.a, o.b), o.c, o.d);
    const auto bits = std::bit_cast<std::uint64_t>(fused);
    CHECK(expected_word(Real::fp64, variant, Arithmetic::fused, 0, 1) ==
          static_cast<std::uint32_t>(bits ^ bits >> 32));
}

TEST_CASE("unit.fma_rate.model rounds to half") {
    CHECK(half_bits(1) == 0x3c00);
    CHECK(half_bits(-2) == 0xc000);
    CHECK(half_bits(1 + 0x1p-11) == 0x3c00);           // a tie goes to the even one
    CHECK(half_bits(1 + 0x1.8p-10) == 0x3c02);         // upwards here
    CHECK(half_bits(1 + 0x1p-11 + 0x1p-30) == 0x3c01); // no tie
    CHECK(half_bits(0x1p-14) == 0x0400);               // the least normal one
    CHECK(half_bits(0x1p-24) == 0x0001);
    CHECK(half_bits(0) == 0);
}

TEST_CASE("unit.fma_rate.variant survives its way through coordinates") {
    Variant variant = with(Recurrence::pair, 12).with_body(256);
    variant.form = Form::mad;
    variant.width = 8;
    CHECK(variant.body == 264);
    CHECK(parsed(variant) == variant);
    variant.chains = 17;
    CHECK_THROWS_AS(parsed(variant), InvalidRow);
}

TEST_CASE("unit.fma_rate.tuning tries fewer variants in smaller profiles") {
    for (const DeviceType type : {DeviceType::cpu, DeviceType::gpu}) {
        DeviceInfo device;
        device.type = type;
        device.max_work_group_size = 256;
        std::size_t before = 0;
        for (const Profile profile :
             {Profile::tiny, Profile::quick, Profile::standard, Profile::thorough}) {
            std::size_t moves = 1;
            const SearchSpace search_space =
                search_space_for(Real::fp32, device, 4, profile, std::nullopt);
            for (const Stage &stage : search_space.stages)
                for (const auto &move : stage.moves) {
                    const Variant variant = move(search_space.start);
                    CHECK(parsed(variant) == variant);
                    CHECK(variant.local_size <= 256);
                    ++moves;
                }
            CHECK(moves > before);
            before = moves;
        }
    }
}

// Some compilers take minutes for dozens of fma() in software.
TEST_CASE("unit.fma_rate.few fma() are tried on a GPU, and late") {
    DeviceInfo device;
    device.type = DeviceType::gpu;
    Variant winner;
    winner.form = Form::expression;
    for (const auto &before : {std::optional<Variant>(), std::optional(winner.with_body(1024))}) {
        const SearchSpace search_space =
            search_space_for(Real::fp32, device, 4, Profile::thorough, before);
        CHECK(search_space.start.form == Form::expression);
        int tried = 0;
        for (const Stage &stage : search_space.stages)
            for (const auto &move : stage.moves)
                if (const Variant variant = move(search_space.start); variant.form == Form::fma) {
                    CHECK(variant.body * variant.width <= 8);
                    ++tried;
                }
        CHECK(tried == 1);
    }
}

TEST_CASE("unit.fma_rate.halves without a type are pairs by PTX, and nothing else") {
    DeviceInfo device;
    device.type = DeviceType::gpu;
    device.max_work_group_size = 1024;
    device.extensions = {probes::ptx_extension};
    Variant winner;
    winner.form = Form::expression;
    const auto inspected_as_ptx = [&] {
        return std::ranges::count_if(
            builtin("compute/fma_rate").kernels(device), [](const KernelVariant &kernel) {
                return kernel.options.find("-DFORM=3") != std::string::npos;
            });
    };
    for (const auto &before : {std::optional<Variant>(), std::optional(winner.with_body(1024))}) {
        const SearchSpace space =
            search_space_for(Real::fp16, device, 4, Profile::thorough, before);
        std::set<Recurrence> recurrences_tried{space.start.recurrence};
        std::set<unsigned> widths{space.start.width};
        const auto check = [&](const Variant &variant) {
            CHECK(variant.form == Form::ptx);
            CHECK(variant.width % 2 == 0);
            CHECK(parsed(variant) == variant);
            recurrences_tried.insert(variant.recurrence);
            widths.insert(variant.width);
        };
        check(space.start);
        for (const Stage &stage : space.stages)
            for (const auto &move : stage.moves)
                check(move(space.start));
        CHECK(recurrences_tried.size() == 3);
        CHECK(widths == std::set{2U, 4U, 8U});
        CHECK_THAT(space.start.describe(Real::fp16),
                   Catch::Matchers::ContainsSubstring("inline PTX fma.rn.f16x2") &&
                       Catch::Matchers::ContainsSubstring("of half2"));
        CHECK(search_space_for(Real::fp32, device, 4, Profile::thorough, before).start.form ==
              Form::expression);
    }
    CHECK(inspected_as_ptx() > 3);

    device.fp16 = true;
    CHECK(search_space_for(Real::fp16, device, 4, Profile::thorough, winner).start.form ==
          Form::expression);
    CHECK(inspected_as_ptx() == 0);
    device.fp16 = false;
    device.extensions.clear();
    CHECK_FALSE(only_as_ptx(Real::fp16, device));
}
