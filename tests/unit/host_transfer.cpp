#include "interpreted.hpp"
#include "synthetic.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cmath>

using namespace clprobe;
using Catch::Approx;

namespace {

enum Operation { write, read, map_read, map_write, map };

/// A host and a device of our making: what a transfer takes beside its bytes, and for each of them.
struct Machine {
    double fixed = 20e-6;
    double bandwidth = 10e9;
    double map_share = 0;    ///< what a mapping copies, over reading and writing as much
    double misaligned = 1;   ///< how much longer a transfer takes off its alignment
    double small_factor = 1; ///< how much longer transfers of 256 KiB and less take
    double noise = 0;
    double outliers = 0;
    bool pinned = true;
    int blocks = 8;
    double largest = 16 << 20;
    Random random{1};

    double time(int operation, int memory, double off, double bytes) {
        double seconds = fixed + bytes / (bandwidth * (memory == 1 ? 2 : 1));
        if (off > 0)
            seconds *= misaligned;
        if (operation == map)
            seconds = fixed + map_share * 2 * (seconds - fixed);
        if (bytes <= 256 << 10)
            seconds *= small_factor;
        seconds *= std::exp(noise * random.normal());
        return random.chance(outliers) ? 4 * seconds : seconds;
    }

    Dataset data() {
        Dataset data;
        const SeriesShape &shape = builtin("host/transfer").info().series.front();
        Series &series = data.add(shape.name, shape.axes, shape.measure);
        for (int block = 0; block < blocks; ++block)
            for (double bytes = 4096; bytes <= largest; bytes *= 4)
                for (const int memory : {0, 1})
                    for (const int operation : {write, read, map_read, map_write, map})
                        for (const double off : {0.0, 1.0, 4.0})
                            if ((memory == 0 || pinned) && (off == 0 || 4 * bytes == largest)) {
                                Point &point =
                                    series.point({double(operation), double(memory), off, bytes});
                                point.samples.push_back(time(operation, memory, off, bytes));
                                point.block.push_back(block);
                            }
        if (!pinned)
            data.text_attributes["pinned.refusal"] = "no such memory";
        return data;
    }
};

std::vector<Finding> interpretation(const Dataset &data) {
    const Probe &probe = builtin("host/transfer");
    auto findings = probe.interpret(data, {});
    REQUIRE(findings.size() == probe.info().findings.size());
    for (std::size_t i = 0; i < findings.size(); ++i) {
        CHECK(findings[i].key == probe.info().findings[i].key);
        CHECK((findings[i].value || !findings[i].note.empty()));
    }
    return findings;
}

Finding found(Machine machine, const std::string &key) {
    return finding(interpretation(machine.data()), key);
}

} // namespace

TEST_CASE("unit.transfer.finds bandwidth and fixed cost") {
    const auto findings = interpretation(Machine{}.data());
    for (const char *operation : {"write", "read", "map_read", "map_write"}) {
        const std::string key = std::string("transfer.") + operation;
        CHECK(finding(findings, key + ".pageable").value == Approx(10e9));
        CHECK(finding(findings, key + ".pinned").value == Approx(20e9));
        CHECK(finding(findings, key + ".pageable.fixed").value == Approx(20e-6));
        CHECK(finding(findings, key + ".pinned.fixed").value == Approx(20e-6));
        CHECK(finding(findings, key + ".pageable").note.empty());
    }
    CHECK(finding(findings, "transfer.write.misaligned").value == Approx(1));
    CHECK(finding(findings, "transfer.zero_copy").value == 1);
}

TEST_CASE("unit.transfer.finds what a run of noise hides from a glance") {
    constexpr int seeds = 200;
    int bandwidths = 0;
    int fixed = 0;
    int copies = 0;
    for (int seed = 0; seed < seeds; ++seed) {
        Machine machine;
        machine.noise = 0.05;
        machine.outliers = 0.05;
        machine.random = Random(static_cast<std::uint64_t>(seed));
        const auto findings = interpretation(machine.data());
        const auto holds = [&](const char *key, double truth) {
            const Finding one = finding(findings, key);
            return one.interval && one.interval->contains(truth);
        };
        bandwidths += holds("transfer.read.pinned", 20e9) ? 1 : 0;
        fixed += holds("transfer.read.pageable.fixed", 20e-6) ? 1 : 0;
        copies += finding(findings, "transfer.zero_copy").value == 1.0 ? 1 : 0;
    }
    INFO(bandwidths << ", " << fixed << ", " << copies);
    CHECK(bandwidths >= 0.95 * seeds);
    CHECK(fixed >= 0.95 * seeds);
    CHECK(copies == seeds);
}

TEST_CASE("unit.transfer.allows for the pace of a host that others use as well") {
    Machine slower;
    slower.fixed *= 1.15;
    slower.bandwidth /= 1.25;
    const auto fast = interpretation(Machine{}.data());
    const auto slow = interpretation(slower.data());
    for (const char *key : {"transfer.read.pageable", "transfer.map_write.pinned",
                            "transfer.read.pageable.fixed", "transfer.read.pinned.fixed"}) {
        CAPTURE(key);
        const Interval a = *finding(fast, key).interval;
        const Interval b = *finding(slow, key).interval;
        CHECK((a.low <= b.high && b.low <= a.high));
    }
    const Finding direct = finding(fast, "transfer.read.pinned");
    CHECK(direct.interval->high < 1.01 * direct.interval->low);
}

TEST_CASE("unit.transfer.tells copies from mappings") {
    Machine machine;
    machine.map_share = 1;
    CHECK(found(machine, "transfer.zero_copy").value == 0);
    machine.map_share = 0.3; // a cache that is written back, not a copy
    CHECK(found(machine, "transfer.zero_copy").status == Status::inconclusive);
    machine.map_share = 0;
    Dataset data = machine.data();
    data.number_attributes["mapped_addresses.pinned"] = 7;
    CHECK(finding(interpretation(data), "transfer.zero_copy").status == Status::suspect);
}

TEST_CASE("unit.transfer.tells what alignment costs") {
    Machine machine;
    machine.misaligned = 12;
    const Finding misaligned = found(machine, "transfer.write.misaligned");
    CHECK(misaligned.value == Approx(12));
    CHECK(misaligned.interval->half_width() == Approx(0.5 * *misaligned.value));
}

TEST_CASE("unit.transfer.notes where small transfers go another way") {
    Machine machine;
    machine.small_factor = 1.9;
    const Finding write = found(machine, "transfer.write.pageable");
    CHECK(write.value == Approx(10e9));
    machine.small_factor = 0.2;
    CHECK_FALSE(found(machine, "transfer.write.pageable").note.empty());
}

TEST_CASE("unit.transfer.refuses what time does not show") {
    Machine machine;
    machine.bandwidth = 1e15; // faster than anything: the time is all fixed
    CHECK(found(machine, "transfer.map_read.pageable").status == Status::inconclusive);
    CHECK_FALSE(found(machine, "transfer.map_read.pageable").value);
    machine = {};
    machine.fixed = 0;
    CHECK(found(machine, "transfer.read.pinned.fixed").status == Status::inconclusive);
}

TEST_CASE("unit.transfer.says what is missing") {
    Machine machine;
    machine.pinned = false;
    const auto without = interpretation(machine.data());
    const Finding pinned = finding(without, "transfer.write.pinned");
    CHECK(pinned.status == Status::unsupported);
    CHECK(pinned.note.find("no such memory") != std::string::npos);
    CHECK(finding(without, "transfer.write.pageable").value == Approx(10e9));
    CHECK(finding(without, "transfer.zero_copy").value == 1);
    CHECK_FALSE(finding(without, "transfer.zero_copy").note.empty());

    for (const Finding &one : interpretation({}))
        CHECK_FALSE(one.value);
    machine = {};
    machine.largest = 4096;
    for (const Finding &one : interpretation(machine.data()))
        CHECK_FALSE(one.value);
    machine = {};
    machine.blocks = 1; // cut short
    const auto cut = interpretation(machine.data());
    CHECK_FALSE(finding(cut, "transfer.write.pageable.fixed").value);
    CHECK_FALSE(finding(cut, "transfer.zero_copy").value);
    CHECK_FALSE(finding(cut, "transfer.write.misaligned").value);
}
