#pragma once
#include <clprobe/probe.hpp>

#include <string>
#include <vector>

namespace clprobe::probes::transfer {

/// What is timed; the order is that of the series' labels. `map` touches nothing.
enum class Operation { write, read, map_read, map_write, map };

/// Ordinary memory, or such as the driver allocates for both sides (CL_MEM_ALLOC_HOST_PTR).
enum class Memory { pageable, pinned };

/// One transfer to be timed, but for its size: the host's pointer is `misalignment` bytes off a
/// page's begin.
struct Transfer {
    Operation operation = Operation::write;
    Memory memory = Memory::pageable;
    std::size_t misalignment = 0;
};

[[nodiscard]] std::string name(Operation operation);
[[nodiscard]] std::string name(Memory memory);

/// The one series: times over operation, memory, misalignment and size.
[[nodiscard]] SeriesShape series_shape();
/// The place in it of that transfer of so many bytes.
[[nodiscard]] std::vector<double> place(const Transfer &transfer, double bytes);

/// Names of numbers and words beside the series: how many addresses the mappings of that memory
/// had (counted from the buffer's begin), and why there is no pinned memory.
[[nodiscard]] std::string addresses_number(Memory memory);
constexpr const char *refusal_word = "pinned.refusal";

constexpr std::size_t smallest = 4096; ///< bytes of the smallest transfer; each next is four times

/// Keys and meaning of the findings.
[[nodiscard]] std::vector<FindingKey> keys();
[[nodiscard]] std::vector<Finding> find(const Dataset &data);

} // namespace clprobe::probes::transfer
