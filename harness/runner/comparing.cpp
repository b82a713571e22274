#include "comparing.hpp"
#include "console.hpp"
#include "io/comparison.hpp"
#include "io/file.hpp"
#include "io/json_members.hpp"
#include "measure/session.hpp"
#include "names.hpp"

#include <clprobe/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iostream>
#include <utility>

namespace clprobe::runner {
namespace {

/// An effect in per cent as the library has it.
double share_of(double per_cent, const std::string &where) {
    constexpr double most = 1000;
    if (!(per_cent > 0 && per_cent <= most))
        throw InputError(fmt::format("{}: {} is no effect in per cent (above 0, {} at most)", where,
                                     per_cent, most));
    return per_cent / 100;
}

/// Throws InputError for a key that no probe makes: it would never be used.
void check_listed(const std::string &key, const Registry &registry) {
    for (const auto &probe : registry.probes())
        for (const FindingKey &listed : probe->info().findings)
            if (is_listed_as(key, listed.key))
                return;
    throw InputError(unknown_finding(key, registry));
}

/// Shows how far a run of some probes is.
class ProgressObserver : public Observer {
public:
    explicit ProgressObserver(std::string before) : before_(std::move(before)) {}

    void device_in_use(const DeviceInfo &device, const std::string &holder) override {
        progress_.clear();
        say_in_use(device, holder);
    }
    void probe_started(const PlannedProbe &planned, const DeviceInfo &) override {
        probe_ = planned.probe->info().name;
        probe_progress(0);
    }
    void probe_progress(double share) override {
        progress_.show(
            fmt::format("{}{}  {:.0f} %", before_, probe_, 100 * std::clamp(share, 0.0, 1.0)));
    }

private:
    std::string before_;
    std::string probe_;
    ProgressLine progress_;
};

} // namespace

CompareOptions compare_options(const Options &options, const Registry &registry) {
    CompareOptions compare;
    if (options.min_effect)
        compare.min_effect = share_of(*options.min_effect, "--min-effect");
    if (!options.min_effects)
        return compare;
    const std::string text = read_file(*options.min_effects);
    compare.min_effects = naming_file(*options.min_effects, [&] {
        const Json json = parse_json(text);
        std::map<std::string, double> effects;
        read(JsonNode(json), effects);
        for (auto &[key, effect] : effects) {
            check_listed(key, registry);
            effect = share_of(effect, key);
        }
        return effects;
    });
    return compare;
}

int show_comparison(const Comparison &comparison, const Options &options, const char *title) {
    if (options.json)
        write_file(*options.json, to_text(to_json(comparison)));
    if (options.junit)
        write_file(*options.junit, to_junit(title, junit_cases(comparison, options.strict)));
    if (options.json != "-" && options.junit != "-")
        std::cout << (options.as_markdown
                          ? comparison_markdown(comparison)
                          : comparison_text(comparison, style_of_stdout(), options.verbose));
    return comparison.fails(options.strict) ? exit_failed : exit_done;
}

void run_probes(const std::vector<PlannedProbe> &planned, const DeviceInfo &device,
                const Worker &worker, const RunOptions &run, const std::string &before,
                Report &report) {
    ProgressObserver observer(before);
    run_plan(
        planned, std::array{device},
        [&](const PlannedProbe &probe, const DeviceInfo &on, const Facts &facts) {
            return worker.run_probe(probe, on, facts, run,
                                    [&](double share) { observer.probe_progress(share); });
        },
        run, observer, report, [&](const DeviceInfo &on) { return worker.check(on, true); });
    if (run.stop.stop_requested())
        throw Cancelled();
}

} // namespace clprobe::runner
