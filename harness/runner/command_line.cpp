#include "commands.hpp"
#include "console.hpp"
#include "isolation.hpp"
#include "measure/machine.hpp"

#include <clprobe/error.hpp>
#include <clprobe/runner.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <deque>
#include <fcntl.h>
#include <iostream>
#include <unistd.h>

namespace clprobe::runner {
namespace {

/// Says what is wrong on the command line.
[[noreturn]] void refuse(const CLI::App &app, const CLI::ParseError &error) {
    const auto chosen = app.get_subcommands();
    const CLI::App &command = chosen.empty() ? app : *chosen.front();
    const std::string help =
        fmt::format("`clprobe {}--help` shows", chosen.empty() ? "" : command.get_name() + " ");
    const std::vector<std::string> extras = app.remaining(true);
    if (extras.empty())
        throw InputError(fmt::format("{}; {} what it takes", error.what(), help));
    const std::string wrong = extras.front().substr(0, extras.front().find('='));
    const bool option = !chosen.empty() || wrong.starts_with('-');
    std::map<std::string, std::string> known;
    if (option)
        for (const CLI::Option *const each : command.get_options())
            for (const std::string &name : each->get_lnames())
                known["--" + name];
    else
        for (const CLI::App *const each : app.get_subcommands({}))
            known[each->get_name()];
    throw InputError(unknown_name(option ? "option of " + command.get_name() : "command", wrong,
                                  known, help + " them all"));
}

/// CLI11's own check names the largest double as the limit.
std::string positive(const std::string &text) {
    double value = 0;
    const bool right = CLI::detail::lexical_cast(text, value) && value > 0;
    return right ? "" : "'" + text + "' is no number above 0";
}

/// A seed in decimal digits. CLI11 itself wraps what is negative or too large around, and reads
/// "010" as octal.
std::string whole_number(std::string &text) {
    const std::string given = text;
    text.erase(0, std::min(text.find_first_not_of('0'), text.size() - 1));
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool right = !given.empty() && error == std::errc{} && end == text.data() + text.size();
    return right ? "" : "'" + given + "' is no whole number from 0 to 18446744073709551615";
}

/// A command while it is put together.
struct Command {
    CLI::App &app;
    Options &options;

    template <typename T>
    CLI::Option *option(const char *name, T &value, const char *type, const std::string &what) {
        return app.add_option(name, value, what)->type_name(type);
    }
    void probes() {
        option("PROBE", options.probes, "", "names, families or globs (memory/*); all by default");
    }
    void device(const std::string &more) {
        option("--device", options.device, "SELECTOR",
               "slug, index, cpu, gpu, or part of the name" + more +
                   "; by default the first GPU, else the first device")
            ->envname("CLPROBE_DEVICE");
    }
    /// `NAME [FILE]`: standard output where no file is named.
    void to_file_or_stdout(const char *name, std::optional<std::filesystem::path> &file,
                           const char *type, const char *what) {
        option(name, file, type, what)->expected(0, 1)->default_str("-");
    }
    void json() {
        to_file_or_stdout("--json", options.json, "[FILE]",
                          "write the same as JSON, to FILE or standard output");
    }
    void picture_and_summary() {
        option("--picture", options.picture, "FILE",
               "write the picture of a probe that makes one, as PGM");
        option("--summary", options.summary, "FILE",
               "write the report without samples, which cannot be made anew; - is stdout");
    }
    /// What keeps a probe's process from spoiling the others.
    void isolation() {
        app.add_flag("--isolate,!--no-isolate", options.isolate,
                     "whatever opens a device in a child process (the default)");
        app.add_flag("--driver-output", options.driver_output, "pass on what drivers print");
    }
    /// Where the verdicts of `check`, `compare` and `ab` go besides the terminal.
    void verdicts(const char *markdown) {
        app.add_flag("--markdown", options.as_markdown, markdown);
        option("--json", options.json, "FILE", "write the verdicts as data; - is stdout");
        option("--junit", options.junit, "FILE", "write them as JUnit's XML; - is stdout");
    }
    CLI::Option *expectations() {
        return option("--expectations", options.expectations, "FILE",
                      "claims to show with their verdicts (docs/expectations.md)");
    }
    void verbose(const char *what) { app.add_flag("-v,--verbose", options.verbose, what); }
    void timeout() {
        option("--timeout", options.timeout, "S", "wall limit of a probe, in seconds")
            ->check(positive);
    }
};

void describe_devices(Command command) {
    command.json();
    command.isolation();
    command.verbose("what a full run misses, also where there are devices");
}

void describe_list(Command command) {
    command.probes();
    command.json();
    command.to_file_or_stdout("--markdown", command.options.markdown, "[DIR]",
                              "write a page a probe, to folder DIR or standard output");
}

void describe_run(Command command) {
    Options &options = command.options;
    command.probes();
    command.device("; all for each of them");
    command
        .option("--profile", options.profile, "tiny|quick|standard|thorough",
                "how much time to take (default: standard)")
        ->envname("CLPROBE_PROFILE");
    command.option("--json", options.json, "FILE",
                   "write the report, anew after each probe; - is stdout");
    command.option("--csv", options.csv, "DIR", "write each series as a file into this folder");
    command.picture_and_summary();
    command.option("--html", options.html, "FILE", "write the report as a page, at the end");
    command.option("--resume", options.resume, "FILE",
                   "go on with an interrupted report (and write there, unless --json says else)");
    command
        .option("--seed", options.seed, "N",
                "of everything random; without it one is drawn, and recorded")
        ->transform(CLI::Validator(whole_number, ""));
    command.timeout();
    command.isolation();
    command.verbose("each finding with its method; without it those of one family share a line");
}

void describe_tune(Command command) {
    Options &options = command.options;
    Search &search = options.tune.emplace();
    command
        .option("PROBE|NETWORK", options.probes, "",
                "probes with a choice to make (workloads/convolution, workloads/gemm, "
                "workloads/attention, workloads/softmax_norm), or a network, as `clprobe network` "
                "takes it: the shapes of its layers")
        ->required();
    command.option("--batch", options.batch, "N", "of a network: how many inputs at a time")
        ->capture_default_str()
        ->transform(CLI::Validator(whole_number, ""));
    command.option("--shape", search.shape, "TEXT",
                   "only shapes that have this in their names: 3x3.384-384");
    command.app.add_flag("--every-plan", search.every_plan,
                         "try every plan, in place of those that are likely, however long it "
                         "takes, and say how near these come");
    command.device("");
    command
        .option("--profile", options.profile, "tiny|quick|standard|thorough",
                "how much time to take beside the search (default: standard)")
        ->envname("CLPROBE_PROFILE");
    command.option("--json", options.json, "FILE", "write the report; - is stdout");
    command.timeout();
    command.isolation();
    command.verbose("each finding with its method");
}

void describe_inspect(Command command) {
    Options &options = command.options;
    command.probes();
    command.device("");
    command.json();
    command.option("--compare", options.compare, "OLD.json",
                   "say which kernels are not what they were; exit 1 where there are any");
    command.option("--read", options.read, "FILE",
                   "show an earlier inspection, in place of a new one");
    command.app.add_flag("--disassemble", options.disassemble,
                         "keep the code that the compiler wrote in the JSON, or print it");
    command.app.add_flag("--launch", options.launch,
                         "launch each kernel once, with arguments made up: some drivers compile "
                         "then");
    command.timeout();
    command.isolation();
}

void describe_analyze(Command command) {
    Options &options = command.options;
    command.option("FILE", options.files, "", "reports or CSV files; - is stdin")->required();
    command.option("--probe", options.probe, "PROBE",
                   "which probe a CSV of another tool is for, or only this one of a report");
    command.option("--columns", options.columns, "MAP",
                   "which column of a CSV is what: NAME=COLUMN[@TEXT][:UNIT],... as in "
                   "footprint=1:KiB,latency=3:ns (docs/csv.md)");
    command.option("--skip", options.skip, "N", "lines of a CSV above its header or its first row");
    command.option("--json", options.json, "FILE", "write the report with the new findings");
    command.picture_and_summary();
    command.app.add_flag("--verify", options.verify,
                         "exit 1 where a finding is not what the report says, to the last bit");
    command.verbose("each finding with its method; without it those of one family share a line");
}

void describe_show(Command command) {
    Options &options = command.options;
    command.option("REPORT", options.report, "", "a report, or a summary of one; - is stdin")
        ->required();
    CLI::Option *const probes =
        command.option("PROBE", options.probes, "",
                       "the findings of these probes with their curves, in place of the datasheet");
    command.expectations()->excludes(probes);
    command.app.add_flag("--markdown", options.as_markdown,
                         "as Markdown, for a README or an issue");
}

void describe_check(Command command) {
    Options &options = command.options;
    command.option("REPORT", options.report, "", "what `run` or `inspect` wrote; - is stdin")
        ->required();
    command.option("EXPECTATIONS", options.files, "", "files of claims (docs/expectations.md)")
        ->required();
    command.verdicts("print tables in Markdown");
    command
        .option("--only", options.only, "N",
                "the Nth expectation alone, as ctest has it: exit 4 where it cannot be tested")
        ->transform(CLI::Validator(whole_number, ""));
}

void describe_export(Command command) {
    Options &options = command.options;
    command
        .option("REPORT", options.files, "",
                "a report, or its summary; - is stdin; of markdown any number")
        ->required();
    command
        .option("--as", options.format, "FORMAT",
                "bencher, csv, github-action, google-benchmark, junit, lava, markdown or "
                "openmetrics")
        ->required();
    command.option("-o,--output", options.output, "FILE",
                   "where to write (default: stdout); of github-action a folder, for two files");
}

/// How `compare` and `ab` judge, and where that goes.
void describe_comparison(Command command) {
    Options &options = command.options;
    command.app.add_flag("--strict", options.strict,
                         "exit 1 where something is undecided or no longer measured, too");
    command
        .option("--min-effect", options.min_effect, "P",
                "the least change that counts, in per cent (default: 5, with three bases and more "
                "3)")
        ->check(positive);
    command.option("--min-effects", options.min_effects, "FILE",
                   R"(the same by finding, as JSON: {"buffer.l<n>.latency": 10})");
    command.verdicts("print it for a comment on a merge request");
    command.verbose("show also what is the same or undecided");
}

void describe_compare(Command command) {
    Options &options = command.options;
    command
        .option("REPORT", options.files, "",
                "of the same device: one or more bases to compare with, then the new one")
        ->required();
    describe_comparison(command);
    command.app.add_flag("--confirm", options.confirm,
                         "measure what is worse again on the device: it has to show again");
    command.app.add_flag("--calibrate", options.calibrate,
                         "replay all these reports against each other: how often is something "
                         "called worse that is not, and how often is what was slowed down found");
    command.timeout();
    command.app.add_flag("--isolate,!--no-isolate", options.isolate,
                         "probes in child processes (the default)");
}

void describe_html(Command command) {
    command.option("REPORT", command.options.files, "", "reports; - is stdin")->required();
    command.option("-o,--output", command.options.html, "FILE", "the page; - is stdout")
        ->required();
    command.expectations();
}

void describe_ab(Command command) {
    Options &options = command.options;
    command.probes();
    command
        .option("--base", options.base_environment, "'VAR=x ...'",
                "the environment of the one side: drivers, a folder of kernels")
        ->required();
    command.option("--new", options.new_environment, "'VAR=y ...'", "that of the other")
        ->required();
    command.device("");
    command
        .option("--profile", options.profile, "tiny|quick|standard|thorough",
                "how much time each measurement takes (default: quick)")
        ->envname("CLPROBE_PROFILE");
    command.option("--pairs", options.pairs, "N", "how often each side is measured")
        ->check(CLI::Range(2, 1000))
        ->capture_default_str();
    describe_comparison(command);
    command.timeout();
}

void describe_network(Command command) {
    Options &options = command.options;
    command.option("NETWORK", options.network, "",
                   "a file (docs/networks.md), an ONNX model, or the name of a network that comes "
                   "with clprobe; without one these are listed");
    command.option("--report", options.report, "FILE",
                   "what a run measured: what bounds each layer there, and how long it takes");
    command.option("--device", options.device, "SLUG",
                   "one device of the report, or of those to measure; by default each of them");
    command.option("--save", options.save, "FILE",
                   "write the network as a file, to change it or to have it without ONNX");
    command.app.add_flag("--measure", options.measure,
                         "run it now, at that batch, by the kernels that clprobe has, verified");
    command.option("--against", options.against, "cpu",
                   "measure it, or without a network all operators, on the devices and by the "
                   "processor's own libraries in turn");
    command
        .option("--rounds", options.rounds, "N", "of --against: how often each side has its turn")
        ->check(CLI::Range(1, 1000))
        ->capture_default_str();
    command
        .option("--profile", options.profile, "tiny|quick|standard|thorough",
                "how much time --measure, or a turn of --against, takes (default: standard)")
        ->envname("CLPROBE_PROFILE");
    command.option("--type", options.type, "fp32|fp16", "of weights and activations")
        ->capture_default_str();
    command.option("--batch", options.batch, "N", "how many inputs at a time")
        ->capture_default_str()
        ->transform(CLI::Validator(whole_number, ""));
    command.app.add_flag("--markdown", options.as_markdown, "print the table in Markdown");
    command.option("--json", options.json, "FILE", "write it as data; - is stdout");
}

void describe_new_probe(Command command) {
    Options &options = command.options;
    command.option("FAMILY/NAME", options.probe, "", "what it is called, compute/step_rate")
        ->required();
    command.option("--in", options.folder, "DIR", "the project (default: this folder)");
    command
        .option("--namespace", options.name_space, "NAME",
                "of a project of your own, as it gives it to clprobe_add_probes")
        ->capture_default_str();
}

/// A standard stream that is closed would lend its number to the next file that is opened, and what
/// is printed would go there. It is kept taken by a file on which reading, or writing, fails.
void hold_standard_streams() {
    for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; ++stream)
        if (::fcntl(stream, F_GETFD) < 0)
            ::open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

/// Parses the command line, runs the command and returns the exit status.
int run_command_line(int argc, char **argv, const Registry &registry) {
    CLI::App app("What an OpenCL device really packs: probes that measure it, and say how sure "
                 "they are.");
    app.name("clprobe");
    app.set_version_flag("--version", "clprobe " + std::string(version()));
    app.require_subcommand(0, 1);
    app.fallthrough();

    int status = exit_usage;
    std::deque<Options> all;
    const auto add = [&](const char *name, const char *what, void (*describe)(Command),
                         const auto &run) {
        CLI::App &command = *app.add_subcommand(name, what);
        Options &options = all.emplace_back();
        describe({command, options});
        command.callback([&status, &options, &registry, run] { status = run(options, registry); });
    };
    add("devices", "every OpenCL device: its slug, its driver, and what a full run misses there",
        describe_devices, devices_command);
    add("list", "probes: what each asks, what it needs, which findings it makes", describe_list,
        list_command);
    add("run", "measure a device and say what was found", describe_run,
        [&](const Options &options, const Registry &probes) {
            return run_command(options, probes, std::vector<std::string>(argv, argv + argc));
        });
    add("tune",
        "search for the best way to do the work of some probes, or of a network, and keep it",
        describe_tune, [&](const Options &options, const Registry &probes) {
            return tune_command(options, probes, std::vector<std::string>(argv, argv + argc));
        });
    add("inspect", "what the driver's compiler made of each kernel, in its own words",
        describe_inspect, inspect_command);
    add("analyze", "findings anew from a report (JSON) or from series (CSV); needs no OpenCL",
        describe_analyze, analyze_command);
    add("check", "claims, bounds and published figures held against a report; needs no OpenCL",
        describe_check, check_command);
    add("export", "the findings of a report in the format of another tool; needs no OpenCL",
        describe_export, export_command);
    add("compare", "what got worse against earlier reports of the same device; needs no OpenCL",
        describe_compare, compare_command);
    add("html", "one page of reports that opens without a network, several side by side",
        describe_html, html_command);
    add("ab", "one device under two environments in turns: what one of them makes worse",
        describe_ab, ab_command);
    add("show", "a report's datasheet, or what it says of some probes; needs no OpenCL",
        describe_show, show_command);
    add("network", "a neural network layer by layer, and what a device makes of it",
        describe_network, network_command);
    add("new-probe", "write all files of a new probe, which build and pass as they are",
        describe_new_probe, new_probe_command);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError &error) {
        if (error.get_exit_code() != 0)
            refuse(app, error);
        return app.exit(error);
    }
    if (app.get_subcommands().empty())
        std::cerr << app.help();
    return status;
}

int guarded(int argc, char **argv, const Registry &registry) {
    try {
        // One that is not there would leave the built-in kernels in use, unnoticed.
        const std::string folder = environment("CLPROBE_KERNEL_DIR");
        if (!folder.empty() && !std::filesystem::is_directory(folder))
            throw InputError("CLPROBE_KERNEL_DIR names no folder: '" + folder + "'");
        return run_command_line(argc, argv, registry);
    } catch (const InputError &error) {
        say(error.what());
        return exit_usage;
    } catch (const Cancelled &) {
        return exit_interrupted();
    } catch (const std::exception &error) {
        say(error.what());
        return exit_failed;
    }
}

} // namespace
} // namespace clprobe::runner

namespace clprobe {

int run_main(int argc, char **argv, const Registry &registry) {
    runner::hold_standard_streams();
    // PoCL's workers are not pinned otherwise, and the system then stacks them on one core for many
    // launches in a row: half the speed. Drivers read it with the first question to a platform.
    ::setenv("POCL_AFFINITY", "1", 0);
    if (argc > 1 && argv[1] == runner::child_command)
        return runner::run_as_child(registry);
    const int status = runner::guarded(argc, argv, registry);
    if (!std::cout.flush() && status == runner::exit_done) {
        runner::say("cannot write to standard output");
        return runner::exit_failed;
    }
    return status;
}

} // namespace clprobe
