#pragma once
#include <clprobe/finding.hpp>
#include <clprobe/series.hpp>

#include <string>

namespace clprobe {

// What the readers refuse and the writers never write. Each says what is wrong, or nothing ("").

[[nodiscard]] std::string problem_of(const Finding &finding);
[[nodiscard]] std::string problem_of(const Series &series, const Point &point);

} // namespace clprobe
