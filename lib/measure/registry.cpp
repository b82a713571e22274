#include <clprobe/error.hpp>
#include <clprobe/registry.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

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

/// Levenshtein's distance.
std::size_t edits(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i + 1;
        for (std::size_t j = 0; j < b.size(); ++j) {
            const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
        }
    }
    return row.back();
}

std::string_view family_of(std::string_view name) {
    return name.substr(0, name.find('/'));
}
std::string_view after_slash(std::string_view name) {
    return name.substr(name.find('/') + 1);
}

/// Whether that is the key: "buffer.l<n>.size" stands for those of all levels.
bool is_key(std::string_view key, std::string_view text) {
    const auto level = key.find("<n>");
    if (level == std::string_view::npos)
        return key == text;
    std::string pattern(key);
    return fits_pattern(pattern.replace(level, 3, "*"), text);
}

/// The name that is nearest to `wrong` in edits; empty where none is near.
std::string nearest_name(std::string_view wrong, const std::vector<std::string> &names) {
    std::string best;
    std::size_t least = std::max<std::size_t>(3, wrong.size() / 2);
    for (const std::string &name : names) {
        const std::size_t distance = std::min(edits(wrong, name), edits(wrong, after_slash(name)));
        if (distance < least) {
            least = distance;
            best = name;
        }
    }
    return best;
}

/// The probe that makes a finding of that key, or null.
const Probe *maker_of(const std::vector<std::unique_ptr<Probe>> &probes, std::string_view key) {
    for (const auto &probe : probes)
        for (const FindingKey &made : probe->info().findings)
            if (is_key(made.key, key))
                return probe.get();
    return nullptr;
}

/// What may have been meant by a pattern that no probe fits.
std::string suggestion(const std::vector<std::unique_ptr<Probe>> &probes,
                       const std::string &pattern) {
    if (const Probe *maker = maker_of(probes, pattern))
        return fmt::format("it is a finding of {}", maker->info().name);
    std::vector<std::string> names;
    for (const auto &probe : probes) {
        names.push_back(probe->info().name);
        names.emplace_back(family_of(probe->info().name));
        for (const FindingKey &key : probe->info().findings)
            names.push_back(key.key);
    }
    const std::string nearest = nearest_name(pattern, names);
    if (const Probe *maker = maker_of(probes, nearest))
        return fmt::format("did you mean the finding {} of {}?", nearest, maker->info().name);
    return nearest.empty() ? "" : fmt::format("did you mean {}?", nearest);
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
        if (found)
            continue;
        const std::string meant = suggestion(probes_, pattern);
        throw InputError(fmt::format("no probe is called \"{}\"{}; `clprobe list` shows them all",
                                     pattern, meant.empty() ? "" : " (" + meant + ")"));
    }
    std::vector<const Probe *> matched;
    for (std::size_t i = 0; i < probes_.size(); ++i)
        if (wanted[i])
            matched.push_back(probes_[i].get());
    return matched;
}

} // namespace clprobe
