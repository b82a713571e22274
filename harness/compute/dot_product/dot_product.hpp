#pragma once
#include "common/local_sizes.hpp"

#include <clprobe/probe.hpp>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace clprobe::probes::dot_product {

inline constexpr const char *kernel_text = "compute/dot_product";

/// What the vectors lie in.
enum class Memory { buffer, image };
inline constexpr Memory all_memories[] = {Memory::buffer, Memory::image};
inline constexpr std::array<const char *, 2> memory_names{"buffer", "image"};
[[nodiscard]] constexpr const char *name(Memory memory) {
    return memory_names[static_cast<std::size_t>(memory)];
}

/// One of the write-up's programs: multiplications of a work-item.
struct Variant {
    unsigned published = 0;

    /// Pairs of vectors of which it takes the sixteen products.
    [[nodiscard]] constexpr unsigned pairs() const { return (published + 15) / 16; }
    /// Products that would come twice and are taken once.
    [[nodiscard]] constexpr unsigned once() const { return 16 * pairs() - published; }
    /// Bytes that a work-item loads, as two or three vectors of four, and stores, as one.
    [[nodiscard]] constexpr unsigned bytes() const { return 16 * (pairs() == 1 ? 3 : 4); }
    [[nodiscard]] std::string build_options() const {
        return "-DMULTIPLICATIONS=" + std::to_string(published);
    }
};
inline constexpr std::array<Variant, 5> variants = {{{16}, {48}, {107}, {169}, {261}}};

template <class T>
using Vector = std::array<T, 4>;

/// What a work-item computes of x, y and z.
[[nodiscard]] Vector<double> combined(const Variant &variant, const Vector<double> &x,
                                      const Vector<double> &y, const Vector<double> &z);

/// Operations of a work-item: as they are written, and how many are left once each value is
/// computed only once, which a compiler may do without changing a result.
struct Operations {
    unsigned written_multiplications = 0;
    unsigned multiplications = 0;
    unsigned additions = 0;

    /// The least that a work-item does.
    [[nodiscard]] unsigned flops() const { return multiplications + additions; }
};
[[nodiscard]] Operations operations_of(const Variant &variant);

/// What the kernel fills an array with, between 1/4 and 3/4.
[[nodiscard]] Vector<double> value(std::uint32_t element, std::uint32_t key);

namespace series {
inline const std::string grid = "grid"; ///< each local size
inline const std::string rate = "rate"; ///< the best local size of each, measured anew
} // namespace series

/// One of the write-up's programs over a memory.
struct ProgramRow {
    Memory memory = Memory::buffer;
    unsigned multiplications = 16;

    static auto columns() {
        return std::tuple{column("memory", &ProgramRow::memory, memory_names),
                          column("multiplications", &ProgramRow::multiplications)};
    }
    bool operator==(const ProgramRow &) const = default;
};
using RateRow = SweptRow<ProgramRow>;

/// Attributes of the data.
namespace entry {
inline const std::string vectors = "vectors_a_trip";    ///< number
inline const std::string verified = "verified_vectors"; ///< number
inline const std::string no_images = "no_images";       ///< text: why there are none
} // namespace entry

/// Sweeps the local sizes of all programs over all memories, then measures each anew with its best.
void run_experiments(Bench &bench);

[[nodiscard]] std::vector<FindingKey> finding_keys();
/// For each memory, the rate of the variant that does best there over the local sizes.
[[nodiscard]] std::vector<HeatMap> maps_of(const Dataset &data);
[[nodiscard]] std::vector<Finding> findings_of(const Dataset &data, const Facts &facts);

} // namespace clprobe::probes::dot_product
