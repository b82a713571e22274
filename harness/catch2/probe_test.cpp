#include "measure/session.hpp"
#include "probe_test.hpp"

#include <clprobe/error.hpp>
#include <clprobe/json.hpp>
#include <clprobe/session.hpp>

#include <catch2/catch_get_random_seed.hpp>
#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <regex>
#include <set>
#include <sstream>
#include <vector>

namespace clprobe {
namespace {

Profile profile_of_environment() {
    const char *text = std::getenv("CLPROBE_PROFILE");
    if (text == nullptr || *text == '\0')
        return Profile::quick;
    const auto profile = parse_profile(text);
    if (!profile)
        throw InputError(std::string("CLPROBE_PROFILE names no profile: ") + text);
    return *profile;
}

void leave(const Report &report, const std::string &test) {
    const char *directory = std::getenv("CLPROBE_REPORT_DIR");
    if (directory == nullptr || *directory == '\0')
        return;
    std::filesystem::create_directories(directory);
    std::ofstream file(std::filesystem::path(directory) / (test + ".json"));
    file << to_text(to_json(report));
    REQUIRE(file.flush());
}

void check_finding(const Finding &finding, const Dataset &data) {
    INFO("finding " << finding.key << ", status " << name(finding.status) << ", note "
                    << finding.note);
    const bool valued = finding.status == Status::measured || finding.status == Status::suspect;
    CHECK(finding.value.has_value() == valued);
    if (finding.value)
        CHECK(std::isfinite(*finding.value));
    if (finding.value && finding.interval) {
        CHECK(std::isfinite(finding.interval->half_width()));
        CHECK(finding.interval->contains(*finding.value));
    }
    if (finding.status != Status::measured)
        CHECK_FALSE(finding.note.empty());
    for (const std::string &series : finding.evidence)
        CHECK(data.find(series) != nullptr);
}

void check_findings(const Probe &probe, const ProbeRecord &record) {
    std::set<std::string> keys;
    for (const Finding &finding : record.findings) {
        check_finding(finding, record.data);
        INFO("found twice: " << finding.key);
        CHECK(keys.insert(finding.key).second);
    }
    for (const FindingKey &key : probe.info().findings) {
        // A key such as "buffer.l<n>.size" stands for as many as the device has.
        if (key.key.find('<') != std::string::npos)
            continue;
        INFO("promised, but neither made nor refused: " << key.key);
        CHECK(keys.contains(key.key));
    }
}

// Verification, verified: a kernel that does less than it should must fail its probe.

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

void test_probe(const Registry &registry, const Probe &probe, const Device &device,
                const std::string &test) {
    RunOptions options;
    options.profile = profile_of_environment();
    options.seed = Catch::getSeed();
    struct : Observer {
        void device_in_use(const DeviceInfo &in_use, const std::string &holder) override {
            std::clog << in_use.slug << " is in use: waiting for " << holder << '\n';
        }
    } observer;
    const std::array names{probe.info().name};
    const Report report = run(registry, names, std::span(&device, 1), options, observer);
    leave(report, test);
    REQUIRE(report.devices.size() == 1);
    const std::vector<ProbeRecord> &records = report.devices.front().probes;
    // Those that it depends on are there as well.
    const auto record = std::ranges::find(records, probe.info().name, &ProbeRecord::probe);
    REQUIRE(record != records.end());
    if (record->status == Status::unsupported)
        SKIP(record->reason);
    if (record->status == Status::failed)
        FAIL(record->reason);
    check_findings(probe, *record);
    CHECK(interpret(probe, *record, &device.info()) == record->findings);
    CHECK(report_from_json(parse_json(to_text(to_json(report)))) == report);
}

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
