#include "common/build_log.hpp"
#include "common/ptx.hpp"
#include "compute/matrix_rate/matrix_rate.hpp"
#include "interpreted.hpp"

#include <clprobe/json.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>
#include <string>
#include <vector>

using namespace clprobe;
using namespace clprobe::probes::matrix_rate;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::WithinRel;

namespace {

constexpr double rate_truth = 640e12;
constexpr double local_truth = 500e12;
constexpr double latency_truth = 18e-9;

Variant registers(Mma mma) {
    return {mma, Source::registers, 4, 2, 256, 264};
}
Variant local(Mma mma) {
    return {mma, Source::local, 4, 8, 256, 132};
}

/// A clean run, with noise, of these instructions; seconds of a trip by the truth.
MadeUp run(const std::vector<Mma> &all, double noise = 0.01, int blocks = 8) {
    MadeUp made("compute/matrix_rate", {20000, noise, blocks}, 5);
    for (const Mma mma : all) {
        const Type &type = instruction(mma).type;
        made.take(series::rate, coordinates(registers(mma)),
                  registers(mma).operations() / rate_truth);
        made.take(series::rate, coordinates(local(mma)), local(mma).operations() / local_truth);
        const Variant single = latency_variant(type);
        made.take(series::latency, coordinates(single), single.steps() * latency_truth);
        for (const Aspect aspect : all_aspects)
            made.data.number_attributes[what_of(type, aspect) + entry::verified] = 96;
    }
    return made;
}

Facts some_device() {
    Facts facts;
    facts.device = DeviceInfo{};
    return facts;
}

} // namespace

TEST_CASE("unit.matrix_rate.finds the rates and the latency of each type") {
    const auto findings =
        findings_of(run({Mma::fp16_fp32, Mma::int8_int32, Mma::fp64_k4}).data, some_device());
    REQUIRE(findings.size() == finding_keys().size());
    for (const char *type : {"fp16.fp32", "int8.int32", "fp64.fp64"}) {
        const auto of = [&](const char *what) {
            return finding(findings, std::string("matrix.ptx.") + type + what);
        };
        CAPTURE(type);
        for (const auto &[found, truth] : {std::pair{of(".rate"), rate_truth},
                                           {of(".local_rate"), local_truth},
                                           {of(".latency"), latency_truth}}) {
            CAPTURE(found.key, found.note);
            CHECK(found.status == Status::measured);
            CHECK_THAT(*found.value, WithinRel(truth, 0.02));
            CHECK((found.interval->low <= truth && truth <= found.interval->high));
            CHECK_THAT(found.method, ContainsSubstring("inline PTX"));
            CHECK_THAT(found.method, ContainsSubstring("96 words"));
        }
    }
    CHECK(finding(findings, "matrix.ptx.fp16.fp32.rate").unit == Unit::flop_per_second);
    CHECK(finding(findings, "matrix.ptx.int8.int32.rate").unit == Unit::op_per_second);
    CHECK(finding(findings, "matrix.ptx.tf32.fp32.rate").status == Status::inconclusive);
}

TEST_CASE("unit.matrix_rate.a type that the compiler does not take is unsupported, and why") {
    MadeUp made = run({Mma::fp16_fp32});
    const std::string log =
        "\nptxas application ptx input, line 60; error   : Feature 'mma with FP8 floating point "
        "type' requires .target sm_89 or higher\nptxas fatal   : Ptx assembly aborted\n";
    for (const Aspect aspect : all_aspects)
        made.data.text_attributes[what_of(all_types()[3], aspect) + entry::unsupported] =
            probes::first_error(log);
    const Finding found =
        finding(findings_of(made.data, some_device()), "matrix.ptx.e4m3.fp32.rate");
    CHECK(found.status == Status::unsupported);
    CHECK_THAT(found.note, ContainsSubstring("sm_89"));
    CHECK_THAT(found.note, !ContainsSubstring("\n"));

    made.data.text_attributes[what_of(all_types()[0], Aspect::local_rate) + entry::failed] =
        "the driver went away";
    CHECK(
        finding(findings_of(made.data, some_device()), "matrix.ptx.fp16.fp32.local_rate").status ==
        Status::failed);
}

TEST_CASE("unit.matrix_rate.what is not verified or does not grow has no rate") {
    MadeUp made = run({Mma::fp16_fp32});
    made.data.number_attributes[what_of(all_types()[0], Aspect::rate) + entry::verified] = 0;
    const Finding unverified =
        finding(findings_of(made.data, some_device()), "matrix.ptx.fp16.fp32.rate");
    CHECK(unverified.status == Status::inconclusive);
    CHECK_THAT(unverified.note, ContainsSubstring("verified"));

    // As long however many trips: work that a compiler removed.
    MadeUp constant("compute/matrix_rate", {20000, 0.01, 8}, 6);
    constant.take(series::rate, coordinates(registers(Mma::bf16_fp32)), 0);
    constant.data.number_attributes["bf16.fp32.rate" + entry::verified] = 96;
    const Finding same =
        finding(findings_of(constant.data, some_device()), "matrix.ptx.bf16.fp32.rate");
    CHECK((!same.value || same.status == Status::suspect || !same.note.empty()));
    CHECK(same.status != Status::measured);
}

TEST_CASE("unit.matrix_rate.operands from local memory are not faster") {
    MadeUp made("compute/matrix_rate", {20000, 0.005, 8}, 7);
    made.take(series::rate, coordinates(registers(Mma::fp16_fp32)),
              registers(Mma::fp16_fp32).operations() / local_truth);
    made.take(series::rate, coordinates(local(Mma::fp16_fp32)),
              local(Mma::fp16_fp32).operations() / rate_truth);
    for (const Aspect aspect : all_aspects)
        made.data.number_attributes[what_of(all_types()[0], aspect) + entry::verified] = 96;
    const auto findings = findings_of(made.data, some_device());
    CHECK(finding(findings, "matrix.ptx.fp16.fp32.rate").status == Status::suspect);
    CHECK(finding(findings, "matrix.ptx.fp16.fp32.local_rate").status == Status::measured);
}

TEST_CASE("unit.matrix_rate.without data all keys say so, and an external curve is suspect") {
    for (const Finding &found : findings_of({}, some_device())) {
        CHECK(found.status == Status::inconclusive);
        CHECK_FALSE(found.note.empty());
    }
    const Finding external =
        finding(findings_of(run({Mma::fp16_fp32}).data, {}), "matrix.ptx.fp16.fp32.rate");
    CHECK(external.status == Status::suspect);
    CHECK_THAT(*external.value, WithinRel(rate_truth, 0.02));
}

TEST_CASE("unit.matrix_rate.the race shows each type by itself, without latencies") {
    MadeUp made("compute/matrix_rate", {1000, 0.01, 1}, 8);
    for (const Variant &variant : {registers(Mma::fp16_fp32), local(Mma::fp16_fp32),
                                   registers(Mma::tf32_fp32), latency_variant(all_types()[0])})
        made.take(series::race, coordinates(variant), variant.operations() / rate_truth);
    const auto tunings = tunings_of(made.data);
    REQUIRE(tunings.size() == all_types().size());
    CHECK(tunings[0].trials.size() == 2);
    CHECK(tunings[2].trials.size() == 1);
    CHECK(tunings[1].trials.empty());
    CHECK_THAT(tunings[0].title, ContainsSubstring("PTX"));
}

TEST_CASE("unit.matrix_rate.only a device that takes PTX is asked") {
    const Probe &probe = builtin("compute/matrix_rate");
    DeviceInfo device;
    REQUIRE(probe.unsupported(device));
    CHECK(probe.kernels(device).empty());
    device.extensions = {probes::ptx_extension};
    CHECK_FALSE(probe.unsupported(device));
    CHECK(probe.kernels(device).size() > all_types().size());
}

TEST_CASE("unit.matrix_rate.all candidates are resident at once by registers, and warps whole") {
    for (const Type &type : all_types())
        for (const Source source : {Source::registers, Source::local}) {
            const auto all = candidates_for(type, source, 132, 1024);
            CHECK((!all.empty() && all.size() <= 4));
            for (const Variant &variant : all) {
                CAPTURE(variant.describe());
                CHECK(variant.local_size % warp == 0);
                CHECK(variant.groups % 132 == 0);
                CHECK(variant.left * variant.right * variant.steps() <= 64);
            }
            for (const Variant &variant : candidates_for(type, source, 1, 64))
                CHECK(variant.local_size <= 64);
        }
}
