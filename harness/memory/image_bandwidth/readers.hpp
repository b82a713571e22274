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
[[nodiscard]] std::vector<std::string> format_keys();

/// An image, and the key of what it holds.
struct Painted {
    Image image;
    std::uint32_t key = 0;
};

/// Groups of a launch, and the work-items of each: a power of two.
struct Grid {
    std::size_t groups = 1;
    std::size_t work_items = 1;

    /// Texels that all of them read in a trip.
    [[nodiscard]] double texels() const { return static_cast<double>(groups * work_items * reads); }
};
/// As many small groups as fill the device.
[[nodiscard]] Grid full_grid(const Bench &bench, const Program &program);
/// One group a unit, so that no other group finds in the unit's cache what this one brought. The
/// workers of a processor share more of them out.
[[nodiscard]] Grid unit_grid(const Bench &bench, const Program &program);

/// Launches of the kernels that paint images and read them, by such groups.
class Readers {
public:
    Readers(Bench &bench, Program program, const Grid &grid);

    [[nodiscard]] const Grid &grid() const { return grid_; }

    /// An image of random contents. Throws Unsupported where the device has none of that format.
    [[nodiscard]] Painted paint(const ImageShape &shape);
    /// Reads of colours at texels, or between four of them: then one more row and column than the
    /// walk goes through are read.
    [[nodiscard]] BoundLaunch colours(const Painted &painted, Filter filter, const Tile &tile,
                                      const Walk &walk);
    /// Reads of an image of four words a texel.
    [[nodiscard]] BoundLaunch words(const Painted &painted, const Tile &tile, const Walk &walk);

private:
    /// The whole number that a texel is read as, times what, and how far a sum of them may be off.
    struct Model {
        std::string kernel;
        Texel texel;
        double scale = 1;
        std::uint32_t tolerance = 0; ///< a trip
    };
    [[nodiscard]] BoundLaunch launch(const Model &model, const Painted &painted, const Tile &tile,
                                     const Walk &walk);

    Bench &bench_;
    Program program_;
    Grid grid_;
    Buffer sums_;
};

} // namespace clprobe::probes::image_bandwidth
