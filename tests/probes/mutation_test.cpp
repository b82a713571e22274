// Verification, verified: a kernel that does less than it should must fail its probe.
#include <clprobe/catch2.hpp>
#include <clprobe/error.hpp>
#include <clprobe/probes.hpp>
#include <clprobe/session.hpp>

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

using namespace clprobe;

namespace {

/// A change to a kernel's text that must not go unnoticed.
struct Mutant {
    std::string name;
    std::string pattern; ///< ECMAScript
    std::string replacement;
};

/// The lines of mutants/<family>_<probe>.txt: name, pattern and replacement, a tab between them.
std::vector<Mutant> mutants_of(const ProbeInfo &probe) {
    std::string file = probe.name;
    std::replace(file.begin(), file.end(), '/', '_');
    std::ifstream in(std::filesystem::path(CLPROBE_MUTANTS) / (file + ".txt"));
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

/// The built-in probes with the change made to those of the probe's kernels that it applies to.
Registry mutated(const ProbeInfo &probe, const Mutant &mutant) {
    Registry original = builtin_probes();
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

void check_mutant(const Probe &probe, const Mutant &mutant, const Device &device) {
    const ProbeRecord record = run_tiny(mutated(probe.info(), mutant), probe, device);
    INFO("mutant " << mutant.name << " of " << probe.info().name << ": " << name(record.status)
                   << ", " << record.reason);
    CHECK(record.status == Status::failed);
    for (const BuildRecord &build : record.builds)
        CHECK(build.error.empty()); // what does not compile proves nothing
    for (const Finding &finding : record.findings)
        CHECK_FALSE(finding.value.has_value());
}

void check_mutants(const Registry &registry, const Probe &probe, const Device &device) {
    const ProbeInfo &info = probe.info();
    if (info.kernels.empty() || probe.unsupported(device.info()))
        return;
    const std::vector<Mutant> mutants = mutants_of(info);
    for (const char *kind : {"drop-operation", "skip-loop", "early-exit", "no-store"}) {
        INFO(info.name << " has no mutant " << kind);
        CHECK(std::any_of(mutants.begin(), mutants.end(),
                          [&](const Mutant &mutant) { return mutant.name.starts_with(kind); }));
    }
    const ProbeRecord unchanged = run_tiny(registry, probe, device);
    INFO(info.name << ": " << unchanged.reason);
    REQUIRE(unchanged.status != Status::failed);
    if (unchanged.status == Status::unsupported)
        return;
    for (const Mutant &mutant : mutants)
        check_mutant(probe, mutant, device);
}

} // namespace

CLPROBE_DEVICE_TEST("device.verification.a kernel that does less than it should is caught")
(const Device &device) {
    const Registry registry = builtin_probes();
    for (const auto &probe : registry.probes())
        DYNAMIC_SECTION(probe->info().name) {
            check_mutants(registry, *probe, device);
        }
}
