#include "probe_test.hpp"

#include <clprobe/error.hpp>
#include <clprobe/json.hpp>
#include <clprobe/session.hpp>

#include <catch2/catch_get_random_seed.hpp>
#include <catch2/catch_test_macros.hpp>

#include <array>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <set>

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

const ProbeRecord *record_of(const Report &report, const Probe &probe) {
    for (const DeviceRecord &device : report.devices)
        for (const ProbeRecord &record : device.probes)
            if (record.probe == probe.info().name)
                return &record;
    return nullptr;
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
    const ProbeRecord *record = record_of(report, probe);
    REQUIRE(record != nullptr);
    if (record->status == Status::unsupported)
        SKIP(record->reason);
    if (record->status == Status::failed)
        FAIL(record->reason);
    check_findings(probe, *record);
    CHECK(interpret(probe, *record, &device.info()) == record->findings);
    CHECK(report_from_json(parse_json(to_text(to_json(report)))) == report);
}

} // namespace clprobe
