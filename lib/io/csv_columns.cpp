#include "io/csv_columns.hpp"

#include <clprobe/csv.hpp>

#include <algorithm>
#include <array>
#include <cctype>

namespace clprobe {
namespace {

struct Spelling {
    Unit unit;
    std::string_view suffix;
    ColumnScale scale;
};

/// The first of a unit is the one that is written.
constexpr std::array spellings = {
    Spelling{Unit::one, "", {}},
    Spelling{Unit::second, "_s", {}},
    Spelling{Unit::second, "_ms", {1, 1e3}},
    Spelling{Unit::second, "_us", {1, 1e6}},
    Spelling{Unit::second, "_ns", {1, 1e9}},
    Spelling{Unit::byte, "_bytes", {}},
    Spelling{Unit::byte, "_b", {}},
    Spelling{Unit::byte, "_kib", {1024, 1}},
    Spelling{Unit::byte, "_mib", {1024 * 1024, 1}},
    Spelling{Unit::byte, "_gib", {1024 * 1024 * 1024, 1}},
    Spelling{Unit::byte_per_second, "_bytes_per_s", {}},
    Spelling{Unit::byte_per_second, "_b_per_s", {}},
    Spelling{Unit::byte_per_second, "_kb_per_s", {1e3, 1}},
    Spelling{Unit::byte_per_second, "_mb_per_s", {1e6, 1}},
    Spelling{Unit::byte_per_second, "_gb_per_s", {1e9, 1}},
    Spelling{Unit::byte_per_second, "_tb_per_s", {1e12, 1}},
    Spelling{Unit::byte_per_second, "_kib_per_s", {1024, 1}},
    Spelling{Unit::byte_per_second, "_mib_per_s", {1024 * 1024, 1}},
    Spelling{Unit::byte_per_second, "_gib_per_s", {1024 * 1024 * 1024, 1}},
    Spelling{Unit::flop_per_second, "_flop_per_s", {}},
    Spelling{Unit::op_per_second, "_op_per_s", {}},
    Spelling{Unit::texel_per_second, "_texel_per_s", {}},
    Spelling{Unit::flop_per_byte, "_flop_per_byte", {}},
    Spelling{Unit::hertz, "_hz", {}},
    Spelling{Unit::joule, "_j", {}},
};

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
    return text;
}

} // namespace

std::string csv_column(const Axis &axis) {
    const auto *spelling =
        std::find_if(spellings.begin(), spellings.end(),
                     [&](const Spelling &candidate) { return candidate.unit == axis.unit; });
    return axis.name + std::string(spelling->suffix);
}

std::optional<ColumnScale> scale_of(const Axis &axis, const std::string &column) {
    for (const Spelling &spelling : spellings)
        if (spelling.unit == axis.unit &&
            lower(column) == lower(axis.name) + std::string(spelling.suffix))
            return spelling.scale;
    return std::nullopt;
}

} // namespace clprobe
