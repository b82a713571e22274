#include "io/terminal.hpp"
#include "io_sample.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>
#include <limits>
#include <sstream>

using namespace clprobe;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr TextStyle plain{80, false, false};
constexpr TextStyle utf8{80, true, false};

std::string shown(double value, Interval interval, Unit unit, const TextStyle &style = utf8) {
    return value_text(measured({"key", unit, Better::none, ""}, value, interval), style);
}

std::vector<std::string> lines(const std::string &text) {
    std::vector<std::string> all;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);)
        all.push_back(line);
    return all;
}

/// All that is shown of a report.
std::string summary_text(const Report &report, const TextStyle &style) {
    std::string text;
    for (const DeviceRecord &device : report.devices) {
        text += device_text(device.device, style) + "\n";
        for (const ProbeRecord &record : device.probes)
            text += probe_text(record, style) + "\n";
    }
    return text + footer_text(report, style);
}

} // namespace

TEST_CASE("unit.terminal.values_have_the_precision_of_their_interval") {
    CHECK(shown(66.41e12, {66.35e12, 66.47e12}, Unit::flop_per_second) == "66.41 ± 0.06 Tflop/s");
    CHECK(shown(66.41e12, {60e12, 72.82e12}, Unit::flop_per_second) == "66 ± 7 Tflop/s");
    CHECK(shown(3.2e-9, {3.1e-9, 3.3e-9}, Unit::second) == "3.2 ± 0.1 ns");
    CHECK(shown(132, {131, 133}, Unit::one) == "132 ± 1");
    CHECK(shown(132, {112, 152}, Unit::one) == "132 ± 20");
    CHECK(shown(0, {-0.25, 0.25}, Unit::one) == "0.0 ± 0.3");
    CHECK(shown(3.2e-9, {3.1e-9, 3.3e-9}, Unit::second, plain) == "3.2 +- 0.1 ns");
}

TEST_CASE("unit.terminal.intervals_are_rounded_outwards") {
    CHECK(shown(1e9, {1e9 - 1, 1e9 + 1}, Unit::hertz) == "1.00000 ± 0.00001 GHz");
    CHECK(shown(10, {9.989, 10.011}, Unit::one) == "10.00 ± 0.02");
    CHECK(shown(100, {91.9, 101.1}, Unit::one) == "100 [91, 102]");
}

TEST_CASE("unit.terminal.lopsided_intervals_show_their_ends") {
    CHECK(shown(96 * 1024, {80 * 1024, 128 * 1024}, Unit::byte) == "96 [80, 128] KiB");
    CHECK(shown(5, {6, 7}, Unit::one) == "5.0 [6.0, 7.0]");
    CHECK(shown(2 << 20, {256 << 10, 8 << 20}, Unit::byte) == "2.00 [0.25, 8.00] MiB");
    CHECK(shown(4 << 20, {256 << 10, 8 << 20}, Unit::byte) == "4.00 [0.25, 8.00] MiB");
}

TEST_CASE("unit.terminal.exact_values_stand_alone") {
    CHECK(shown(64, {64, 64}, Unit::byte) == "64 B");
    CHECK(shown(65536, {65536, 65536}, Unit::one) == "65536");
    Finding finding;
    CHECK(value_text(finding, utf8).empty());
    finding.value = 2.5;
    CHECK(value_text(finding, utf8) == "2.5");
}

TEST_CASE("unit.terminal.columns_are_aligned_by_characters") {
    CHECK(render_table({{{"µµ", "b"}}, {{"aaa", "c"}}}, utf8) == "µµ   b\naaa  c\n");
    CHECK(render_table({{{"a"}}, {{"aaa", "c", "d"}}}, utf8) == "a\naaa  c  d\n");
    CHECK(render_table({{{"a", "b"}}}, utf8, {4, 9}) == "a     b\n");
    CHECK(render_table({}, utf8).empty());
    CHECK(render_table({{{}}}, utf8) == "\n");
}

TEST_CASE("unit.terminal.the_last_column_wraps") {
    const std::string words = "many words that fit no line of forty columns";
    CHECK(render_table({{{"key", words}}}, {40, false, false}) ==
          "key  many words that fit no line of\n     forty columns\n");
    CHECK(render_table({{{"key", std::string(90, 'x')}}}, plain) ==
          "key  " + std::string(90, 'x') + "\n");
}

TEST_CASE("unit.terminal.a_last_column_without_room_goes_below_the_row") {
    const std::string key(30, 'k');
    CHECK(render_table({{{key, "short"}}}, {40, false, false}) == key + "  short\n");
    CHECK(render_table({{{key, "words that do not fit beside the key, nor in a line below"}}},
                       {40, false, false}) ==
          key + "\n        words that do not fit beside the\n        key, nor in a line below\n");
}

TEST_CASE("unit.terminal.a_device_cannot_command_the_terminal") {
    const auto one_cell = [](const std::string &text, const TextStyle &style) {
        return render_table({{{text}}}, style);
    };
    CHECK(one_cell("a\x1b[31mb\x7f\r", utf8) == "a?[31mb??\n");
    CHECK(one_cell("\xc2\x9b"
                   "31m",
                   utf8) == "??31m\n");
    CHECK(one_cell("a\nb\tc", utf8) == "a b c\n");
    CHECK(one_cell("\xff\xc3 \xe2\x82", utf8) == "?? ??\n");
    CHECK(one_cell("µ ± \U0001f600", utf8) == "µ ± \U0001f600\n");
    CHECK(one_cell("µ ± \U0001f600", plain) == "? ? ?\n");
}

TEST_CASE("unit.terminal.summary_marks_what_is_not_plainly_measured") {
    const auto text = summary_text(sample_report(), plain);
    CHECK_THAT(text, ContainsSubstring("\n     fma.fp32.rate             66.41 +- 0.06 Tflop/s  "));
    CHECK_THAT(text, ContainsSubstring("\n!    fma.fp64.rate "));
    CHECK_THAT(text, ContainsSubstring("suspect: the time does"));
    CHECK_THAT(text, ContainsSubstring("\n?  execution/occupancy (wanted by another probe)  "
                                       "inconclusive: because\n"));
    CHECK_THAT(text, ContainsSubstring("\n-  memory/tlb"));
    CHECK_THAT(text, ContainsSubstring("\nx  host/build"));
    CHECK_THAT(text, ContainsSubstring("compute/fma_rate  5 s, events clock\n"));
}

TEST_CASE("unit.terminal.a_finding_with_its_own_reason_is_shown") {
    auto record = sample_report().devices[0].probes[1];
    CHECK(lines(probe_text(record, plain)).size() == 1);
    record.findings[0].note = "another reason";
    const auto shown_lines = lines(probe_text(record, plain));
    REQUIRE(shown_lines.size() == 2);
    CHECK(shown_lines[1] == "?    warp.width                inconclusive          another reason");
}

TEST_CASE("unit.terminal.a_suspect_value_is_shown_though_the_probe_has_the_same_reason") {
    auto record = sample_report().devices[0].probes[1];
    Finding finding = measured({"warp.width", Unit::one, Better::none, ""}, 32, {32, 32});
    make_suspect(finding, "the machine was busy");
    record.status = Status::suspect;
    record.reason = finding.note;
    record.findings = {finding};
    const auto shown_lines = lines(probe_text(record, plain));
    REQUIRE(shown_lines.size() == 2);
    CHECK(shown_lines[1] ==
          "!    warp.width                32                    suspect as above");
}

TEST_CASE("unit.terminal.summary_fits_the_terminal") {
    const auto width = GENERATE(80, 100, 200);
    for (const auto &line :
         lines(summary_text(sample_report(), {static_cast<std::size_t>(width), false, false})))
        CHECK(line.size() <= static_cast<std::size_t>(width));
}

TEST_CASE("unit.terminal.colour_and_utf8_only_where_asked") {
    const auto text = summary_text(sample_report(), plain);
    CHECK(std::all_of(text.begin(), text.end(), [](char letter) {
        return letter == '\n' || (letter >= ' ' && letter < 127);
    }));
    CHECK_THAT(summary_text(sample_report(), {80, false, true}),
               ContainsSubstring("\x1b[31mx  host/build"));
    CHECK_THAT(summary_text(sample_report(), utf8), ContainsSubstring("66.41 ± 0.06"));
}

TEST_CASE("unit.terminal.footer") {
    auto report = sample_report();
    CHECK(footer_text(report, {200, false, false}) ==
          "4 probes on 2 devices in 5 s, 10 % of it the harness's own; "
          "findings: 1 measured, 1 suspect, 1 inconclusive, 1 unsupported, 1 failed\n");
    report.complete = false;
    CHECK_THAT(footer_text(report, {200, false, false}),
               ContainsSubstring("; the run did not end\n"));
    CHECK(footer_text({}, plain) == "0 probes on 0 devices in 0 s; the run did not end\n");
}

TEST_CASE("unit.terminal.curves_are_plotted_with_their_levels") {
    Curve curve{"chase",
                {"footprint", Unit::byte, {}},
                {"latency", Unit::second, {}},
                {},
                {"buffer.l<n>.size"}};
    for (double kib = 1; kib <= 4096; kib *= 2)
        curve.points.push_back({kib * 1024, kib <= 64 ? 1e-9 : 10e-9});
    Finding size = measured({"buffer.l1.size", Unit::byte, Better::none, ""}, 90 * 1024.0,
                            {64 * 1024.0, 128 * 1024.0});
    size.evidence = {"chase"};
    // None is a place on this curve: another key of the same unit, one that is made of another
    // series, and one of another unit.
    Finding page = measured({"page.size", Unit::byte, Better::none, ""}, 4096, {});
    page.evidence = {"chase"};
    Finding elsewhere = size;
    elsewhere.key = "buffer.l2.size";
    elsewhere.evidence = {"sweep"};
    Finding l1_latency = measured({"buffer.l1.latency", Unit::second, Better::none, ""}, 1e-9, {});
    l1_latency.evidence = {"chase"};

    const auto shown = lines(plot_text(curve, {page, size, elsewhere, l1_latency}, plain));
    REQUIRE(shown.size() == 16);
    CHECK(std::ranges::all_of(shown, [](const auto &line) { return line.size() <= 80; }));
    CHECK_THAT(shown[0], ContainsSubstring("latency over footprint"));
    const std::string &top = shown[1];
    const std::string &bottom = shown[12];
    CHECK_THAT(top, ContainsSubstring("10 ns |"));
    CHECK_THAT(bottom, ContainsSubstring("1 ns |*"));
    CHECK(std::ranges::count(bottom, '*') == 7);
    CHECK(std::ranges::count(top, '*') == 6);
    CHECK(top.back() == '*');
    const auto mark = shown[13].find('a');
    REQUIRE(mark != std::string::npos);
    CHECK(bottom.rfind('*') < mark);
    CHECK(top.find('*') > mark);
    CHECK(shown[6].at(mark) == ':');
    CHECK_THAT(shown[14], ContainsSubstring("1 KiB") && ContainsSubstring("4 MiB"));
    CHECK_THAT(shown[15], ContainsSubstring("a  buffer.l1.size  90 [64, 128] KiB"));
}

TEST_CASE("unit.terminal.a_plot_takes_what_comes") {
    Curve curve{
        "chase", {"footprint", Unit::byte, {}}, {"latency", Unit::second, {}}, {}, {"size"}};
    CHECK(plot_text(curve, {}, plain).empty());
    curve.points = {
        {1024, 1e-9}, {0, 1e-9}, {2048, -1}, {4096, std::numeric_limits<double>::quiet_NaN()}};
    CHECK(plot_text(curve, {}, plain).empty());
    curve.points.push_back({1024, 1e-9}); // all at one place
    CHECK_FALSE(plot_text(curve, {}, {1, true, true}).empty());
    Finding beyond = measured({"size", Unit::byte, Better::none, ""}, 1e9, {});
    beyond.evidence = {"chase"};
    CHECK_THAT(plot_text(curve, {beyond}, plain), ContainsSubstring("size"));
}
