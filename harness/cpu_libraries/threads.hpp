#pragma once
#include <functional>
#include <vector>

namespace native {

/// How many processors this process may use.
[[nodiscard]] unsigned processors();

/// Runs `work(thread)` in so many threads at once, each pinned to a processor of its own where the
/// system can do that, again and again for `seconds`. Returns how long each round took from the
/// common start to the end of the last, in seconds.
[[nodiscard]] std::vector<double> time_on_all(double seconds,
                                              const std::function<void(unsigned)> &work,
                                              unsigned threads = processors());

} // namespace native
