#include "model/text.hpp"

#include <clprobe/probe.hpp>

namespace clprobe {

std::vector<KernelVariant> Probe::kernels(const DeviceInfo & /*device*/) const {
    std::vector<KernelVariant> variants;
    for (const std::string &text : info().kernels)
        variants.push_back({{}, text, {}, {}});
    return variants;
}

namespace {

constexpr Names<Profile, 4> profiles = {{{Profile::tiny, "tiny"},
                                         {Profile::quick, "quick"},
                                         {Profile::standard, "standard"},
                                         {Profile::thorough, "thorough"}}};

} // namespace

std::string_view name(Profile profile) {
    return word_of(profiles, profile);
}
std::optional<Profile> parse_profile(std::string_view text) {
    return value_of(profiles, text);
}

double budget(const ProbeInfo &probe, Profile profile) {
    switch (profile) {
    case Profile::tiny:
        return probe.seconds / 20;
    case Profile::quick:
        return probe.quick_seconds.value_or(probe.seconds / 4);
    case Profile::standard:
        return probe.seconds;
    case Profile::thorough:
        return probe.seconds * 4;
    }
    return probe.seconds;
}

} // namespace clprobe
