#include "support/fake_probe.hpp"

#include <clprobe/error.hpp>
#include <clprobe/registry.hpp>
#include <clprobe/session.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace clprobe;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;

namespace {

Registry some_probes() {
    Registry registry;
    registry.add(std::make_unique<FakeProbe>("compute/fma_rate",
                                             std::vector<std::string>{"execution/compute_units"}));
    registry.add(std::make_unique<FakeProbe>("execution/compute_units"));
    registry.add(std::make_unique<FakeProbe>("host/event_timer"));
    registry.add(std::make_unique<FakeProbe>("memory/cache_line"));
    return registry;
}

std::vector<std::string> names(const std::vector<PlannedProbe> &plan) {
    std::vector<std::string> result;
    for (const PlannedProbe &planned : plan)
        result.push_back(planned.probe->info().name + (planned.prerequisite ? "*" : ""));
    return result;
}

using Names = std::vector<std::string>;

} // namespace

TEST_CASE("unit.registry.patterns name probes") {
    const Registry registry = some_probes();
    CHECK(registry.match({}).size() == 4);
    const Names memory = {"memory/*"};
    CHECK(registry.match(memory).size() == 1);
    const Names both = {"*cache*", "host/event_timer", "*/cache_line"};
    CHECK(registry.match(both).size() == 2);
    const Names family = {"execution"};
    CHECK(registry.match(family).size() == 1);
}

TEST_CASE("unit.registry.a wrong name is answered with the nearest") {
    const Registry registry = some_probes();
    for (const auto &[wrong, near] : {std::pair{"memory/cacheline", "memory/cache_line"},
                                      std::pair{"fma-rate", "compute/fma_rate"},
                                      std::pair{"compute_unit", "execution/compute_units"}})
        try {
            const Names patterns = {wrong};
            static_cast<void>(registry.match(patterns));
            FAIL("matched " << wrong);
        } catch (const InputError &error) {
            CHECK(std::string(error.what()).find(near) != std::string::npos);
        }
    const Names nothing_like = {"zzzzzzzzzzzzzzzz"};
    CHECK_THROWS_AS(registry.match(nothing_like), InputError);
}

TEST_CASE("unit.registry.the key of a finding names its probe") {
    const Registry registry = builtin_probes();
    for (const auto &[key, probe] : {std::pair{"buffer.l1.size", "memory/buffer_latency"},
                                     std::pair{"fma.fp32.rate", "compute/fma_rate"},
                                     std::pair{"atomic.*.latency", "memory/atomics"}}) {
        const Names patterns = {key};
        const auto matched = registry.match(patterns);
        REQUIRE(matched.size() == 1);
        CHECK(matched[0]->info().name == probe);
    }
    // The name of a probe comes first: others make findings that this fits.
    const Names image_latency = {"*image_latency"};
    CHECK(registry.match(image_latency).size() == 1);
}

TEST_CASE("unit.registry.a misspelt key of a finding is answered with its probe") {
    const Registry registry = builtin_probes();
    for (const auto &[wrong, answer] :
         {std::pair{"buffer.l1.sise",
                    "did you mean memory/buffer_latency, which finds buffer.l<n>.size?"},
          std::pair{"fma.fp32.rat", "did you mean compute/fma_rate, which finds fma.fp32.rate?"},
          std::pair{"memry", "did you mean memory?"}}) {
        const Names patterns = {wrong};
        CHECK_THROWS_MATCHES(registry.match(patterns), InputError,
                             MessageMatches(ContainsSubstring(answer)));
    }
}

TEST_CASE("unit.session.a plan puts what a probe wants before it") {
    const Registry registry = some_probes();
    CHECK(names(plan(registry, {}, Profile::standard)) ==
          Names{"host/event_timer", "execution/compute_units", "compute/fma_rate",
                "memory/cache_line"});
}

TEST_CASE("unit.session.a quick run takes a quarter of the standard time, or what the probe says") {
    ProbeInfo info;
    info.seconds = 8;
    CHECK(budget(info, Profile::standard) == 8);
    CHECK(budget(info, Profile::quick) == 2);
    CHECK(budget(info, Profile::thorough) == 32);
    info.quick_seconds = 1;
    CHECK(budget(info, Profile::quick) == 1);
    CHECK(budget(info, Profile::standard) == 8);
}

TEST_CASE("unit.session.what was not asked for runs at the quick profile") {
    const Registry registry = some_probes();
    const Names asked = {"compute/fma_rate"};
    const auto planned = plan(registry, asked, Profile::thorough);
    CHECK(names(planned) ==
          Names{"host/event_timer*", "execution/compute_units*", "compute/fma_rate"});
    CHECK(planned[1].profile == Profile::quick);
    CHECK(planned[2].profile == Profile::thorough);
    CHECK(planned[1].seconds < planned[2].seconds);
    CHECK(plan(registry, asked, Profile::tiny)[0].profile == Profile::tiny);
}
