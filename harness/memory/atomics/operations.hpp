#pragma once
#include <clprobe/row.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace clprobe::probes::atomics {

enum class Space { global, local };
enum class Operation { add, min, exchange, compare_exchange };
enum class Contention { contended, spread };

/// The names that axes and finding keys use, in the order of the enumerators.
inline constexpr std::array<const char *, 2> space_names{"global", "local"};
inline constexpr std::array<const char *, 2> type_names{"int", "float"};
inline constexpr std::array<const char *, 4> operation_names{"add", "min", "exchange",
                                                             "compare_exchange"};
inline constexpr std::array<const char *, 2> contention_names{"contended", "spread"};
inline constexpr std::array<const char *, 2> result_names{"dropped", "used"};

/// An atomic operation on one type of word.
struct Atomic {
    Space space = Space::global;
    bool real = false; ///< a float, else an integer
    Operation operation = Operation::add;

    static auto columns() {
        return std::tuple{column("memory", &Atomic::space, space_names),
                          column("type", &Atomic::real, type_names),
                          column("operation", &Atomic::operation, operation_names)};
    }

    /// "global.int.add"
    [[nodiscard]] std::string name() const;
    /// Whether it takes cl_ext_float_atomics.
    [[nodiscard]] bool extended() const;
    /// The kernel's code for it, its result dropped.
    [[nodiscard]] std::uint32_t code() const;
    bool operator==(const Atomic &) const = default;
};

/// All atomics of a memory that OpenCL has; a float's compare-exchange is an integer's on its bits.
[[nodiscard]] std::span<const Atomic> all_atomics();

/// What the words of a launch begin with and count by, in bits. Operands are the kernel's business;
/// `apart` tells those of one work-item from the next's.
struct Words {
    std::uint32_t start = 0;
    std::uint32_t by = 1;
    std::uint32_t apart = 0;
};
/// Words for that operation, chosen with two random numbers.
[[nodiscard]] Words words_for(const Atomic &atomic, std::uint32_t random, std::uint32_t other);

/// What work-items that shared one word left: `operations` each, by work-items of these ids.
struct Outcome {
    std::uint32_t first_id = 0;
    std::uint32_t work_items = 1;
    std::uint64_t operations = 0;
    std::uint32_t word = 0; ///< in the end
    std::uint32_t seen = 0; ///< the sum of what the work-items left
};

/// Whether this is what the operations leave, whatever their order was: sums exactly, the least,
/// for exchanges that what was written and the first word are what was read and the last one.
[[nodiscard]] bool possible(const Atomic &atomic, const Words &words, bool used,
                            const Outcome &outcome);

/// Whether one work-item's chain of operations leaves this: `seen` is its last result.
[[nodiscard]] bool possible_chain(const Atomic &atomic, const Words &words,
                                  std::uint64_t operations, std::uint32_t word, std::uint32_t seen);

} // namespace clprobe::probes::atomics
