#include <clprobe/error.hpp>
#include <clprobe/registry.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace clprobe {
namespace {

/// Whether the pattern, in which `*` stands for any text, covers the whole name.
bool fits_pattern(std::string_view pattern, std::string_view name) {
    if (pattern.empty())
        return name.empty();
    if (pattern.front() == '*') {
        for (std::size_t skip = 0; skip <= name.size(); ++skip)
            if (fits_pattern(pattern.substr(1), name.substr(skip)))
                return true;
        return false;
    }
    return !name.empty() && pattern.front() == name.front() &&
           fits_pattern(pattern.substr(1), name.substr(1));
}

std::string_view family_of(std::string_view name) {
    return name.substr(0, name.find('/'));
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

} // namespace

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
    for (const KernelText &text : kernels_)
        if (text.name == name)
            return text;
    throw Error(fmt::format("no kernel text is called {}", name));
}

std::vector<const Probe *> Registry::match(std::span<const std::string> patterns) const {
    std::vector<bool> wanted(probes_.size(), patterns.empty());
    for (const std::string &pattern : patterns) {
        bool found = false;
        for (std::size_t i = 0; i < probes_.size(); ++i) {
            const std::string &name = probes_[i]->info().name;
            if (fits_pattern(pattern, name) || pattern == family_of(name))
                wanted[i] = found = true;
        }
        if (!found)
            throw InputError(unknown_name("probe", pattern, known_names(*this),
                                          "`clprobe list` shows them all"));
    }
    std::vector<const Probe *> matched;
    for (std::size_t i = 0; i < probes_.size(); ++i)
        if (wanted[i])
            matched.push_back(probes_[i].get());
    return matched;
}

} // namespace clprobe
