#include "interpreted.hpp"
#include "synthetic.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>
#include <cmath>
#include <map>

using namespace clprobe;
using Catch::Approx;
using Catch::Matchers::ContainsSubstring;

namespace {

enum class LaunchPart { dispatch, device, profiled, round_trip, first };
enum class LaunchCall { enqueue, enqueue_with_event, set_argument, finish };

/// A driver of our making: what its calls take, in seconds, and how they scatter.
struct LaunchingDriver {
    std::map<LaunchPart, double> parts{{LaunchPart::dispatch, 5e-6},
                                       {LaunchPart::device, 2e-6},
                                       {LaunchPart::profiled, 12e-6},
                                       {LaunchPart::round_trip, 10e-6},
                                       {LaunchPart::first, 5e-3}};
    std::map<LaunchCall, double> calls{{LaunchCall::enqueue, 1e-6},
                                       {LaunchCall::enqueue_with_event, 1.5e-6},
                                       {LaunchCall::set_argument, 2e-8},
                                       {LaunchCall::finish, 1e-7}};
    double back_to_back = 3e-6;
    double gap = 2e-6;  ///< between launches that are long
    double step = 1e-8; ///< of a chain
    double steps = 60000;
    double most_shared = 50; ///< launches that share them out
    double noise = 0;        ///< of each time, in its logarithm
    double drift = 0;        ///< of each block
    double hiccups = 0;      ///< the share of launches that take ten times as long
    double tick = 0;         ///< of the timestamps
    bool profiling = true;
    int blocks = 24;
    int singles = 100;
    double longest = 1000;
    Random random{1};

    double noisy(double seconds, double pace) {
        seconds *= pace * std::exp(noise * random.normal());
        return random.chance(hiccups) ? 10 * seconds : seconds;
    }

    Dataset data() {
        Dataset data;
        for (const SeriesShape &shape : builtin("host/launch").info().series)
            data.add(shape.name, shape.axes, shape.measure);
        for (int block = 0; block < blocks; ++block)
            add_block(data, block, std::exp(drift * random.normal()));
        if (!profiling)
            data.text_attributes["profiling_refusal"] = "a queue with profiling was refused";
        return data;
    }

    void add_block(Dataset &data, int block, double pace) {
        const auto add = [&](std::size_t series, double at, double seconds) {
            Point &point = data.series[series].point({at});
            point.samples.push_back(seconds);
            point.block.push_back(block);
        };
        for (const auto &[part, seconds] : parts)
            for (int i = 0; i < (part == LaunchPart::first ? 1 : singles); ++i) {
                double time = noisy(seconds, pace);
                if (part == LaunchPart::round_trip || part == LaunchPart::first || profiling) {
                    if (tick > 0 && (part == LaunchPart::dispatch || part == LaunchPart::device))
                        time = tick * std::floor(time / tick + random.uniform());
                    add(0, static_cast<double>(part), time);
                }
            }
        for (const auto &[call, seconds] : calls)
            for (int i = 0; i < 3; ++i)
                add(1, static_cast<double>(call), noisy(seconds, pace));
        for (const double length : {1, 2, 5, 10, 20, 50, 100, 200, 500, 1000})
            if (length <= longest)
                add(2, length, noisy(7e-6 + length * back_to_back, pace));
        for (int repetition = 0; repetition < 2; ++repetition)
            for (const double length : {1, 10, 25, 50})
                if (length <= most_shared)
                    add_chain(data, block, steps, length, pace);
        add_chain(data, block, steps / 2, 1, pace);
    }

    /// Of a long chain the noise is that of the whole time, in which a launch's own is small.
    void add_chain(Dataset &data, int block, double of_chain, double length, double pace) {
        const double seconds = 9e-6 + of_chain * step + (length - 1) * gap;
        Point &point = data.series[3].point({of_chain, length});
        point.samples.push_back(pace * seconds * std::exp(noise / 100 * random.normal()));
        point.block.push_back(block);
    }
};

Finding audit_result(const std::string &key, double value, Unit unit) {
    return measured({key, unit, Better::none, ""}, value, {value, value});
}

Facts with_sound_timestamps(double tick = 1e-9, double ratio = 1) {
    Facts facts;
    facts.findings = {audit_result("event_timer.resolution", tick, Unit::second),
                      audit_result("event_timer.host_ratio", ratio, Unit::one)};
    return facts;
}

std::vector<Finding> launch_findings(const Dataset &data,
                                     const Facts &facts = with_sound_timestamps()) {
    const Probe &probe = builtin("host/launch");
    auto findings = probe.interpret(data, facts);
    REQUIRE(findings.size() == probe.info().findings.size());
    for (std::size_t i = 0; i < findings.size(); ++i) {
        CHECK(findings[i].key == probe.info().findings[i].key);
        CHECK((findings[i].value || !findings[i].note.empty()));
    }
    return findings;
}

bool is_of_timestamps(const Finding &finding) {
    return finding.key.starts_with("launch.dispatch") || finding.key.starts_with("launch.device");
}

} // namespace

TEST_CASE("unit.launch.finds_what_each_part_takes") {
    const auto findings = launch_findings(LaunchingDriver{}.data());
    const std::map<std::string, double> truth{
        {"dispatch.p50", 5e-6}, {"dispatch.p99", 5e-6},   {"device.p50", 2e-6},
        {"device.p90", 2e-6},   {"round_trip.p50", 1e-5}, {"round_trip.p99", 1e-5},
        {"enqueue", 1e-6},      {"set_argument", 2e-8},   {"event", 5e-7},
        {"finish", 1e-7},       {"first", 5e-3},          {"back_to_back", 3e-6},
        {"gap", 2e-6}};
    for (const auto &[key, seconds] : truth) {
        CAPTURE(key);
        const Finding found = finding(findings, "launch." + key);
        CHECK(found.status == Status::measured);
        CHECK(found.value == Approx(seconds));
        CHECK(found.better == Better::lower);
        CHECK(found.unit == Unit::second);
    }
}

TEST_CASE("unit.launch.intervals_hold_the_truth_and_a_second_run") {
    constexpr int seeds = 60;
    const double z90 = 1.2815515655; // of the normal distribution
    const double z99 = 2.3263478740;
    std::map<std::string, int> held;
    std::map<std::string, int> repeated;
    const auto run = [](int seed) {
        LaunchingDriver driver;
        driver.noise = 0.2;
        driver.drift = 0.03;
        driver.random = Random(static_cast<std::uint64_t>(seed));
        return launch_findings(driver.data());
    };
    const std::map<std::string, double> truth{
        {"launch.device.p50", 2e-6},
        {"launch.dispatch.p90", 5e-6 * std::exp(std::hypot(0.2, 0.03) * z90)},
        {"launch.round_trip.p99", 10e-6 * std::exp(std::hypot(0.2, 0.03) * z99)},
        {"launch.enqueue", 1e-6},
        {"launch.back_to_back", 3e-6},
        {"launch.gap", 2e-6}};
    for (int seed = 0; seed < seeds; ++seed) {
        const auto findings = run(seed);
        const auto again = run(seed + 1000);
        for (const auto &[key, seconds] : truth) {
            const Finding found = finding(findings, key);
            REQUIRE(found.interval);
            held[key] += found.interval->contains(seconds) ? 1 : 0;
            repeated[key] += found.interval->contains(*finding(again, key).value) ? 1 : 0;
        }
    }
    for (const auto &[key, seconds] : truth) {
        CAPTURE(key, held[key], repeated[key]);
        CHECK(held[key] >= 0.93 * seeds);
        CHECK(repeated[key] >= 0.93 * seeds);
    }
}

TEST_CASE("unit.launch.a_few_long_launches_show_in_the_last_quantile_alone") {
    LaunchingDriver driver;
    driver.hiccups = 0.03;
    const auto findings = launch_findings(driver.data());
    CHECK(finding(findings, "launch.round_trip.p50").value == Approx(1e-5));
    CHECK(finding(findings, "launch.round_trip.p90").value == Approx(1e-5));
    CHECK(finding(findings, "launch.round_trip.p99").value == Approx(1e-4));
    CHECK(finding(findings, "launch.back_to_back").interval->contains(3e-6));
}

TEST_CASE("unit.launch.a_device_without_timestamps_has_the_rest") {
    LaunchingDriver driver;
    driver.profiling = false;
    Facts facts;
    for (const char *key : {"event_timer.resolution", "event_timer.host_ratio"})
        facts.findings.push_back(without_value({key, Unit::one, Better::none, ""},
                                               Status::unsupported,
                                               "a queue with profiling was refused"));
    for (const Finding &found : launch_findings(driver.data(), facts)) {
        CAPTURE(found.key, found.note);
        CHECK(found.status == (is_of_timestamps(found) ? Status::unsupported : Status::measured));
        if (is_of_timestamps(found))
            CHECK_THAT(found.note, ContainsSubstring("was refused"));
    }
}

TEST_CASE("unit.launch.timestamps_that_are_not_sound_say_nothing") {
    const auto status = [](const Dataset &data, const Facts &facts) {
        return finding(launch_findings(data, facts), "launch.dispatch.p50").status;
    };
    const Dataset data = LaunchingDriver{}.data();
    CHECK(status(data, {}) == Status::inconclusive);
    CHECK(status(data, with_sound_timestamps(1e-9, 1e-3)) == Status::inconclusive);
    Facts doubtful = with_sound_timestamps();
    make_suspect(doubtful.findings[1], "START to END does not cover the commands' time");
    CHECK(status(data, doubtful) == Status::inconclusive);
    CHECK(status(data, with_sound_timestamps()) == Status::measured);

    Dataset backward = data;
    backward.number_attributes["timestamps.backward"] = 3;
    const auto findings = launch_findings(backward);
    CHECK_THAT(finding(findings, "launch.dispatch.p50").note,
               ContainsSubstring("of 3 launches, START lies before QUEUED"));
    CHECK(finding(findings, "launch.round_trip.p50").status == Status::measured);

    LaunchingDriver longer;
    longer.parts[LaunchPart::dispatch] = 50e-6;
    CHECK(status(longer.data(), with_sound_timestamps()) == Status::suspect);
}

TEST_CASE("unit.launch.coarse_timestamps_widen_the_interval") {
    LaunchingDriver driver;
    driver.tick = 1e-6;
    driver.parts[LaunchPart::device] = 0.4e-6;
    const auto findings = launch_findings(driver.data(), with_sound_timestamps(1e-6));
    const Finding coarse = finding(findings, "launch.dispatch.p50");
    CHECK(coarse.value == Approx(5e-6));
    CHECK(coarse.interval->low <= 4.01e-6);
    CHECK(coarse.interval->high >= 5.99e-6);
    const Finding shorter = finding(findings, "launch.device.p50");
    CHECK(shorter.status == Status::inconclusive);
    CHECK_THAT(shorter.note, ContainsSubstring("shorter than a tick"));
}

TEST_CASE("unit.launch.an_event_that_costs_nothing_has_no_value") {
    LaunchingDriver driver;
    driver.noise = 0.02;
    driver.calls[LaunchCall::enqueue_with_event] = driver.calls[LaunchCall::enqueue];
    const Finding event = finding(launch_findings(driver.data()), "launch.event");
    CHECK(event.status == Status::inconclusive);
    CHECK_THAT(event.note, ContainsSubstring("does not show beside the enqueue"));
}

TEST_CASE("unit.launch.batches_must_show_what_a_launch_adds") {
    LaunchingDriver driver;
    driver.back_to_back = 0; // dropped, or none waited for
    CHECK(finding(launch_findings(driver.data()), "launch.back_to_back").status ==
          Status::inconclusive);
    driver = {};
    driver.longest = 10; // all that time allowed
    CHECK(finding(launch_findings(driver.data()), "launch.back_to_back").value == Approx(3e-6));
    driver.longest = 1;
    CHECK(finding(launch_findings(driver.data()), "launch.back_to_back").status ==
          Status::inconclusive);
}

TEST_CASE("unit.launch.a_gap_that_does_not_show_is_at_most_its_interval") {
    LaunchingDriver driver;
    driver.noise = 0.2;
    driver.gap = 0;
    const Finding none = finding(launch_findings(driver.data()), "launch.gap");
    CHECK(none.status == Status::measured);
    CHECK(none.value.value() < 1e-7);
    CHECK(none.interval->low == 0);
    CHECK(none.interval->high < 2e-7);
    CHECK_THAT(none.note, ContainsSubstring("does not differ from nothing: at most"));
    driver.gap = -2e-6; // launches that are merged, or a clock that rises
    const Finding less = finding(launch_findings(driver.data()), "launch.gap");
    CHECK(less.status == Status::inconclusive);
    CHECK_THAT(less.note, ContainsSubstring("less time than one of as many steps"));
}

TEST_CASE("unit.launch.a_gap_is_one_between_launches_that_work_and_are_long") {
    const auto note = [](LaunchingDriver driver) {
        const Finding gap = finding(launch_findings(driver.data()), "launch.gap");
        CHECK(gap.status == Status::inconclusive);
        return gap.note;
    };
    LaunchingDriver folded;
    folded.step = 1e-13;
    CHECK_THAT(note(folded), ContainsSubstring("do not show how they grow"));
    LaunchingDriver slow_host;
    slow_host.calls[LaunchCall::enqueue] = 2e-5;
    CHECK_THAT(note(slow_host), ContainsSubstring("too short for the host to be ahead"));
    LaunchingDriver hurried;
    hurried.most_shared = 1;
    CHECK_THAT(note(hurried), ContainsSubstring("were not timed"));
    LaunchingDriver few;
    few.most_shared = 10; // all that the time allows
    CHECK(finding(launch_findings(few.data()), "launch.gap").value == Approx(2e-6));
}

TEST_CASE("unit.launch.a_report_from_before_has_no_gap") {
    Dataset data = LaunchingDriver{}.data();
    std::erase_if(data.series, [](const Series &each) { return each.name == "long_launches"; });
    const Probe &probe = builtin("host/launch");
    const auto findings = probe.interpret(data, with_sound_timestamps());
    CHECK(findings.size() == probe.info().findings.size() - 1);
    CHECK(std::ranges::count(findings, "launch.gap", &Finding::key) == 0);
    CHECK(finding(findings, "launch.back_to_back").value == Approx(3e-6));
}

TEST_CASE("unit.launch.says_what_is_missing") {
    Dataset nothing;
    nothing.add("long_launches", {{"steps", Unit::one, {}}, {"launches", Unit::one, {}}},
                {"time", Unit::second, {}});
    for (const Finding &found : launch_findings(nothing))
        CHECK_FALSE(found.value);
    LaunchingDriver driver;
    driver.blocks = 1; // cut short
    for (const Finding &found : launch_findings(driver.data()))
        if (found.key != "launch.round_trip.p50" && !is_of_timestamps(found)) {
            CAPTURE(found.key);
            CHECK_FALSE(found.value);
        }
    driver = {};
    driver.blocks = 2;
    driver.singles = 50;
    const Finding last = finding(launch_findings(driver.data()), "launch.round_trip.p99");
    CHECK(last.status == Status::inconclusive);
    CHECK_THAT(last.note, ContainsSubstring("100 launches are too few"));
}

TEST_CASE("unit.launch.launches_of_a_cpu_differ_from_run_to_run") {
    Facts facts = with_sound_timestamps();
    facts.device.emplace().type = DeviceType::cpu;
    const auto findings = launch_findings(LaunchingDriver{}.data(), facts);
    CHECK(finding(findings, "launch.round_trip.p50").interval->high >= 1.5e-5);
    CHECK(finding(findings, "launch.set_argument").interval->high < 1.4 * 2e-8);
}

TEST_CASE("unit.launch.shows_the_time_of_a_launch_over_the_length_of_batches") {
    const auto curves = builtin("host/launch").curves(LaunchingDriver{}.data());
    REQUIRE(curves.size() == 1);
    REQUIRE(curves[0].points.size() == 10);
    CHECK(curves[0].points.front().y == Approx(10e-6));
    CHECK(curves[0].points.back().y == Approx(3.007e-6));
    CHECK(builtin("host/launch").curves({}).size() <= 1);
}
