#include "io_sample.hpp"

#include <clprobe/error.hpp>
#include <clprobe/json.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <random>

using namespace clprobe;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;

namespace {

Report read(const std::string &text) {
    return report_from_json(parse_json(text));
}

Json sample() {
    return to_json(sample_report());
}

/// The document, or the one record that it is wrong in.
void refused(const Json &json, const std::string &message) {
    std::string reason = "none";
    try {
        const Report report = report_from_json(json);
        for (const DeviceRecord &device : report.devices)
            for (const ProbeRecord &record : device.probes)
                if (record.status == Status::failed &&
                    record.reason.find("/devices/0/probes/") != std::string::npos)
                    reason = record.reason;
    } catch (const InputError &error) {
        reason = error.what();
    }
    CHECK_THAT(reason, ContainsSubstring(message));
}

void malformed(const std::string &text, const std::string &message) {
    CHECK_THROWS_MATCHES(parse_json(text), InputError, MessageMatches(ContainsSubstring(message)));
}

/// The sample with one value changed.
Json with(const char *place, const Json &value) {
    Json json = sample();
    json[Json::json_pointer(place)] = value;
    return json;
}

Json without(const char *parent, const char *member) {
    Json json = sample();
    REQUIRE(json.at(Json::json_pointer(parent)).erase(member) == 1);
    return json;
}

} // namespace

TEST_CASE("unit.json.report_round_trips") {
    CHECK(read(to_text(sample())) == sample_report());
}

TEST_CASE("unit.json.parts_round_trip_alone") {
    const auto report = sample_report();
    const auto &device = report.devices[0];
    const auto again = [](const Json &json) { return parse_json(to_text(json)); };
    CHECK(device_info_from_json(again(to_json(device.device))) == device.device);
    for (const auto &probe : device.probes)
        CHECK(probe_record_from_json(again(to_json(probe))) == probe);
    const Facts with_device{device.device, device.probes[0].findings};
    CHECK(facts_from_json(again(to_json(with_device))) == with_device);
    CHECK(facts_from_json(again(to_json(Facts{}))) == Facts{});
    CHECK(report_from_json(again(to_json(Report{}))) == Report{});
}

TEST_CASE("unit.json.doubles_round_trip_to_the_last_bit") {
    std::mt19937_64 random(1);
    ProbeRecord record;
    auto &samples = record.data.add("bits", {}, {"time", Unit::second, {}}).point({}).samples;
    samples = {0.0, -0.0, 1e22, 4503599627370497.5, 9007199254740993.0};
    while (samples.size() < 20000)
        if (const auto value = std::bit_cast<double>(random());
            std::abs(value) > 1e-30 && std::abs(value) < 1e30)
            samples.push_back(value);
    const auto read_again = probe_record_from_json(parse_json(to_text(to_json(record))));
    const auto &again = read_again.data.series[0].points[0].samples;
    REQUIRE(again.size() == samples.size());
    for (std::size_t i = 0; i < samples.size(); ++i)
        if (std::bit_cast<std::uint64_t>(again[i]) != std::bit_cast<std::uint64_t>(samples[i]))
            FAIL(samples[i] << " became " << again[i]);
}

TEST_CASE("unit.json.what_is_absent_is_left_out") {
    const auto text = to_text(sample());
    CHECK_THAT(text, !ContainsSubstring("null"));
    CHECK_FALSE(to_json(DeviceInfo{}).contains("compute_units"));
    const Facts facts{{}, {without_value({"a", Unit::one, Better::none, ""}, Status::failed, "")}};
    const auto finding = to_json(facts).at("findings").at(0);
    CHECK_FALSE(finding.contains("value"));
    CHECK_FALSE(finding.contains("note"));
}

TEST_CASE("unit.json.a_point_takes_one_line") {
    const auto text = to_text(sample());
    CHECK_THAT(text, ContainsSubstring("{\"at\":[0.0,1024.0],\"samples\":[0.3333333333333333,"));
    CHECK(std::count(text.begin(), text.end(), '\n') < 250);
}

TEST_CASE("unit.json.writing_refuses_what_no_reader_takes") {
    const auto throws = [](const auto &value, const std::string &message) {
        CHECK_THROWS_MATCHES(to_text(to_json(value)), Error,
                             MessageMatches(ContainsSubstring(message)));
    };
    auto report = sample_report();
    auto &probe = report.devices[0].probes[0];
    const auto bad = GENERATE(std::numeric_limits<double>::quiet_NaN(),
                              -std::numeric_limits<double>::infinity());
    SECTION("a sample that is not finite") {
        probe.data.series[0].points[0].samples[2] = bad;
        throws(report, "/devices/0/probes/0/data/series/0/points/0/samples/2: a number that is "
                       "not finite");
    }
    SECTION("a finding that is not finite") {
        probe.findings[0].value = bad;
        throws(probe, "/findings/0/value");
    }
    SECTION("a measured finding without a value") {
        probe.findings[0].value.reset();
        throws(report, "finding 'fma.fp32.rate': measured finding without a value");
    }
    SECTION("a point with too few coordinates") {
        probe.data.series[0].points[1].at.pop_back();
        throws(report, "series 'race', point 1: 1 coordinates for 2 axes");
    }
}

TEST_CASE("unit.json.text_that_is_no_utf8_is_still_written") {
    DeviceInfo info;
    info.name = "bad \xff byte";
    CHECK(device_info_from_json(parse_json(to_text(to_json(info)))).name == "bad \ufffd byte");
}

TEST_CASE("unit.json.wrong_members_are_refused_with_their_place") {
    refused(with("/devices/0/probes/0/findings/1/value", "1"),
            "/devices/0/probes/0/findings/1/value: expected a number, found a string");
    refused(with("/devices/0/probes/0/findings/0/value", nullptr), "expected a number");
    refused(without("/devices/0/probes/0/findings/0", "unit"),
            "/devices/0/probes/0/findings/0: member 'unit' is missing");
    refused(with("/devices/0/probes/0/findings/0/unit", "furlong"), "'furlong' is no unit");
    refused(with("/devices/0/probes/0/status", "great"), "/devices/0/probes/0/status: 'great'");
    refused(with("/devices/0/device/type", 1), "/devices/0/device/type: expected a string");
    refused(with("/devices/0/device/max_work_item_sizes", {1, 2}), "expected three sizes");
    refused(with("/devices/0/device/cache_line", -64), "not negative");
    refused(with("/devices/0/device/cache_line", 64.5), "expected a whole number");
    refused(with("/devices/0/device/fp64", 1), "expected true or false");
    refused(with("/devices", Json::object()), "/devices: expected an array");
    refused(with("/host", Json::array()), "/host: expected an object");
    refused(with("/host/processors", 1ULL << 33), "/host/processors: too large");
    refused(with("/host/environment/A~1B", 1), "/host/environment/A~1B: expected a string");
    refused(without("", "seed"), "the document: member 'seed' is missing");
    refused(with("/devices/0/probes/0/data/series/0/points/0/samples/1", "x"),
            "/devices/0/probes/0/data/series/0/points/0/samples/1: expected a number");
    refused(with("/devices/0/probes/0/data/series/0/points/0/samples/1", 1e-300),
            "/points/0/samples: 1e-300 is no number that a measurement has");
    refused(with("/devices/0/probes/0/data/series/0/points/0/at/1", -1e31), "/points/0/at: -1e+31");
    refused(with("/devices/0/probes/0/data/series/0/points/0/block/0", 1e10), "whole number");
    refused(Json(1), "the document: expected an object");
}

TEST_CASE("unit.json.contradictions_are_refused") {
    refused(with("/devices/0/probes/1/findings/0/value", 1), "inconclusive finding with a value");
    refused(without("/devices/0/probes/0/findings/0", "value"), "without a value");
    refused(with("/devices/0/probes/0/findings/0/interval", {2, 1}), "low end is above");
    refused(with("/devices/0/probes/0/findings/0/interval", {1}), "expected [low, high]");
    refused(with("/devices/0/probes/0/data/series/0/points/0/at", {1}), "1 coordinates for 2");
    refused(with("/devices/0/probes/0/data/series/0/points/0/block", {1}), "1 blocks for 3");
    refused(with("/devices/0/probes/0/data/series/0/points/0/at/0", 2), "no index into the 2");
    refused(with("/devices/0/probes/0/data/series/0/points/0/at/0", 0.5), "no index into the 2");
    refused(with("/devices/0/probes/0/data/series/1/name", "race"), "'race' is there twice");
    refused(with("/devices/1/device/slug", "gpu0-sample"), "'gpu0-sample' is there twice");
}

TEST_CASE("unit.json.versions") {
    CHECK_NOTHROW(report_from_json(with("/schema_version", "1.0.7")));
    refused(with("/schema_version", "2.0.0"),
            "/schema_version: it is 2.0.0, and this program reads version 1.2.0");
    refused(with("/schema_version", "0.9.0"), "0.9.0");
    for (const char *wrong : {"", "1", "1.0", "1.0.0.0", "1.0.0-x", "-1.0.0", "99999999999.0.0"})
        refused(with("/schema_version", wrong), "is no version");
    refused(without("", "schema_version"), "schema_version");
}

TEST_CASE("unit.json.newer_minor_version_is_read_as_far_as_known") {
    Json json = with("/schema_version", "1.7.0");
    json["energy"] = {{"deep", {1, 2, nullptr}}};
    json["devices"][0]["probes"][0]["findings"][0]["confidence"] = "high";
    CHECK(read(to_text(json)) == sample_report());
}

TEST_CASE("unit.json.malformed_text_is_refused") {
    for (const char *text : {"", "{\"a\": [1, 2", "{} trailing", "{\"a\": 1e999}", "{\"a\": NaN}",
                             "{\"a\": \"\xff\"}"})
        malformed(text, "not a JSON document"); // what follows is the JSON library's to word
    malformed("{\"a\": {\"b\": [0, {\"c\": 1, \"c\": 2}]}}", "/a/b/1/c: given twice");
    malformed(std::string(2'000'000, '['), "nested deeper than 64 levels");
    std::string nested;
    for (int i = 0; i < 100'000; ++i)
        nested += "{\"a\":";
    malformed(nested, "nested deeper than 64 levels");
    std::string wide = "{\"0\":0";
    for (int i = 1; i < 1001; ++i)
        wide += ",\"" + std::to_string(i) + "\":0";
    malformed(wide + "}", "more than 1000 members");
    malformed('"' + std::string(100'000, 'x'), "not a JSON document");
}

TEST_CASE("unit.json.every_truncation_is_refused") {
    const auto text = to_text(sample());
    for (std::size_t size = 0; size + 2 < text.size(); size += 7)
        CHECK_THROWS_AS(read(text.substr(0, size)), InputError);
}

TEST_CASE("unit.json.a_long_report_is_written_and_read_quickly") {
    auto report = sample_report();
    auto &series = report.devices[0].probes[0].data.add("long", {{"x", Unit::one, {}}},
                                                        {"time", Unit::second, {}});
    for (int i = 0; i < 10'000; ++i)
        series.points.push_back({{static_cast<double>(i)}, std::vector<double>(10, 1.0 / 3), {}});
    CHECK(read(to_text(to_json(report))) == report);
}

TEST_CASE("unit.json.a_summary_has_all_but_the_samples") {
    const Report summary = summary_of(sample_report());
    CHECK(summary.summary);
    const Report again = read(to_text(to_json(summary)));
    CHECK(again == summary);
    const ProbeRecord &record = again.devices.at(0).probes.at(0);
    CHECK(record.data.series.empty());
    CHECK(record.data.number_attributes ==
          sample_report().devices[0].probes[0].data.number_attributes);
    CHECK(record.findings == sample_report().devices[0].probes[0].findings);
}
