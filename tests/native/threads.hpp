#pragma once
#include <functional>
#include <vector>

namespace native {

/// Runs `work(thread)` on every processor at once, each thread pinned to its own where the system
/// can do that, again and again for `seconds`. Returns how long each round took from the common
/// start to the end of the last, in seconds.
[[nodiscard]] std::vector<double> time_on_all(double seconds,
                                              const std::function<void(unsigned)> &work);

/// How many processors `time_on_all` uses.
[[nodiscard]] unsigned processors();

} // namespace native
