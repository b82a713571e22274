#include "choices.hpp"
#include "console.hpp"
#include "io/choices.hpp"
#include "io/file.hpp"
#include "io/terminal.hpp"
#include "measure/machine.hpp"
#include "opencl/kernel_text.hpp"

#include <clprobe/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <system_error>

namespace clprobe::runner {
namespace fs = std::filesystem;
namespace {

std::optional<fs::path> cache_folder() {
    if (const std::string cache = environment("XDG_CACHE_HOME"); !cache.empty())
        return cache;
    if (const std::string home = environment("HOME"); !home.empty())
        return fs::path(home) / ".cache";
    return std::nullopt;
}

std::string current_sha256(const Registry &registry, const std::string &kernel) {
    const auto text = std::ranges::find(registry.kernels(), kernel, &KernelText::name);
    return text == registry.kernels().end() ? "" : with_override(*text).sha256;
}

std::vector<Choice> made_by_tuning(const DeviceRecord &device, const Registry &registry) {
    std::vector<Choice> all;
    for (const ProbeRecord &record : device.probes)
        if (const Probe *const probe = registry.find(record.probe);
            probe != nullptr && record.status != Status::failed)
            for (Choice &choice : probe->choices(record.data)) {
                choice.sha256 = current_sha256(registry, choice.kernel);
                all.push_back(std::move(choice));
            }
    return all;
}

} // namespace

fs::path choices_file(const DeviceInfo &device) {
    const auto cache = cache_folder();
    if (!cache)
        throw InputError("there is no place to keep choices: set HOME or XDG_CACHE_HOME");
    const std::string identity =
        sha256(fmt::format("{}\n{}\n{}\n{}", device.name, device.vendor, device.driver_version,
                           device.platform_version));
    // Of several devices of one name any may have made them.
    const std::string model = device.slug.substr(device.slug.find('-') + 1);
    return *cache / "clprobe" / "tuning" / fmt::format("{}-{}.json", model, identity.substr(0, 12));
}

std::vector<Choice> kept_choices(const DeviceInfo &device, const Registry &registry) {
    if (!cache_folder())
        return {};
    std::vector<Choice> choices;
    try {
        const fs::path file = choices_file(device);
        if (!fs::exists(file))
            return {};
        choices = naming_file(file, [&] { return choices_from_json(parse_json(read_file(file))); });
    } catch (const std::exception &error) {
        say(fmt::format("choices that were kept are left out: {}", error.what()));
    }
    std::erase_if(choices, [&](const Choice &choice) {
        return choice.sha256 != current_sha256(registry, choice.kernel);
    });
    return choices;
}

void keep_choices(const DeviceRecord &device, const Registry &registry) {
    std::vector<Choice> choices = made_by_tuning(device, registry);
    if (choices.empty())
        return;
    const std::size_t made = choices.size();
    for (Choice &earlier : kept_choices(device.device, registry)) {
        const auto same = [&](const Choice &choice) {
            return choice.kernel == earlier.kernel && choice.shape == earlier.shape;
        };
        if (std::ranges::none_of(choices, same))
            choices.push_back(std::move(earlier));
    }
    const fs::path file = choices_file(device.device);
    std::error_code failure;
    fs::create_directories(file.parent_path(), failure);
    if (failure)
        throw Error(fmt::format("making the folder '{}': {}", file.parent_path().string(),
                                failure.message()));
    Json json = to_json(choices);
    json["device"] = device.device.name;
    json["driver"] = device.device.driver_version;
    write_file(file, to_text(json));
    say(fmt::format("{} kept in {}", counted(made, "choice"), file.string()));
}

} // namespace clprobe::runner
