#pragma once
#include "compute/dot_product/model.hpp"

#include <clprobe/probe.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

namespace clprobe::probes::dot_product {

/// What the vectors lie in.
enum class Memory { buffer, image };
inline constexpr Memory all_memories[] = {Memory::buffer, Memory::image};
[[nodiscard]] const char *name(Memory memory);

/// Vectors of an array, by columns and rows, and the rows that one trip goes through: powers of
/// two.
struct Extent {
    std::uint32_t width = 0;
    std::uint32_t height = 0;
    std::uint32_t rows = 0;
    std::uint32_t group = 1; ///< work-items of the groups that fill the arrays

    /// Of a launch: more would go through rows again, which a cache may have kept.
    [[nodiscard]] std::uint32_t most_trips() const { return height / rows; }
    [[nodiscard]] NdRange all() const {
        return {{width, height, 1}, {std::min(width, group), 1, 1}, 2};
    }
    [[nodiscard]] NdRange all_in_a_row() const {
        return NdRange::linear(std::size_t{width} * height / group, group);
    }
    [[nodiscard]] NdRange a_trip() const {
        return {{width, rows, 1}, {std::min(width, group), 1, 1}, 2};
    }
};
/// Arrays of which four, in either memory, are more than caches hold and not too much to ask for.
[[nodiscard]] Extent extent_for(const Bench &bench, const Program &program);

/// Three arrays of random vectors and one for the results, as arguments 0 to 3 of the kernels.
class Arrays {
public:
    /// Throws Unsupported where the device has no such memory.
    Arrays(Bench &bench, const Program &program, Memory memory, const Extent &extent);

    [[nodiscard]] Memory memory() const { return memory_; }
    [[nodiscard]] const Extent &extent() const { return extent_; }
    [[nodiscard]] std::vector<Argument> arguments() const;
    /// Fills the results, which may lie in an image, with what no work-item would compute.
    void poison();
    [[nodiscard]] Vector<float> result(std::uint32_t column, std::uint32_t row);
    /// What a work-item has to compute of the vectors there.
    [[nodiscard]] Vector<double> expected(const Variant &variant, std::uint32_t column,
                                          std::uint32_t row) const;

private:
    using Array = std::variant<Buffer, Image>;
    [[nodiscard]] Array make();

    Bench &bench_;
    Memory memory_;
    Extent extent_;
    std::array<std::uint32_t, 3> keys_{};
    std::vector<Array> arrays_;
    std::optional<BoundLaunch> poison_; ///< of an image
    std::optional<BoundLaunch> read_;   ///< of an image, into
    Buffer texel_;
};

} // namespace clprobe::probes::dot_product
