#include <clprobe/error.hpp>
#include <clprobe/session.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace clprobe {
namespace {

/// Adds the probe behind those whose findings it wants.
void add_with_wants(const Registry &registry, const Probe &probe,
                    const std::vector<const Probe *> &asked, Profile profile, int depth,
                    std::vector<PlannedProbe> &plan) {
    if (std::any_of(plan.begin(), plan.end(),
                    [&](const PlannedProbe &planned) { return planned.probe == &probe; }))
        return;
    if (depth > 100)
        throw Error(fmt::format("probe {} wants findings that want its own", probe.info().name));
    std::vector<std::string> wants = probe.info().depends_on;
    wants.insert(wants.begin(), "host/event_timer"); // the clock of all the others
    for (const std::string &name : wants)
        if (const Probe *wanted = registry.find(name); wanted != nullptr && wanted != &probe)
            add_with_wants(registry, *wanted, asked, profile, depth + 1, plan);
    const bool prerequisite = std::find(asked.begin(), asked.end(), &probe) == asked.end();
    const Profile used = prerequisite ? std::min(profile, Profile::quick) : profile;
    plan.push_back({&probe, prerequisite, used, budget(probe.info(), used)});
}

} // namespace

std::vector<PlannedProbe> plan(const Registry &registry, std::span<const std::string> patterns,
                               Profile profile) {
    const std::vector<const Probe *> asked = registry.match(patterns);
    std::vector<PlannedProbe> planned;
    for (const Probe *probe : asked)
        add_with_wants(registry, *probe, asked, profile, 0, planned);
    return planned;
}

} // namespace clprobe
