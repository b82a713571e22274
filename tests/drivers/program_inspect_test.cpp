// `clprobe inspect` on the stub: what a driver prints and answers, and what it dies of.

#include "inspect/inspection.hpp"
#include "io/file.hpp"
#include "on_stub.hpp"
#include "program.hpp"

#include <clprobe/json.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>
#include <fstream>
#include <set>
#include <string>
#include <vector>

using namespace clprobe;
using namespace clprobe::test;
using Catch::Matchers::ContainsSubstring;

namespace {

struct Inspected {
    Outcome outcome;
    Inspection inspection;

    [[nodiscard]] const InspectedKernel &kernel(const std::string &probe) const {
        const auto found = std::ranges::find(inspection.kernels, probe, &InspectedKernel::probe);
        REQUIRE(found != inspection.kernels.end());
        return *found;
    }
};

/// `clprobe inspect --json -` with these arguments.
Inspected inspect_on_stub(const std::string &behaviour, std::vector<std::string> arguments,
                          const Environment &environment = {}) {
    arguments.insert(arguments.begin(), {"inspect", "--json", "-"});
    Inspected result{run_on_stub(behaviour, arguments, environment), {}};
    INFO(result.outcome.err);
    result.inspection = inspection_from_json(parse_json(result.outcome.out));
    return result;
}

/// What a Mali's compiler would print of the kernel of host/event_timer.
constexpr const char *words_of_mesa =
    "shader: MESA_SHADER_KERNEL\n"
    "decl_function __wrapped_spin () (entrypoint)\n"
    "\n"
    "clause_0:\n"
    "{\n"
    "    *FMA.f32 t0, r2, u1.w1, u1.w1\n"
    "    +NOP t1\n"
    "}\n"
    "SHADER-DB: MESA_SHADER_KERNEL shader: 1 inst, 1 tuples, 2 threads, 0:0 spills:fills\n";

} // namespace

TEST_CASE("program.inspect shows every probe's kernels") {
    const Inspected every = inspect_on_stub("takes_ptx", {});
    CHECK(every.outcome.exit_status == 0);
    std::set<std::string> probes;
    for (const InspectedKernel &kernel : every.inspection.kernels) {
        CAPTURE(kernel.probe, kernel.variant);
        CHECK(kernel.error.empty());
        CHECK(kernel.build_seconds);
        CHECK(kernel.said.max_group_size);
        CHECK(kernel.sha256.size() == 64);
        CHECK_FALSE(kernel.function.empty());
        probes.insert(kernel.probe);
    }
    const Json list = parse_json(run_on_stub("", {"list", "--json", "-"}).out);
    std::set<std::string> with_kernels;
    for (const Json &probe : list.at("probes"))
        if (!probe.at("kernels").empty())
            with_kernels.insert(probe.at("name").get<std::string>());
    CHECK(probes == with_kernels);
}

TEST_CASE("program.inspect prints a table, and looks at one device") {
    const Outcome table = run_on_stub("", {"inspect", "host/event_timer"});
    CHECK(table.exit_status == 0);
    CHECK_THAT(table.out, ContainsSubstring("host/event_timer") && ContainsSubstring("spin"));
    CHECK_THAT(table.out, !ContainsSubstring("fma_rate"));
    const Outcome two = run_on_stub("devices=2", {"inspect", "--device", "all"});
    CHECK(two.exit_status == 2);
    CHECK_THAT(two.err, ContainsSubstring("--device"));
    CHECK(run_on_stub("devices=0", {"inspect"}).exit_status == 3);
    CHECK(run_on_stub("", {"inspect", "host/event_time"}).exit_status == 2);
}

TEST_CASE("program.inspect reads what the driver prints, and leaves stdout clean") {
    const Scratch scratch;
    const std::string words = scratch.file("words");
    std::ofstream(words) << words_of_mesa;
    for (const char *isolation : {"--isolate", "--no-isolate"}) {
        const Inspected inspected =
            inspect_on_stub("prints=" + words, {"--disassemble", "host/event_timer", isolation});
        const InspectedKernel &kernel = inspected.kernel("host/event_timer");
        CHECK(kernel.statistics ==
              std::vector<Statistic>{
                  {"inst", 1}, {"tuples", 1}, {"threads", 2}, {"spills", 0}, {"fills", 0}});
        REQUIRE(kernel.disassembly);
        CHECK(kernel.disassembly->all == InstructionCount{1, 1, 1});
        CHECK_THAT(kernel.disassembly->text, ContainsSubstring("*FMA.f32"));
    }
}

TEST_CASE("program.inspect goes on behind a build that fails") {
    const Inspected inspected = inspect_on_stub("build_error=-DLIVE=16 ", {"execution/occupancy"});
    CHECK(inspected.outcome.exit_status == 1);
    int failed = 0;
    for (const InspectedKernel &kernel : inspected.inspection.kernels)
        if (!kernel.error.empty()) {
            ++failed;
            CHECK(kernel.variant == "16 live values");
            CHECK(kernel.function.empty());
        }
    CHECK(failed == 1);
    CHECK(inspected.inspection.kernels.size() > 10);
}

TEST_CASE("program.inspect goes on behind a build at which the driver dies") {
    const Inspected inspected = inspect_on_stub("build_crash=-DLIVE=16 ", {"execution/occupancy"});
    CHECK(inspected.outcome.exit_status == 1);
    const auto &kernels = inspected.inspection.kernels;
    const auto died = std::ranges::find(kernels, "16 live values", &InspectedKernel::variant);
    REQUIRE(died != kernels.end());
    CHECK_THAT(died->error, ContainsSubstring("SIGSEGV"));
    CHECK(std::ranges::count_if(kernels, [](const auto &k) { return k.error.empty(); }) ==
          std::ssize(kernels) - 1);
}

TEST_CASE("program.inspect tells which kernels changed") {
    const Scratch scratch;
    const std::string before = scratch.file("before.json");
    const std::string words = scratch.file("words");
    std::ofstream(words) << words_of_mesa;
    const std::string one = "host/event_timer";
    CHECK(run_on_stub("", {"inspect", one, "--json", before}).exit_status == 0);
    const Outcome same = run_on_stub("", {"inspect", one, "--compare", before});
    CHECK(same.exit_status == 0);
    CHECK_THAT(same.out, ContainsSubstring("0 changed, of 1 kernel before"));
    const Outcome other = run_on_stub("prints=" + words, {"inspect", one, "--compare", before});
    CHECK(other.exit_status == 1);
    CHECK_THAT(other.out,
               ContainsSubstring("1 changed, of 1 kernel before") && ContainsSubstring("tuples"));
    CHECK(run_on_stub("", {"inspect", "--json", before}).exit_status == 0);
    CHECK(run_on_stub("", {"inspect", one, "--compare", before}).exit_status == 0);
    const Outcome gone = run_on_stub("fp16", {"inspect", "compute/fma_rate", "--compare", before});
    CHECK(gone.exit_status == 1);
    CHECK_THAT(gone.out, ContainsSubstring("half") && ContainsSubstring("new"));
    // Without a device as well.
    const Outcome saved =
        run_on_stub("devices=0", {"inspect", "--read", before, "--compare", before});
    CHECK(saved.exit_status == 0);
    std::ofstream(before) << "{}";
    CHECK(run_on_stub("", {"inspect", one, "--compare", before}).exit_status == 2);
}

TEST_CASE("program.inspect says why a kernel could not be launched") {
    const Inspected inspected = inspect_on_stub("", {"--launch", "host/event_timer"});
    CHECK(inspected.outcome.exit_status == 1);
    const InspectedKernel &kernel = inspected.kernel("host/event_timer");
    REQUIRE(kernel.launch);
    CHECK_FALSE(kernel.launch->seconds);
    CHECK_THAT(kernel.launch->error, ContainsSubstring("CL_KERNEL_ARG_INFO_NOT_AVAILABLE"));
}

TEST_CASE("program.an_inspections_error_that_begins_with_a_blank_line_is_told") {
    const Scratch scratch;
    const std::string file = scratch.file("inspection.json");
    Inspection inspection = inspect_on_stub("", {"host/event_timer"}).inspection;
    inspection.kernels.at(0).error = "\n\nno room for it\nsecond line";
    write_file(file, to_text(to_json(inspection)));
    const Outcome outcome = run_on_stub("", {"inspect", "--read", file});
    CHECK_THAT(outcome.out, ContainsSubstring("no room for it"));
    CHECK_THAT(outcome.out, !ContainsSubstring("second line"));
}
