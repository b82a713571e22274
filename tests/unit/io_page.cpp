#include "io/page/page_data.hpp"
#include "io_sample.hpp"

#include <clprobe/page.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <memory>

using namespace clprobe;
using Catch::Matchers::ContainsSubstring;

namespace {

/// Draws a curve of so many points, made of a series that its finding rests on.
class Drawing final : public Probe {
public:
    [[nodiscard]] const ProbeInfo &info() const override { return info_; }
    void measure(Bench &) const override {}
    [[nodiscard]] std::vector<Finding> interpret(const Dataset &, const Facts &) const override {
        return {};
    }
    [[nodiscard]] std::vector<Curve> curves(const Dataset &data) const override {
        Curve curve{"times", {"footprint", Unit::byte, {}}, {"latency", Unit::second, {}}, {}};
        curve.marks = {"a.l<n>.size"};
        for (int i = 1; i <= data.number_attribute("points"); ++i)
            curve.points.push_back({1.0 * i, 1e-9 / 3, 3, 1e-10, 1e-9});
        return {curve};
    }

private:
    ProbeInfo info_ = [] {
        ProbeInfo info;
        info.name = "test/drawing";
        return info;
    }();
};

Report drawn_report(double points) {
    ProbeRecord record;
    record.probe = "test/drawing";
    record.data.number_attributes["points"] = points;
    Finding other = measured({"a.line", Unit::byte, Better::none, ""}, 64, {64, 64});
    Finding size = measured({"a.l1.size", Unit::byte, Better::none, ""}, 32768, {30000, 34000});
    size.evidence = {"times"};
    record.findings = {other, size};
    Report report;
    report.devices.push_back({{}, {record}});
    return report;
}

Json drawn(double points) {
    Registry registry;
    registry.add(std::make_unique<Drawing>());
    const Report report = drawn_report(points);
    return page_data(std::span(&report, 1), registry)["devices"][0];
}

} // namespace

TEST_CASE("unit.page.every_finding_is_there_as_it_is_told_elsewhere") {
    const Report report = sample_report();
    const Json devices = page_data(std::span(&report, 1), {})["devices"];
    REQUIRE(devices.size() == report.devices.size());
    std::size_t next = 0;
    for (const ProbeRecord &probe : report.devices[0].probes)
        for (const Finding &finding : probe.findings) {
            const Json &shown = devices[0]["findings"].at(next++);
            CHECK(shown["key"] == finding.key);
            CHECK(shown["status"] == name(finding.status));
            CHECK(shown.contains("text") == finding.value.has_value());
        }
    CHECK(devices[0]["findings"].size() == next);
}

TEST_CASE("unit.page.curves_refer_to_the_findings_made_of_them") {
    const Json curve = drawn(2)["curves"].at(0);
    CHECK(curve["findings"] == Json::array({1}));
    CHECK(curve["marks"] == Json::array({1}));
    CHECK(curve["points"][0] == Json::array({1.0, 3.3333e-10, 3, 1e-10, 1e-9}));
}

TEST_CASE("unit.page.long_curves_are_thinned") {
    CHECK(drawn(400)["curves"].at(0)["points"].size() == 400);
    CHECK(drawn(100000)["curves"].at(0)["points"].size() == 400);
    CHECK(drawn(0)["curves"].empty());
}

TEST_CASE("unit.page.data_that_are_not_the_probes_are_not_drawn") {
    Registry registry;
    registry.add(std::make_unique<Drawing>());
    Report report = drawn_report(2);
    report.devices[0].probes[0].data.add("foreign", {}, {});
    const Json device = page_data(std::span(&report, 1), registry)["devices"][0];
    CHECK(device["curves"].empty());
    CHECK(device["findings"].size() == 2);
}

TEST_CASE("unit.page.devices_of_one_name_are_told_apart") {
    std::vector<Report> reports(3);
    for (const char *name : {"A", "B", "A"})
        reports[0].devices.emplace_back().device.name = name;
    const Json devices = page_data(reports, {})["devices"];
    CHECK(devices[0]["name"] == "A (1)");
    CHECK(devices[1]["name"] == "B");
    CHECK(devices[2]["name"] == "A (2)");
}

TEST_CASE("unit.page.foreign_text_is_no_markup") {
    if (!can_make_pages())
        SKIP("this build makes no pages");
    Report report = drawn_report(2);
    report.devices[0].device.name = "</script><!-- \u2028 @data@";
    report.devices[0].probes[0].findings[0].note = "</script><script>alert(1)</script>";
    const std::string text = page(std::span(&report, 1), {});
    CHECK_THAT(text, ContainsSubstring("&lt;/script&gt;&lt;!-- "));
    CHECK_THAT(text, ContainsSubstring("\\u003c/script>\\u003cscript>alert(1)"));
    CHECK_THAT(text, !ContainsSubstring("<script>alert(1)"));
    const std::string behind = text.substr(text.find("id=\"data\">"));
    CHECK_THAT(behind.substr(0, behind.find("</script>")), !ContainsSubstring("\u2028"));
}

TEST_CASE("unit.page.no_report_makes_a_page_too") {
    CHECK(page_data({}, {})["devices"].empty());
}
