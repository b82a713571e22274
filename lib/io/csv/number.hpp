#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace clprobe {

/// A number as a cell has it, and what stands behind it: 32 and "KiB" of "32 KiB".
struct CellNumber {
    double value = 0;
    std::string unit;
};

/// The number that a cell starts with; nothing where it starts with none. One comma is a decimal
/// comma, unless it may as well part thousands; what surely does is passed over ("1,024.5").
[[nodiscard]] std::optional<CellNumber> number_in(std::string_view cell);

/// Whether a cell says that there is no number: it is empty, or N/A, NaN, infinite or a dash.
[[nodiscard]] bool is_missing(const std::string &cell);

} // namespace clprobe
