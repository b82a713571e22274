#include "names.hpp"

#include <clprobe/error.hpp>

#include <map>

namespace clprobe::runner {

Profile profile_named(const std::string &name) {
    const auto profile = parse_profile(name);
    if (!profile)
        throw InputError(unknown_name(
            "profile", name, {{"tiny", ""}, {"quick", ""}, {"standard", ""}, {"thorough", ""}},
            "tiny, quick, standard and thorough are"));
    return *profile;
}

std::string unknown_finding(const std::string &key, const Registry &registry) {
    std::map<std::string, std::string> known;
    for (const auto &probe : registry.probes())
        for (const FindingKey &listed : probe->info().findings)
            known[listed.key];
    return unknown_name("finding", key, known, "`clprobe list` shows those of each probe");
}

} // namespace clprobe::runner
