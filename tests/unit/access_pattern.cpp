#include "interpreted.hpp"
#include "memory/access_pattern/access_pattern.hpp"

#include <clprobe/session.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>
#include <numeric>
#include <set>

using namespace clprobe;
using namespace clprobe::probes::access_pattern;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::WithinRel;

namespace {

constexpr double mib = 1 << 20;

/// Of a device that fetches sectors of 32 B at 1 TB/s, and writes at half of that; a row that is
/// misaligned by 4 words takes 5 % longer, by others 3 %; caches hold spans of up to 64 KiB.
struct ModelDevice {
    double array = 1024 * mib;
    double noise = 0.005;

    [[nodiscard]] static double rate(const AccessRow &row) {
        const double read = row.operation == Operation::read ? 1e12 : 5e11;
        if (row.pattern == Pattern::strided)
            return read / static_cast<double>(std::min<std::size_t>(row.words, 8));
        if (row.pattern == Pattern::shifted)
            return read / (row.words == 4 ? 1.05 : 1.03);
        return read / (row.words <= 16384 ? 1.5 : 8);
    }
    [[nodiscard]] Dataset measure(std::uint64_t seed) const {
        MadeUp made("memory/access_pattern", {.most_trips = 1 << 30, .noise = noise}, seed);
        for (const Operation operation : all_operations)
            for (const AccessRow &row : rows_of(operation, static_cast<std::size_t>(array / word)))
                made.take("times", coordinates(row), 1 / rate(row));
        made.data.number_attributes[entry::array] = array;
        made.data.number_attributes[entry::work_items] = 256;
        return made.data;
    }
};

std::vector<Finding> interpretation(const Dataset &data, const Facts &facts = {}) {
    return builtin("memory/access_pattern").interpret(data, facts);
}

Facts with_cache(double bytes) {
    Facts facts;
    facts.findings = {measured({"buffer.l1.size", Unit::byte, Better::none, ""}, 65536, {}),
                      measured({"buffer.l2.size", Unit::byte, Better::none, ""}, bytes, {})};
    return facts;
}

} // namespace

TEST_CASE("unit.access_pattern.every pattern has its rate") {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        const auto findings = interpretation(ModelDevice{}.measure(seed), with_cache(50 * mib));
        CHECK(findings.size() == 2 * (7 + 1 + 5));
        const auto check = [&](std::string_view key, double value, const std::string &method) {
            const Finding &found = finding(findings, key);
            INFO(key << ": " << found.note);
            CHECK(found.status == Status::measured);
            CHECK_THAT(found.value.value(), WithinRel(value, 0.02));
            CHECK(found.interval->contains(*found.value));
            CHECK_THAT(found.method, ContainsSubstring(method));
        };
        check("access.read.stride1", 1e12, "words in a row; groups of 256");
        check("access.read.stride4", 2.5e11, "one word of 4, 25 % of words in a row");
        check("access.read.stride64", 1.25e11, "one word of 64");
        check("access.read.misaligned", 1e12 / 1.05, "a shift of 4 words, the worst");
        check("access.read.random.64kib", 1e12 / 1.5, "anywhere within 64 KiB, 6");
        check("access.read.random.all", 1.25e11, "anywhere within 1 GiB");
        check("access.write.stride1", 5e11, "words in a row");
        check("access.write.stride8", 6.25e10, "one word of 8");
        check("access.write.random.1mib", 6.25e10, "anywhere within 1 MiB");
    }
}

TEST_CASE("unit.access_pattern.shifts that may be the worst are in the interval") {
    ModelDevice device;
    device.noise = 0.1;
    const auto findings = interpretation(device.measure(1));
    const Finding &found = finding(findings, "access.read.misaligned");
    REQUIRE(found.value);
    CHECK(found.interval->contains(1e12 / 1.05));
    CHECK(found.interval->high > 1e12 / 1.04);
}

TEST_CASE("unit.access_pattern.an array that caches hold a large part of is suspect") {
    const Dataset data = ModelDevice{.array = 256 * mib}.measure(1);
    const auto of = [&](double cache) {
        return finding(interpretation(data, with_cache(cache)), "access.read.stride8");
    };
    CHECK(of(60 * mib).status == Status::measured);
    CHECK(of(70 * mib).status == Status::suspect);
    CHECK_THAT(of(70 * mib).note, ContainsSubstring("not far larger than the last cache"));
    Dataset tiny = data;
    tiny.text_attributes[entry::too_small] = "the tiny profile's array lies in a cache";
    for (const Finding &found : interpretation(tiny))
        CHECK(found.status == Status::suspect);
}

TEST_CASE("unit.access_pattern.nothing is faster than words in a row") {
    Dataset data = ModelDevice{}.measure(1);
    for (Point &point : data.series.front().points)
        if (point.at[0] == 0 && point.at[1] == 0 && point.at[2] == 2)
            for (double &sample : point.samples)
                sample /= 4; // 2 TB/s
    const auto findings = interpretation(data);
    CHECK(finding(findings, "access.read.stride2").status == Status::suspect);
    CHECK(finding(findings, "access.read.stride4").status == Status::measured);
    CHECK(finding(findings, "access.write.stride2").status == Status::measured);
}

TEST_CASE("unit.access_pattern.a span that no launch goes through is noted") {
    MadeUp made("memory/access_pattern", {.most_trips = 1 << 23}, 1);
    for (const std::size_t words : {std::size_t{256} << 10, std::size_t{4} << 20})
        made.take("times", coordinates(AccessRow{Operation::read, Pattern::random, words}), 1e-9);
    const auto findings = interpretation(made.data);
    CHECK(finding(findings, "access.read.random.1mib").note.empty());
    CHECK_THAT(finding(findings, "access.read.random.16mib").note,
               ContainsSubstring("50 % of a span"));
}

TEST_CASE("unit.access_pattern.what was not timed is not said") {
    const auto none = interpretation({});
    CHECK(none.size() == 2 * (1 + 1 + 5));
    for (const Finding &found : none)
        CHECK(found.status == Status::inconclusive);

    const auto small = interpretation(ModelDevice{.array = 8 * mib}.measure(1));
    CHECK(finding(small, "access.read.random.1mib").status == Status::measured);
    CHECK(finding(small, "access.read.random.16mib").status == Status::inconclusive);
    CHECK_THAT(finding(small, "access.read.random.all").method, ContainsSubstring("8 MiB"));

    Dataset data = ModelDevice{}.measure(1);
    std::erase_if(data.series.front().points,
                  [](const Point &point) { return point.at[1] == 0 && point.at[2] == 1; });
    const auto findings = interpretation(data);
    CHECK(finding(findings, "access.read.stride1").status == Status::inconclusive);
    CHECK(finding(findings, "access.read.stride2").status == Status::measured);
    CHECK(finding(findings, "access.read.stride2").method.find('%') == std::string::npos);

    for (Point &point : data.series.front().points)
        std::ranges::fill(point.samples, 1e-4); // nothing grows with the bytes
    for (const Finding &found : interpretation(data))
        CHECK_FALSE(found.value);
}

TEST_CASE("unit.access_pattern.on a CPU intervals hold what neighbours leave of memory") {
    Facts facts;
    facts.device.emplace().type = DeviceType::cpu;
    const auto findings = interpretation(ModelDevice{}.measure(1), facts);
    const Finding &found = finding(findings, "access.read.stride2");
    CHECK(found.interval->low <= 0.5 * *found.value);
    CHECK(found.interval->high >= 1.5 * *found.value);
}

TEST_CASE("unit.access_pattern.each word of a span is taken once") {
    for (const std::size_t span : {std::size_t{2}, std::size_t{8}, std::size_t{1024},
                                   std::size_t{2048}, std::size_t{1} << 18})
        for (const std::uint32_t key : {0u, 1u, 0x9e3779b9u, 0xffffffffu}) {
            const Places places({Operation::read, Pattern::random, span}, key);
            std::vector<bool> taken(span);
            const auto first = static_cast<std::uint32_t>(3 * span);
            for (std::uint32_t i = 0; i < span; ++i) {
                const std::uint32_t place = places.of(first + i) - first;
                REQUIRE(place < span);
                CHECK_FALSE(taken[place]);
                taken[place] = true;
            }
        }
}

TEST_CASE("unit.access_pattern.neighbours' words lie in as many lines as by chance") {
    constexpr std::uint32_t neighbours = 32;
    const auto lines = [](std::size_t span, std::uint32_t key) {
        const Places places({Operation::read, Pattern::random, span}, key);
        double sum = 0;
        constexpr std::uint32_t warps = 256;
        for (std::uint32_t warp = 0; warp < warps; ++warp) {
            std::set<std::uint32_t> of_warp;
            for (std::uint32_t i = 0; i < neighbours; ++i)
                of_warp.insert(places.of(warp * neighbours + i) / 32);
            sum += static_cast<double>(of_warp.size());
        }
        return sum / warps;
    };
    for (const std::uint32_t key : {1u, 12345u, 0x9e3779b9u}) {
        CHECK(lines(std::size_t{1} << 28, key) > 31.9);
        CHECK(lines(std::size_t{1} << 18, key) > 31); // 31.94
        // Of 32 lines that 32 words fall into, each once in 32 words of it: 20.6.
        CHECK(lines(1024, key) > 19);
        CHECK(lines(1024, key) < 27);
    }
}

TEST_CASE("unit.access_pattern.words of a pattern lie within the array") {
    constexpr std::size_t array = 1 << 16;
    for (const std::size_t group : {1U, 2U, 64U})
        for (const AccessRow &row : rows_of(Operation::read, array)) {
            const Places places(row, 7);
            const std::size_t count = words_in(array, row, group);
            CHECK(count % (each * group) == 0);
            std::set<std::uint32_t> taken;
            for (std::uint32_t number = 0; number < count; ++number)
                taken.insert(places.of(number));
            CHECK(taken.size() == count);
            CHECK(*taken.rbegin() < array);
        }
}
