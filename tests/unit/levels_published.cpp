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

TEST_CASE("unit.levels.published curve: four caches at powers of two only") {
    const Levels found = find_levels(
        published("1:43.6 2:44.1 4:43.9 8:43.9 16:44.3 32:77 64:76.9 128:77.8 256:118 512:117 "
                  "1024:117 2048:118 4096:118 8192:176 16384:190 32768:192 65536:192 131072:191 "
                  "262144:304 524288:329 1.04858e+06:349"),
        CurveKind::latency);
    check(found, {{{16, 16}, 44},
                  {{128, 128}, 77},
                  {{4096, 8192}, 118},
                  {{131072, 262144}, 191},
                  {none, 317}});
}

TEST_CASE("unit.levels.published curve: two caches, and a TLB that ramps over memory") {
    const Levels found = find_levels(
        published("2:32 3:32.3 4:31.9 6:31.7 8:32.1 12:32.1 16:32.1 24:32.1 32:32 48:194 64:194 "
                  "96:195 128:195 192:196 256:196 384:194 512:196 768:195 1024:196 1536:197 "
                  "2048:196 3072:193 4096:196 6144:329 8192:386 12288:415 16384:425 24576:434 "
                  "32768:426 49152:450 65536:457 98304:469 131072:473 196608:482 262144:482 "
                  "393216:486 524288:488 786432:483 1.04858e+06:493 1.57286e+06:488"),
        CurveKind::latency);
    check(found, {{{32, 32}, 32}, {{4096, 6144}, 195}, {none, 484}});
}

TEST_CASE("unit.levels.published curve: a large cache, and two TLBs on top") {
    const Levels found = find_levels(
        published("2:59.7 3:59.8 4:59.8 6:59.9 8:60.3 12:59.4 16:59.9 24:59.8 32:59.7 48:60 64:60 "
                  "96:60.9 128:60.1 192:60 256:92.1 384:154 512:154 768:156 1024:155 1536:154 "
                  "2048:154 3072:154 4096:156 6144:156 8192:157 12288:159 16384:161 24576:352 "
                  "32768:424 49152:471 65536:486 98304:489 131072:487 196608:537 262144:550 "
                  "393216:576 524288:581 786432:592 1.04858e+06:591 1.57286e+06:598"),
        CurveKind::latency);
    check(found, {{{192, 384}, 60}, {{16384, 24576}, 155}, {{131072, 262144}, 487}, {none, 588}});
}

TEST_CASE("unit.levels.published curve: caches of a processor that graphics share") {
    const Levels found = find_levels(
        published("2:69.5 3:70.2 4:70.4 6:69.8 8:69.4 12:70 16:70.2 24:70.5 32:69.5 48:69.5 "
                  "64:70.3 96:115 128:161 192:161 256:160 384:160 512:162 768:160 1024:159 "
                  "1536:194 2048:208 3072:222 4096:226 6144:305 8192:382 12288:414 16384:416 "
                  "24576:414 32768:410 49152:416 65536:411 98304:414 131072:411 196608:415 "
                  "262144:413 393216:415 524288:423 786432:415 1.04858e+06:417 1.57286e+06:412"),
        CurveKind::latency);
    check(found, {{{64, 96}, 70}, {{1024, 2048}, 160}, {{4096, 8192}, 224}, {none, 414}});
}

TEST_CASE("unit.levels.published curve: a small first level and a cache for the whole chip") {
    const Levels found = find_levels(
        published("2:32.7 3:33 4:32.9 6:32.9 8:33.2 12:74 16:115 24:116 32:115 48:114 64:114 "
                  "96:115 128:115 192:116 256:116 384:116 512:116 768:118 1024:145 1536:196 "
                  "2048:195 3072:198 4096:197 6144:197 8192:200 12288:304 16384:340 24576:367 "
                  "32768:380 49152:377 65536:380 98304:380 131072:379 196608:410 262144:422 "
                  "393216:437 524288:445 786432:452 1.04858e+06:459 1.57286e+06:465"),
        CurveKind::latency);
    check(found, {{{8, 12}, 33},
                  {{768, 1536}, 115},
                  {{8192, 12288}, 197},
                  {{131072, 262144}, 379},
                  {none, 450}});
}

TEST_CASE("unit.levels.published curve: three levels, each twice the one before") {
    const Levels found = find_levels(
        published("2:19.8 3:20 4:20 6:19.9 8:20.1 12:20 16:20 24:20.2 32:19.9 48:34.7 64:34.7 "
                  "96:59.8 128:60.2 192:111 256:111 384:111 512:111 768:110 1024:111 1536:110 "
                  "2048:110 3072:251 4096:250 6144:250 8192:253 12288:251 16384:249 24576:250 "
                  "32768:254 49152:250 65536:251 98304:251 131072:251 196608:251 262144:249 "
                  "393216:249 524288:250 786432:250 1.04858e+06:251 1.57286e+06:252"),
        CurveKind::latency);
    check(found,
          {{{32, 32}, 20}, {{64, 64}, 34.8}, {{128, 128}, 60}, {{2048, 2048}, 111}, {none, 251}});
}

TEST_CASE("unit.levels.published curve: levels of one place each are part of a rise") {
    const Levels found = find_levels(
        published("1:19.8 2:20 4:20 8:19.9 16:20.1 32:20 64:34.9 128:60.7 256:110 512:109 "
                  "1024:109 2048:110 4096:251 8192:251 16384:252 32768:253 65536:253 131072:251 "
                  "262144:252 524288:251 1.04858e+06:249"),
        CurveKind::latency);
    check(found, {{{32, 128}, 20}, {{2048, 2048}, 110}, {none, 251}});
    CHECK(found.levels[0].knee.contains(32));
    CHECK(found.levels[0].knee.contains(128));
}
