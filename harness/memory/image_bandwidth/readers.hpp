#pragma once
#include "memory/image_bandwidth/walk.hpp"

#include <clprobe/probe.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace clprobe::probes::image_bandwidth {

/// The formats whose rates are taken, by the names that findings have for them.
struct Format {
    std::string key;
    ImageFormat format;
};
[[nodiscard]] const std::vector<Format> &formats();

/// An image, and the key of what it holds.
struct Painted {
    Image image;
    std::uint32_t key = 0;
};

/// Launches of the kernels that paint images and read them, by as many groups as fill the device.
class Readers {
public:
    explicit Readers(Bench &bench);

    [[nodiscard]] std::size_t work_items() const { return work_items_; } ///< of a group
    [[nodiscard]] std::size_t groups() const { return groups_; }

    /// An image of random contents. Throws Unsupported where the device has none of that format.
    [[nodiscard]] Painted paint(const ImageShape &shape);
    /// Reads of colours at texels, or between four of them: then one more row and column than the
    /// walk goes through are read.
    [[nodiscard]] Work colours(const Painted &painted, Filter filter, const Tile &tile,
                               const Walk &walk);
    /// Reads of an image of four words a texel.
    [[nodiscard]] Work words(const Painted &painted, const Tile &tile, const Walk &walk);

private:
    /// The whole number that a texel is read as, times what, and how far a sum of them may be off.
    struct Model {
        std::string kernel;
        Texel texel;
        double scale = 1;
        std::uint32_t tolerance = 0; ///< a trip
    };
    [[nodiscard]] Work work(const Model &model, const Painted &painted, const Tile &tile,
                            const Walk &walk);
    void verify(const Model &model, const Tile &tile, const Walk &walk, std::uint32_t trips);

    Bench &bench_;
    Program program_;
    std::size_t work_items_;
    std::size_t groups_;
    Buffer sums_;
};

} // namespace clprobe::probes::image_bandwidth
