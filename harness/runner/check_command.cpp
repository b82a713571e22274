#include "commands.hpp"
#include "console.hpp"
#include "io/expectations.hpp"
#include "io/file.hpp"
#include "io/markup.hpp"
#include "model/pattern.hpp"
#include "names.hpp"

#include <clprobe/error.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iostream>
#include <span>

namespace clprobe::runner {
namespace {

namespace fs = std::filesystem;

/// What a file of expectations says of the report.
struct CheckedFile {
    fs::path file;
    Expectations expectations;
    std::vector<CheckedExpectation> results; ///< none where it is about other devices
};

/// Whether a probe makes findings of that key.
bool is_made(const std::string &key, const Registry &registry) {
    return std::ranges::any_of(registry.probes(), [&](const auto &probe) {
        return std::ranges::any_of(probe->info().findings, [&](const FindingKey &listed) {
            return names_key(key, listed.key);
        });
    });
}

/// Refuses a key that is neither in the report nor any probe's: it is misspelt, and would never be
/// tested.
void refuse_unknown_keys(const CheckedFile &checked, const Registry &registry) {
    for (const CheckedExpectation &result : checked.results) {
        const std::string &key = result.expectation.key;
        if (result.finding || key.starts_with("inspect.") || is_made(key, registry))
            continue;
        throw InputError(
            fmt::format("'{}': {}", checked.file.string(), unknown_finding(key, registry)));
    }
}

CheckedFile checked_file(const Report &report, const fs::path &file, const Options &options) {
    CheckedFile checked{file, read_expectations(file), {}};
    std::vector<Expectation> &expectations = checked.expectations.expectations;
    if (options.only) {
        if (*options.only == 0 || *options.only > expectations.size())
            throw InputError(fmt::format("'{}' has {}, and none of number {}", file.string(),
                                         counted(expectations.size(), "expectation"),
                                         *options.only));
        expectations = {expectations[*options.only - 1]};
    }
    checked.results = naming_file(file, [&] { return check(report, checked.expectations); });
    return checked;
}

std::string device_names(const Report &report) {
    std::vector<std::string> names;
    for (const DeviceRecord &device : report.devices)
        names.push_back(fmt::format("'{}'", device.device.name));
    return names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "));
}

JunitCase case_of(const CheckedFile &file, const CheckedExpectation &checked) {
    using Outcome = JunitCase::Outcome;
    JunitCase test{
        file.file.stem().string(), key_of(checked), Outcome::passed,
        fmt::format("{}: asked {}", checked.expectation.claim, asked_text(checked.expectation))};
    if (checked.finding && checked.finding->value)
        test.message += ", found " + value_text(*checked.finding, {.utf8 = true});
    if (!checked.reason.empty())
        test.message += "; " + checked.reason;
    if (checked.verdict != ExpectationVerdict::confirmed)
        test.outcome =
            checked.verdict == ExpectationVerdict::refuted ? Outcome::failed : Outcome::skipped;
    return test;
}

Json json_of(const fs::path &report, const std::vector<CheckedFile> &files) {
    Json document = {{"report", report.string()}, {"files", Json::array()}};
    for (const CheckedFile &file : files) {
        Json results = Json::array();
        for (const CheckedExpectation &checked : file.results)
            results.push_back(to_json(checked));
        document["files"].push_back({{"file", file.file.string()},
                                     {"title", file.expectations.title},
                                     {"applies", !file.results.empty()},
                                     {"expectations", std::move(results)}});
    }
    return document;
}

/// A table for each file and each device that it is about.
void print_for_people(const std::vector<CheckedFile> &files, bool markdown) {
    const TextStyle style = style_of_stdout();
    for (const CheckedFile &file : files)
        for (std::span<const CheckedExpectation> left = file.results; !left.empty();) {
            const auto is_other = [&](const auto &each) { return each.device != left[0].device; };
            const auto end = std::ranges::find_if(left, is_other);
            const auto results = left.first(static_cast<std::size_t>(end - left.begin()));
            left = left.subspan(results.size());
            const std::string title =
                fmt::format("{}, on {}", file.expectations.title, results[0].device);
            if (markdown)
                std::cout << fmt::format("{}: {}\n\n{}\n", markdown_text(title),
                                         verdicts_text(results), checked_markdown(results));
            else
                std::cout << render_table({{{title}, Colour::bold}}, style)
                          << checked_text(results, style) << verdicts_text(results) << "\n\n";
        }
}

} // namespace

int check_command(const Options &options, const Registry &registry) {
    if (options.only && !fs::exists(options.report)) {
        say(fmt::format("there is no '{}': no device was measured", options.report.string()));
        return exit_untestable;
    }
    const Report report = read_report_or_inspection(options.report);
    std::vector<CheckedFile> files;
    std::vector<JunitCase> cases;
    std::vector<CheckedExpectation> all;
    for (const fs::path &path : options.files) {
        const CheckedFile &file = files.emplace_back(checked_file(report, path, options));
        refuse_unknown_keys(file, registry);
        if (file.results.empty())
            say(fmt::format("'{}' is about devices like '{}', and left out: the report's are {}",
                            path.string(), file.expectations.device, device_names(report)));
        for (const CheckedExpectation &checked : file.results)
            cases.push_back(case_of(file, checked));
        all.insert(all.end(), file.results.begin(), file.results.end());
    }
    if (all.empty() && !options.only)
        throw InputError("none of the expectations is about a device of this report");
    if (options.json)
        write_file(*options.json, to_text(json_of(options.report, files)));
    if (options.junit)
        write_file(*options.junit, to_junit("clprobe check", cases));
    if (options.json != "-" && options.junit != "-")
        print_for_people(files, options.as_markdown);
    const auto any = [&](ExpectationVerdict verdict) {
        return std::ranges::find(all, verdict, &CheckedExpectation::verdict) != all.end();
    };
    if (any(ExpectationVerdict::refuted))
        return exit_failed;
    return options.only && !any(ExpectationVerdict::confirmed) ? exit_untestable : exit_done;
}

} // namespace clprobe::runner
