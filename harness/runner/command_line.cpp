#include "command_line.hpp"
#include "commands.hpp"

#include <clprobe/error.hpp>
#include <clprobe/report.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <iostream>
#include <map>
#include <string>
#include <vector>

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

/// `--json [FILE]`: standard output where no file is named.
void add_json(CLI::App &command, std::optional<std::filesystem::path> &json) {
    command.add_option("--json", json, "write the same as JSON, to FILE or standard output")
        ->type_name("[FILE]")
        ->expected(0, 1)
        ->default_str("-");
}

constexpr const char *probe_patterns = "names, families or globs (memory/*); all by default";
/// How one device is chosen.
constexpr const char *one_device = "slug, index, cpu, gpu, or part of the name";

void add_device(CLI::App &command, std::optional<std::string> &device, const std::string &choice) {
    command
        .add_option("--device", device,
                    choice + "; by default the first GPU, else the first device")
        ->type_name("SELECTOR")
        ->envname("CLPROBE_DEVICE");
}

void add_picture(CLI::App &command, std::optional<std::filesystem::path> &picture) {
    command.add_option("--picture", picture, "write the picture of a probe that makes one, as PGM")
        ->type_name("FILE");
}

void add_summary(CLI::App &command, std::optional<std::filesystem::path> &summary) {
    command
        .add_option("--summary", summary,
                    "write the report without samples, which cannot be made anew; - is stdout")
        ->type_name("FILE");
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

/// What keeps a probe's process from spoiling the others.
template <typename Options>
void add_isolation(CLI::App &command, Options &options) {
    command.add_option("--timeout", options.timeout, "wall limit of a probe, in seconds")
        ->type_name("S")
        ->check(positive);
    command.add_flag("--isolate,!--no-isolate", options.isolate,
                     "each probe in a child process (the default)");
    command.add_flag("--verbose", options.verbose, "pass on what drivers print");
}

void add_devices(CLI::App &app, DevicesOptions &options) {
    CLI::App &command = *app.add_subcommand(
        "devices", "every OpenCL device: its slug, its driver, and what a full run misses there");
    add_json(command, options.json);
    command.add_flag("--isolate,!--no-isolate", options.isolate,
                     "open the devices in a child process (the default)");
    command.add_flag("--verbose", options.verbose, "pass on what drivers print");
}

void add_list(CLI::App &app, ListOptions &options) {
    CLI::App &command = *app.add_subcommand(
        "list", "probes: what each asks, what it needs, which findings it makes");
    command.add_option("PROBE", options.probes, probe_patterns);
    add_json(command, options.json);
    command
        .add_option("--markdown", options.markdown,
                    "write a page a probe, to folder DIR or standard output")
        ->type_name("[DIR]")
        ->expected(0, 1)
        ->default_str("-");
}

void add_run(CLI::App &app, RunCommandOptions &options) {
    CLI::App &command = *app.add_subcommand("run", "measure a device and say what was found");
    command.add_option("PROBE", options.probes, probe_patterns);
    add_device(command, options.device, std::string(one_device) + "; all for each of them");
    command.add_option("--profile", options.profile, "how much time to take (default: standard)")
        ->type_name("tiny|quick|standard|thorough")
        ->envname("CLPROBE_PROFILE");
    command
        .add_option("--json", options.json, "write the report, anew after each probe; - is stdout")
        ->type_name("FILE");
    add_summary(command, options.summary);
    command.add_option("--csv", options.csv, "write each series as a file into this folder")
        ->type_name("DIR");
    add_picture(command, options.picture);
    command
        .add_option("--resume", options.resume,
                    "go on with an interrupted report (and write there, unless --json says else)")
        ->type_name("FILE");
    command
        .add_option("--seed", options.seed,
                    "of everything random; without it one is drawn, and recorded")
        ->type_name("N")
        ->transform(CLI::Validator(whole_number, ""));
    add_isolation(command, options);
}

void add_inspect(CLI::App &app, InspectCommandOptions &options) {
    CLI::App &command = *app.add_subcommand(
        "inspect", "what the driver's compiler made of each kernel, in its own words");
    command.add_option("PROBE", options.probes, probe_patterns);
    add_device(command, options.device, one_device);
    add_json(command, options.json);
    command
        .add_option("--compare", options.compare,
                    "say which kernels are not what they were; exit 1 where there are any")
        ->type_name("OLD.json");
    command.add_option("--read", options.read, "show an earlier inspection, in place of a new one")
        ->type_name("FILE");
    command.add_flag("--disassemble", options.disassemble,
                     "keep the code that the compiler wrote in the JSON, or print it");
    command.add_flag("--launch", options.launch,
                     "launch each kernel once, with arguments made up: some drivers compile then");
    add_isolation(command, options);
}

void add_analyze(CLI::App &app, AnalyzeOptions &options) {
    CLI::App &command = *app.add_subcommand(
        "analyze", "findings anew from a report (JSON) or from series (CSV); needs no OpenCL");
    command.add_option("FILE", options.files, "reports or CSV files; - is stdin")->required();
    command.add_option("--probe", options.probe,
                       "which probe a CSV of another tool is for, or only this one of a report");
    command
        .add_option("--columns", options.columns,
                    "which column of a CSV is what: NAME=COLUMN[@TEXT][:UNIT],... as in "
                    "footprint=1:KiB,latency=3:ns (docs/csv.md)")
        ->type_name("MAP");
    command.add_option("--skip", options.skip, "lines of a CSV above its header or its first row")
        ->type_name("N");
    command.add_option("--json", options.json, "write the report with the new findings")
        ->type_name("FILE");
    add_summary(command, options.summary);
    add_picture(command, options.picture);
    command.add_flag("--verify", options.verify,
                     "exit 1 where a finding is not what the report says, to the last bit");
}

void add_new_probe(CLI::App &app, NewProbeOptions &options) {
    CLI::App &command = *app.add_subcommand(
        "new-probe", "write all files of a new probe, which build and pass as they are");
    command.add_option("FAMILY/NAME", options.probe, "what it is called, compute/step_rate")
        ->required();
    command.add_option("--in", options.folder, "the project (default: this folder)")
        ->type_name("DIR");
    command
        .add_option("--namespace", options.name_space,
                    "of a project of your own, as it gives it to clprobe_add_probes")
        ->type_name("NAME")
        ->capture_default_str();
}

} // namespace

int run_command_line(int argc, char **argv, const Registry &registry) {
    CLI::App app("What an OpenCL device really packs: probes that measure it, and say how sure "
                 "they are.");
    app.name("clprobe");
    app.set_version_flag("--version", "clprobe " + std::string(version()));
    app.require_subcommand(0, 1);
    app.fallthrough();

    DevicesOptions devices;
    ListOptions list;
    RunCommandOptions run;
    InspectCommandOptions inspect;
    AnalyzeOptions analyze;
    NewProbeOptions new_probe;
    add_devices(app, devices);
    add_list(app, list);
    add_run(app, run);
    add_inspect(app, inspect);
    add_analyze(app, analyze);
    add_new_probe(app, new_probe);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError &error) {
        if (error.get_exit_code() != 0)
            refuse(app, error);
        return app.exit(error);
    }
    if (app.get_subcommands().empty()) {
        std::cerr << app.help();
        return exit_usage;
    }
    if (app.got_subcommand("devices"))
        return devices_command(devices, registry);
    if (app.got_subcommand("list"))
        return list_command(list, registry);
    if (app.got_subcommand("run"))
        return run_command(run, registry, std::vector<std::string>(argv, argv + argc));
    if (app.got_subcommand("inspect"))
        return inspect_command(inspect, registry);
    if (app.got_subcommand("new-probe"))
        return new_probe_command(new_probe);
    return analyze_command(analyze, registry);
}

} // namespace clprobe::runner
