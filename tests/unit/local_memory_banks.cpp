#include "memory/local_memory/local_memory.hpp"
#include "synthetic.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

using namespace clprobe::probes::local_memory;

namespace {

const std::vector<unsigned> some_strides{1,  2,  3,  4,  5,  6,  7,  8,  9,  12, 15, 16,
                                         17, 20, 24, 31, 32, 33, 40, 48, 63, 64, 96, 128};

std::vector<unsigned> all_strides() {
    std::vector<unsigned> strides;
    for (unsigned stride = 1; stride <= 64; ++stride)
        strides.push_back(stride);
    strides.insert(strides.end(), {80, 96, 112, 128});
    return strides;
}

/// The times of a device that takes `seconds(stride)`, each off by noise of that relative
/// deviation; a share of them by 20 to 200 % more.
std::vector<StrideTime> taken(const std::vector<unsigned> &strides,
                              const std::function<double(unsigned)> &seconds, Random &random,
                              double noise, double outliers) {
    std::vector<StrideTime> times;
    for (const unsigned stride : strides) {
        double time = 1e-8 * seconds(stride) * std::exp(noise * random.normal());
        if (random.chance(outliers))
            time *= random.uniform(1.2, 3);
        times.push_back({stride, time, noise});
    }
    return times;
}

/// 16, 32 or 64 banks of 4 bytes, or 32 of 8, that serve 32 work-items at a time (16 or 32 where
/// there are 16); loads that cost up to a pass besides.
struct BankedDevice {
    BankModel model;
    double besides = 0;

    explicit BankedDevice(Random &random) {
        model.banks = 16u << random.integer(0, 2);
        model.width_words = model.banks == 32 ? 1u << random.integer(0, 1) : 1;
        model.work_items = model.banks == 16 ? 16u << random.integer(0, 1) : 32;
        besides = random.uniform(0, 1);
    }
    [[nodiscard]] double seconds(unsigned stride) const { return model.passes(stride) + besides; }
};

} // namespace

TEST_CASE("unit.local_memory.passes are what stride and banks share") {
    for (unsigned stride = 1; stride <= 64; ++stride)
        for (const unsigned banks : {16u, 32u, 64u}) {
            unsigned shared = 1;
            while (stride % (2 * shared) == 0 && 2 * shared <= banks)
                shared *= 2;
            CHECK(BankModel{banks, 1, banks}.passes(stride) == shared);
        }
    CHECK(BankModel{32, 1, 32}.passes(0) == 1); // a broadcast
    CHECK(BankModel{32, 2, 32}.passes(2) == 1); // wide banks deliver every second word
    CHECK(BankModel{32, 2, 32}.passes(4) == 2);
    CHECK(BankModel{32, 1, 16}.passes(2) == 1); // half of the work-items at a time
    CHECK(BankModel{32, 1, 16}.passes(32) == 16);
}

TEST_CASE("unit.local_memory.banks without noise") {
    Random random(1);
    for (int i = 0; i < 50; ++i) {
        const BankedDevice device(random);
        const auto verdict = find_banks(taken(
            all_strides(), [&](unsigned stride) { return device.seconds(stride); }, random, 0, 0));
        INFO(device.model.banks << " banks of " << device.model.width_words << " words, "
                                << device.model.work_items << " work-items: " << verdict.reason);
        REQUIRE(verdict.model);
        CHECK(verdict.model->banks == device.model.banks);
        CHECK(verdict.model->width_words == device.model.width_words);
    }
}

// Of 1000 devices with noise of 0 to 6 % and up to 5 % outliers, one in four looked at with all
// strides, the others with some.
TEST_CASE("unit.local_memory.banks are found through noise, and seldom wrong") {
    int found = 0;
    int wrong = 0;
    constexpr int devices = 1000;
    for (int seed = 0; seed < devices; ++seed) {
        Random random(static_cast<std::uint64_t>(seed));
        const BankedDevice device(random);
        const auto verdict = find_banks(taken(
            seed % 4 == 0 ? all_strides() : some_strides,
            [&](unsigned stride) { return device.seconds(stride); }, random,
            random.uniform(0, 0.06), random.uniform(0, 0.05)));
        if (!verdict.model)
            continue;
        const bool right = verdict.model->banks == device.model.banks &&
                           verdict.model->width_words == device.model.width_words;
        ++(right ? found : wrong);
    }
    CAPTURE(found, wrong);
    CHECK(found >= 0.97 * devices);
    CHECK(wrong <= 0.005 * devices);
}

// What has no banks: flat; time by the lines touched, of 4 to 64 words; a cache whose sets some
// strides of powers of two overfill; noise of 0 to 10 %, outliers up to 10 %.
TEST_CASE("unit.local_memory.no banks are found in a cache") {
    int found = 0;
    constexpr int devices = 1000;
    for (int seed = 0; seed < devices; ++seed) {
        Random random(static_cast<std::uint64_t>(seed));
        const int kind = random.integer(0, 2);
        const auto line = static_cast<double>(4 << random.integer(0, 4));
        const unsigned crowded = 32u << random.integer(0, 1);
        const double miss = random.uniform(2, 8);
        const auto seconds = [&](unsigned stride) {
            if (kind == 0)
                return 1.0;
            if (kind == 1)
                return 1 + 63 * std::min(1.0, stride / line);
            return stride % crowded == 0 ? miss : 1.0;
        };
        const auto times = taken(seed % 4 == 0 ? all_strides() : some_strides, seconds, random,
                                 random.uniform(0, 0.1), random.uniform(0, 0.1));
        found += find_banks(times).model.has_value();
    }
    CAPTURE(found);
    CHECK(found <= 0.005 * devices);
}

TEST_CASE("unit.local_memory.banks that cannot be told apart are not told") {
    Random random(1);
    // Up to a stride of 64, 128 banks look like 64 behind something that hides a first pass.
    const BankModel many{128, 1, 32};
    std::vector<unsigned> strides = all_strides();
    std::erase_if(strides, [](unsigned stride) { return stride > 64; });
    const auto verdict = find_banks(taken(
        strides, [&](unsigned stride) { return many.passes(stride); }, random, 0.01, 0));
    CHECK_FALSE(verdict.model);
    CHECK(verdict.slowdown > 10);

    CHECK_FALSE(find_banks({}).model);
    const std::vector<StrideTime> few{{1, 1e-9, 0}, {2, 2e-9, 0}, {4, 4e-9, 0}};
    CHECK_FALSE(find_banks(few).model);
}
