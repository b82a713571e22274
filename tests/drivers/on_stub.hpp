#pragma once

#include "support/process.hpp"

#include <functional>
#include <string>

namespace clprobe::test {

/// The environment in which the OpenCL loader finds the stub driver alone, with that behaviour
/// (stub/README.md).
[[nodiscard]] Environment stub_environment(const std::string &behaviour);

/// Runs `body` on the stub in a process of its own, which writes what it returns or throws.
[[nodiscard]] Outcome child_on_stub(const std::string &behaviour,
                                    const std::function<std::string()> &body,
                                    std::chrono::duration<double> limit = std::chrono::seconds(20),
                                    const Environment &more = {});

/// What such a child writes; requires that it exits in order.
[[nodiscard]] std::string on_stub(const std::string &behaviour,
                                  const std::function<std::string()> &body);

} // namespace clprobe::test
