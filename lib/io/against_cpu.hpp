#pragma once
#include "analysis/against_cpu.hpp"
#include "io/terminal.hpp"

#include <clprobe/json.hpp>

#include <string>

namespace clprobe {

/// Tables of times, and of rates with their shares, with a row a computation and a column a side;
/// then where a library takes less time than a device and why, what took part, and what did not.
[[nodiscard]] std::string against_cpu_text(const AgainstCpu &table, const TextStyle &style);

/// The same in Markdown.
[[nodiscard]] std::string against_cpu_markdown(const AgainstCpu &table);

/// The same as data.
[[nodiscard]] Json to_json(const AgainstCpu &table);

} // namespace clprobe
