#pragma once
#include "analysis/families.hpp"
#include "io/terminal.hpp"

#include <cstddef>
#include <string>

namespace clprobe {

/// The value of a single finding with its interval; of several, each with what tells it from the
/// others, "add 1.37, min 1.40! Gop/s", "!" marking a suspect one, or, where that takes more than
/// `room` characters, from the least to the largest, "1.35 GB/s to 55.5 GB/s, 8 values".
[[nodiscard]] std::string family_text(const Family &family, std::size_t room,
                                      const TextStyle &style);

/// As many words of the text as have room, and what says that there are more.
[[nodiscard]] std::string first_words(const std::string &text, std::size_t most);

} // namespace clprobe
