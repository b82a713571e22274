#pragma once
#include <clprobe/probe.hpp>
#include <clprobe/row.hpp>

#include <array>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace clprobe::probes::atomics {

enum class Space { global, local };
enum class Operation { add, min, exchange, compare_exchange };
enum class Contention { contended, spread };

inline constexpr std::array<const char *, 2> result_names{"dropped", "used"};

/// An atomic operation on one type of word.
struct Atomic {
    Space space = Space::global;
    bool real = false; ///< a float, else an integer
    Operation operation = Operation::add;

    static auto columns() {
        constexpr std::array operations{"add", "min", "exchange", "compare_exchange"};
        return std::tuple{column("memory", &Atomic::space, std::array{"global", "local"}),
                          column("type", &Atomic::real, std::array{"int", "float"}),
                          column("operation", &Atomic::operation, operations)};
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
/// `apart` sets those of one work-item apart from the next's.
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

namespace series {
inline constexpr const char *rates = "rates";
inline constexpr const char *latency = "latency";
inline constexpr const char *addresses = "addresses";
} // namespace series

/// All work-items at once.
struct RateRow {
    Atomic atomic;
    Contention contention = Contention::contended;
    bool used = false; ///< whether results are, or are dropped
    std::size_t work_items = 1;

    static auto columns() {
        return std::tuple{part(&RateRow::atomic),
                          column("place", &RateRow::contention, std::array{"contended", "spread"}),
                          column("result", &RateRow::used, result_names),
                          column("work_items", &RateRow::work_items), trips()};
    }
    bool operator==(const RateRow &) const = default;
};

/// One work-item, one operation after the other.
struct LatencyRow {
    Atomic atomic;

    static auto columns() { return std::tuple{part(&LatencyRow::atomic), trips()}; }
};

/// The same by additions to the word at that many bytes.
struct AddressRow {
    std::size_t offset = 0;

    static auto columns() {
        return std::tuple{column("offset", &AddressRow::offset, Unit::byte), trips()};
    }
};

/// Text attributes: why an operation ("global.float.add") was not tried.
inline constexpr const char *lacking = ".lacking";
/// And how one is spelled that the language has no function for.
inline constexpr const char *spelling = ".spelling";

/// Operations of a work-item in one trip.
inline constexpr double operations_a_trip = 4;

/// Hartigan's dip: the largest distance between the distribution of the samples and the unimodal
/// one that is nearest to it, which may jump at its mode (Hartigan and Hartigan, The Dip Test of
/// Unimodality, 1985). Throws std::invalid_argument where there are no samples.
[[nodiscard]] double dip(std::span<const double> samples);

/// Whether a quantity that was taken at many addresses, several times at each, has one level or
/// two.
struct Modes {
    std::optional<int> count; ///< 1 or 2
    double low = 0;           ///< median of the addresses at the lower level, or of all
    double high = 0;          ///< of those at the higher one, or of all
    double share = 0;         ///< of the addresses at the higher level
    std::string reason;       ///< why that is not known, if so
};

/// Two levels where the dip test rejects a single one, the levels are some per cent apart, each
/// holds a good part of the addresses, and addresses keep to their level from time to time.
/// `samples` holds the samples of each in the order they were taken.
[[nodiscard]] Modes find_modes(std::span<const std::vector<double>> samples);

[[nodiscard]] std::vector<FindingKey> finding_keys();

/// What the data means: one finding a key.
[[nodiscard]] std::vector<Finding> findings_of(const Dataset &data, const Facts &);

} // namespace clprobe::probes::atomics
