#include "model/text.hpp"

#include <clprobe/device.hpp>
#include <clprobe/error.hpp>

#include <fmt/format.h>

#include <limits>
#include <map>

namespace clprobe {
namespace {

/// The name in lower case, everything but letters and digits become single dashes.
std::string slugged(std::string_view device_name) {
    std::string slug;
    for (const char c : lower(device_name)) {
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
            slug += c;
        else if (!slug.empty() && slug.back() != '-')
            slug += '-';
    }
    slug.resize(slug.find_last_not_of('-') + 1);
    return slug.empty() ? "unnamed" : slug;
}

std::string_view short_type(DeviceType type) {
    return type == DeviceType::accelerator ? "acc" : name(type);
}

template <typename Matches>
std::vector<std::size_t> where(std::span<const DeviceInfo> devices, Matches matches,
                               std::size_t most = std::numeric_limits<std::size_t>::max()) {
    std::vector<std::size_t> found;
    for (std::size_t i = 0; i < devices.size() && found.size() < most; ++i)
        if (matches(devices[i]))
            found.push_back(i);
    return found;
}

std::vector<std::size_t> first_of(std::span<const DeviceInfo> devices, DeviceType type) {
    return where(
        devices, [&](const DeviceInfo &device) { return device.type == type; }, 1);
}

} // namespace

void assign_slugs(std::span<DeviceInfo> devices) {
    std::map<DeviceType, unsigned> count;
    for (DeviceInfo &device : devices)
        device.slug = fmt::format("{}{}-{}", short_type(device.type), count[device.type]++,
                                  slugged(device.name));
}

std::vector<std::size_t> select(std::span<const DeviceInfo> devices, std::string_view selector) {
    const std::string wanted = lower(selector);
    std::vector<std::size_t> found;
    if (wanted.empty()) {
        found = first_of(devices, DeviceType::gpu);
        if (found.empty() && !devices.empty())
            found = {0};
    } else if (wanted == "all") {
        found = where(devices, [](const DeviceInfo &) { return true; });
    } else if (wanted == "cpu" || wanted == "gpu") {
        found = first_of(devices, wanted == "cpu" ? DeviceType::cpu : DeviceType::gpu);
    } else if (const auto index = number_in<std::size_t>(wanted)) {
        if (*index < devices.size())
            found = {*index};
    } else {
        found = where(devices, [&](const DeviceInfo &device) { return device.slug == wanted; });
        if (found.empty())
            found = where(devices, [&](const DeviceInfo &device) {
                return lower(device.name).find(wanted) != std::string::npos;
            });
    }
    if (!found.empty() || devices.empty())
        return found;
    std::map<std::string, std::string> known;
    for (const DeviceInfo &device : devices)
        known[device.slug];
    std::string all;
    for (const auto &[slug, unused] : known)
        all += (all.empty() ? "there are " : ", ") + slug;
    throw InputError(unknown_name("device", selector, known, all));
}

} // namespace clprobe
