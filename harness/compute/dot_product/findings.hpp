#pragma once
#include "common/local_sizes.hpp"
#include "compute/dot_product/arrays.hpp"

#include <clprobe/probe.hpp>

#include <string>
#include <vector>

namespace clprobe::probes::dot_product {

namespace series {
inline const std::string grid = "grid"; ///< each local size
inline const std::string rate = "rate"; ///< the best local size of each, measured anew
} // namespace series

/// One of the write-up's programs over a memory.
struct ProgramRow {
    Memory memory = Memory::buffer;
    unsigned multiplications = 16;

    static auto columns() {
        return std::tuple{column("memory", &ProgramRow::memory, std::array{"buffer", "image"}),
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

[[nodiscard]] std::vector<FindingKey> finding_keys();
/// For each memory, the rate of the variant that does best there over the local sizes.
[[nodiscard]] std::vector<HeatMap> maps_of(const Dataset &data);
[[nodiscard]] std::vector<Finding> findings_of(const Dataset &data, const Facts &facts);

} // namespace clprobe::probes::dot_product
