#pragma once
#include <string>
#include <string_view>

namespace clprobe {

/// Whether the bytes begin as a gzip file does (RFC 1952).
[[nodiscard]] bool is_gzip(std::string_view bytes);

/// The text that a gzip file holds. Throws Error where it is damaged, cut short, or holds more than
/// a gibibyte.
[[nodiscard]] std::string gunzip(std::string_view bytes);

/// The text as a gzip file, the same bytes for the same text.
[[nodiscard]] std::string gzip(std::string_view text);

} // namespace clprobe
