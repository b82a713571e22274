#pragma once
#include <clprobe/datasheet.hpp>

#include <span>
#include <vector>

namespace clprobe {

/// The finding of that key; null where there is none.
[[nodiscard]] const Finding *find(std::span<const Finding *const> findings, std::string_view key);

/// What to know of a device, by its parts and rates and by its findings that have a value, each key
/// being there once.
[[nodiscard]] std::vector<DatasheetNote> notes_of(const Datasheet &sheet,
                                                  std::span<const Finding *const> findings);

} // namespace clprobe
