#pragma once
#include <clprobe/probe.hpp>
#include <clprobe/row.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <vector>

namespace clprobe::probes::subgroups {

inline constexpr const char *kernel_text = "execution/subgroups";

/// What the work-items of a sub-group do with each other's words.
enum class Exchange { shuffle, shuffle_xor, broadcast, reduce, scan };
inline constexpr std::array all_exchanges{Exchange::shuffle, Exchange::shuffle_xor,
                                          Exchange::broadcast, Exchange::reduce, Exchange::scan};
inline constexpr std::array exchange_names{"shuffle", "shuffle_xor", "broadcast", "reduce", "scan"};
[[nodiscard]] std::string name(Exchange exchange);
[[nodiscard]] constexpr bool is_shuffle(Exchange exchange) {
    return exchange == Exchange::shuffle || exchange == Exchange::shuffle_xor;
}
[[nodiscard]] constexpr bool is_sum(Exchange exchange) {
    return exchange == Exchange::reduce || exchange == Exchange::scan;
}
/// Whether it is done through local memory as well: both shuffles are the same there.
[[nodiscard]] constexpr bool has_local(Exchange exchange) {
    return exchange != Exchange::shuffle_xor;
}

/// By functions of the Khronos extensions, shuffles by Intel's, by inline PTX; through local memory
/// with a barrier of the sub-group, or, where there is none, of a group.
enum class Way { khronos, intel, ptx, local, local_group };
inline constexpr std::array way_names{"khronos", "intel", "ptx", "local", "local_group"};
[[nodiscard]] constexpr bool is_local(Way way) {
    return way == Way::local || way == Way::local_group;
}

/// One exchange as it is launched: the row of all series.
struct Row {
    Exchange exchange = Exchange::shuffle;
    Way way = Way::khronos;
    std::size_t lanes = 2; ///< work-items of a sub-group, or of what stands for one
    std::size_t local_size = 2;
    std::size_t groups = 1;

    static auto columns() {
        constexpr double most = 1 << 30;
        return std::tuple{column("exchange", &Row::exchange, exchange_names),
                          column("way", &Row::way, way_names),
                          column("lanes", &Row::lanes).between(2, most),
                          column("local_size", &Row::local_size).between(2, most),
                          column("groups", &Row::groups).between(1, most),
                          trips()};
    }
    [[nodiscard]] std::size_t work_items() const { return local_size * groups; }
    /// Exchanges of a trip, one after the other: sums through local memory are several each.
    [[nodiscard]] unsigned steps() const { return is_local(way) && is_sum(exchange) ? 2 : 4; }
};

/// A rate is that of the whole device, with several words of each work-item; a latency that of one
/// word in a single sub-group.
enum class Aspect { rate, latency };
[[nodiscard]] constexpr unsigned chains_of(Aspect aspect) {
    return aspect == Aspect::rate ? 4 : 1;
}

/// What a launch is given.
struct Operands {
    std::uint32_t start = 0;
    std::uint32_t increment = 0;
    std::uint32_t first = 0; ///< whose words are taken, in turn with the second
    std::uint32_t second = 0;
};

/// How many work-items each sub-group of a group has, by the places that those have left: the
/// number of its sub-group above 16 bits for that in it. Nothing where these are not sub-groups of
/// one size, with each place once.
[[nodiscard]] std::optional<std::size_t> lanes_of(std::span<const std::uint32_t> places);

/// The words that the work-items of these numbers, which are a sub-group in its order, leave after
/// so many exchanges in each chain.
[[nodiscard]] std::vector<std::uint32_t> expected_words(Exchange exchange, Aspect aspect,
                                                        const Operands &operands,
                                                        std::span<const std::uint32_t> ids,
                                                        std::uint64_t times);

/// How a program is built that exchanges words without local memory.
struct Build {
    Way way = Way::khronos;
    std::string options;
    bool shuffles = true; ///< or the driver has a function for none
};
/// Nothing where the driver has no sub-groups.
[[nodiscard]] std::optional<Build> build_for(const DeviceInfo &device);
/// The builds to inspect.
[[nodiscard]] std::vector<KernelVariant> inspected(const DeviceInfo &device);

void run_experiment(Bench &bench);

namespace series {
inline constexpr const char *rate = "rate";
inline constexpr const char *latency = "latency";
} // namespace series

/// Attributes of the data, texts: why there is nothing of any exchange by functions, or, after
/// `what_of`, of that one.
namespace entry {
inline constexpr const char *left_out = "sub_groups.left_out";
inline const std::string unsupported = ".unsupported";
inline const std::string failed = ".failed";
} // namespace entry
/// "reduce.local"
[[nodiscard]] std::string what_of(Exchange exchange, bool local);

[[nodiscard]] std::vector<FindingKey> finding_keys();
/// What the data means: one finding a key.
[[nodiscard]] std::vector<Finding> findings_of(const Dataset &data, const Facts &facts);

} // namespace clprobe::probes::subgroups
