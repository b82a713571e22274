#pragma once
#include <clprobe/registry.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace clprobe::runner {

// The hidden commands by which the program runs itself as a child, the only process that opens
// devices. Each reads a request from stdin and answers on `message_descriptor`.
inline constexpr std::string_view list_child = "child-list";     ///< which devices there are
inline constexpr std::string_view loader_child = "child-loader"; ///< what the loader reads
inline constexpr std::string_view driver_child = "child-driver"; ///< what becomes of one library
inline constexpr std::string_view check_child = "child-check";   ///< what kind of queue one grants
inline constexpr std::string_view probe_child = "child-probe";   ///< one probe on one device
/// The builds of some probes' kernels, from one of them on.
inline constexpr std::string_view inspect_child = "child-inspect";

/// Whether a command is one of these.
[[nodiscard]] bool is_child_command(std::string_view command);

/// Carries out the command and returns the exit status.
int run_as_child(std::string_view command, const Registry &registry);

} // namespace clprobe::runner
