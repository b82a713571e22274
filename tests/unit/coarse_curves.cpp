// Curves of boards: one sample at each power of two. docs/adr/0016 says what is asked of them.
#include "interpreted.hpp"
#include "levels_boards.hpp"
#include "levels_expected.hpp"

#include <catch2/catch_test_macros.hpp>

#include <cstdint>
#include <string>
#include <vector>

using namespace clprobe;

namespace {

constexpr double kibibyte = 1024;

/// The findings of memory/buffer_latency from an external curve over KiB.
std::vector<Finding> findings_of(const std::vector<CurvePoint> &points) {
    Dataset data;
    Series &curve =
        data.add("latency", {{"footprint", Unit::byte, {}}}, {"latency", Unit::second, {}});
    for (const CurvePoint &point : points)
        curve.point({point.x}).samples.push_back(1e-9 * point.samples.front());
    return builtin("memory/buffer_latency").interpret(data, {});
}

std::vector<Finding> findings_over_kib(const std::string &text) {
    std::vector<CurvePoint> points = published(text);
    for (CurvePoint &point : points)
        point.x *= kibibyte;
    return findings_of(points);
}

bool covers(const Finding &finding, double size) {
    return finding.interval->low < 1.001 * size && finding.interval->high > 0.999 * size;
}

double width(const Finding &finding) {
    return finding.interval->high / finding.interval->low;
}

bool is_size(const Finding &finding) {
    return finding.key.ends_with(".size") && finding.value.has_value();
}

bool is_latency(const Finding &finding) {
    return finding.key.ends_with(".latency") && finding.value.has_value();
}

/// Whether a size is found there, within an octave or so.
bool finds_size(const std::vector<Finding> &findings, double kib) {
    for (const Finding &finding : findings)
        if (is_size(finding) && covers(finding, kib * kibibyte) && width(finding) <= 2.5)
            return true;
    return false;
}

bool has_word_of_tlb(const Finding &finding) {
    return finding.status == Status::suspect && finding.note.find("TLB") != std::string::npos;
}

} // namespace

TEST_CASE("unit.levels.coarse curves of 1000 synthetic boards") {
    constexpr std::uint64_t seeds = 1000;
    int pinned = 0, sizes = 0, wide = 0, three = 0, found = 0, silent = 0;
    for (std::uint64_t seed = 0; seed < seeds; ++seed) {
        Random random(seed);
        const Board truth = board(random);
        std::size_t levels = 0;
        for (const Finding &finding : findings_of(truth.points)) {
            if (finding.key == "buffer.l1.size" && finding.value)
                pinned += covers(finding, truth.sizes[0]) && width(finding) <= 2.5 ? 1 : 0;
            if (is_size(finding) && finding.status == Status::measured) {
                ++sizes;
                wide += width(finding) >= 16 ? 1 : 0;
            }
            levels += is_latency(finding) ? 1 : 0;
            const auto &points = truth.points;
            const double rise = points.back().samples[0] / points[points.size() - 2].samples[0] - 1;
            if (finding.key == "buffer.memory.latency" && finding.value && rise > 0.1 &&
                finding.note.empty())
                ++silent;
        }
        if (truth.sizes.size() == 3) {
            ++three;
            found += levels >= 3 ? 1 : 0;
        }
    }
    CAPTURE(pinned, sizes, wide, three, found, silent);
    CHECK(pinned >= 950);
    CHECK(wide <= 0.02 * sizes);
    CHECK(found >= 0.75 * three);
    CHECK(silent == 0);
}

TEST_CASE("unit.levels.coarse curve: Cortex-A76, whose first rise holds the second level") {
    for (const char *text :
         {"4:1.704 8:1.704 16:1.704 32:1.704 64:1.705 128:5.112 256:7.327 512:9.666 1024:17.92 "
          "2048:20.69 4096:51.38 8192:98.51 16384:120.0",
          "4:4.741 8:4.757 16:4.758 32:4.753 64:4.775 128:7.459 256:9.302 512:12.79 1024:20.71 "
          "2048:24.51 4096:57.86 8192:106.1 16384:126.3"}) {
        const auto findings = findings_over_kib(text);
        CHECK(finds_size(findings, 64));
        CHECK(finding(findings, "buffer.l1.size").note.find("further level") != std::string::npos);
        CHECK(finds_size(findings, 3072));
        // The last octave rises by a fifth.
        CHECK_FALSE(finding(findings, "buffer.memory.latency").value);
        CHECK_FALSE(finding(findings, "buffer.memory.latency").note.empty());
    }
    const auto longer = findings_over_kib(
        "4:1.828 8:1.828 16:1.828 32:1.828 64:1.829 128:5.512 256:7.203 512:10.83 1024:17.31 "
        "2048:18.94 4096:61.20 8192:96.49 16384:117.9 32768:127.4 65536:133.5 131072:137.6");
    CHECK(finds_size(longer, 64));
    CHECK(finds_size(longer, 3072));
    CHECK(finding(longer, "buffer.memory.latency").value);
}

TEST_CASE("unit.levels.coarse curve: Cortex-A78, whose first level is not fast at its size") {
    const auto findings = findings_over_kib(
        "4:1.669 8:1.668 16:1.668 32:1.669 64:5.851 128:5.006 256:5.086 512:5.826 1024:6.088 "
        "2048:6.609 4096:32.04 8192:73.13 16384:113.2 32768:122.0 65536:127.3 131072:134.0");
    CHECK(finds_size(findings, 64));
    CHECK(has_word_of_tlb(finding(findings, "buffer.l2.size")));
    CHECK_FALSE(finding(findings, "buffer.memory.latency").note.empty()); // 5 % in the last octave
}

TEST_CASE("unit.levels.coarse curve: Cortex-A72, A53 and A73") {
    const auto a72 =
        findings_over_kib("4:5.771 8:5.771 16:5.901 32:12.32 64:12.00 128:14.55 256:14.55 "
                          "512:14.62 1024:28.29 2048:37.54 4096:41.56 8192:70.58 16384:135.5");
    CHECK(finds_size(a72, 32));
    CHECK(finds_size(a72, 1024));
    CHECK_FALSE(finding(a72, "buffer.memory.latency").value);
    const auto a53 = findings_over_kib(
        "4:1.991 8:1.987 16:1.988 32:15.43 64:14.22 128:18.59 256:16.18 512:17.32 1024:44.51 "
        "2048:171.2 4096:187.0 8192:186.8 16384:187.9 32768:192.0 65536:188.8 131072:190.4");
    CHECK(finds_size(a53, 32));
    CHECK(finds_size(a53, 512));
    const auto a73 = findings_over_kib("64:4.6 128:6.9 256:8.6 512:10.0 1024:11.3 2048:73.6 "
                                       "4096:104.1 8192:122.3 16384:132.2 32768:137.9 65536:141.2");
    CHECK(finds_size(a73, 1024));
}

TEST_CASE("unit.levels.coarse curve: Skymont, whose TLB shows as a level") {
    const auto findings = findings_over_kib(
        "2:0.874067 4:0.871156 8:0.869487 12:0.871046 16:0.870000 24:0.869852 32:0.872878 "
        "48:4.024554 64:4.098391 96:4.144344 128:4.167482 192:4.202611 256:4.720000 384:5.223539 "
        "512:5.475110 600:5.582734 768:5.701232 1024:5.832217 1536:5.959842 2048:6.162089 "
        "3072:6.484454 4096:8.368000 5120:10.734433 6144:12.412544 8192:14.061186 "
        "10240:14.958428 12288:15.550732 16384:16.721663 24567:25.251892 32768:42.031368 "
        "65536:82.608002 98304:94.112236 131072:100.787682 262144:107.434982 393216:109.781296 "
        "524288:111.751778 1048576:116.255997");
    CHECK(finds_size(findings, 32));
    for (const Finding &finding : findings)
        if (is_size(finding) && finding.value > 128 * kibibyte && finding.value < 1024 * kibibyte)
            CHECK(has_word_of_tlb(finding));
    CHECK(finding(findings, "buffer.memory.latency").value);
}
