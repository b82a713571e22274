#include "execution/subgroups/subgroups.hpp"
#include "interpreted.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>
#include <numeric>
#include <vector>

using namespace clprobe;
using namespace clprobe::probes::subgroups;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::EndsWith;
using Catch::Matchers::StartsWith;
using Catch::Matchers::WithinRel;

namespace {

using Words = std::vector<std::uint32_t>;

/// One exchange as OpenCL has it, and what the kernel adds: written down once more, step by step.
Words after_exchange(Exchange exchange, const Words &words, std::uint32_t operand,
                     std::uint32_t increment) {
    Words next(words.size());
    for (std::uint32_t lane = 0; lane < words.size(); ++lane) {
        const std::uint32_t c = ((lane * 2654435769U) ^ increment) * 3266489917U | 1U;
        switch (exchange) {
        case Exchange::shuffle:
            next[lane] = words[(lane + operand) % words.size()] + c;
            break;
        case Exchange::shuffle_xor:
            next[lane] = words[lane ^ operand] + c;
            break;
        case Exchange::broadcast:
            next[lane] = words[operand] + c;
            break;
        case Exchange::reduce:
            next[lane] = std::accumulate(words.begin(), words.end(), 0U) + words[lane];
            break;
        case Exchange::scan:
            next[lane] = std::accumulate(words.begin(), words.begin() + lane + 1, 0U) + c;
            break;
        }
    }
    return next;
}

Words step_by_step(Exchange exchange, Aspect aspect, const Operands &of, const Words &ids,
                   std::uint32_t times) {
    Words left(ids.size());
    for (std::uint32_t chain = 0; chain < chains_of(aspect); ++chain) {
        Words words;
        for (const std::uint32_t id : ids)
            words.push_back((id * 2654435761U + chain * 2246822519U) ^ of.start);
        for (std::uint32_t i = 0; i < times; ++i)
            words =
                after_exchange(exchange, words, i % 2 == 0 ? of.first : of.second, of.increment);
        for (std::size_t lane = 0; lane < ids.size(); ++lane)
            left[lane] = left[lane] * 31 + words[lane];
    }
    return left;
}

Words ids_of(std::size_t lanes, std::uint32_t first) {
    Words ids(lanes);
    std::iota(ids.begin(), ids.end(), first);
    return ids;
}

constexpr Operands operands{0x12345678, 0x9abcdef0, 3, 29}; // as the probe chooses them

std::string key_of(Exchange exchange, bool local, const char *aspect) {
    return "subgroup." + what_of(exchange, local) + aspect;
}

// Of a device whose exchanges take 10 ns and more, each 2 ns more than the one before, and through
// local memory three times as long; a trip of all work-items takes 5 times as long as of a group.
double seconds(Exchange exchange, bool local) {
    return (10e-9 + 2e-9 * static_cast<double>(exchange)) * (local ? 3 : 1);
}
Row rate_row(Exchange exchange, Way way) {
    return {exchange, way, 32, 256, 1056};
}
Row latency_row(Exchange exchange, Way way) {
    return {exchange, way, 32, 32, 1};
}
double rate(Exchange exchange, bool local) {
    return 4 * 256 * 1056 / (5 * seconds(exchange, local));
}
void take(MadeUp &made, Exchange exchange, Way way) {
    const double step = seconds(exchange, is_local(way));
    const Row all = rate_row(exchange, way);
    made.take("rate", coordinates(all), 5 * all.steps() * step);
    const Row one = latency_row(exchange, way);
    made.take("latency", coordinates(one), one.steps() * step);
}
Dataset data_of(std::uint64_t seed, Way function, Way local) {
    MadeUp made("execution/subgroups", {.most_trips = 20000, .noise = 0.002}, seed);
    for (const Exchange exchange : all_exchanges) {
        take(made, exchange, function);
        if (has_local(exchange))
            take(made, exchange, local);
    }
    return made.data;
}

std::vector<Finding> interpretation(const Dataset &data) {
    const auto findings = builtin("execution/subgroups").interpret(data, {});
    REQUIRE(findings.size() == 18);
    return findings;
}

} // namespace

TEST_CASE("unit.subgroups.the host jumps to where the kernel walks") {
    for (const Exchange exchange : all_exchanges)
        for (const std::size_t lanes : {2U, 8U, 32U, 64U})
            for (const std::uint32_t times : {0U, 1U, 2U, 3U, 8U, 36U, 1001U})
                for (const Aspect aspect : {Aspect::rate, Aspect::latency}) {
                    CAPTURE(name(exchange), lanes, times);
                    const Operands of{operands.start, operands.increment, 1,
                                      static_cast<std::uint32_t>(lanes / 2 + 1) %
                                          static_cast<std::uint32_t>(lanes)};
                    const Words ids = ids_of(lanes, 4096);
                    CHECK(expected_words(exchange, aspect, of, ids, times) ==
                          step_by_step(exchange, aspect, of, ids, times));
                }
}

TEST_CASE("unit.subgroups.what a broken kernel leaves is not what the host expects") {
    const Words ids = ids_of(32, 64);
    for (const Exchange exchange : all_exchanges)
        // Also after as many steps as make the lowest bits forget, where something does.
        for (const std::uint64_t times : {4ULL, 4096ULL, 1ULL << 20U}) {
            CAPTURE(name(exchange), times);
            const auto expected = [&](const Operands &of, std::uint64_t after) {
                return expected_words(exchange, Aspect::latency, of, ids, after);
            };
            const Words right = expected(operands, times);
            for (const std::uint64_t other : {times - 4, times - 1, times + 2, times / 2})
                CHECK(expected(operands, other) != right);
            CHECK(expected({operands.start + 1, operands.increment, 3, 29}, times) != right);
            if (is_sum(exchange))
                continue;
            CHECK(expected({operands.start, operands.increment, 3, 3}, times) != right);
            CHECK(expected({operands.start, operands.increment, 2, 29}, times) != right);
        }
}

TEST_CASE("unit.subgroups.places tell how a group is divided") {
    const auto place = [](std::uint32_t sub_group, std::uint32_t lane) {
        return sub_group << 16U | lane;
    };
    Words places;
    for (std::uint32_t item = 0; item < 64; ++item)
        places.push_back(place(item / 16, item % 16));
    CHECK(lanes_of(places) == 16);
    std::ranges::reverse(places); // in whatever order
    CHECK(lanes_of(places) == 16);
    CHECK(lanes_of(Words{place(7, 0)}) == 1);
    places[3] = places[4];
    CHECK_FALSE(lanes_of(places));
    CHECK_FALSE(lanes_of(Words{}));
    CHECK_FALSE(lanes_of(Words(32, 0xa5c396e1)));                             // never written
    CHECK_FALSE(lanes_of(Words{place(0, 0), place(0, 1), place(1, 0)}));      // not of one size
    CHECK_FALSE(lanes_of(Words{place(0, 0), place(0, 2), place(0, 3)}));      // a lane is missing
    CHECK_FALSE(lanes_of(Words{place(0, 0), place(0, 1), place(0, 0xffff)})); // far outside
}

TEST_CASE("unit.subgroups.finds each exchange, and what local memory does in its place") {
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
        const auto findings = interpretation(data_of(seed, Way::ptx, Way::local));
        for (const Exchange exchange : all_exchanges)
            for (const bool local : {false, true}) {
                if (local && !has_local(exchange))
                    continue;
                const Finding &fast = finding(findings, key_of(exchange, local, ".rate"));
                const Finding &late = finding(findings, key_of(exchange, local, ".latency"));
                CAPTURE(fast.key, fast.note, late.note);
                CHECK(fast.status == Status::measured);
                CHECK(late.status == Status::measured);
                CHECK_THAT(fast.value.value(), WithinRel(rate(exchange, local), 0.03));
                CHECK_THAT(late.value.value(), WithinRel(seconds(exchange, local), 0.03));
                CHECK_THAT(fast.interval->low, WithinRel(rate(exchange, local), 0.05));
                CHECK_THAT(fast.interval->high, WithinRel(rate(exchange, local), 0.05));
                CHECK_THAT(late.method, ContainsSubstring("one sub-group of 32"));
                CHECK_THAT(fast.method, ContainsSubstring("1056 groups of 256"));
            }
        CHECK_THAT(finding(findings, "subgroup.reduce.rate").method,
                   StartsWith("inline PTX redux.sync.add.u32, ") &&
                       ContainsSubstring("; local memory has 0.3"));
        CHECK_THAT(finding(findings, "subgroup.shuffle.latency").method,
                   ContainsSubstring("local memory takes "));
        // There is one finding of shuffles through local memory.
        CHECK_THAT(finding(findings, "subgroup.shuffle_xor.latency").method,
                   ContainsSubstring("local memory takes 2."));
        CHECK_THAT(
            finding(findings, "subgroup.scan.local.latency").method,
            StartsWith("5 exchanges through local memory behind a barrier of the sub-group"));
    }
}

TEST_CASE("unit.subgroups.the method names the function") {
    const auto method = [](Way way, const char *key) {
        return finding(interpretation(data_of(1, way, Way::local)), key).method;
    };
    CHECK_THAT(method(Way::khronos, "subgroup.shuffle.rate"), StartsWith("sub_group_shuffle, "));
    CHECK_THAT(method(Way::intel, "subgroup.shuffle_xor.rate"),
               StartsWith("intel_sub_group_shuffle_xor, "));
    CHECK_THAT(method(Way::intel, "subgroup.scan.latency"),
               StartsWith("sub_group_scan_inclusive_add, "));
}

TEST_CASE("unit.subgroups.without sub-groups local memory is measured in small groups") {
    MadeUp made("execution/subgroups", {.most_trips = 20000, .noise = 0.002}, 1);
    for (const Exchange exchange : all_exchanges)
        if (has_local(exchange))
            take(made, exchange, Way::local_group);
    made.data.text_attributes["sub_groups.left_out"] = "the driver has none";
    const auto findings = interpretation(made.data);
    for (const Exchange exchange : all_exchanges) {
        const Finding &none = finding(findings, key_of(exchange, false, ".rate"));
        CHECK(none.status == Status::unsupported);
        CHECK(none.note == "the driver has none");
        if (!has_local(exchange))
            continue;
        const Finding &some = finding(findings, key_of(exchange, true, ".latency"));
        CHECK_THAT(some.value.value(), WithinRel(seconds(exchange, true), 0.03));
        CHECK_THAT(some.method, ContainsSubstring("one group of 32"));
    }
}

TEST_CASE("unit.subgroups.an exchange that the driver lacks or fails is no other's loss") {
    MadeUp made("execution/subgroups", {.most_trips = 20000, .noise = 0.002}, 2);
    for (const Exchange exchange : {Exchange::broadcast, Exchange::scan})
        take(made, exchange, Way::khronos);
    made.data.text_attributes["shuffle.unsupported"] = "no such function";
    made.data.text_attributes["reduce.failed"] = "clEnqueueNDRangeKernel: CL_OUT_OF_RESOURCES";
    made.data.text_attributes["scan.local.unsupported"] = "sub-groups have another size";
    const auto findings = interpretation(made.data);
    const auto status = [&](const char *key) { return finding(findings, key).status; };
    CHECK(status("subgroup.broadcast.rate") == Status::measured);
    CHECK(status("subgroup.scan.latency") == Status::measured);
    CHECK(status("subgroup.shuffle.latency") == Status::unsupported);
    CHECK(status("subgroup.reduce.rate") == Status::failed);
    CHECK(status("subgroup.scan.local.rate") == Status::unsupported);
    CHECK(status("subgroup.shuffle.local.rate") == Status::inconclusive);
    CHECK_THAT(finding(findings, "subgroup.scan.rate").method, !ContainsSubstring("local memory"));
}

TEST_CASE("unit.subgroups.what does not grow with the trips is not measured") {
    for (const Finding &found : interpretation({}))
        CHECK(found.status == Status::inconclusive);
    Dataset data = data_of(1, Way::khronos, Way::local);
    for (Series &series : data.series)
        for (Point &point : series.points)
            std::ranges::fill(point.samples, 1e-4);
    for (const Finding &found : interpretation(data))
        CHECK_FALSE(found.value);
    data = data_of(1, Way::khronos, Way::local);
    for (Series &series : data.series)
        for (Point &point : series.points)
            for (double &sample : point.samples)
                sample += 1e-1; // most of a launch is something else
    for (const Finding &found : interpretation(data))
        CHECK(found.status != Status::measured);
}

TEST_CASE("unit.subgroups.drivers are asked by what they have") {
    DeviceInfo device;
    device.max_work_group_size = 256;
    device.version = "OpenCL 3.0";
    const auto way = [&](std::vector<std::string> extensions) {
        device.extensions = std::move(extensions);
        const auto build = build_for(device);
        return build ? std::optional(build->way) : std::nullopt;
    };
    CHECK_FALSE(way({}));
    CHECK(way({"cl_khr_subgroups", "cl_khr_subgroup_shuffle", "cl_intel_subgroups"}) ==
          Way::khronos);
    CHECK(way({"cl_khr_subgroup_shuffle"}) == Way::khronos); // Rusticl
    CHECK(way({"cl_khr_subgroups", "cl_intel_subgroups"}) == Way::intel);
    CHECK(way({"cl_khr_subgroups", "cl_nv_compiler_options"}) == Way::ptx);
    CHECK(way({"cl_khr_subgroups"}) == Way::khronos);
    CHECK_FALSE(build_for(device)->shuffles);
    device.max_work_group_size = 16; // less than a warp
    CHECK_FALSE(way({"cl_nv_compiler_options"}));
}
