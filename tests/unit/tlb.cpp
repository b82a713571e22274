#include "interpreted.hpp"
#include "synthetic.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>

#include <algorithm>
#include <cmath>
#include <string>

using namespace clprobe;
using Catch::Matchers::WithinRel;

namespace {

/// A processor with one TLB, and a cache behind its first.
struct Model {
    double page = 4096;
    double entries = 96;
    double noise = 0;
    double lines_a_page = 1;

    [[nodiscard]] static double caches(double lines) { return lines <= 768 ? 1e-9 : 4e-9; }
    [[nodiscard]] double latency(double stride, double pages) const {
        const double used = pages / std::max(1.0, page / stride);
        return caches(pages * lines_a_page) + (used > entries ? 2e-9 : 0);
    }
};

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
    data.numbers["lines_a_page"] = model.lines_a_page;
    const Axis trips{"trips", Unit::one, {}};
    const Axis time{"time", Unit::second, {}};
    Series packed{"packed", {{"lines", Unit::one, {}}, trips}, time, {}};
    Series spread{
        "spread", {{"stride", Unit::byte, {}}, {"pages", Unit::one, {}}, trips}, time, {}};
    for (double pages = 8; pages <= 16384; pages = std::floor(pages * 1.19)) {
        const double lines = pages * model.lines_a_page;
        add(packed, {lines}, Model::caches(lines), model.noise, random);
        for (const double stride : strides)
            if (pages * stride <= 512 << 20)
                add(spread, {stride, pages}, model.latency(stride, pages), model.noise, random);
    }
    data.series = {packed, spread};
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

TEST_CASE("unit.tlb.says_what_strides_cannot_tell") {
    const Finding large = found(chases({.page = 2097152, .entries = 64}), "page.size");
    CHECK(large.value == 2097152);
    CHECK(large.note.find("or more") != std::string::npos);
    const Finding small = found(chases({.page = 4096}), "page.size");
    CHECK(small.note.find("or less") != std::string::npos);
}

TEST_CASE("unit.tlb.says_so_where_nothing_is_outgrown") {
    const Dataset roomy = chases({.entries = 1e9});
    Dataset tiny = chases({});
    tiny.words["too_small"] = "small";
    for (const Dataset &data : {Dataset{}, roomy, chases({}, {4096}), tiny}) {
        CHECK_FALSE(found(data, "page.size").value);
        CHECK_FALSE(found(data, "page.size").note.empty());
        CHECK_FALSE(found(data, "tlb.l1.reach").value);
    }
}

TEST_CASE("unit.tlb.takes_a_bare_curve") {
    Dataset data;
    Series &curve =
        data.add("latency", {{"footprint", Unit::byte, {}}}, {"latency", Unit::second, {}});
    for (double pages = 8; pages <= 600; pages = std::floor(pages * 1.3))
        curve.point({pages * 4096}).samples = {pages <= 64 ? 1e-9 : 3e-9};
    CHECK_THAT(*found(data, "tlb.l1.reach").value, WithinRel(64 * 4096.0, 0.2));
    CHECK_FALSE(found(data, "page.size").value);
}
