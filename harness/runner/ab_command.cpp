#include "comparing.hpp"
#include "console.hpp"
#include "inspect/code_difference.hpp"
#include "measure/session.hpp"
#include "names.hpp"

#include <clprobe/error.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <array>
#include <random>
#include <set>

namespace clprobe::runner {
namespace {

/// One of the two conditions: its environment, its processes, what they found.
struct Side {
    const char *name;
    Variables environment;
    std::optional<Worker> worker;
    DeviceInfo device;
    std::vector<Report> reports; ///< one a pair
};

/// Of 'VAR=x OTHER="a b"'.
Variables variables_in(const std::string &text, const char *option) {
    Variables variables;
    for (const std::string &part : CLI::detail::split_up(text)) {
        const auto equals = part.find('=');
        if (equals == part.npos || equals == 0)
            throw InputError(fmt::format("{}: '{}' sets no variable; it takes 'VAR=value "
                                         "OTHER=value'",
                                         option, part));
        std::string value = part.substr(equals + 1);
        CLI::detail::remove_quotes(value);
        variables[part.substr(0, equals)] = value;
        if (part.starts_with("CLPROBE_KERNEL_DIR=") && !std::filesystem::is_directory(value))
            throw InputError(
                fmt::format("{}: CLPROBE_KERNEL_DIR names no folder: '{}'", option, value));
    }
    return variables;
}

/// Nothing, having said why, where this condition has no device.
bool find_device(Side &side, const Options &options) {
    const Listing listing = side.worker->list();
    if (listing.devices.empty()) {
        say(fmt::format("{}: {}", side.name, listing.problem));
        return false;
    }
    const auto chosen = select(listing.devices, options.device.value_or(""));
    if (chosen.size() != 1)
        throw InputError("ab looks at one device at a time: choose it with --device");
    side.device = listing.devices[chosen.front()];
    return true;
}

/// A B, B A, A B, ... probe after probe, so that little time lies between the two of a pair.
void measure_in_turns(std::array<Side, 2> &sides, const std::vector<PlannedProbe> &planned,
                      const RunOptions &run, std::size_t pairs) {
    for (std::size_t end = 1; end <= planned.size(); ++end) {
        const std::vector<PlannedProbe> so_far(planned.begin(),
                                               planned.begin() + static_cast<std::ptrdiff_t>(end));
        for (std::size_t turn = 0; turn < 2 * pairs; ++turn) {
            const std::size_t pair = turn / 2;
            Side &side = sides[(turn + pair) % 2];
            run_probes(so_far, side.device, *side.worker, run,
                       fmt::format("[{}/{}] pair {} of {}, {}: ", end, planned.size(), pair + 1,
                                   pairs, side.name),
                       side.reports[pair]);
        }
    }
}

Inspection inspected(const Side &side, const std::vector<const Probe *> &probes) {
    Inspection inspection{std::string(version()), side.device, {}};
    ProgressLine progress;
    side.worker->inspect(probes, side.device, {true, false}, [&](InspectedKernel kernel) {
        inspection.kernels.push_back(std::move(kernel));
        progress.show(fmt::format("{}: kernels of {}", side.name, inspection.kernels.back().probe));
    });
    return inspection;
}

/// Says beside each finding that changed what became of the code.
void note_code(Comparison &comparison, const std::array<Side, 2> &sides, const Registry &registry) {
    std::vector<const Probe *> probes;
    std::set<std::string> seen;
    for (const FindingComparison &finding : comparison.devices.front().findings)
        if (finding.verdict == Verdict::worse || finding.verdict == Verdict::better)
            if (const Probe *probe = registry.find(finding.probe);
                probe != nullptr && seen.insert(finding.probe).second)
                probes.push_back(probe);
    if (probes.empty())
        return;
    make_compilers_talk(); // not before: it costs time in each build
    const Inspection before = inspected(sides[0], probes);
    const Inspection after = inspected(sides[1], probes);
    for (FindingComparison &finding : comparison.devices.front().findings)
        if (seen.contains(finding.probe) &&
            (finding.verdict == Verdict::worse || finding.verdict == Verdict::better))
            finding.note = code_difference(before, after, finding.probe);
}

} // namespace

int ab_command(const Options &options, const Registry &registry) {
    const CompareOptions compare_as = compare_options(options, registry);
    std::array<Side, 2> sides{
        Side{"base", variables_in(options.base_environment, "--base"), {}, {}, {}},
        Side{"new", variables_in(options.new_environment, "--new"), {}, {}, {}}};
    if (sides[0].environment == sides[1].environment)
        throw InputError("--base and --new are the same: there is nothing to compare");
    const Interrupts interrupts;
    std::random_device random;
    const RunOptions run{profile_named(options.profile.value_or("quick")), random(),
                         interrupts.token()};
    const std::vector<PlannedProbe> planned = plan(registry, options.probes, run.profile);
    for (Side &side : sides) {
        side.worker.emplace(registry, Isolation{options.timeout, options.driver_output, true,
                                                run.stop, side.environment});
        if (!find_device(side, options))
            return exit_no_device;
        Report report = new_report(run, {"clprobe", "ab"});
        for (const auto &[name, value] : side.environment)
            report.host.environment[name] = value;
        side.reports.assign(options.pairs, report);
    }
    measure_in_turns(sides, planned, run, options.pairs);
    Comparison comparison = compare_pairs(sides[0].reports, sides[1].reports, compare_as);
    note_code(comparison, sides, registry);
    return show_comparison(comparison, options, "clprobe ab");
}

} // namespace clprobe::runner
