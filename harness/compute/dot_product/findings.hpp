#pragma once
#include "compute/dot_product/arrays.hpp"

#include <clprobe/probe.hpp>

#include <string>
#include <vector>

namespace clprobe::probes::dot_product {

namespace series {
inline const std::string grid = "grid"; ///< over memory, variant and local size
inline const std::string rate = "rate"; ///< the best local size of each, measured anew
} // namespace series

/// Names in a Dataset's numbers and words.
namespace entry {
inline const std::string vectors = "vectors_a_trip";    ///< number
inline const std::string verified = "verified_vectors"; ///< number
inline const std::string no_images = "no_images";       ///< word: why there are none
} // namespace entry

/// The coordinates of a variant over a memory, before those of the local size.
[[nodiscard]] std::vector<double> coordinates(Memory memory, const Variant &variant);
[[nodiscard]] std::vector<Axis> axes();
[[nodiscard]] std::vector<FindingKey> finding_keys();
/// For each memory, the rate of the variant that does best there over the local sizes.
[[nodiscard]] std::vector<HeatMap> maps_of(const Dataset &data);
[[nodiscard]] std::vector<Finding> findings_of(const Dataset &data, const Facts &facts);

} // namespace clprobe::probes::dot_product
