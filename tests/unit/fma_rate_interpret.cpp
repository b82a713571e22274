#include "compute/fma_rate/fma_rate.hpp"
#include "interpreted.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>
#include <functional>
#include <random>
#include <string>

using namespace clprobe;
using namespace clprobe::probes::fma_rate;
using Catch::Approx;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr double rate_truth = 435e9;     // flop/s
constexpr double latency_truth = 1.1e-9; // s
constexpr double launch = 20e-6;         // s, of every launch

Variant wide() {
    Variant variant;
    variant.chains = 12;
    variant.width = 16;
    variant.body = 2 * 12 * 3;
    variant.local_size = 16;
    variant.groups = 128;
    return variant;
}

Variant chain(unsigned chains) {
    Variant variant;
    variant.chains = chains;
    variant.body = 64 * chains;
    variant.local_size = 1;
    variant.groups = 1;
    return variant;
}

using Time = std::function<double(double trips)>;

void time_launches(Dataset &data, const std::string &series, const Variant &variant,
                   const Time &time, int blocks = 8) {
    Series &times = data.add(series, axes<Variant>(), {"time", Unit::second, {}});
    for (int block = 0; block < blocks; ++block)
        for (const double trips : {1000.0, 2000.0, 4000.0}) {
            Point &point = times.point(coordinates(variant, trips));
            point.samples.push_back(time(trips));
            point.block.push_back(block);
        }
}

double rate_time(double trips) {
    return launch + trips * 2 * wide().per_trip() / rate_truth;
}
double latency_time(double trips) {
    return launch + trips * chain(1).body * latency_truth;
}

/// What a clean run on a device without half leaves.
Dataset clean(const Time &rate = rate_time, const Time &latency = latency_time) {
    Dataset data;
    for (const std::string type : {"fp32", "fp64"}) {
        time_launches(data, type + ".rate", wide(), rate);
        time_launches(data, type + ".latency", chain(1), latency);
        data.text_attributes[type + entry::arithmetic] = "rounded once";
        data.number_attributes[type + entry::verified] = 96;
    }
    data.text_attributes["fp16" + entry::unsupported] = "the device has no half precision";
    return data;
}

Facts some_device() {
    Facts facts;
    facts.device = DeviceInfo{};
    return facts;
}

Finding found(const Dataset &data, const std::string &key, const Facts &facts = some_device()) {
    const Probe &probe = builtin("compute/fma_rate");
    const std::vector<Finding> all = probe.interpret(data, facts);
    REQUIRE(all.size() == probe.info().findings.size());
    for (std::size_t i = 0; i < all.size(); ++i)
        CHECK(all[i].key == probe.info().findings[i].key);
    return finding(all, key);
}

} // namespace

TEST_CASE("unit.fma_rate.interpret finds an exact rate and latency") {
    const Finding rate = found(clean(), "fma.fp32.rate");
    CHECK(rate.status == Status::measured);
    CHECK(rate.value.value() == Approx(rate_truth).epsilon(1e-9));
    CHECK(rate.unit == Unit::flop_per_second);
    CHECK_THAT(rate.method, ContainsSubstring("12 chains of float16"));
    CHECK_THAT(rate.method, ContainsSubstring("rounded once"));
    const Finding latency = found(clean(), "fma.fp64.latency");
    CHECK(latency.status == Status::measured);
    CHECK(latency.value.value() == Approx(latency_truth).epsilon(1e-9));
}

TEST_CASE("unit.fma_rate.interpret suspects a winner that stays behind its tuning") {
    const auto tuned = [](double speed) {
        Dataset data = clean();
        time_launches(data, "fp32.race", wide(),
                      [&](double trips) { return launch + (rate_time(trips) - launch) / speed; });
        return found(data, "fma.fp32.rate");
    };
    CHECK(tuned(1).status == Status::measured);
    CHECK(tuned(1.05).status == Status::measured);
    const Finding halved = tuned(2); // both workers on one core, ever since
    CHECK(halved.status == Status::suspect);
    CHECK_THAT(halved.note, ContainsSubstring("the tuning before it reached"));
}

TEST_CASE("unit.fma_rate.interpret mostly holds the truth in its interval") {
    int held = 0;
    constexpr int seeds = 200;
    for (int seed = 0; seed < seeds; ++seed) {
        std::mt19937 random(static_cast<unsigned>(seed));
        std::normal_distribution<double> noise(1, 0.01);
        const Finding rate = found(
            clean([&](double trips) { return rate_time(trips) * noise(random); }), "fma.fp32.rate");
        REQUIRE(rate.interval.has_value());
        CHECK(rate.interval->contains(*rate.value));
        held += rate.interval->contains(rate_truth) ? 1 : 0;
    }
    CHECK(held >= 0.9 * seeds);
}

TEST_CASE("unit.fma_rate.interpret says what a type lacks") {
    const Finding rate = found(clean(), "fma.fp16.rate");
    CHECK(rate.status == Status::unsupported);
    CHECK(rate.note == "the device has no half precision");
    Dataset data = clean();
    data.text_attributes["fp64" + entry::failed] = "element 3 is not what the host computes";
    CHECK(found(data, "fma.fp64.rate").status == Status::failed);
    CHECK(found(data, "fma.fp64.latency").status == Status::failed);
    CHECK(found(data, "fma.fp32.rate").status == Status::measured);
}

TEST_CASE("unit.fma_rate.interpret says which halves are no type of OpenCL C") {
    Dataset data = clean();
    data.text_attributes.erase("fp16" + entry::unsupported);
    data.number_attributes["fp16" + entry::verified] = 96;
    Variant pairs = wide();
    pairs.form = Form::ptx;
    time_launches(data, "fp16.rate", pairs, rate_time);
    Variant pair = chain(1);
    pair.form = Form::ptx;
    pair.width = 2;
    time_launches(data, "fp16.latency", pair, latency_time);
    for (const char *key : {"fma.fp16.rate", "fma.fp16.latency"}) {
        const Finding as_ptx = found(data, key);
        CHECK(as_ptx.status == Status::measured);
        CHECK_THAT(as_ptx.method, ContainsSubstring("inline PTX fma.rn.f16x2"));
        CHECK_THAT(as_ptx.note, ContainsSubstring("OpenCL C has no half precision"));
    }
    CHECK(found(data, "fma.fp16.latency").value.value() == Approx(latency_truth).epsilon(1e-9));
    CHECK_THAT(found(data, "fma.fp32.rate").method, !ContainsSubstring("PTX"));
}

TEST_CASE("unit.fma_rate.interpret has no value where nothing was verified") {
    Dataset data = clean();
    data.number_attributes.erase("fp32" + entry::verified);
    const Finding rate = found(data, "fma.fp32.rate");
    CHECK(rate.status == Status::inconclusive);
    CHECK_THAT(rate.note, ContainsSubstring("verified"));
    CHECK_FALSE(rate.value.has_value());
}

TEST_CASE("unit.fma_rate.interpret of an external series is suspect") {
    Dataset data;
    time_launches(data, "fp32.rate", wide(), rate_time);
    const Finding rate = found(data, "fma.fp32.rate", {});
    CHECK(rate.status == Status::suspect);
    CHECK(rate.value.value() == Approx(rate_truth).epsilon(1e-9));
}

TEST_CASE("unit.fma_rate.interpret names a reason where there is no data") {
    for (const char *key : {"fma.fp32.rate", "fma.fp32.latency", "fma.fp64.rate"}) {
        const Finding nothing = found({}, key);
        CHECK(nothing.status == Status::inconclusive);
        CHECK_FALSE(nothing.note.empty());
    }
    Dataset only_rate = clean();
    std::erase_if(only_rate.series, [](const Series &s) { return s.name == "fp32.latency"; });
    CHECK(found(only_rate, "fma.fp32.rate").status == Status::measured);
    CHECK(found(only_rate, "fma.fp32.latency").status == Status::inconclusive);
}

TEST_CASE("unit.fma_rate.interpret takes no slope from time that is not straight") {
    const Finding curved = found(
        clean([](double trips) { return rate_time(trips) * (1 + (trips > 2000 ? 0.01 : 0)); }),
        "fma.fp32.rate");
    CHECK(curved.status == Status::measured);
    CHECK(*curved.value < rate_truth);
    CHECK_THAT(curved.note, ContainsSubstring("taken whole"));
}

TEST_CASE("unit.fma_rate.interpret suspects work that does not follow the trips") {
    const Time folded = [](double trips) { return launch + 1e-6 * std::log2(trips); };
    CHECK(found(clean(folded), "fma.fp32.rate").status == Status::suspect);
    const Time half_removed = [](double trips) {
        return launch + std::min(trips, 2500.0) * 2 * wide().per_trip() / rate_truth;
    };
    CHECK(found(clean(half_removed), "fma.fp32.rate").status == Status::suspect);
    const Time mostly_launch = [](double trips) { return 10 * rate_time(4000) + rate_time(trips); };
    CHECK(found(clean(mostly_launch), "fma.fp32.rate").status == Status::suspect);
    const Time none = [](double) { return launch; };
    const Finding removed = found(clean(none), "fma.fp32.rate");
    CHECK(removed.status == Status::inconclusive);
    CHECK_FALSE(removed.value.has_value());
}

TEST_CASE("unit.fma_rate.interpret checks the latency by the knee") {
    const auto with_chains = [](double speedup) {
        Dataset data = clean();
        for (const unsigned chains : {2U, 8U}) {
            const double step = latency_truth / speedup * (chains == 8 ? 2 : 1);
            time_launches(data, "fp32.latency", chain(chains),
                          [&](double trips) { return launch + trips * 64 * step; });
        }
        return found(data, "fma.fp32.latency");
    };
    const Finding sound = with_chains(1);
    CHECK(sound.status == Status::measured);
    CHECK_THAT(sound.method, ContainsSubstring("4.0 in flight"));
    CHECK(with_chains(2).status == Status::suspect);
}

TEST_CASE("unit.fma_rate.interpret counts the variants that were left out") {
    Dataset data = clean();
    data.number_attributes["fp32" + entry::rejected] = 2;
    data.text_attributes["fp32" + entry::rejection] = "mad does not build";
    CHECK_THAT(found(data, "fma.fp32.rate").note,
               ContainsSubstring("2 variants were left out, the last because: mad does not build"));
}

TEST_CASE("unit.fma_rate.interpret refuses coordinates that are no variant's") {
    Dataset data = clean();
    for (Series &series : data.series)
        for (Point &point : series.points)
            point.at[0] = 7;
    CHECK_THROWS_AS(found(data, "fma.fp32.rate"), InvalidRow);
}

TEST_CASE("unit.fma_rate.what_was_tried_is_told_with_its_rate") {
    Dataset data;
    time_launches(
        data, "fp32.race", wide(), [](double trips) { return trips * 1e-6; }, 1);
    const std::vector<Tuning> tunings = builtin("compute/fma_rate").tunings(data);
    REQUIRE(tunings.front().trials.size() == 1);
    CHECK(tunings.front().trials[0].what == wide().describe(Real::fp32));
    CHECK(tunings.front().trials[0].value == Approx(2 * wide().per_trip() / 1e-6));
}
