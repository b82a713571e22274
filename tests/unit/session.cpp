#include "measure/device_lock.hpp"
#include "measure/session.hpp"
#include "model/termination.hpp"
#include "support/fake_probe.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <unistd.h>

using namespace clprobe;

namespace {

ProbeRecord record_with(double rate, double size) {
    ProbeRecord record;
    record.probe = "fake/probe";
    record.data.number_attributes = {{"fake.rate", rate}, {"fake.size", size}};
    return record;
}

DeviceInfo device(DeviceType type) {
    DeviceInfo info;
    info.slug = "dev0-fake";
    info.type = type;
    return info;
}

const FakeProbe fake("fake/probe");

} // namespace

TEST_CASE("unit.session.a busy machine marks a processor's rates, not its sizes") {
    ProbeRecord record = record_with(1e9, 64);
    record.load.others = 0.5;
    const DeviceInfo cpu = device(DeviceType::cpu);
    const auto findings = interpret(fake, record, &cpu);
    CHECK(findings[0].status == Status::suspect);
    CHECK(findings[0].note.find("busy") != std::string::npos);
    CHECK(findings[1].status == Status::measured);
    const DeviceInfo gpu = device(DeviceType::gpu);
    CHECK(interpret(fake, record, &gpu)[0].status == Status::measured);
}

TEST_CASE("unit.session.stolen time and a changed clock mark too, housekeeping does not") {
    const DeviceInfo cpu = device(DeviceType::cpu);
    ProbeRecord record = record_with(1e9, 64);
    record.load = {0.02, 0.01, 0.03};
    CHECK(interpret(fake, record, &cpu)[0].status == Status::measured);
    record.load = {0.02, 0.3, 0.03};
    CHECK(interpret(fake, record, &cpu)[0].status == Status::suspect);
    record.load = {0.02, 0.01, 0.2};
    CHECK(interpret(fake, record, &cpu)[0].status == Status::suspect);
}

TEST_CASE("unit.session.no rate of a processor is surer than its clock") {
    const ProbeRecord record = record_with(1e9, 64);
    const DeviceInfo cpu = device(DeviceType::cpu);
    const auto findings = interpret(fake, record, &cpu);
    CHECK(findings[0].interval->low < 0.976e9);
    CHECK(findings[0].interval->high > 1.024e9);
    const DeviceInfo gpu = device(DeviceType::gpu);
    const auto plain = interpret(fake, record, &gpu);
    CHECK(plain[0].interval->half_width() < findings[0].interval->half_width());
    CHECK(plain[1].interval == findings[1].interval); // a size
}

TEST_CASE("unit.session.a failed verification voids every finding") {
    ProbeRecord record = record_with(1e9, 64);
    set_termination(record.data, {Status::failed, "verification: lane 3", true});
    record.findings = interpret(fake, record, nullptr);
    settle_status(record);
    for (const Finding &finding : record.findings) {
        CHECK(finding.status == Status::failed);
        CHECK_FALSE(finding.value);
    }
    CHECK(record.status == Status::failed);
    CHECK(record.reason == "verification: lane 3");
}

TEST_CASE("unit.session.an interpretation that throws fails its findings only") {
    ProbeRecord record = record_with(1e9, 64);
    record.data.text_attributes["unreadable"] = "yes";
    record.findings = interpret(fake, record, nullptr);
    settle_status(record);
    REQUIRE(record.findings.size() == 2);
    CHECK(record.status == Status::failed);
    CHECK(record.reason.find("no such point") != std::string::npos);
}

TEST_CASE("unit.session.what was found before an error stands with a mark") {
    ProbeRecord record;
    record.data.number_attributes = {{"fake.rate", 1e9}};
    set_termination(record.data, {Status::failed, "CL_OUT_OF_RESOURCES", false});
    record.findings = interpret(fake, record, nullptr);
    settle_status(record);
    CHECK(record.findings[0].status == Status::suspect);
    CHECK(record.findings[0].value == 1e9);
    CHECK(record.findings[1].status == Status::failed);
    CHECK(record.status == Status::failed);
}

TEST_CASE("unit.session.a plan is run in order, with the facts of what came before") {
    Registry registry;
    registry.add(std::make_unique<FakeProbe>("a/one"));
    registry.add(std::make_unique<FakeProbe>("b/two", std::vector<std::string>{"a/one"}));
    registry.add(std::make_unique<FakeProbe>("c/three"));
    const std::vector<DeviceInfo> devices = {device(DeviceType::gpu)};
    std::vector<std::string> order;
    const Execute execute = [&](const PlannedProbe &planned, const DeviceInfo &,
                                const Facts &facts) {
        order.push_back(planned.probe->info().name + ":" + std::to_string(facts.findings.size()));
        ProbeRecord record = record_with(1, 2);
        record.probe = planned.probe->info().name;
        record.findings = interpret(*planned.probe, record, nullptr);
        return record;
    };
    Observer observer;
    Report report;
    run_plan(plan(registry, {}, Profile::quick), devices, execute, {}, observer, report);
    CHECK(order == std::vector<std::string>{"a/one:0", "b/two:2", "c/three:0"});
    CHECK(report.complete);

    SECTION("what the report holds already is not run again") {
        report.devices[0].probes.erase(report.devices[0].probes.begin() + 1);
        order.clear();
        run_plan(plan(registry, {}, Profile::quick), devices, execute, {}, observer, report);
        CHECK(order == std::vector<std::string>{"b/two:2"});
    }
    SECTION("a run that was asked to stop is not complete") {
        std::stop_source stop;
        stop.request_stop();
        RunOptions options;
        options.stop = stop.get_token();
        Report fresh;
        run_plan(plan(registry, {}, Profile::quick), devices, execute, options, observer, fresh);
        CHECK_FALSE(fresh.complete);
        CHECK(fresh.devices[0].probes.empty());
    }
}

TEST_CASE("unit.session.a device is locked while its probes run") {
    Registry registry;
    registry.add(std::make_unique<FakeProbe>("a/one"));
    std::vector<DeviceInfo> devices = {device(DeviceType::gpu)};
    devices[0].slug += std::to_string(::getpid());
    const std::string path = "/tmp/clprobe-" + devices[0].slug + ".lock";
    bool free = true;
    const Execute execute = [&](const PlannedProbe &, const DeviceInfo &, const Facts &) {
        free = FileLock(path).try_lock();
        return record_with(1, 2);
    };
    Observer observer;
    Report report;
    run_plan(plan(registry, {}, Profile::quick), devices, execute, {}, observer, report);
    CHECK_FALSE(free);
    FileLock lock(path);
    CHECK(lock.try_lock());
    lock.remove();
}

TEST_CASE("unit.session.a device that is gone is not tried again") {
    Registry registry;
    for (const char *name : {"a/1", "a/2", "a/3", "a/4", "a/5"})
        registry.add(std::make_unique<FakeProbe>(name));
    const std::vector<DeviceInfo> devices = {device(DeviceType::gpu)};
    std::size_t tried = 0;
    const Execute execute = [&](const PlannedProbe &planned, const DeviceInfo &info,
                                const Facts &facts) {
        ++tried;
        return failed_record(planned, info, facts, "a launch: CL_OUT_OF_RESOURCES (-5)");
    };
    const auto [answer, tries] = GENERATE(std::pair{"no answer", 1}, std::pair{"", 3});
    const std::string problem = answer;
    Observer observer;
    Report report;
    run_plan(plan(registry, {}, Profile::quick), devices, execute, {}, observer, report,
             [&](const DeviceInfo &) { return problem; });
    CHECK(tried == static_cast<std::size_t>(tries));
    const auto &records = report.devices.at(0).probes;
    REQUIRE(records.size() == 5);
    CHECK(records.at(tried - 1).reason.starts_with("the device is gone"));
    for (std::size_t i = tried; i < records.size(); ++i)
        CHECK(records[i].reason == "not tried: the device is gone");
}

TEST_CASE("unit.session.a probe is set against one that runs after it") {
    auto early = std::make_unique<FakeProbe>("a/early");
    early->heed("d/never run");
    early->heed("b/late");
    Registry registry;
    registry.add(std::move(early));
    registry.add(std::make_unique<FakeProbe>("b/late"));
    const std::vector<PlannedProbe> planned = plan(registry, {}, Profile::quick);
    REQUIRE(planned.size() == 2);
    const Execute execute = [](const PlannedProbe &probe, const DeviceInfo &, const Facts &facts) {
        ProbeRecord record = record_with(1, 2);
        record.probe = probe.probe->info().name;
        record.facts = facts.findings;
        record.findings = interpret(*probe.probe, record, nullptr);
        return record;
    };
    struct Watch : Observer {
        std::vector<std::string> changed;
        void findings_changed(const Report &, const DeviceRecord &,
                              const ProbeRecord &record) override {
            changed.push_back(record.probe);
        }
    } watch;
    Report report;
    const std::vector<DeviceInfo> devices = {device(DeviceType::gpu)};
    run_plan(planned, devices, execute, {}, watch, report);
    CHECK(watch.changed == std::vector<std::string>{"a/early"});
    const ProbeRecord &record = report.devices.at(0).probes.at(0);
    CHECK(record.findings.at(0).note == "set against b/late");
    CHECK(record.facts == report.devices[0].probes.at(1).findings);
    CHECK(interpret(*registry.find("a/early"), record, &devices[0]) == record.findings);
}
