#pragma once
#include <clprobe/finding.hpp>
#include <clprobe/report.hpp>
#include <clprobe/row.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace clprobe::probes::access_pattern {

/// Names of the series and attributes.
namespace entry {
inline constexpr const char *times = "times";
inline constexpr const char *array = "array_bytes";     ///< number: of the array
inline constexpr const char *too_small = "too_small";   ///< text: why a tiny run shows nothing
inline constexpr const char *work_items = "work_items"; ///< number: of a group
} // namespace entry

inline constexpr std::size_t word = sizeof(std::uint32_t);
/// Words of a work-item, a group's width apart by their numbers. The same in the kernel.
inline constexpr std::size_t each = 8;

enum class Operation { read, write };
inline constexpr std::array all_operations{Operation::read, Operation::write};
inline constexpr std::array<const char *, 2> operation_names{"read", "write"};
[[nodiscard]] inline std::string name(Operation operation) {
    return operation_names[static_cast<std::size_t>(operation)];
}

/// Where the words lie that neighbours access: so many words apart; in a row that begins so many
/// words after a multiple of the group's size; anywhere within spans of so many words, a power of
/// two, each word once.
enum class Pattern { strided, shifted, random };
inline constexpr std::array<const char *, 3> pattern_names{"strided", "shifted", "random"};

struct AccessRow {
    Operation operation = Operation::read;
    Pattern pattern = Pattern::strided;
    std::size_t words = 1; ///< from one neighbour's to the next, of the shift, or of a span

    /// Their times grow with the bytes that are accessed.
    static auto columns() {
        return std::tuple{column("operation", &AccessRow::operation, operation_names),
                          column("pattern", &AccessRow::pattern, pattern_names),
                          column("words", &AccessRow::words), trips("bytes", Unit::byte)};
    }
    bool operator==(const AccessRow &) const = default;
};

/// Where a pattern has the word of each number, as the kernel computes it.
class Places {
public:
    /// `key` makes the order of a random pattern.
    Places(const AccessRow &row, std::uint32_t key) : row_(row), key_(key) {}

    [[nodiscard]] std::uint32_t of(std::uint32_t number) const;
    /// What the kernel needs to know of the pattern, in the order of its arguments.
    [[nodiscard]] std::vector<std::uint32_t> arguments() const;

private:
    [[nodiscard]] std::uint32_t mask() const;
    [[nodiscard]] std::uint32_t fold() const;

    AccessRow row_;
    std::uint32_t key_;
};

/// The words that an array of so many has for the pattern, those of one group being left out behind
/// a shifted row.
[[nodiscard]] std::size_t words_in(std::size_t array, const AccessRow &row, std::size_t group);

/// The random word at a place of the array.
[[nodiscard]] std::uint32_t word_at(std::uint32_t place, std::uint32_t salt);
/// What a launch writes as the word of that number.
[[nodiscard]] std::uint32_t written(std::uint32_t number, std::uint32_t nonce);

/// What is measured of each operation, in an array of so many words: the strides, the shifts, and
/// the random spans that are smaller than the array, and all of it.
[[nodiscard]] std::vector<AccessRow> rows_of(Operation operation, std::size_t array);

[[nodiscard]] std::vector<FindingKey> finding_keys();
/// What the data means.
[[nodiscard]] std::vector<Finding> findings_of(const Dataset &data, const Facts &facts);
/// The useful bytes a second over the stride, and over the random span.
[[nodiscard]] std::vector<Curve> curves_of(const Dataset &data);

} // namespace clprobe::probes::access_pattern
