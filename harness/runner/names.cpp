#include "model/text.hpp"
#include "names.hpp"
#include "onnx.hpp"

#include <clprobe/error.hpp>

#include <fmt/format.h>

#include <filesystem>
#include <map>

namespace clprobe::runner {
namespace {

bool names_a_file(const std::string &name) {
    return name == "-" || name.ends_with(".json") || name.ends_with(".gz") ||
           name.find('/') != std::string::npos;
}

} // namespace

Profile profile_named(const std::string &name) {
    const auto profile = parse_profile(name);
    if (!profile)
        throw InputError(unknown_name(
            "profile", name, {{"tiny", ""}, {"quick", ""}, {"standard", ""}, {"thorough", ""}},
            "tiny, quick, standard and thorough are"));
    return *profile;
}

Network network_named(const std::string &name) {
    if (const Network *known = pointer_to(known_networks(), name, &Network::name))
        return *known;
    if (name.ends_with(".onnx"))
        return read_onnx(name);
    if (names_a_file(name) || std::filesystem::exists(name))
        return read_network(name);
    std::map<std::string, std::string> names;
    for (const Network &network : known_networks())
        names[network.name];
    throw InputError(unknown_name("network", name, names,
                                  "`clprobe network` lists them, and a file is one too"));
}

BatchedNetwork batched_network(const Network &network, std::uint64_t batch) {
    constexpr std::uint64_t most = 1 << 14;
    if (batch < 1 || batch > most)
        throw InputError(fmt::format("a batch of {}: expected 1 to {}", batch, most));
    static_cast<void>(sized_layers(network, batch));
    return {network, static_cast<std::uint32_t>(batch)};
}

std::string unknown_finding(const std::string &key, const Registry &registry) {
    std::map<std::string, std::string> known;
    for (const auto &probe : registry.probes())
        for (const FindingKey &listed : probe->info().findings)
            known[listed.key];
    return unknown_name("finding", key, known, "`clprobe list` shows those of each probe");
}

} // namespace clprobe::runner
