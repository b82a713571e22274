#pragma once
#include <clprobe/probe.hpp>
#include <clprobe/row.hpp>

#include <array>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace clprobe::probes::local_memory {

/// Loads that a work-item does in a trip of the bandwidth kernels.
inline constexpr unsigned loads = 16;
/// Distance of the slots of a chase's rings, B.
inline constexpr std::size_t slot_bytes = 64;

namespace series {
inline constexpr const char *latency = "latency";
inline constexpr const char *race = "race";
inline constexpr const char *bandwidth = "bandwidth";
inline constexpr const char *strides = "strides";
inline constexpr const char *eviction = "eviction";
} // namespace series

/// Where the slots of a ring are: in local memory, to which the kernel brings them, or in global.
enum class Where { local, global };

/// One work-item on a ring.
struct LatencyRow {
    Where memory = Where::local;

    static auto columns() {
        return std::tuple{column("memory", &LatencyRow::memory, std::array{"local", "global"}),
                          trips()};
    }
};

/// Every work-item sums vectors of that many bytes.
struct BandwidthRow {
    std::size_t width = 4;
    std::size_t work_items = 1;

    static auto columns() {
        return std::tuple{column("width", &BandwidthRow::width, Unit::byte),
                          column("work_items", &BandwidthRow::work_items), trips()};
    }
    /// Bytes that all work-items together read in one trip.
    [[nodiscard]] double bytes_per_trip() const {
        return loads * static_cast<double>(width) * static_cast<double>(work_items);
    }
    bool operator==(const BandwidthRow &) const = default;
};

/// Every work-item sums words, its neighbours those that many bytes apart.
struct StrideRow {
    unsigned stride = 4;

    static auto columns() {
        return std::tuple{column("stride", &StrideRow::stride, Unit::byte), trips()};
    }
};

/// One work-item on a ring of global memory, and before through some local memory. Bytes.
struct EvictionRow {
    std::size_t footprint = 0;
    std::size_t local = 0;

    static auto columns() {
        return std::tuple{column("footprint", &EvictionRow::footprint, Unit::byte),
                          column("local", &EvictionRow::local, Unit::byte), trips()};
    }
};

/// Text attributes that say why an experiment was left out, by its series' name and this.
inline constexpr const char *left_out = ".left_out";

/// Hops of a trip of the latency's chases.
inline constexpr double latency_hops = 64;

/// How long it took work-items to read words that are `stride` words apart, with the relative
/// standard error of that.
struct StrideTime {
    unsigned stride = 1;
    double seconds = 0;
    double error = 0;
};

/// A local memory in banks: words of `width_words` * 4 bytes go to `banks` banks in turn, and
/// `work_items` are served together, a pass for each word that falls to the same bank.
struct BankModel {
    unsigned banks = 1;
    unsigned width_words = 1;
    unsigned work_items = 1;

    /// Passes for a load of words that are `stride` words apart; a mean over where it may begin.
    [[nodiscard]] double passes(unsigned stride) const;
};

/// The banks that explain the times, or why none do.
struct BankVerdict {
    std::optional<BankModel> model;
    double slowdown = 1;  ///< the slowest stride over the fastest, as the model has it
    double explained = 0; ///< share of the strides, or of the slowed ones, that it explains
    std::string reason;
};

/// Explains times over strides by banks, 32 neighbours reading beside each other. All counts are
/// taken for powers of two. Not by the period of a curve, but by likelihood among all models:
/// times = b * max(f, passes + r), where r is what a load costs besides and f what hides the first
/// passes.
[[nodiscard]] BankVerdict find_banks(std::span<const StrideTime> times);

/// A work-item goes through some local memory and then round a ring of `bytes` of global memory:
/// what both take where it touches but little of the local memory, and where it touches all.
struct EvictionTime {
    double bytes = 0; ///< 0: local memory only
    SlopeFit few;
    SlopeFit all;
};

/// What those times show: whether touching local memory takes room from the first cache.
struct EvictionVerdict {
    std::optional<bool> own; ///< whether it takes none, and is a memory of its own
    double worst_ratio = 1;  ///< times of all over few where they differ most
    std::string reason;      ///< why that is not known, if so
};

/// The most global memory that stays in the first cache, from the times with little local memory;
/// 0 where no size tried is beyond it. `times` in order of their bytes.
[[nodiscard]] double first_knee(std::span<const EvictionTime> times);

/// Judges by the points at which the ring alone fits the cache, and ring and local memory together
/// do not. `local_bytes` is how much of it was touched.
[[nodiscard]] EvictionVerdict judge_eviction(std::span<const EvictionTime> times,
                                             double local_bytes);

[[nodiscard]] std::vector<FindingKey> finding_keys();

/// The times over strides that the data has.
[[nodiscard]] std::vector<StrideTime> stride_times(const Dataset &data);
/// The times of rings beside local memory that the data has, in order of their bytes.
[[nodiscard]] std::vector<EvictionTime> eviction_times(const Dataset &data);

/// What the data means: one finding a key.
[[nodiscard]] std::vector<Finding> findings_of(const Dataset &data, const Facts &);

/// Times over the stride, and over the global memory beside all of the local memory.
[[nodiscard]] std::vector<Curve> curves_of(const Dataset &data);
[[nodiscard]] std::vector<Tuning> tunings_of(const Dataset &data);

} // namespace clprobe::probes::local_memory
