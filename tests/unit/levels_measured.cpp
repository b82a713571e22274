#include "levels_expected.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

using namespace clprobe;
using Catch::Approx;

// Curves that others measured on their GPUs, most of them thinned. Footprints in KiB and ns or
// GB/s, but for those that say otherwise.
// - A100, MI210, RX 6900 XT: Ernst, gpu-benches (gpu-latency, gpu-l2-cache)
// - GH200: Dewing, AI_kernels (latency), in bytes and cycles
// - RTX PRO 5000, Arc Pro B60: tinafengfun, intel-b60-microbench
// - Adreno 640: ArchProbe (Google Pixel 4, BufferBandwidth), in bytes

TEST_CASE("unit.levels.measured curve: an A100: two caches, the second one in two parts") {
    check_levels(
        find_levels(
            published(
                "1:25.53 4:25.53 9:25.53 15:25.6 23:25.6 35:25.6 49:25.67 69:25.67 95:25.74 "
                "130:25.82 177:108.7 239:150.2 321:151.1 431:151.1 577:151 771:151.1 1029:151.1 "
                "1374:151.1 1832:151 2441:151 3253:151.1 4333:151.1 5770:151.1 7684:151.1 "
                "10230:151.1 13620:151.1 18132:151.3 24136:246.3 32129:302.5 42767:319.6 "
                "56926:379.1 75772:404.6 340388:406.9 1.52908e+06:407.5"),
            CurveKind::latency),
        {{{128, 192}, 25.6}, {{18000, 28000}, 151}, {{43000, 62000}, 306}, {no_size, 406}});
}

TEST_CASE("unit.levels.measured curve: an MI210: two caches, and a TLB beyond") {
    check_levels(
        find_levels(
            published(
                "1:73.59 4:73.59 9:73.65 15:73.65 23:137.1 35:141.2 49:139.7 69:137.3 95:141.3 "
                "130:137.5 177:141.6 239:137.9 321:140.4 431:140 577:141.3 771:141.2 1029:141.9 "
                "1374:146.1 1832:144.5 2441:144.9 3253:149 4333:157.3 5770:172.7 7684:223.9 "
                "10230:296.3 13620:337.6 18132:343.9 24136:334.9 32129:335.2 42767:338.9 "
                "56926:335.3 75772:344.8 340388:386.4 1.52908e+06:391.2"),
            CurveKind::latency),
        {{{15, 18}, 73.6}, {{4096, 9500}, 141}, {{68000, 206000}, 337}, {no_size, 388}});
}

TEST_CASE("unit.levels.measured curve: an RX 6900 XT: four caches whose plateaus drift") {
    check_levels(
        find_levels(
            published(
                "1:28.44 3:28.44 6:28.44 9:28.44 13:28.44 18:34.05 23:37.82 30:39.81 39:41.17 "
                "49:42.72 62:43.58 77:42.68 95:43.85 118:43.35 144:56.58 177:67.98 216:70.66 "
                "264:72.57 321:72.96 391:76.07 475:77 577:80.66 700:80.43 849:79.26 1029:80.62 "
                "1248:81.28 1512:84.4 1832:83.5 2218:82.92 2686:83.15 3253:83.7 3938:86.85 "
                "4767:112.6 5770:123.4 6984:132 8453:136.7 10230:144.7 12381:146.5 14983:146.9 "
                "18132:150.6 21941:151.2 26551:153.2 32129:155.9 38878:154.9 47045:157.4 "
                "56926:157.1 68883:158.3 125026:165.7 340388:666.5 926711:743.1"),
            CurveKind::latency),
        {{{13, 24}, 28.4},
         {{118, 200}, 42.9},
         {{4000, 6500}, 81},
         {{125000, 210000}, 152},
         {no_size, 705}});
}

TEST_CASE("unit.levels.measured curve: a GH200 at half-octave steps") {
    check_levels(
        find_levels(
            published(
                "256:39.62 352:39.62 484:39.62 664:39.62 916:39.63 1260:39.63 1732:39.63 "
                "2384:39.63 3280:39.63 4512:39.63 6208:39.63 8536:39.63 11744:39.63 16156:39.63 "
                "22224:39.63 30572:39.63 42052:39.63 57848:39.63 79572:39.63 109456:39.63 "
                "150560:39.64 207104:39.64 284880:204.5 391864:279 539024:280.1 741452:280.4 "
                "1.0199e+06:280.3 1.40292e+06:280 1.92977e+06:280.1 2.65448e+06:280.3 "
                "3.65135e+06:280 5.02259e+06:280.2 6.90878e+06:280.3 9.50332e+06:280.4 "
                "1.30722e+07:280.7 1.79814e+07:281.1 2.47341e+07:281.6 3.40228e+07:354.5 "
                "4.67998e+07:519.6 6.43751e+07:536.7 8.85507e+07:673.8 1.21805e+08:680 "
                "1.67548e+08:680 2.30469e+08:680 3.1702e+08:681.6 4.36075e+08:683.9 "
                "5.99839e+08:685.6 8.25104e+08:687.4 1.13496e+09:687.7 1.56119e+09:689.8"),
            CurveKind::latency),
        {{{207000, 285000}, 39.6}, {{24.7e6, 47e6}, 280}, {{64e6, 89e6}, 528}, {no_size, 683}});
}

TEST_CASE("unit.levels.measured curve: an RTX PRO 5000 at powers of two") {
    check_levels(
        find_levels(
            published(
                "8:17.11 16:17.11 32:17.13 64:17.16 128:97.72 256:127 512:137 1024:141.2 "
                "2048:143 4096:143.9 8192:144.2 16384:144.4 32768:144.5 65536:173.1 131072:280 "
                "262144:308.8 524288:333.2 1.04858e+06:345.7 2.09715e+06:351.9 4.1943e+06:355.5 "
                "8.38861e+06:356.8"),
            CurveKind::latency),
        {{{64, 128}, 17.1}, {{65536, 131072}, 143}, {no_size, 353}});
}

TEST_CASE("unit.levels.measured curve: bandwidth of an RX 6900 XT, whose memory drifts") {
    const Levels found = find_levels(
        published("1536:4658 2560:4606 3584:4547 4608:4298 5632:4157 6656:3598 7680:2852 8704:2428 "
                  "9728:2265 11264:2098 13312:2012 15360:1988 18432:1973 21504:1973 25600:1969 "
                  "30720:1964 36864:1922 44032:1952 52736:1954 63488:1932 76288:1938 91648:1935 "
                  "110080:1902 132608:1856 159744:564.7 193024:503.9 232960:502.1 281600:500.9 "
                  "340480:498.6 411648:492.5 497664:487.1 601600:483.4 727552:481.7 880128:478.8 "
                  "1.06445e+06:475.8 1.28717e+06:470.1 1.55699e+06:465.1 1.88365e+06:459.3 "
                  "2.2784e+06:454 2.75661e+06:450.8 3.33517e+06:451.3 4.03507e+06:452.6 "
                  "4.88192e+06:453.1"),
        CurveKind::bandwidth);
    check_levels(found, {{{4600, 9000}, 4600}, {{130000, 160000}, 1950}, {no_size, 454}});
    CHECK(found.levels.back().interval.contains(500));
    CHECK(found.levels.back().plateau.low < 260000);
}

TEST_CASE("unit.levels.measured curve: bandwidth of an Adreno 640 with uneven starts") {
    const Levels found = find_levels(
        published(
            "16:72.07 32:72.14 64:37.07 128:35.94 256:65.18 512:70.37 1024:59.28 2048:96.33 "
            "4096:95.54 8192:96.29 16384:95.94 32768:95.78 65536:95.58 131072:86.87 262144:57.69 "
            "524288:40.7 1.04858e+06:34.84 2.09715e+06:31.71 4.1943e+06:38.8 8.38861e+06:30.49 "
            "1.67772e+07:30.06 3.35544e+07:30.29 6.71089e+07:30.35"),
        CurveKind::bandwidth);
    check_levels(found, {{{131072, 524288}, 95}, {{4.1e6, 8.4e6}, 36.8}, {no_size, 30.3}});
    CHECK(found.levels[0].plateau.low == 2048);
    CHECK(found.levels[0].interval.low > 80);
}

TEST_CASE("unit.levels.measured curve: a B60, whose rise has no plateau in it") {
    const Levels found = find_levels(
        published(
            "1:29.5 2:29.5 4:31 8:30.9 16:32.4 32:38.3 48:42.7 64:46 96:54.4 128:60.2 192:67.7 "
            "256:74 384:81.4 512:83.8 768:89.5 1024:91.5 1536:94.1 2048:95.5 4096:97 8192:98.4 "
            "16384:103.1 32768:105.8 65536:107.2 131072:108.6"),
        CurveKind::latency);
    CHECK(found.decided);
    REQUIRE(found.levels.size() == 3);
    CHECK(found.levels[0].value == Approx(29.5).epsilon(0.01));
    CHECK(found.levels[0].knee.high <= 8);
    CHECK(found.levels[1].knee.low == 16);
    CHECK(found.levels[1].knee.high == 1536);
    CHECK(found.levels[2].interval.contains(98));
    CHECK(found.levels[2].interval.contains(108));
}
