// The program on reports of one device that differ, and on one device under two environments.

#include "io/file.hpp"
#include "program.hpp"

#include <clprobe/json.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace clprobe;
using namespace clprobe::test;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::StartsWith;

namespace {

/// A report of a GPU with one rate, in a file of its own.
class RateFile {
public:
    RateFile(const Scratch &scratch, const std::string &name, double rate,
             const std::string &device = "A|<b>\x1b[31m")
        : path_(scratch.file(name)) {
        Report report;
        report.tool_version = "1";
        report.profile = "standard";
        report.started = "2026-01-01T00:00:00Z";
        report.complete = true;
        DeviceRecord &record = report.devices.emplace_back();
        record.device.slug = "gpu0-a";
        record.device.name = device;
        ProbeRecord &probe = record.probes.emplace_back();
        probe.probe = "compute/fma_rate";
        probe.status = Status::measured;
        probe.profile = "standard";
        probe.findings = {measured({"fma.fp32.rate", Unit::flop_per_second, Better::higher, ""},
                                   rate, {0.99 * rate, 1.01 * rate})};
        write_file(path_, to_text(to_json(report)));
    }
    [[nodiscard]] const std::string &path() const { return path_; }

private:
    std::string path_;
};

Outcome compared(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "compare");
    return run_on_stub("", arguments);
}

std::string units(int count) {
    return "execute,group=16,trip_ns=20000,units=" + std::to_string(count);
}

/// The report of a stub with so many units; nothing where the host was too busy to count them.
std::optional<std::string> units_report(const Scratch &scratch, int count) {
    const std::string file = scratch.file(std::to_string(count) + "-units.json");
    const Outcome outcome = run_on_stub(
        units(count), {"run", "execution/compute_units", "--profile", "quick", "--json", file});
    INFO(outcome.err);
    const Report report = report_of(file);
    for (const ProbeRecord &record : report.devices.at(0).probes)
        for (const Finding &finding : record.findings)
            if (finding.key == "compute_units" && finding.value == double(count))
                return file;
    return std::nullopt;
}

} // namespace

TEST_CASE("program.compare_exits_1_where_something_got_worse") {
    const Scratch scratch;
    const RateFile base(scratch, "base.json", 66e12);
    const RateFile half(scratch, "half.json", 33e12);
    const RateFile near(scratch, "near.json", 63.5e12);
    const Outcome worse = compared({base.path(), base.path(), half.path()});
    CHECK(worse.exit_status == 1);
    CHECK_THAT(worse.out, ContainsSubstring("1 worse, 0 better, 0 same, 0 undecided; against 2"));
    CHECK_THAT(worse.out, ContainsSubstring("worse  fma.fp32.rate  -50.0 %"));
    CHECK_THAT(worse.out, ContainsSubstring("66 -> 33 Tflop/s"));
    CHECK_THAT(worse.out, !ContainsSubstring("\x1b"));
    const Outcome better = compared({half.path(), base.path()});
    CHECK(better.exit_status == 0);
    CHECK_THAT(better.out, ContainsSubstring("better  fma.fp32.rate  +100.0 %"));
    CHECK(compared({base.path(), base.path(), "--strict"}).exit_status == 0);
    CHECK(compared({base.path(), near.path()}).exit_status == 0);
    const Outcome strict = compared({base.path(), near.path(), "--strict"});
    CHECK(strict.exit_status == 1);
    CHECK_THAT(strict.out, ContainsSubstring("1 undecided  "));
    CHECK_THAT(compared({base.path(), near.path(), "-v"}).out,
               ContainsSubstring("undecided  fma.fp32.rate"));
    CHECK(compared({base.path(), half.path(), "--min-effect", "120"}).exit_status == 0);
}

TEST_CASE("program.compare_takes_effects_by_finding") {
    const Scratch scratch;
    const RateFile base(scratch, "base.json", 66e12);
    const RateFile half(scratch, "half.json", 33e12);
    const std::string effects = scratch.file("effects.json");
    write_file(effects, R"({"fma.fp32.rate": 120})");
    CHECK(compared({base.path(), half.path(), "--min-effects", effects}).exit_status == 0);
    for (const auto &[text, message] :
         {std::pair{R"({"fma.fp32.rte": 3})", "did you mean fma.fp32.rate"},
          std::pair{R"({"fma.fp32.rate": -3})", "no effect in per cent"},
          std::pair{R"([3])", "effects.json"}, std::pair{"{", "effects.json"}}) {
        write_file(effects, text);
        const Outcome outcome = compared({base.path(), half.path(), "--min-effects", effects});
        CAPTURE(text);
        CHECK(outcome.exit_status == 2);
        CHECK_THAT(outcome.err, ContainsSubstring(message));
    }
}

TEST_CASE("program.compare_writes_markdown_json_and_junit") {
    const Scratch scratch;
    const RateFile base(scratch, "base.json", 66e12);
    const RateFile half(scratch, "half.json", 33e12);
    const std::string json = scratch.file("out.json");
    const std::string junit = scratch.file("out.xml");
    const Outcome outcome =
        compared({base.path(), half.path(), "--markdown", "--json", json, "--junit", junit});
    CHECK(outcome.exit_status == 1);
    CHECK_THAT(outcome.out, StartsWith("**A\\|\\<b\\>?\\[31m**: 1 worse"));
    CHECK_THAT(outcome.out, ContainsSubstring("| **worse** | fma.fp32.rate | -50.0 %"));
    const Json document = parse_json(text_of(json));
    const Json &finding = document.at("devices").at(0).at("findings").at(0);
    CHECK(finding.at("verdict") == "worse");
    CHECK(std::abs(finding.at("ratio").get<double>() - 0.5) < 1e-9);
    CHECK_THAT(text_of(junit), ContainsSubstring(R"(failures="1" skipped="0")"));
    CHECK_THAT(text_of(junit), ContainsSubstring(R"(name="fma.fp32.rate")"));
    const Outcome same = compared({base.path(), base.path(), "--markdown"});
    CHECK_THAT(same.out, ContainsSubstring("<details><summary>1 same, 0 undecided</summary>"));
    CHECK_THAT(compared({base.path(), half.path(), "--json", "-"}).out, StartsWith("{"));
}

TEST_CASE("program.compare_refuses_what_it_cannot_compare") {
    const Scratch scratch;
    const RateFile base(scratch, "base.json", 66e12);
    const RateFile other(scratch, "other.json", 66e12, "B");
    const Outcome devices = compared({base.path(), other.path()});
    CHECK(devices.exit_status == 2);
    CHECK_THAT(devices.err, ContainsSubstring("different devices"));
    CHECK_THAT(devices.err, ContainsSubstring("`clprobe html` sets devices side by side"));
    const Outcome one = compared({base.path()});
    CHECK(one.exit_status == 2);
    CHECK_THAT(one.err, ContainsSubstring("one base or several"));
    CHECK(compared({base.path(), scratch.file("nowhere.json")}).exit_status == 2);
    CHECK(compared({}).exit_status == 2);
    const Outcome few = compared({"--calibrate", base.path(), base.path()});
    CHECK(few.exit_status == 2);
    CHECK_THAT(few.err, ContainsSubstring("at least three"));
}

TEST_CASE("program.compare_calibrates_by_reports_of_one_device") {
    const Scratch scratch;
    const RateFile a(scratch, "a.json", 66e12);
    const RateFile b(scratch, "b.json", 66.1e12);
    const RateFile c(scratch, "c.json", 50e12);
    const std::string json = scratch.file("out.json");
    const Outcome outcome = compared({"--calibrate", a.path(), b.path(), c.path(), "--json", json});
    CHECK(outcome.exit_status == 0);
    CHECK_THAT(outcome.out, ContainsSubstring("3 reports replayed against each other"));
    CHECK_THAT(outcome.out, ContainsSubstring("2 of 6  1 base  fma.fp32.rate"));
    CHECK(parse_json(text_of(json)).at("rows").at(0).at("false_worse").at("happened") == 2);
}

TEST_CASE("program.compare_confirms_on_the_device") {
    const Scratch scratch;
    const auto eight = units_report(scratch, 8);
    const auto four = units_report(scratch, 4);
    if (!eight || !four)
        SKIP("the host was too busy to count the stub's units");
    const std::vector<std::string> arguments{"compare", *eight, *four, "--confirm"};
    const Outcome again = run_on_stub(units(4), arguments);
    const Outcome gone = run_on_stub(units(8), arguments);
    INFO(again.out << gone.out);
    if (again.out.find("a second run did not measure it") != std::string::npos ||
        gone.out.find("a second run did not measure it") != std::string::npos)
        SKIP("the host was too busy to count the stub's units again");
    CHECK(again.exit_status == 1);
    CHECK_THAT(again.out, ContainsSubstring("again in a second run: -50.0 %"));
    CHECK(gone.exit_status == 0);
    CHECK_THAT(gone.out, ContainsSubstring("0 worse"));
    const Outcome other = run_on_stub(units(4) + ",name=Other", arguments);
    CHECK(other.exit_status == 2);
    CHECK_THAT(other.err, ContainsSubstring("does not have it"));
    Report of_one = read_report(*four);
    of_one.devices.at(0).device.uuid = "00000000-0000-0000-0000-000000000001";
    write_file(*four, to_text(to_json(of_one)));
    const Outcome second = run_on_stub(units(4) + ",uuid=2", arguments);
    CHECK(second.exit_status == 2);
    CHECK_THAT(second.err, ContainsSubstring("here is another device of the same name"));
    CHECK(run_on_stub("devices=0", arguments).exit_status == 3);
}

TEST_CASE("program.ab_finds_which_environment_is_worse") {
    const Outcome outcome = run_on_stub("", {"ab", "--base", "CLPROBE_STUB=" + units(8), "--new",
                                             "CLPROBE_STUB=" + units(4), "execution/compute_units",
                                             "--pairs", "2", "--profile", "quick"});
    INFO(outcome.out << outcome.err);
    for (const char *busy : {" lost", "no finding with a direction is measured on both sides"})
        if (outcome.out.find(busy) != std::string::npos)
            SKIP("the host was too busy to count the stub's units");
    CHECK(outcome.exit_status == 1);
    CHECK_THAT(outcome.out, ContainsSubstring("1 worse, 0 better, 0 same, 0 undecided; "));
    CHECK_THAT(outcome.out, ContainsSubstring("worse  compute_units  -50.0 %"));
    CHECK_THAT(outcome.out, ContainsSubstring("the compiler says the same of the code"));
    CHECK_THAT(outcome.out, ContainsSubstring("CLPROBE_STUB: "));
}

// On the system's own drivers: kernels whose multiply-adds each have another beside them, which no
// result depends on and no compiler can leave out.
TEST_CASE("program.ab_finds_kernels_whose_work_is_doubled", "[long]") {
    namespace fs = std::filesystem;
    const fs::path systems = "/etc/OpenCL/vendors";
    const Environment on_system{{"OCL_ICD_VENDORS", systems.string()}};
    if (!fs::is_directory(systems) ||
        run_on_stub("", {"run", "host/event_timer", "--device", "cpu", "--profile", "tiny"},
                    on_system)
                .exit_status != 0)
        SKIP("the system has no CPU as an OpenCL device");
    const Scratch scratch;
    const std::string kernels = scratch.file("kernels");
    fs::copy(CLPROBE_KERNELS, kernels, fs::copy_options::recursive);
    const std::string file = kernels + "/compute/fma_rate.cl";
    std::string text = read_file(file);
    for (const auto &[old, by] :
         {std::pair{"#define TURNS_1 EACH(FIRST) EACH(SECOND)",
                    "#define MORE(i) z##i = FMA(z##i, va, vb);\n"
                    "#define DECLARE_Z(i) VECTOR(REAL) z##i = seed(element, 32 + i);\n"
                    "#define COMBINE_Z(i) word ^= WORD(z##i) & (trips >> 31);\n"
                    "#define TURNS_1 EACH(FIRST) EACH(MORE) EACH(SECOND) EACH(MORE)"},
          std::pair{"    EACH(DECLARE_X)", "    EACH(DECLARE_X)\n    EACH(DECLARE_Z)"},
          std::pair{"    EACH(COMBINE_X)", "    EACH(COMBINE_X)\n    EACH(COMBINE_Z)"}}) {
        REQUIRE(text.find(old) != text.npos);
        text.replace(text.find(old), std::string(old).size(), by);
    }
    write_file(file, text);
    const Outcome outcome =
        run_on_stub("",
                    {"ab", "--base", std::string("CLPROBE_KERNEL_DIR=") + CLPROBE_KERNELS, "--new",
                     "CLPROBE_KERNEL_DIR=" + kernels, "compute/fma_rate", "--device", "cpu",
                     "--pairs", "3", "--json", "-"},
                    on_system);
    INFO(outcome.out << outcome.err);
    const Json findings = parse_json(outcome.out).at("devices").at(0).at("findings");
    const auto is_rate = [](const Json &finding) {
        return finding.at("key").get<std::string>().ends_with(".rate");
    };
    if (std::none_of(findings.begin(), findings.end(), is_rate))
        SKIP("the machine was too busy: the rates are suspect");
    if (findings.at(0).at("verdict") == "undecided")
        SKIP("the machine was too busy for a factor of two to show");
    CHECK(outcome.exit_status == 1);
    CHECK(is_rate(findings.at(0)));
    CHECK(findings.at(0).at("verdict") == "worse");
    CHECK(findings.at(0).at("note").get<std::string>().find("the code differs") !=
          std::string::npos);
}

TEST_CASE("program.ab_refuses_environments_that_are_none_or_the_same") {
    const auto refused = [](const std::string &base, const std::string &now) {
        const Outcome outcome = run_on_stub("", {"ab", "--base", base, "--new", now});
        CHECK(outcome.exit_status == 2);
        return outcome.err;
    };
    CHECK_THAT(refused("A", "B=1"), ContainsSubstring("sets no variable"));
    CHECK_THAT(refused("A=1", "A=1"), ContainsSubstring("nothing to compare"));
    CHECK_THAT(refused("A=1", "CLPROBE_KERNEL_DIR=/nowhere"), ContainsSubstring("names no folder"));
    CHECK(run_on_stub("devices=0", {"ab", "--base", "A=1", "--new", "A=2"}).exit_status == 3);
}
