#include "kept_reports.hpp"

#include <clprobe/datasheet.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>
#include <set>

using namespace clprobe;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::WithinRel;
using Place = DatasheetPart::Place;

namespace {

Finding found(const std::string &key, double value, Unit unit, Better better = Better::higher) {
    return measured({key, unit, better, ""}, value, {0.99 * value, 1.01 * value});
}

DeviceRecord device_with(std::vector<Finding> findings,
                         const std::string &probe = "compute/made_up") {
    DeviceRecord device;
    device.probes.emplace_back().probe = probe;
    device.probes[0].status = Status::measured;
    device.probes[0].findings = std::move(findings);
    return device;
}

const DatasheetNote *note(const Datasheet &sheet, const std::string &topic) {
    const auto found = std::ranges::find(sheet.notes, topic, &DatasheetNote::topic);
    return found == sheet.notes.end() ? nullptr : &*found;
}

const DatasheetRate *rate(const Datasheet &sheet, const std::string &key) {
    const auto found = std::ranges::find_if(
        sheet.rates, [&](const DatasheetRate &each) { return each.finding.key == key; });
    return found == sheet.rates.end() ? nullptr : &*found;
}

/// A device whose buffers and images have a cache of 64 KiB, images being that much slower there.
std::vector<Finding> two_paths(double slower) {
    std::vector<Finding> findings;
    for (const auto &[path, factor] :
         std::vector<std::pair<std::string, double>>{{"buffer", 1}, {"image", slower}}) {
        findings.push_back(found(path + ".l1.size", 65536, Unit::byte, Better::none));
        findings.push_back(found(path + ".l1.latency", 1e-8 * factor, Unit::second, Better::lower));
        findings.push_back(found(path + ".memory.latency", 1e-7, Unit::second, Better::lower));
    }
    return findings;
}

} // namespace

TEST_CASE("unit.datasheet.six_headlines_are_of_all_families_with_a_roof") {
    using Names = std::vector<std::string>;
    const auto headlines = [](const Datasheet &sheet) {
        Names names;
        for (const DatasheetRate &each : sheet.rates)
            if (each.headline)
                names.push_back(each.name);
        return names;
    };
    CHECK(headlines(datasheet_of(kept_report("h200.json.gz").devices.at(0))) ==
          Names{"fma fp32", "memory read", "memory write", "dot product", "dot product bandwidth",
                "julia"});
    for (const Report &report : kept_reports())
        for (const DeviceRecord &device : report.devices) {
            const Datasheet sheet = datasheet_of(device);
            CHECK(headlines(sheet).size() == std::min<std::size_t>(6, sheet.rates.size()));
        }
    // Without a roof there is still what was measured; what is suspect gives way.
    const auto rate_of = [](const std::string &key) { return found(key, 1, Unit::op_per_second); };
    std::vector<Finding> findings = {rate_of("a.x.rate"), rate_of("b.x.rate")};
    CHECK(headlines(datasheet_of(device_with(findings, "made/up"))).size() == 2);
    findings.clear();
    for (const char *key : {"a.x.rate", "a.y.rate", "a.z.rate", "b.rate", "c.rate", "d.rate"})
        findings.push_back(rate_of(key));
    findings.insert(findings.begin(), found("fma.fp32.rate", 2, Unit::flop_per_second));
    findings.insert(findings.begin() + 1, found("e.rate", 1, Unit::flop_per_second));
    make_suspect(findings[1], "the machine was busy");
    const Names six = headlines(datasheet_of(device_with(findings)));
    CHECK(six.size() == 6);
    CHECK(std::ranges::count(six, "fma fp32") == 1);
    CHECK(std::ranges::count(six, "e") == 0);
}

TEST_CASE("unit.datasheet.every_value_has_one_part") {
    for (const Report &report : kept_reports())
        for (const DeviceRecord &device : report.devices) {
            const Datasheet sheet = datasheet_of(device);
            std::multiset<std::string> keys;
            for (const DatasheetPart &part : sheet.parts)
                for (const DatasheetValue &value : part.values)
                    keys.insert(value.finding.key);
            std::multiset<std::string> measured;
            for (const ProbeRecord &record : device.probes)
                for (const Finding &finding : record.findings)
                    if (finding.value)
                        measured.insert(finding.key);
            CHECK(keys == measured);
        }
}

TEST_CASE("unit.datasheet.what_has_no_value_is_told_with_its_reason") {
    for (const Report &report : kept_reports())
        for (const DeviceRecord &device : report.devices) {
            std::multiset<std::string> keys;
            for (const DatasheetGap &gap : datasheet_of(device).gaps)
                keys.insert(gap.keys.begin(), gap.keys.end());
            std::multiset<std::string> expected;
            for (const ProbeRecord &record : device.probes)
                for (const Finding &finding : record.findings)
                    if (finding.status != Status::measured)
                        expected.insert(finding.key);
            CHECK(keys == expected);
        }
}

TEST_CASE("unit.datasheet.the_chip_comes_from_the_inside_out") {
    const Datasheet sheet = datasheet_of(kept_report("h200.json.gz").devices.at(0));
    std::vector<std::string> names;
    for (const DatasheetPart &part : sheet.parts)
        names.push_back(part.name);
    CHECK(std::vector(names.begin(), names.begin() + 8) ==
          std::vector<std::string>{"compute units", "arithmetic", "registers", "local memory", "L1",
                                   "L2", "L3", "image L1"});
    CHECK(std::ranges::is_sorted(sheet.parts, {}, &DatasheetPart::place));
    const DatasheetPart *cache = sheet.find("L1");
    REQUIRE(cache != nullptr);
    CHECK(cache->path == "buffer");
    CHECK(cache->level == 1);
    for (const char *name : {"size", "latency", "read bandwidth", "line size", "sector size"}) {
        CAPTURE(name);
        CHECK(cache->find(name) != nullptr);
    }
    CHECK(cache->find("weight") == nullptr);
    REQUIRE(sheet.find("image L1") != nullptr);
    CHECK(sheet.find("image L1")->find("line size") != nullptr);
    REQUIRE(sheet.find("memory") != nullptr);
    CHECK(sheet.find("memory")->find("fetch size") != nullptr);
}

TEST_CASE("unit.datasheet.findings_of_new_probes_have_a_place") {
    const Datasheet sheet = datasheet_of(
        device_with({found("launch.round_trip.p50", 1e-5, Unit::second, Better::lower),
                     found("instruction_cache.l1.size", 32768, Unit::byte, Better::none),
                     found("barrier.latency", 1e-8, Unit::second, Better::lower),
                     found("energy.fma.fp32", 1e-12, Unit::joule, Better::lower),
                     found("some_thing.new", 1, Unit::one), found("lonely", 1, Unit::one)}));
    const auto place = [&](const std::string &part, const std::string &value) {
        const DatasheetPart *found = sheet.find(part);
        REQUIRE(found != nullptr);
        CHECK(found->find(value) != nullptr);
        return found->place;
    };
    CHECK(place("launches", "round trip p50") == Place::host);
    CHECK(place("instruction cache L1", "size") == Place::cache);
    CHECK(place("compute units", "barrier latency") == Place::unit);
    CHECK(place("energy", "fma fp32") == Place::other);
    CHECK(place("some thing", "new") == Place::other);
    CHECK(place("lonely", "") == Place::other);
}

TEST_CASE("unit.datasheet.the_later_of_two_findings_counts") {
    DeviceRecord device = device_with({found("compute_units", 8, Unit::one)});
    device.probes.push_back(device.probes[0]);
    device.probes[1].findings[0].value = 16;
    const Datasheet sheet = datasheet_of(device);
    REQUIRE(sheet.parts.size() == 1);
    REQUIRE(sheet.parts[0].values.size() == 1);
    CHECK(sheet.parts[0].values[0].finding.value == 16);
}

TEST_CASE("unit.datasheet.roofs_are_of_the_same_device") {
    const Datasheet sheet = datasheet_of(
        device_with({found("fma.fp32.rate", 1e12, Unit::flop_per_second),
                     found("fma.fp64.rate", 5e11, Unit::flop_per_second),
                     found("work.rate", 4e11, Unit::flop_per_second),
                     found("work.fp64.rate", 1e11, Unit::flop_per_second),
                     found("other.fp64.rate", 1e11, Unit::flop_per_second),
                     found("matrix.fp16.rate", 9e12, Unit::flop_per_second),
                     found("buffer.memory.read_bandwidth", 1e11, Unit::byte_per_second),
                     found("buffer.memory.copy_bandwidth", 8e10, Unit::byte_per_second),
                     found("work.bandwidth", 5e10, Unit::byte_per_second)}));
    CHECK(rate(sheet, "fma.fp32.rate")->roof.empty());
    CHECK(rate(sheet, "work.rate")->roof == "fma.fp32.rate");
    CHECK_THAT(rate(sheet, "work.rate")->share.value(), WithinRel(0.4, 1e-9));
    CHECK(rate(sheet, "work.fp64.rate") == nullptr); // the family has a rate of its own
    CHECK(rate(sheet, "other.fp64.rate")->roof == "fma.fp64.rate");
    CHECK(rate(sheet, "matrix.fp16.rate")->roof.empty()); // far above: no FMA unit bounds it
    CHECK_THAT(rate(sheet, "buffer.memory.copy_bandwidth")->share.value(), WithinRel(0.8, 1e-9));
    CHECK_THAT(rate(sheet, "work.bandwidth")->share.value(), WithinRel(0.5, 1e-9));
    CHECK(sheet.rates.front().finding.key == "fma.fp32.rate");
}

TEST_CASE("unit.datasheet.matrix_units_have_a_rate_for_what_they_multiply") {
    const auto of = [](const char *type, double rate) {
        return found(std::string("matrix.ptx.") + type, rate, Unit::flop_per_second);
    };
    const Datasheet sheet = datasheet_of(device_with(
        {found("fma.fp32.rate", 6e13, Unit::flop_per_second), of("fp16.fp32.rate", 6e14),
         of("fp16.fp32.local_rate", 5e14), of("bf16.fp32.rate", 6e14), of("tf32.fp32.rate", 3e14),
         of("e4m3.fp32.rate", 6e14), of("int8.int32.rate", 1e15), of("fp16.fp16.rate", 5.9e14),
         of("fp64.fp64.rate", 6e13)}));
    for (const char *type :
         {"fp16.fp32", "bf16.fp32", "tf32.fp32", "e4m3.fp32", "int8.int32", "fp64.fp64"}) {
        CAPTURE(type);
        CHECK(rate(sheet, std::string("matrix.ptx.") + type + ".rate") != nullptr);
    }
    CHECK(rate(sheet, "matrix.ptx.fp16.fp32.local_rate") == nullptr);
    CHECK(rate(sheet, "matrix.ptx.fp16.fp16.rate") == nullptr); // the other is higher
    CHECK(rate(sheet, "matrix.ptx.fp16.fp32.rate")->name == "matrix ptx fp16 fp32");
}

TEST_CASE("unit.datasheet.suspect_findings_are_no_roof_and_make_no_note") {
    std::vector<Finding> findings = two_paths(2);
    findings.push_back(found("fma.fp32.rate", 1e12, Unit::flop_per_second));
    findings.push_back(found("work.rate", 4e11, Unit::flop_per_second));
    CHECK(note(datasheet_of(device_with(findings)), "buffer/image") != nullptr);
    for (Finding &finding : findings)
        make_suspect(finding, "busy");
    const Datasheet sheet = datasheet_of(device_with(findings));
    CHECK(rate(sheet, "work.rate")->roof.empty());
    CHECK(note(sheet, "buffer/image") == nullptr);
    CHECK(sheet.gaps.size() == 1);
    CHECK(sheet.gaps[0].status == Status::suspect);
}

TEST_CASE("unit.datasheet.a_table_is_put_where_it_is_read_faster") {
    const auto text = [](double slower) {
        const Datasheet sheet = datasheet_of(device_with(two_paths(slower)));
        REQUIRE(note(sheet, "buffer/image") != nullptr);
        return note(sheet, "buffer/image")->text;
    };
    CHECK(text(2) == "latency: a buffer, 2 times better up to 63.4 KiB, alike beyond");
    CHECK(text(0.5) == "latency: an image, 2 times better up to 63.4 KiB, alike beyond");
    CHECK(text(1) == "latency: alike");
}

TEST_CASE("unit.datasheet.limits_follow_from_rate_and_bandwidths") {
    const Datasheet sheet = datasheet_of(
        device_with({found("fma.fp32.rate", 1e12, Unit::flop_per_second),
                     found("buffer.l1.read_bandwidth", 2e12, Unit::byte_per_second),
                     found("buffer.memory.read_bandwidth", 1e11, Unit::byte_per_second)}));
    REQUIRE(note(sheet, "limits") != nullptr);
    CHECK(note(sheet, "limits")->text ==
          "bandwidth below 10 fp32 flop/B (memory), 0.5 (L1); else arithmetic");
    CHECK(note(sheet, "limits")->keys == std::vector<std::string>{"fma.fp32.rate",
                                                                  "buffer.memory.read_bandwidth",
                                                                  "buffer.l1.read_bandwidth"});
}

TEST_CASE("unit.datasheet.levels_that_may_be_one_cache_are_told") {
    const auto sheet = [](double whole, double partitions) {
        return datasheet_of(device_with(
            {found("buffer.l1.size", 2e5, Unit::byte), found("buffer.l2.size", 3e7, Unit::byte),
             found("buffer.l3.size", whole, Unit::byte),
             found("atomic.global.partitions", partitions, Unit::one)}));
    };
    const Datasheet halves = sheet(6e7, 2);
    REQUIRE(note(halves, "caches") != nullptr);
    CHECK(note(halves, "caches")->text ==
          "L2 may be the near part of L3, which is 2 times its size: atomics find 2 partitions");
    CHECK(note(sheet(6e7, 1), "caches") == nullptr);
    CHECK(note(sheet(1.2e8, 2), "caches") == nullptr);
}

TEST_CASE("unit.datasheet.local_sizes_and_widths_are_those_of_the_fastest_launches") {
    std::vector<Finding> findings = {
        found("fma.fp32.rate", 1e12, Unit::flop_per_second),
        found("buffer.memory.read_bandwidth", 1e11, Unit::byte_per_second),
        measured({"julia.best_local_size", Unit::one, Better::none, ""}, 128, {64, 256})};
    findings[0].method = "x = mad(x, a, b), 8 chains of float4, 1024 in the loop, 528 groups of 64";
    findings[1].method =
        "uint, 32 a work-item a group's width apart, groups of 16 x 2; the fastest";
    const Datasheet sheet = datasheet_of(device_with(findings));
    REQUIRE(note(sheet, "local size") != nullptr);
    CHECK(note(sheet, "local size")->text ==
          "128 for julia, 64 to 256 being as good; 64 for fma fp32; 16 x 2 for memory read");
    REQUIRE(note(sheet, "vector width") != nullptr);
    CHECK(note(sheet, "vector width")->text == "4 for fma fp32; 1 for memory read");
}

TEST_CASE("unit.datasheet.strides_are_told_and_from_which_on_a_copy_pays") {
    const auto rate = [](const std::string &key, double value) {
        return found("access." + key, value, Unit::byte_per_second);
    };
    std::vector<Finding> findings{rate("read.stride1", 100e9),  rate("read.stride2", 50e9),
                                  rate("read.stride4", 25e9),   rate("read.stride16", 6e9),
                                  rate("write.stride1", 100e9), rate("write.stride2", 30e9)};
    const Datasheet sheet = datasheet_of(device_with(findings));
    REQUIRE(note(sheet, "strides") != nullptr);
    CHECK(note(sheet, "strides")->text ==
          "read: stride 2 50 % of stride 1, 4 25 %, 16 6 %; a transposing copy at full rate pays "
          "from 4 on");
    CHECK(note(sheet, "strides")->keys.size() == 4);
    CHECK(std::ranges::count(sheet.notes, "strides", &DatasheetNote::topic) == 2);
    CHECK(note(sheet, "slow") == nullptr); // it tells the same
    CHECK(note(datasheet_of(device_with({findings[0], findings[1]})), "strides")->text ==
          "read: stride 2 50 % of stride 1"); // what a copy would take is not known
    make_suspect(findings[0], "the array lies in a cache");
    findings.resize(4);
    CHECK(note(datasheet_of(device_with(findings)), "strides") == nullptr);
}

TEST_CASE("unit.datasheet.instructions_are_told_in_multiply_adds") {
    const auto rate = [](const std::string &key, double value) {
        return found(key, value, Unit::op_per_second);
    };
    const std::vector<Finding> findings{rate("fma.fp32.rate", 200e9),
                                        rate("instruction.int32.add.rate", 50e9),
                                        rate("instruction.int32.mad.rate", 100e9),
                                        rate("instruction.int32.dot4.rate", 400e9),
                                        rate("instruction.int32.divide.rate", 2.6e9),
                                        rate("instruction.int8.add.rate", 90e9)};
    const Datasheet sheet = datasheet_of(device_with(findings));
    REQUIRE(note(sheet, "instructions") != nullptr);
    CHECK(note(sheet, "instructions")->text ==
          "int32 for each multiply-add of fp32: add, mad, dot4 0.5; divide 0.026");
    CHECK(note(sheet, "slow") == nullptr); // a division is no other way to add
    CHECK(note(datasheet_of(device_with({findings[1]})), "instructions") == nullptr);
}

TEST_CASE("unit.datasheet.slow_ways_are_told_where_that_is_sure") {
    const auto slow = [](double contended, double half_width) {
        Finding spread = found("thing.add.spread.rate", 1e9, Unit::op_per_second);
        Finding other = spread;
        other.key = "thing.add.contended.rate";
        other.value = contended;
        other.interval = {contended * (1 - half_width), contended * (1 + half_width)};
        return datasheet_of(
            device_with({spread, other, found("thing.l1.rate", 1, Unit::op_per_second),
                         found("thing.l2.rate", 99, Unit::op_per_second)}));
    };
    const Datasheet sheet = slow(1e8, 0.01);
    REQUIRE(note(sheet, "slow") != nullptr);
    CHECK(note(sheet, "slow")->text == "thing add: contended 10 times slower than spread");
    CHECK(note(sheet, "slow")->keys ==
          std::vector<std::string>{"thing.add.contended.rate", "thing.add.spread.rate"});
    CHECK(std::ranges::count(sheet.notes, "slow", &DatasheetNote::topic) == 1); // no levels
    CHECK(note(datasheet_of(device_with({found("launch.enqueue", 1e-6, Unit::second),
                                         found("launch.first", 1e-4, Unit::second)})),
               "slow") == nullptr);                  // not two ways of one thing
    CHECK(note(slow(5e8, 0.01), "slow") == nullptr); // by less than three times
    CHECK(note(slow(1e8, 20.0), "slow") == nullptr); // or not
}

TEST_CASE("unit.datasheet.that_of_the_h200_answers_a_stranger") {
    const Datasheet sheet = datasheet_of(kept_report("h200.json.gz").devices.at(0));
    CHECK_THAT(note(sheet, "limits")->text, ContainsSubstring("below 14 fp32 flop/B (memory)"));
    CHECK_THAT(note(sheet, "local size")->text, ContainsSubstring("512 for julia, 256 to 512"));
    CHECK_THAT(note(sheet, "buffer/image")->text,
               ContainsSubstring("latency: a buffer, 2.2 times better up to 215 KiB"));
}
