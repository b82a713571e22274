#pragma once
#include <clprobe/network.hpp>
#include <clprobe/probe.hpp>
#include <clprobe/registry.hpp>

#include <cstdint>
#include <string>

namespace clprobe::runner {

/// The profile of that name. Throws InputError, with the nearest name, where there is none.
[[nodiscard]] Profile profile_named(const std::string &name);

/// The network that comes with clprobe under that name, else the one of that file. Throws
/// InputError where there is none.
[[nodiscard]] Network network_named(const std::string &name);

/// The network for so many inputs at a time. Throws InputError where they are too many or none, or
/// the network is none that fits together.
[[nodiscard]] BatchedNetwork batched_network(const Network &network, std::uint64_t batch);

/// What to say of a finding's key that no probe of the registry lists, with the nearest key.
[[nodiscard]] std::string unknown_finding(const std::string &key, const Registry &registry);

} // namespace clprobe::runner
