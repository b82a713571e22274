#include "model/pattern.hpp"
#include "model/text.hpp"

#include <clprobe/error.hpp>
#include <clprobe/session.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>

// Which probes there are, which of them are run, and for how long.
namespace clprobe {
namespace {

constexpr Names<Profile, 4> profiles = {{{Profile::tiny, "tiny"},
                                         {Profile::quick, "quick"},
                                         {Profile::standard, "standard"},
                                         {Profile::thorough, "thorough"}}};

std::string_view family_of(std::string_view name) {
    return name.substr(0, name.find('/'));
}

bool names(std::string_view pattern, const std::unique_ptr<Probe> &probe) {
    const std::string &name = probe->info().name;
    return fits_pattern(pattern, name) || pattern == family_of(name);
}

/// Whether the probe makes a finding whose key is named.
bool finds(std::string_view pattern, const std::unique_ptr<Probe> &probe) {
    return std::ranges::any_of(probe->info().findings, [&](const FindingKey &listed) {
        return names_key(pattern, listed.key);
    });
}

/// What may have been meant by a pattern: a probe, a family, or the probe of that finding.
std::map<std::string, std::string> known_names(const Registry &registry) {
    std::map<std::string, std::string> known;
    for (const auto &probe : registry.probes()) {
        const ProbeInfo &info = probe->info();
        known[info.name] = known[std::string(family_of(info.name))] = "";
        for (const FindingKey &key : info.findings)
            known[key.key] = fmt::format("{}, which finds {}", info.name, key.key);
    }
    return known;
}

/// Adds the probe behind those whose findings it wants.
void add_with_wants(const Registry &registry, const Probe &probe,
                    const std::vector<const Probe *> &asked, Profile profile, int depth,
                    std::vector<PlannedProbe> &plan) {
    if (std::ranges::find(plan, &probe, &PlannedProbe::probe) != plan.end())
        return;
    if (depth > 100)
        throw Error(fmt::format("probe {} wants findings that want its own", probe.info().name));
    std::vector<std::string> wants = probe.info().depends_on;
    wants.insert(wants.begin(), "host/event_timer"); // the clock of all the others
    for (const std::string &name : wants)
        if (const Probe *wanted = registry.find(name); wanted != nullptr && wanted != &probe)
            add_with_wants(registry, *wanted, asked, profile, depth + 1, plan);
    const bool prerequisite = std::ranges::find(asked, &probe) == asked.end();
    const Profile used = prerequisite ? std::min(profile, Profile::quick) : profile;
    plan.push_back({&probe, prerequisite, used, budget(probe.info(), used)});
}

} // namespace

std::string_view name(Profile profile) {
    return word_of(profiles, profile);
}
std::optional<Profile> parse_profile(std::string_view text) {
    return value_of(profiles, text);
}

double budget(const ProbeInfo &probe, Profile profile) {
    constexpr std::array parts = {20.0, 4.0, 1.0, 0.25}; // by profile
    const double seconds = probe.seconds / parts.at(static_cast<std::size_t>(profile));
    return profile == Profile::quick ? probe.quick_seconds.value_or(seconds) : seconds;
}

std::vector<KernelVariant> Probe::kernels(const DeviceInfo & /*device*/) const {
    std::vector<KernelVariant> variants;
    for (const std::string &text : info().kernels)
        variants.push_back({{}, text, {}, {}});
    return variants;
}

void Registry::add(std::unique_ptr<Probe> probe) {
    probes_.push_back(std::move(probe));
}
void Registry::add(KernelText text) {
    kernels_.push_back(std::move(text));
}

const Probe *Registry::find(std::string_view name) const {
    for (const auto &probe : probes_)
        if (probe->info().name == name)
            return probe.get();
    return nullptr;
}

const KernelText &Registry::kernel(std::string_view name) const {
    const auto found = std::ranges::find(kernels_, name, &KernelText::name);
    if (found == kernels_.end())
        throw Error(fmt::format("no kernel text is called {}", name));
    return *found;
}

std::vector<const Probe *> Registry::match(std::span<const std::string> patterns) const {
    std::vector<const Probe *> matched;
    const auto match_by = [&](const std::string &pattern, const auto &fits) {
        const std::size_t before = matched.size();
        for (const auto &probe : probes_)
            if (fits(pattern, probe))
                matched.push_back(probe.get());
        return matched.size() > before;
    };
    for (const std::string &pattern : patterns)
        if (!match_by(pattern, names) && !match_by(pattern, finds))
            throw InputError(unknown_name("probe", pattern, known_names(*this),
                                          "`clprobe list` shows them all"));
    std::vector<const Probe *> ordered;
    for (const auto &probe : probes_)
        if (patterns.empty() || std::ranges::find(matched, probe.get()) != matched.end())
            ordered.push_back(probe.get());
    return ordered;
}

std::vector<PlannedProbe> plan(const Registry &registry, std::span<const std::string> patterns,
                               Profile profile) {
    std::vector<const Probe *> asked = registry.match(patterns);
    if (patterns.empty())
        std::erase_if(asked, [](const Probe *probe) { return probe->info().on_request; });
    std::vector<PlannedProbe> planned;
    for (const Probe *probe : asked)
        add_with_wants(registry, *probe, asked, profile, 0, planned);
    return planned;
}

} // namespace clprobe
