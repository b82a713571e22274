#include "io/file.hpp"
#include "measure/machine.hpp"
#include "measure/session.hpp"
#include "model/invariants.hpp"

#include <clprobe/catch2.hpp>
#include <clprobe/error.hpp>
#include <clprobe/json.hpp>

#include <catch2/catch_get_random_seed.hpp>
#include <catch2/catch_session.hpp>
#include <catch2/catch_test_macros.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <regex>
#include <set>
#include <sstream>

namespace clprobe {
namespace {

Profile profile_of_environment() {
    const std::string text = environment("CLPROBE_PROFILE");
    if (text.empty())
        return Profile::quick;
    const auto profile = parse_profile(text);
    if (!profile)
        throw InputError("CLPROBE_PROFILE names no profile: " + text);
    return *profile;
}

/// A probe's name with another separator behind its family.
std::string with_separator(std::string name, char separator) {
    std::ranges::replace(name, '/', separator);
    return name;
}

void leave(const Report &report, const std::string &test) {
    const std::filesystem::path folder = environment("CLPROBE_REPORT_DIR");
    if (folder.empty())
        return;
    std::filesystem::create_directories(folder);
    write_file(folder / (test + ".json"), to_text(to_json(report)));
}

void check_finding(const Finding &finding, const Dataset &data) {
    INFO("finding " << finding.key << ", status " << name(finding.status) << ", note "
                    << finding.note);
    CHECK(problem_of(finding).empty());
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
        const std::string before = text.text;
        if (std::ranges::count(probe.kernels, text.name) > 0)
            text.text = std::regex_replace(before, std::regex(mutant.pattern), mutant.replacement);
        changed = changed || text.text != before;
        registry.add(std::move(text));
    }
    INFO("mutant " << mutant.name << " of " << probe.name << " changes nothing");
    REQUIRE(changed);
    return registry;
}

ProbeRecord run_tiny(const Registry &registry, const Probe &probe, const Device &device) {
    const PlannedProbe planned{&probe, false, Profile::tiny, budget(probe.info(), Profile::tiny)};
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

/// The body of a probe's test: runs it on the device and checks what must hold of any report. The
/// report is left as `<test>.json` in CLPROBE_REPORT_DIR.
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

/// Checks that the probe fails with each of the broken kernels that `<folder>/<family>_<probe>.txt`
/// lists (see docs/adding-a-probe.md). Skips where the device lacks what the probe needs.
void test_mutants(const Registry &registry, const Probe &probe, const Device &device,
                  const std::filesystem::path &folder) {
    const ProbeInfo &info = probe.info();
    const std::vector<Mutant> mutants =
        read_mutants(folder / (with_separator(info.name, '_') + ".txt"));
    for (const char *kind : {"drop-operation", "skip-loop", "early-exit", "no-store"}) {
        INFO(info.name << " has no mutant " << kind);
        CHECK(std::ranges::any_of(
            mutants, [&](const Mutant &mutant) { return mutant.name.starts_with(kind); }));
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

// The tests as Catch2 and ctest see them.

/// What ctest is given for a test that was skipped: Catch2's status of a run of nothing but skips.
constexpr int skipped = 4;

std::vector<DeviceTest> &device_tests() {
    static std::vector<DeviceTest> tests;
    return tests;
}

/// A test as Catch2 and ctest see it.
struct ListedTest {
    std::string name;
    std::string labels; ///< separated by blanks
    std::function<void()> body;
};

class Invoker : public Catch::ITestInvoker {
public:
    explicit Invoker(const std::function<void()> &body) : body_(body) {}
    void invoke() const override { body_(); }

private:
    const std::function<void()> &body_;
};

std::vector<Device> devices_of_environment() {
    const std::string selector = environment("CLPROBE_DEVICE");
    const std::vector<Device> all = enumerate();
    if (selector.empty() || all.empty())
        return all;
    std::vector<DeviceInfo> infos;
    for (const Device &device : all)
        infos.push_back(device.info());
    std::vector<Device> selected;
    for (const std::size_t index : select(infos, selector))
        selected.push_back(all[index]);
    return selected;
}

std::vector<ListedTest> list_tests(const Registry &registry, const std::vector<Device> &devices,
                                   const std::filesystem::path &mutants) {
    std::vector<ListedTest> tests;
    for (const Device &device : devices) {
        const std::string slug = device.info().slug;
        const std::string of_device = fmt::format("{} {}", slug, name(device.info().type));
        for (const auto &probe : registry.probes()) {
            const std::string dotted = with_separator(probe->info().name, '.');
            const std::string test = fmt::format("probe.{}@{}", dotted, slug);
            const std::string labels = fmt::format("probe {} {}", probe->info().name, of_device);
            tests.push_back({test, labels, [&registry, &probe, &device, test] {
                                 test_probe(registry, *probe, device, test);
                             }});
            if (!mutants.empty() && !probe->info().kernels.empty())
                tests.push_back({fmt::format("probe.{}.mutants@{}", dotted, slug),
                                 "mutants " + labels, [&registry, &probe, &device, mutants] {
                                     test_mutants(registry, *probe, device, mutants);
                                 }});
        }
        for (const DeviceTest &test : device_tests())
            tests.push_back({fmt::format("{}@{}", test.name, slug),
                             fmt::format("device {}", of_device),
                             [&test, &device] { test.body(device); }});
    }
    return tests;
}

int check_devices(const std::vector<Device> &devices) {
    for (const Device &device : devices)
        fmt::print("{}: {}, {}\n", device.info().slug, device.info().name, device.info().platform);
    if (devices.empty())
        fmt::print("no OpenCL device: only tests that need none are run\n");
    return devices.empty() ? skipped : EXIT_SUCCESS;
}

} // namespace

DeviceTest::DeviceTest(const char *test_name, Body test_body) : name(test_name), body(test_body) {
    device_tests().push_back(*this);
}

int run_device_tests(int argc, char **argv, const Registry &registry,
                     const std::filesystem::path &mutants) try {
    const std::string_view command = argc == 2 ? argv[1] : "";
    const std::vector<Device> devices = devices_of_environment();
    if (command == "--check-devices")
        return check_devices(devices);
    const std::vector<ListedTest> tests = list_tests(registry, devices, mutants);
    if (command == "--list-device-tests") {
        for (const ListedTest &test : tests)
            fmt::print("{}\t{}\n", test.name, test.labels);
        return EXIT_SUCCESS;
    }
    for (const ListedTest &test : tests)
        Catch::AutoReg(Catch::Detail::make_unique<Invoker>(test.body), CATCH_INTERNAL_LINEINFO, "",
                       Catch::NameAndTags(test.name));
    return Catch::Session().run(argc, argv);
} catch (const Error &error) {
    fmt::print(stderr, "{}\n", error.what());
    return EXIT_FAILURE;
}

} // namespace clprobe
