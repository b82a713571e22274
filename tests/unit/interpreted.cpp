#include "interpreted.hpp"

#include <clprobe/probes.hpp>

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <utility>

using namespace clprobe;

const Probe &builtin(std::string_view probe) {
    static const Registry probes = builtin_probes();
    INFO(probe);
    const Probe *found = probes.find(probe);
    REQUIRE(found != nullptr);
    return *found;
}

const Finding &finding(const std::vector<Finding> &findings, std::string_view key) {
    const auto found = std::ranges::find(findings, key, &Finding::key);
    INFO(key);
    REQUIRE(found != findings.end());
    return *found;
}

Finding finding(std::vector<Finding> &&findings, std::string_view key) {
    return finding(std::as_const(findings), key);
}
