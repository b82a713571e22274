#pragma once
#include <clprobe/finding.hpp>
#include <clprobe/series.hpp>

#include <optional>
#include <string>

namespace clprobe {

/// How a probe that did not come to its end ended. Kept in its data, since the interpretation
/// depends on it.
struct Termination {
    Status status = Status::failed;
    std::string reason;
    /// A kernel's output was wrong: none of the times count.
    bool voids_everything = false;
};

void set_termination(Dataset &data, const Termination &ending);
/// Nothing for a probe that came to its end.
[[nodiscard]] std::optional<Termination> termination_of(const Dataset &data);

} // namespace clprobe
