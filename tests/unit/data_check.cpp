#include "interpreted.hpp"
#include "measure/session.hpp"
#include "support/fake_probe.hpp"

#include <clprobe/error.hpp>
#include <clprobe/json.hpp>
#include <clprobe/registry.hpp>
#include <clprobe/row.hpp>

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <limits>

using namespace clprobe;

namespace {

const Registry &builtins() {
    static const Registry probes = builtin_probes();
    return probes;
}

/// A coordinate that is possible on that axis, the `i`-th of a series.
double coordinate(const Axis &axis, std::size_t i) {
    if (!axis.labels.empty())
        return static_cast<double>(i % axis.labels.size());
    return static_cast<double>(axis.unit == Unit::byte ? 64 * (i + 1) : i + 1);
}

/// So many points of that shape, with two samples each, in blocks.
Series series_of(const SeriesShape &shape, std::size_t points) {
    Series series{shape.name, shape.axes, shape.measure, {}};
    for (std::size_t i = 0; i < points; ++i) {
        Point &point = series.points.emplace_back();
        for (const Axis &axis : shape.axes)
            point.at.push_back(coordinate(axis, i));
        const double sample = 1e-6 * static_cast<double>(i + 1);
        point.samples = {sample, 1.01 * sample};
        point.block = {0, 1};
    }
    return series;
}

ProbeRecord record_with(Series series) {
    ProbeRecord record;
    record.data.series = {std::move(series)};
    return record;
}

/// Whether each finding is failed, for a reason that has that in it.
bool all_failed(const std::vector<Finding> &findings, const std::string &reason) {
    return !findings.empty() && std::ranges::all_of(findings, [&](const Finding &finding) {
        return finding.status == Status::failed && finding.note.find(reason) != std::string::npos;
    });
}

/// Every series of every probe, spoilt at its third point.
template <typename Spoil>
void check_refused(const Spoil &spoil) {
    for (const auto &probe : builtins().probes())
        for (const SeriesShape &shape : probe->info().series) {
            Series series = series_of(shape, 4);
            REQUIRE(problem_of(record_with(series).data, probe->info()).empty());
            if (!spoil(series))
                continue;
            CAPTURE(probe->info().name, shape.name);
            const auto findings = interpret(*probe, record_with(std::move(series)), nullptr);
            CAPTURE(findings.front().note);
            CHECK(all_failed(findings, "series '" + shape.name + "', point 2: "));
        }
}

double &first_of_unit(Series &series, Unit unit, double &none) {
    for (std::size_t i = 0; i < series.axes.size(); ++i)
        if (series.axes[i].unit == unit && series.axes[i].labels.empty())
            return series.points[2].at[i];
    return none;
}

/// Who draws curves and maps takes a row that the probe does not have for none at all.
void draw(const Probe &probe, const Dataset &data) {
    try {
        (void)probe.curves(data);
        (void)probe.heat_maps(data);
    } catch (const InvalidRow &) {
    }
}

} // namespace

TEST_CASE("unit.data_check.a_series_without_axes_is_refused_for_every_probe") {
    for (const auto &probe : builtins().probes())
        for (const SeriesShape &shape : probe->info().series) {
            CAPTURE(probe->info().name, shape.name);
            const Series series{shape.name, {}, shape.measure, {{{}, {1e-6, 2e-6}, {}}}};
            const auto findings = interpret(*probe, record_with(series), nullptr);
            CHECK(all_failed(findings, "series '" + shape.name + "': 0 axes"));
        }
}

TEST_CASE("unit.data_check.coordinates_that_lack_or_are_too_many_are_refused") {
    check_refused([](Series &series) {
        series.points[2].at.pop_back();
        return true;
    });
    check_refused([](Series &series) {
        series.points[2].at.push_back(1);
        return true;
    });
}

TEST_CASE("unit.data_check.counts_and_sizes_that_are_none_are_refused") {
    constexpr double not_finite = std::numeric_limits<double>::quiet_NaN();
    for (const double wrong : {-1.0, 0.5, 1e10, 1e300, not_finite})
        check_refused([&](Series &series) {
            double none = 0;
            double &count = first_of_unit(series, Unit::one, none);
            count = wrong;
            return &count != &none;
        });
    for (const double wrong : {-64.0, 1e20, not_finite})
        check_refused([&](Series &series) {
            double none = 0;
            double &size = first_of_unit(series, Unit::byte, none);
            size = wrong;
            return &size != &none;
        });
}

TEST_CASE("unit.data_check.labels_that_there_are_not_are_refused") {
    for (const double wrong : {-1.0, 0.5, 1000.0})
        check_refused([&](Series &series) {
            const auto named = std::ranges::find_if(
                series.axes, [](const Axis &axis) { return !axis.labels.empty(); });
            if (named == series.axes.end())
                return false;
            series.points[2].at[static_cast<std::size_t>(named - series.axes.begin())] = wrong;
            return true;
        });
}

TEST_CASE("unit.data_check.blocks_and_samples_that_cannot_be_are_refused") {
    for (const int wrong : {-1, std::numeric_limits<int>::max()})
        check_refused([&](Series &series) {
            series.points[2].block[1] = wrong;
            return true;
        });
    check_refused([](Series &series) {
        series.points[2].block.pop_back();
        return true;
    });
    for (const double wrong : {std::numeric_limits<double>::infinity(), 1e40})
        check_refused([&](Series &series) {
            series.points[2].samples[1] = wrong;
            return true;
        });
    check_refused([](Series &series) {
        series.points[2].samples[1] = -1e-6;
        return series.measure.unit != Unit::one;
    });
}

TEST_CASE("unit.data_check.other_axes_units_and_labels_are_refused") {
    const Probe &probe = builtin("compute/julia");
    const auto refusal = [&](const Series &series) {
        return problem_of(record_with(series).data, probe.info());
    };
    const Series right = series_of(probe.info().series.front(), 3);
    Series wrong = right;
    wrong.axes[1].name = "other";
    CHECK(refusal(wrong).find("axis 1 is 'other'") != std::string::npos);
    wrong = right;
    wrong.axes[0].labels.pop_back();
    CHECK(refusal(wrong).find("axis 0 is 'body'") != std::string::npos);
    wrong = right;
    wrong.measure.unit = Unit::byte;
    CHECK(refusal(wrong).find("the measure is 'time' in B") != std::string::npos);
    wrong.name = "nobody's";
    CHECK(refusal(wrong) == "compute/julia has no series 'nobody's'");
    Dataset data;
    data.series = {right, right};
    CHECK(problem_of(data, probe.info()).find("is there twice") != std::string::npos);
    data.series = {};
    data.number_attributes["size"] = INFINITY;
    CHECK(problem_of(data, probe.info()).starts_with("'size'"));
}

TEST_CASE("unit.data_check.latencies_of_others_may_be_in_cycles") {
    const ProbeInfo &info = builtin("memory/buffer_latency").info();
    const auto shape = std::ranges::find(info.series, "latency", [](const SeriesShape &candidate) {
        return candidate.measure.name;
    });
    REQUIRE(shape != info.series.end());
    Series series = series_of(*shape, 5);
    series.measure.unit = Unit::cycle;
    CHECK(problem_of(record_with(series).data, info).empty());
}

TEST_CASE("unit.data_check.few_points_are_no_error") {
    for (const auto &probe : builtins().probes())
        for (const SeriesShape &shape : probe->info().series)
            for (std::size_t points = 0; points < 40; points = 2 * points + 1)
                for (const bool sampled : {true, false}) {
                    CAPTURE(probe->info().name, shape.name, points, sampled);
                    Series series = series_of(shape, points);
                    if (!sampled)
                        for (Point &point : series.points)
                            point = {point.at, {}, {}};
                    const ProbeRecord record = record_with(std::move(series));
                    for (const Finding &finding : interpret(*probe, record, nullptr)) {
                        CAPTURE(finding.key, finding.note);
                        // A coordinate made up can be one that the probe's row does not have.
                        if (finding.note.find("no whole number from") == std::string::npos)
                            CHECK(finding.status != Status::failed);
                    }
                    draw(*probe, record.data);
                }
}

TEST_CASE("unit.data_check.stamps_cut_short_are_no_clock") {
    const Probe &probe = builtin("host/event_timer");
    Series series = series_of(probe.info().series.front(), 6 * 20);
    for (std::size_t i = 0; i < series.points.size(); ++i)
        series.points[i].at[0] = static_cast<double>(i / 6);
    series.points.erase(series.points.begin() + 2, series.points.begin() + 60);
    for (const Finding &finding : interpret(probe, record_with(series), nullptr)) {
        CHECK(finding.status == Status::unsupported);
        CHECK(finding.note.find("lack some of their timestamps") != std::string::npos);
    }
}

TEST_CASE("unit.data_check.many_points_take_no_more_than_their_share_of_time") {
    constexpr std::size_t many = 30000;
    constexpr double longest = 10; // s of the processor, even where nothing is optimised
    for (const auto &probe : builtins().probes())
        for (const SeriesShape &shape : probe->info().series)
            for (const char *what : {"coordinates", "trips", "samples"}) {
                Series series = series_of(shape, many);
                Point all = series.points.front();
                for (std::size_t i = 0; i < many; ++i) {
                    Point &point = series.points[i];
                    if (*what == 't')
                        for (std::size_t axis = 0; axis + 1 < shape.axes.size(); ++axis)
                            point.at[axis] = series.points.front().at[axis];
                    all.samples.push_back(point.samples[0]);
                    all.block.push_back(static_cast<int>(i));
                }
                if (*what == 's') {
                    series.points.resize(2);
                    series.points[0] = series.points[1] = all;
                    series.points[1].at.back() *= 2;
                }
                CAPTURE(probe->info().name, shape.name, what);
                const std::clock_t begin = std::clock();
                const ProbeRecord record = record_with(std::move(series));
                (void)interpret(*probe, record, nullptr);
                draw(*probe, record.data);
                CHECK(static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC < longest);
            }
}

TEST_CASE("unit.data_check.a_finding_that_breaks_an_invariant_fails") {
    struct Broken : FakeProbe {
        using FakeProbe::FakeProbe;
        Finding made;
        [[nodiscard]] std::vector<Finding> interpret(const Dataset &,
                                                     const Facts &) const override {
            return {made};
        }
    };
    Broken probe("fake/broken");
    const auto note_of = [&](double value, Interval interval) {
        probe.made = measured(probe.info().findings[0], value, interval);
        ProbeRecord record;
        record.findings = interpret(probe, record, nullptr);
        settle_status(record);
        const Finding &finding = record.findings.at(0);
        CHECK(record.status == finding.status);
        CHECK((finding.status == Status::failed) == !finding.value.has_value());
        return finding.status == Status::failed ? finding.note : "";
    };
    CHECK(note_of(1, {1, 2}).empty());
    CHECK(note_of(INFINITY, {1, 2}) == "the probe left a broken finding: its value is inf");
    CHECK(note_of(1, {1, NAN}) ==
          "the probe left a broken finding: its interval goes from 1 to nan");
    CHECK(note_of(3, {1, 2}) ==
          "the probe left a broken finding: its value 3 lies outside its interval, 1 to 2");
    probe.made = measured(probe.info().findings[0], 1, {1, 1});
    probe.made.status = Status::inconclusive;
    CHECK(interpret(probe, {}, nullptr).at(0).note ==
          "the probe left a broken finding: inconclusive finding with a value");
    probe.made = measured({"fake.other", Unit::one, Better::none, ""}, 1, {1, 1});
    CHECK(interpret(probe, {}, nullptr).at(0).note ==
          "the probe left a broken finding: a key that the probe does not list");
}

TEST_CASE("unit.data_check.numbered_keys_are_listed_with_their_number_open") {
    struct Levels : FakeProbe {
        Levels() : FakeProbe("fake/levels") {
            info_.findings = {{"l<n>.size", Unit::byte, Better::none, "of each level"}};
        }
        std::string key;
        [[nodiscard]] std::vector<Finding> interpret(const Dataset &,
                                                     const Facts &) const override {
            return {measured({key, Unit::byte, Better::none, ""}, 1, {1, 1})};
        }
    };
    Levels probe;
    for (const auto &[key, listed] : {std::pair{"l1.size", true},
                                      {"l12.size", true},
                                      {"l<n>.size", true},
                                      {"l.size", false},
                                      {"lx.size", false},
                                      {"l1.sizes", false},
                                      {"l1", false}}) {
        probe.key = key;
        CAPTURE(key);
        CHECK(interpret(probe, {}, nullptr).at(0).value.has_value() == listed);
    }
}

TEST_CASE("unit.data_check.what_cannot_be_read_costs_its_probe_only") {
    Report report;
    report.devices.emplace_back().device.slug = "cpu0-x";
    for (const char *name : {"memory/tlb", "compute/julia"}) {
        ProbeRecord &record = report.devices[0].probes.emplace_back();
        record.probe = name;
        record.data.series = {series_of(builtin(name).info().series.front(), 3)};
    }
    Json json = to_json(report);
    Json &point = json["devices"][0]["probes"][0]["data"]["series"][0]["points"][2];
    const auto read_with = [&](const char *member, const Json &value) {
        const Json before = point[member];
        point[member] = value;
        const Report read = report_from_json(json);
        point[member] = before;
        CHECK(read.devices.at(0).probes.at(1) == report.devices[0].probes[1]);
        ProbeRecord first = read.devices[0].probes.at(0);
        CHECK(first.status == Status::failed);
        first.findings = interpret(builtin("memory/tlb"), first, nullptr);
        settle_status(first);
        CHECK(first.status == Status::failed);
        return first.reason;
    };
    const std::string place =
        "series '" + report.devices[0].probes[0].data.series[0].name + "', point 2: ";
    CHECK(read_with("at", Json::array()).starts_with(place));
    CHECK(read_with("block", {0.5, 1}).starts_with(place));
    CHECK(read_with("block", {0, 1e12}).starts_with(place));
    CHECK(read_with("samples", {"fast", 1}).starts_with(place));
}

TEST_CASE("unit.data_check.labels_are_known_by_their_names") {
    const Probe &probe = builtin("workloads/gemm");
    Series series = series_of(probe.info().series.front(), 2);
    const auto family = std::ranges::find(series.axes, "family", &Axis::name);
    REQUIRE(family != series.axes.end());
    const auto at = static_cast<std::size_t>(family - series.axes.begin());
    Dataset data = record_with(series).data;
    CHECK(relabelled(data, probe.info()) == data);
    Series turned = series;
    std::ranges::reverse(turned.axes[at].labels);
    for (Point &point : turned.points)
        point.at[at] = 1 - point.at[at];
    CHECK(relabelled(record_with(turned).data, probe.info()) == data);
    turned.axes[at].labels.front() = "by hand";
    CHECK_FALSE(
        problem_of(relabelled(record_with(turned).data, probe.info()), probe.info()).empty());
}

TEST_CASE("unit.data_check.an axis that older reports lack stands for what they measured") {
    std::size_t checked = 0;
    const Registry registry = builtin_probes();
    for (const auto &known : registry.probes()) {
        const Probe &probe = *known;
        for (const SeriesShape &shape : probe.info().series)
            for (const auto &[later, value] : shape.later_axes) {
                Series series = series_of(shape, 2);
                const auto axis = std::ranges::find(series.axes, later, &Axis::name);
                if (axis == series.axes.end())
                    continue;
                CAPTURE(probe.info().name, shape.name, later);
                ++checked;
                const auto at = axis - series.axes.begin();
                for (Point &point : series.points)
                    point.at[static_cast<std::size_t>(at)] = value;
                const Dataset data = record_with(series).data;
                CHECK(relabelled(data, probe.info()) == data);

                Series older = series;
                older.axes.erase(older.axes.begin() + at);
                for (Point &point : older.points)
                    point.at.erase(point.at.begin() + at);
                CHECK(relabelled(record_with(older).data, probe.info()) == data);

                // A point that was cut short gains nothing, and is found.
                older.points.back().at.pop_back();
                const Dataset cut = relabelled(record_with(older).data, probe.info());
                CHECK(cut.series.front().points.back().at == older.points.back().at);
                CHECK_FALSE(problem_of(cut, probe.info()).empty());
            }
    }
    CHECK(checked >= 5); // of convolutions, attention, products and networks
}
