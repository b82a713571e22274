#pragma once
#include <string>
#include <string_view>

namespace clprobe {

/// The text of a CSV in UTF-8 and with lines that end in a line feed, whatever program wrote it:
/// UTF-16 with a byte-order mark is decoded, lines that end in nothing but a carriage return are
/// ended anew, and Excel's first line `sep=;` becomes a comment.
[[nodiscard]] std::string plain_text(std::string_view text);

} // namespace clprobe
