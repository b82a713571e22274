#pragma once
#include <clprobe/probe.hpp>
#include <clprobe/row.hpp>

#include <array>
#include <string>
#include <vector>

/// What the parts of host/transfer share.
namespace clprobe::probes::transfer {

/// What is timed; the order is that of the series' labels. `map` touches nothing.
enum class Operation { write, read, map_read, map_write, map };
inline constexpr std::array<const char *, 5> operation_names{"write", "read", "map_read",
                                                             "map_write", "map"};

/// Ordinary memory, or such as the driver allocates for both sides (CL_MEM_ALLOC_HOST_PTR).
enum class Memory { pageable, pinned };
inline constexpr std::array<const char *, 2> memory_names{"pageable", "pinned"};

/// One transfer to be timed, but for its size: the host's pointer is `misalignment` bytes off a
/// page's begin.
struct Transfer {
    Operation operation = Operation::write;
    Memory memory = Memory::pageable;
    std::size_t misalignment = 0;

    static auto columns() {
        return std::tuple{column("operation", &Transfer::operation, operation_names),
                          column("memory", &Transfer::memory, memory_names),
                          column("misalignment", &Transfer::misalignment, Unit::byte),
                          trips("size", Unit::byte)};
    }
    bool operator==(const Transfer &) const = default;
};
[[nodiscard]] inline bool is_mapped(const Transfer &transfer) {
    return transfer.operation != Operation::write && transfer.operation != Operation::read;
}

/// The one series: times of transfers over their size.
constexpr const char *series_name = "transfers";

/// Attributes: how many addresses the mappings of that memory had (counted from the buffer's
/// begin), and why there is no pinned memory.
[[nodiscard]] inline std::string addresses_attribute(Memory memory) {
    return std::string("mapped_addresses.") + memory_names[static_cast<std::size_t>(memory)];
}
constexpr const char *refusal_attribute = "pinned.refusal";

constexpr std::size_t smallest = 4096; ///< bytes of the smallest transfer; each next is four times

/// Fills `bench.data()`: rounds of all transfers at all sizes, in random order, until the time is
/// used up.
void run_experiment(Bench &bench);

[[nodiscard]] std::vector<FindingKey> finding_keys();
[[nodiscard]] std::vector<Finding> findings_of(const Dataset &data, const Facts &);

} // namespace clprobe::probes::transfer
