#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace clprobe {

/// A picture that a probe's work makes: grey values, row after row.
struct Picture {
    std::size_t width = 0;
    std::vector<std::uint8_t> grey;

    bool operator==(const Picture &) const = default;
};

/// The picture as a PGM file (netpbm's "P5"). Throws std::invalid_argument where the values do not
/// fill rows.
[[nodiscard]] std::string to_pgm(const Picture &picture);

} // namespace clprobe
