#include "compute/instruction_rate/instruction_rate.hpp"
#include "interpreted.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <cmath>
#include <set>
#include <string>

using namespace clprobe;
using namespace clprobe::probes::instruction_rate;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::WithinRel;

namespace {

constexpr double rate_truth = 16e12;
constexpr double latency_truth = 2.2e-9;

Variant filling(Instruction one) {
    return {one.type, one.op, 1, 8, 256, 528};
}
Variant alone(Instruction one) {
    return {one.type, one.op, 1, 1, 1, 1};
}

/// A clean run, with noise, of these instructions.
MadeUp run(const std::vector<Instruction> &all, double noise = 0.01, int blocks = 6) {
    MadeUp made("compute/instruction_rate", {20000, noise, blocks}, 5);
    for (const Instruction &one : all) {
        made.take(series::rate, coordinates(filling(one)), filling(one).operations() / rate_truth);
        made.take(series::latency, coordinates(alone(one)), alone(one).steps() * latency_truth);
        for (const char *of : {series::rate, series::latency})
            made.data.number_attributes[verified_entry(one, of)] = 96;
        if (is_function(one.type, one.op)) {
            made.data.number_attributes[one.name() + entry::ulp] = 1.5;
            made.data.number_attributes[one.name() + entry::worst_at] = 0.25;
            made.data.number_attributes[one.name() + entry::tried] = 16384;
        }
    }
    return made;
}

Facts device_of(double multiply_adds) {
    Facts facts;
    facts.device = DeviceInfo{};
    facts.findings = {measured({"fma.fp32.rate", Unit::flop_per_second, Better::higher, ""},
                               2 * multiply_adds, {2 * multiply_adds, 2 * multiply_adds})};
    return facts;
}

Finding found(const MadeUp &made, const Facts &facts, const std::string &key) {
    return finding(findings_of(made.data, facts), "instruction." + key);
}

} // namespace

TEST_CASE("unit.instruction_rate.finds the rate, the latency and the error of each") {
    const MadeUp made = run({{Type::int32, Op::add},
                             {Type::int32, Op::mad},
                             {Type::int32, Op::dot4},
                             {Type::int64, Op::divide},
                             {Type::fp32, Op::native_sin}});
    const auto findings = findings_of(made.data, device_of(33e12));
    REQUIRE(findings.size() == finding_keys().size());
    for (const char *name :
         {"int32.add", "int32.mad", "int32.dot4", "int64.divide", "fp32.native_sin"}) {
        CAPTURE(name);
        for (const auto &[what, truth] :
             {std::pair{".rate", rate_truth}, std::pair{".latency", latency_truth}}) {
            const Finding &one =
                finding(findings, "instruction." + std::string(name) + std::string(what));
            CAPTURE(one.note);
            CHECK(one.status == Status::measured);
            CHECK_THAT(one.value.value(), WithinRel(truth, 0.02));
            CHECK((one.interval->low <= truth && truth <= one.interval->high));
            CHECK_THAT(one.method, ContainsSubstring("96 results"));
            CHECK(one.evidence.size() == 1);
        }
    }
    CHECK(finding(findings, "instruction.fp32.native_sin.ulp").value == 1.5);
    CHECK(finding(findings, "instruction.fp64.add.rate").status == Status::inconclusive);
    CHECK_THAT(finding(findings, "instruction.int32.add.rate").method, ContainsSubstring("0.49"));
    CHECK_THAT(finding(findings, "instruction.int64.divide.rate").method,
               ContainsSubstring("each with a multiply-add"));
}

TEST_CASE("unit.instruction_rate.more than four instructions for each multiply-add are suspect") {
    const MadeUp made = run({{Type::int32, Op::add},
                             {Type::int8, Op::add},
                             {Type::int32, Op::dot4},
                             {Type::fp64, Op::add}});
    const Facts slow = device_of(rate_truth / 5);
    CHECK(found(made, slow, "int32.add.rate").status == Status::suspect);
    CHECK_THAT(found(made, slow, "int32.add.rate").note, ContainsSubstring("four instructions"));
    CHECK(found(made, slow, "fp64.add.rate").status == Status::suspect);
    // Of four in a word, and of eight operations each.
    CHECK(found(made, slow, "int8.add.rate").status == Status::measured);
    CHECK(found(made, slow, "int32.dot4.rate").status == Status::measured);
    CHECK(found(made, device_of(rate_truth / 3), "int32.add.rate").status == Status::measured);
}

TEST_CASE("unit.instruction_rate.what is left out says why, and what does not grow has no rate") {
    const Instruction add{Type::int32, Op::add};
    MadeUp made = run({add});
    const Facts facts = device_of(33e12);
    made.data.number_attributes[verified_entry(add, series::rate)] = 0;
    CHECK_THAT(found(made, facts, "int32.add.rate").note, ContainsSubstring("verified"));
    CHECK(found(made, facts, "int32.add.rate").status == Status::inconclusive);
    CHECK(found(made, facts, "int32.add.latency").status == Status::measured);
    made.data.text_attributes["int32.add" + entry::failed] = "the driver went away";
    CHECK(found(made, facts, "int32.add.latency").status == Status::failed);
    made.data.text_attributes["int32.add" + entry::unsupported] = "no such thing";
    CHECK(found(made, facts, "int32.add.rate").status == Status::unsupported);

    // As long however many trips: work that a compiler removed.
    MadeUp constant("compute/instruction_rate", {20000, 0.01, 6}, 6);
    constant.take(series::rate, coordinates(filling(add)), 0);
    constant.data.number_attributes[verified_entry(add, series::rate)] = 96;
    CHECK(found(constant, facts, "int32.add.rate").status == Status::inconclusive);

    // A bare table says nothing of a device, nor that anything was verified.
    CHECK(found(run({add}), Facts{}, "int32.add.rate").status == Status::suspect);
}

TEST_CASE("unit.instruction_rate.a rate does not need the accuracy") {
    const Instruction sine{Type::fp32, Op::sin};
    MadeUp made = run({sine});
    made.data.text_attributes[sine.name() + entry::ulp + entry::failed] = "sin(1) is 7";
    CHECK(found(made, device_of(33e12), "fp32.sin.ulp").status == Status::failed);
    CHECK(found(made, device_of(33e12), "fp32.sin.rate").status == Status::measured);
}

TEST_CASE("unit.instruction_rate.an error beyond what OpenCL allows is noted") {
    const Instruction sine{Type::fp32, Op::sin};
    MadeUp made = run({sine});
    CHECK(found(made, device_of(33e12), "fp32.sin.ulp").note.empty());
    made.data.number_attributes[sine.name() + entry::ulp] = 5;
    CHECK_THAT(found(made, device_of(33e12), "fp32.sin.ulp").note, ContainsSubstring("more than"));
}

TEST_CASE("unit.instruction_rate.the next trip leaves another result, and so does the one after") {
    for (const Instruction &one : all_instructions()) {
        // The one work-item of a latency, and one of many.
        for (const auto &[element, chain] : {std::pair{0U, 0U}, std::pair{12345U, 1U}}) {
            CAPTURE(one.name(), element);
            const auto after = [&, element = element, chain = chain](std::uint32_t trips) {
                const Number number = expected(one, element, chain, trips);
                CHECK((!is_real(one.type) || std::isfinite(number.real)));
                return std::pair(number.whole, number.real);
            };
            CHECK(after(100) != after(101));
            // Of halves, products only change their sign.
            if (one.type != Type::fp16 ||
                (one.op != Op::mul && one.op != Op::mad && one.op != Op::to_fp32))
                CHECK(after(100) != after(102));
        }
    }
}

TEST_CASE("unit.instruction_rate.elements and chains differ") {
    for (const Instruction &one : all_instructions()) {
        if (one.op == Op::min) // which leaves the moving bound, whatever it began with
            continue;
        CAPTURE(one.name());
        std::set<std::pair<std::uint64_t, double>> left;
        for (std::size_t element = 0; element < 64; ++element) {
            const Number number = expected(one, element, 0, 3);
            left.emplace(number.whole, number.real);
        }
        CHECK(left.size() > 2);
        left.clear();
        for (unsigned chain = 0; chain < 8; ++chain) {
            const Number number = expected(one, 7, chain, 3);
            left.emplace(number.whole, number.real);
        }
        CHECK(left.size() > 1);
    }
}

TEST_CASE("unit.instruction_rate.a function's chain forgets what it began with, but no trip") {
    const Instruction sine{Type::fp64, Op::sin};
    double x = 1;
    for (unsigned trip = 0; trip < 5000; ++trip)
        for (unsigned step = 0; step < 2 * loop_of(sine).pairs; ++step)
            x = std::sin(x) + 1 + trip % 32 / 32.0;
    const auto rest = [&](std::uint32_t trips) {
        // Of two elements, what they have besides the chain's x taken off.
        return expected(sine, 1, 0, trips).real - expected(sine, 1, 0, 5000).real;
    };
    CHECK(std::abs(rest(5032)) < tolerance(sine));
    CHECK(std::abs(rest(5001)) > 1000 * tolerance(sine));
    const double beside = expected(sine, 1, 0, 5000).real - x; // twice y
    CHECK(std::abs(beside * 16 - std::round(beside * 16)) < 16 * tolerance(sine));
}

TEST_CASE("unit.instruction_rate.units in the last place are those of the exact result") {
    CHECK(ulps_between(Type::fp32, 1 + 0x1p-23, 1) == 1);
    CHECK(ulps_between(Type::fp32, 1 - 0x1p-24, 1) == 0.5);
    CHECK(ulps_between(Type::fp64, 4 + 0x1p-50, 4) == 1);
    CHECK(ulps_between(Type::fp16, 0.25, 0.25 + 0x1p-12) == 1);
    CHECK(ulps_between(Type::fp32, 0x1p-149, 0) == 1);
}
