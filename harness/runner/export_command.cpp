#include "commands.hpp"
#include "io/file.hpp"

#include <clprobe/error.hpp>
#include <clprobe/exports.hpp>

#include <fmt/format.h>

#include <map>
#include <system_error>
#include <vector>

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

/// The file's name without its ending.
std::string stem_of(const std::filesystem::path &file) {
    const std::filesystem::path name = file.filename();
    return (name.extension() == ".gz" ? name.stem() : name).stem().string();
}

std::string markdown_of(const std::vector<std::filesystem::path> &files) {
    std::vector<NamedReport> reports;
    for (const std::filesystem::path &file : files)
        reports.push_back({stem_of(file), summary_of(read_report(file))});
    return side_by_side_markdown(reports);
}

[[noreturn]] void refuse_format(const std::string &format) {
    std::map<std::string, std::string> known = {{"github-action", ""}, {"markdown", ""}};
    for (const auto &[name, make] : formats)
        known[name];
    throw InputError(
        unknown_name("format", format, known, "`clprobe export --help` shows them all"));
}

} // namespace

int export_command(const Options &options, const Registry & /*registry*/) {
    if (options.format == "markdown") {
        write_file(options.output, markdown_of(options.files));
        return exit_done;
    }
    const auto format = formats.find(options.format);
    const bool for_github_action = options.format == "github-action";
    if (format == formats.end() && !for_github_action)
        refuse_format(options.format);
    if (options.files.size() > 1)
        throw InputError(fmt::format("--as {} takes one report; markdown alone sets several side "
                                     "by side",
                                     options.format));
    const Report report = read_report(options.files.front());
    if (for_github_action)
        write_for_github_action(report, options.output);
    else
        write_file(options.output, format->second(report));
    return exit_done;
}

} // namespace clprobe::runner
