#include "commands.hpp"
#include "io/file.hpp"

#include <clprobe/error.hpp>
#include <clprobe/exports.hpp>

#include <fmt/format.h>

#include <map>
#include <system_error>

namespace clprobe::runner {
namespace {

/// The formats of which a report makes one file.
const std::map<std::string, std::string (*)(const Report &)> formats = {
    {"bencher", bencher_json}, {"csv", findings_csv},  {"google-benchmark", google_benchmark_json},
    {"junit", junit_xml},      {"lava", lava_signals}, {"openmetrics", openmetrics_text}};

void write_for_github_action(const Report &report, const std::filesystem::path &folder) {
    if (folder == "-")
        throw InputError("--as github-action makes two files, bigger-is-better.json and "
                         "smaller-is-better.json: -o DIR says where");
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error)
        throw InputError(
            fmt::format("cannot make the folder '{}': {}", folder.string(), error.message()));
    const GithubActionFiles files = github_action_json(report);
    write_file(folder / "bigger-is-better.json", files.bigger_is_better);
    write_file(folder / "smaller-is-better.json", files.smaller_is_better);
}

[[noreturn]] void refuse_format(const std::string &format) {
    std::map<std::string, std::string> known = {{"github-action", ""}};
    for (const auto &[name, make] : formats)
        known[name];
    throw InputError(
        unknown_name("format", format, known, "`clprobe export --help` shows them all"));
}

} // namespace

int export_command(const Options &options, const Registry & /*registry*/) {
    const auto format = formats.find(options.format);
    if (format == formats.end() && options.format != "github-action")
        refuse_format(options.format);
    const Report report = read_report(options.files.front());
    if (format == formats.end())
        write_for_github_action(report, options.output);
    else
        write_file(options.output, format->second(report));
    return exit_done;
}

} // namespace clprobe::runner
