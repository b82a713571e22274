// Verification, verified: a kernel that does less than it should must fail its probe.
#include "measure/session.hpp"
#include "mutants.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

namespace clprobe {
namespace {

/// A change to a kernel's text that must not go unnoticed.
struct Mutant {
    std::string name;
    std::string pattern; ///< ECMAScript
    std::string replacement;
};

/// The lines of such a file: name, pattern and replacement, a tab between them.
std::vector<Mutant> read_mutants(const std::filesystem::path &file) {
    std::ifstream in(file);
    INFO("every probe with a kernel has mutants of it in a file " << file);
    REQUIRE(in);
    std::vector<Mutant> mutants;
    for (std::string line; std::getline(in, line);) {
        std::istringstream fields(line);
        Mutant &mutant = mutants.emplace_back();
        std::getline(fields, mutant.name, '\t');
        std::getline(fields, mutant.pattern, '\t');
        std::getline(fields, mutant.replacement, '\t');
    }
    return mutants;
}

/// The kernels, with the change made to those of the probe that it applies to.
Registry mutated(const Registry &original, const ProbeInfo &probe, const Mutant &mutant) {
    Registry registry;
    bool changed = false;
    for (KernelText text : original.kernels()) {
        const bool of_probe = std::count(probe.kernels.begin(), probe.kernels.end(), text.name) > 0;
        const std::string before = text.text;
        if (of_probe)
            text.text = std::regex_replace(before, std::regex(mutant.pattern), mutant.replacement);
        changed = changed || text.text != before;
        registry.add(std::move(text));
    }
    INFO("mutant " << mutant.name << " of " << probe.name << " changes nothing");
    REQUIRE(changed);
    return registry;
}

ProbeRecord run_tiny(const Registry &registry, const Probe &probe, const Device &device) {
    PlannedProbe planned;
    planned.probe = &probe;
    planned.profile = Profile::tiny;
    planned.seconds = budget(probe.info(), Profile::tiny);
    // What an earlier run left in memory that a driver grants again must not pass for this one's.
    static std::uint64_t seed = 0;
    return run_probe(registry, planned, device, {device.info(), {}}, {Profile::tiny, ++seed, {}});
}

void check_mutant(const Registry &registry, const Probe &probe, const Mutant &mutant,
                  const Device &device) {
    const ProbeRecord record = run_tiny(mutated(registry, probe.info(), mutant), probe, device);
    INFO("mutant " << mutant.name << " of " << probe.info().name << ": " << name(record.status)
                   << ", " << record.reason);
    CHECK(record.status == Status::failed);
    for (const BuildRecord &build : record.builds)
        CHECK(build.error.empty()); // what does not compile proves nothing
    for (const Finding &finding : record.findings)
        CHECK_FALSE(finding.value.has_value());
}

} // namespace

void test_mutants(const Registry &registry, const Probe &probe, const Device &device,
                  const std::filesystem::path &folder) {
    const ProbeInfo &info = probe.info();
    std::string file = info.name + ".txt";
    std::replace(file.begin(), file.end(), '/', '_');
    const std::vector<Mutant> mutants = read_mutants(folder / file);
    for (const char *kind : {"drop-operation", "skip-loop", "early-exit", "no-store"}) {
        INFO(info.name << " has no mutant " << kind);
        CHECK(std::any_of(mutants.begin(), mutants.end(),
                          [&](const Mutant &mutant) { return mutant.name.starts_with(kind); }));
    }
    if (const auto reason = probe.unsupported(device.info()))
        SKIP(*reason);
    const ProbeRecord unchanged = run_tiny(registry, probe, device);
    INFO(info.name << ": " << unchanged.reason);
    REQUIRE(unchanged.status != Status::failed);
    if (unchanged.status == Status::unsupported)
        SKIP(unchanged.reason);
    for (const Mutant &mutant : mutants)
        check_mutant(registry, probe, mutant, device);
}

} // namespace clprobe
