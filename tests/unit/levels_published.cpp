#include <clprobe/levels.hpp>

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

using namespace clprobe;
using Catch::Approx;

// Curves of one sample a point in the manner of those that people publish of their GPUs, made up
// for the purpose.

namespace {

/// "2:39.5 4:39.8 ..." as footprints in KiB and values.
std::vector<CurvePoint> published(const std::string &text) {
    std::vector<CurvePoint> curve;
    std::istringstream stream(text);
    double kib = 0;
    char colon = 0;
    double value = 0;
    while (stream >> kib >> colon >> value)
        curve.push_back({kib, {value}});
    return curve;
}

/// A level that a reader of the curve expects: the range of its size, in KiB, and its value.
struct Expected {
    Interval size;
    double value = 0;
};

constexpr Interval none{0, 0};

void check(const Levels &found, const std::vector<Expected> &expected) {
    CHECK(found.decided);
    CHECK(found.settled == found.levels.size());
    REQUIRE(found.levels.size() == expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
        const Level &level = found.levels[i];
        CAPTURE(i, level.value, level.size.value_or(0));
        CHECK(level.value == Approx(expected[i].value).epsilon(0.03));
        CHECK(level.interval.contains(level.value));
        REQUIRE(level.size.has_value() == (i + 1 < expected.size()));
        if (level.size) {
            CHECK(expected[i].size.contains(*level.size));
            CHECK(level.knee.contains(*level.size));
        }
    }
}

} // namespace

TEST_CASE("unit.levels.published curve: three caches, a fourth behind them, and a TLB beyond") {
    const Levels found = find_levels(
        published(
            "2:39.5 4:39.8 8:39.3 12:39.7 16:39.4 24:70.9 32:71.8 48:71.1 64:71 96:71.3 128:71.5 "
            "192:91.5 256:112 384:111 512:112 600:112 768:111 1024:111 1536:111 2048:112 3072:112 "
            "4096:141 5120:155 6144:162 8192:170 10240:174 12288:176 16384:175 24567:176 "
            "32768:174 65536:175 98304:246 131072:273 262144:301 393216:297 524288:302 "
            "1.04858e+06:318"),
        CurveKind::latency);
    check(found, {{{16, 24}, 39.5},
                  {{128, 256}, 71},
                  {{3072, 6144}, 112},
                  {{65536, 131072}, 176},
                  {none, 301}});
    CHECK(found.levels.back().note.find("worse") != std::string::npos);
    CHECK(found.levels.back().interval.contains(318));
}

TEST_CASE("unit.levels.published curve: near and far part of one cache") {
    const Levels found = find_levels(
        published(
            "16:20.5 18.5:20.7 21.4:20.4 24.7:20.6 28.5:20.5 32.9:20.5 38.1:20.7 44:20.5 "
            "50.8:20.5 58.7:20.6 67.8:20.6 78.3:20.5 90.5:20.6 104.6:20.4 120.8:20.5 139.6:20.4 "
            "161.3:20.3 186.3:20.3 215.3:118 248.7:142 287.4:142 332:142 383.6:142 443.2:141 "
            "512:142 591.5:142 683.4:143 789.6:141 912.3:142 1054:140 1217.7:142 1406.9:140 "
            "1625.5:141 1878:143 2169.8:140 2506.9:143 2896.3:142 3346.3:142 3866.1:142 "
            "4466.7:142 5160.6:143 5962.4:142 6888.6:141 7958.8:141 9195.2:141 10623.7:145 "
            "12274.1:155 14181:170 16384:182 18929.3:200 21870:211 25267.6:209 29193:214 "
            "33728.2:209 38967.9:212 45021.7:211 52016:309 60096.8:450 69433:458 80219.6:453 "
            "92681.9:455 107080:453 123716:457 142935:452 165140:455 190795:456 220436:460 "
            "254681:448 294247:459 339959:458 392772:454 453790:456 524288:454"),
        CurveKind::latency);
    check(found, {{{186, 216}, 20.5}, {{10240, 20480}, 142}, {{47000, 60000}, 212}, {none, 455}});
}

TEST_CASE("unit.levels.published curve: small caches, and a TLB that shows as a level") {
    const Levels found = find_levels(
        published(
            "2:28 3:28.4 4:27.7 6:28.3 8:27.9 12:45.9 16:65.5 24:64.1 32:64 48:64.6 64:64.9 96:64 "
            "128:114 192:210 256:211 384:211 512:209 768:208 1024:208 1536:211 2048:212 3072:234 "
            "4096:247 6144:255 8192:264 12288:271 16384:276 24576:273 32768:276 49152:272 "
            "65536:278"),
        CurveKind::latency);
    check(found, {{{8, 16}, 28}, {{96, 192}, 64}, {{2048, 8192}, 210}, {none, 275}});
}

TEST_CASE("unit.levels.published curve: values of two digits") {
    const Levels found = find_levels(
        published(
            "2:44 2.5:44 3.2:44 4:44 5:44 6.3:44 8:44 10.1:44 12.7:51 16:61 20.2:61 25.4:61 32:61 "
            "40.3:61 50.8:61 64:61 80.6:61 101.6:61 128:61 161.3:61 203.2:61 256:61 322.5:61 "
            "406.4:61 512:61 645.1:61 812.7:61 1024:61 1290.2:61 1625.5:64 2048:76 2580.3:83 "
            "3251:89 4096:92 5160.6:130 6502:170 8192:220 10321.3:250 13004:250 16384:250 "
            "20642.5:250 26008:250 32768:250 41285.1:250 52016:250 65536:250 82570.2:250 "
            "104032:250 131072:250 165140:250 208064:250 262144:250"),
        CurveKind::latency);
    check(found, {{{10, 16}, 44}, {{1536, 3072}, 61}, {{4096, 9000}, 91}, {none, 250}});
}

TEST_CASE("unit.levels.published curve: cut short before memory") {
    const Levels found = find_levels(
        published(
            "2:31 3:31.2 4:30.9 6:31.2 8:31 12:31 16:31.3 24:31 32:31 48:31.1 64:31.2 96:118 "
            "128:118 192:117 256:118 384:118 512:117 768:117 1024:117 1536:118 2048:118 3072:118 "
            "4096:118 6144:292"),
        CurveKind::latency);
    check(found, {{{64, 96}, 31}, {none, 118}});
    CHECK_FALSE(found.complete);
    CHECK(found.reason.find("does not end with a plateau") != std::string::npos);
}

TEST_CASE("unit.levels.published curve: a bandwidth that starts up") {
    const Levels found = find_levels(
        published(
            "2:727 3:900 4:1050 6:1200 8:1330 12:1460 16:1510 24:1610 32:1660 48:980 64:985 "
            "96:1000 128:1000 192:1020 256:1020 384:592 512:421 768:421 1024:422 1536:417 "
            "2048:417 3072:418 4096:416 6144:234 8192:161 12288:143 16384:142 24576:144 32768:143 "
            "49152:145 65536:143 98304:145 131072:144 196608:142 262144:145 393216:142 524288:142"),
        CurveKind::bandwidth);
    check(found, {{{32, 48}, 1640}, {{256, 512}, 1000}, {{4096, 8192}, 418}, {none, 143}});
}
