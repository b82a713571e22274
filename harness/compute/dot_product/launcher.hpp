#pragma once
#include "compute/dot_product/arrays.hpp"

#include <clprobe/probe.hpp>

#include <cstdint>
#include <memory>
#include <string>

namespace clprobe::probes::dot_product {

inline constexpr const char *kernel_text = "compute/dot_product";
[[nodiscard]] const char *function_of(Memory memory);
[[nodiscard]] std::string build_options(const Variant &variant);

/// Launches of one variant over the arrays, with some local size, which the caller replaces. The
/// results are poisoned before each launch; after it, some chosen then are compared with the
/// host's, and `verified` is raised. Each launch goes on in the rows after the last one's. The
/// arrays have to outlive it.
[[nodiscard]] BoundLaunch launch_on(Arrays &arrays, const Program &program, const Variant &variant,
                                    std::shared_ptr<std::uint64_t> verified);

} // namespace clprobe::probes::dot_product
