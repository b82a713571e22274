#include "interpreted.hpp"
#include "io/file.hpp"
#include "memory/tlb/tlb.hpp"
#include "synthetic.hpp"

#include <clprobe/row.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

using namespace clprobe;
using Catch::Matchers::WithinRel;

namespace {

/// A processor with one TLB, and a cache behind its first.
struct Model {
    double page = 4096;
    double entries = 96;
    double noise = 0;
    double lines_a_page = 1;
    double memory = 512 << 20;
    double hit = 1e-9;  ///< in the first cache
    double next = 4e-9; ///< in the one behind
    double miss = 2e-9; ///< of the TLB, and ...
    double walk = 0;    ///< ... more for each octave by which the entries are outgrown
    double taken = 0;   ///< the share of the entries that others use, more or less of the time

    [[nodiscard]] double caches(double lines) const { return lines <= 768 ? hit : next; }
    [[nodiscard]] double latency(double stride, double pages) const {
        const double used = pages / std::max(1.0, page / stride);
        const double left = entries * (1 - taken);
        const double missed =
            used > entries ? 1 : std::max(0.0, (used - left) / std::max(1.0, entries - left));
        return caches(pages * lines_a_page) + missed * miss +
               walk * std::log2(std::max(1.0, used / entries));
    }
};

/// A GPU whose TLB has few large entries, and whose next one is hardly slower.
Model gpu(double noise) {
    return {.page = 32 << 20,
            .entries = 16,
            .noise = noise,
            .lines_a_page = 16,
            .memory = 3.0 * (1 << 30),
            .hit = 146e-9,
            .next = 146e-9,
            .miss = 5e-9};
}

void add(Series &series, std::vector<double> at, double latency, double noise, Random &random) {
    for (int block = 0; block < 3; ++block)
        for (const double trips : {100.0, 400.0}) {
            at.push_back(trips);
            Point &point = series.point(at);
            at.pop_back();
            const double factor = std::exp(noise * random.normal());
            point.samples.push_back(2e-5 + 16 * trips * latency * factor);
            point.block.push_back(block);
        }
}

Dataset chases(const Model &model, std::vector<double> strides = {4096, 65536, 2097152}) {
    Random random(1);
    Dataset data;
    data.number_attributes["lines_a_page"] = model.lines_a_page;
    const Axis trips{"trips", Unit::one, {}};
    const Axis time{"time", Unit::second, {}};
    Series packed{"packed", {{"lines", Unit::one, {}}, trips}, time, {}};
    Series spread{
        "spread", {{"stride", Unit::byte, {}}, {"pages", Unit::one, {}}, trips}, time, {}};
    for (double pages = 8; pages <= 16384; pages = std::floor(pages * 1.19)) {
        const double lines = pages * model.lines_a_page;
        add(packed, {lines}, model.caches(lines), model.noise, random);
        for (const double stride : strides)
            if (pages * stride <= model.memory)
                add(spread, {stride, pages}, model.latency(stride, pages), model.noise, random);
    }
    data.series = {packed, spread};
    return data;
}

/// Curves of that file in tests/unit/tlb/: a place a line, by its stride (0: packed), pages (lines)
/// and latencies in ns, one a block.
Dataset recorded(const char *file, double lines_a_page) {
    Dataset data;
    data.number_attributes["lines_a_page"] = lines_a_page;
    const Axis trips{"trips", Unit::one, {}};
    const Axis pages{"pages", Unit::one, {}};
    const Axis time{"time", Unit::second, {}};
    data.add("packed", {{"lines", Unit::one, {}}, trips}, time);
    data.add("spread", {{"stride", Unit::byte, {}}, pages, trips}, time);
    std::istringstream lines(read_file(std::filesystem::path(CLPROBE_TLB_CURVES) / file));
    for (std::string line; std::getline(lines, line);) {
        std::istringstream values(line);
        double stride = 0;
        double place = 0;
        values >> stride >> place;
        std::vector<double> at{stride, place};
        if (stride == 0)
            at = {place};
        int block = 0;
        for (double latency = 0; values >> latency; ++block)
            for (const double count : {100.0, 400.0}) {
                at.push_back(count);
                Point &point = data.series[stride == 0 ? 0 : 1].point(at);
                at.pop_back();
                point.samples.push_back(2e-5 + 16 * count * latency * 1e-9);
                point.block.push_back(block);
            }
    }
    return data;
}

Finding found(const Dataset &data, const std::string &key) {
    return finding(builtin("memory/tlb").interpret(data, {}), key);
}

} // namespace

TEST_CASE("unit.tlb.finds_pages_and_reach") {
    for (const double page : {4096.0, 16384.0, 65536.0})
        for (const double noise : {0.0, 0.01}) {
            const Dataset data = chases({.page = page, .noise = noise});
            CAPTURE(page, noise);
            CHECK(found(data, "page.size").value == page);
            const Finding reach = found(data, "tlb.l1.reach");
            REQUIRE(reach.value);
            CHECK_THAT(*reach.value, WithinRel(96 * page, 0.3));
        }
}

TEST_CASE("unit.tlb.finds_few_large_entries") {
    for (const double noise : {0.0, 0.005}) {
        const Dataset data = chases(gpu(noise), {4096, 65536, 2097152, 33554432, 67108864});
        CHECK(found(data, "page.size").value == 32 << 20);
        const Finding reach = found(data, "tlb.l1.reach");
        REQUIRE(reach.value);
        CHECK_THAT(*reach.value, WithinRel(512.0 * (1 << 20), 0.2));
        CHECK(reach.interval->contains(512 << 20));
        CHECK(reach.note.find("no further TLB") != std::string::npos);
    }
}

TEST_CASE("unit.tlb.reads_a_gpus_curves") {
    // Of 2 and 8 MiB several share an entry of 16 MiB: those curves rise from its reach on, slowly.
    // However much too high it seems where they start.
    for (const double high : {1.0, 1.005, 1.01, 1.015}) {
        CAPTURE(high);
        Dataset data = recorded("h200-quick.txt", 16);
        for (Point &point : data.series[1].points)
            for (double &sample : point.samples)
                sample *= point.at[1] < 16 ? high : 1;
        CHECK(found(data, "page.size").value == 16 << 20);
        const Finding reach = found(data, "tlb.l1.reach");
        REQUIRE(reach.value);
        CHECK(reach.interval->contains(256 << 20));
        CHECK_THAT(*reach.value, WithinRel(256.0 * (1 << 20), 0.1));
        CHECK(reach.note.find("no further TLB") != std::string::npos);
    }
}

TEST_CASE("unit.tlb.allows_for_entries_that_others_take") {
    for (const double taken : {0.1, 0.2, 0.3}) {
        const Dataset data = chases({.noise = 0.01, .taken = taken});
        CAPTURE(taken);
        CHECK(found(data, "page.size").value == 4096);
        const Finding reach = found(data, "tlb.l1.reach");
        REQUIRE(reach.value);
        CHECK(reach.interval->contains(96 * 4096));
    }
}

TEST_CASE("unit.tlb.searches_for_the_least_stride_without_shared_entries") {
    const std::vector<double> landmarks{4096, 65536, 2097152, 33554432, 67108864};
    constexpr double memory = 3.0 * (1 << 30);
    for (double page = 1024; page <= 1 << 28; page *= 2)
        for (const double entries : {16, 96, 700}) {
            probes::tlb::PagesHeld held;
            probes::tlb::StrideSearch search = probes::tlb::search_strides(landmarks, held);
            std::optional<double> outgrown; // the largest stride at which there is memory for it
            while (search.next) {
                REQUIRE(held.size() < 8);
                CHECK(search.left > 0);
                const double stride = *search.next;
                REQUIRE_FALSE(held.contains(stride));
                const double pages = 0.9 * entries * std::max(1.0, page / stride);
                held[stride];
                if (pages < std::min(16384.0, memory / stride)) {
                    held[stride] = pages;
                    outgrown = outgrown.value_or(stride);
                }
                search = probes::tlb::search_strides(landmarks, held);
            }
            CAPTURE(page, entries);
            CHECK(search.alone == (outgrown ? std::clamp(page, 4096.0, *outgrown) : 0));
        }
}

TEST_CASE("unit.tlb.makes_no_level_of_a_slow_rise") {
    const Dataset data = chases({.entries = 64, .noise = 0.02, .walk = 3e-9}, {4096, 65536});
    for (const Finding &one : builtin("memory/tlb").interpret(data, {}))
        if (one.key.starts_with("tlb.l") && one.key != "tlb.l1.reach")
            CHECK_FALSE(one.value);
}

TEST_CASE("unit.tlb.says_what_strides_cannot_tell") {
    const Finding large = found(chases({.page = 2097152, .entries = 64}), "page.size");
    CHECK(large.value == 2097152);
    CHECK(large.note.find("or more") != std::string::npos);
    const Finding small = found(chases({.page = 4096}), "page.size");
    CHECK(small.note.find("or less") != std::string::npos);
    const Dataset cut_short = chases({.page = 4096}, {65536, 262144, 2097152});
    for (const char *key : {"page.size", "tlb.l1.reach"}) {
        const Finding unknown = found(cut_short, key);
        CHECK(unknown.status == Status::inconclusive);
        CHECK(unknown.note.find("64 KiB or less") != std::string::npos);
    }
}

TEST_CASE("unit.tlb.says_so_where_nothing_is_outgrown") {
    const Dataset roomy = chases({.entries = 1e9});
    Dataset tiny = chases({});
    tiny.text_attributes["too_small"] = "small";
    for (const Dataset &data : {Dataset{}, roomy, chases({}, {4096}), tiny}) {
        CHECK_FALSE(found(data, "page.size").value);
        CHECK_FALSE(found(data, "page.size").note.empty());
        CHECK_FALSE(found(data, "tlb.l1.reach").value);
    }
}

TEST_CASE("unit.tlb.refuses_pages_that_do_not_lie_apart") {
    CHECK_THROWS_AS(found(chases({}, {0, 4096}), "page.size"), InvalidRow);
}

TEST_CASE("unit.tlb.finds_the_reach_where_the_strides_next_to_the_page_show_none") {
    Dataset data = chases(gpu(0), {2 << 20, 8 << 20, 64 << 20});
    std::erase_if(data.series[1].points,
                  [](const Point &point) { return point.at[0] == 8 << 20 && point.at[1] > 40; });
    CHECK(found(data, "page.size").value == 32 << 20);
    const Finding reach = found(data, "tlb.l1.reach");
    CHECK(reach.status == Status::measured);
    REQUIRE(reach.value);
    CHECK_THAT(*reach.value, WithinRel(512.0 * (1 << 20), 0.2));
}
