#include "analysis/refinement.hpp"
#include "common/launch_size.hpp"
#include "memory/image_bandwidth/image_bandwidth.hpp"
#include "opencl/device_limits.hpp"

#include <clprobe/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <memory>
#include <optional>
#include <utility>

namespace clprobe::probes::image_bandwidth {
namespace {

constexpr std::size_t least_footprint = 4096; ///< B
/// The formats that are tuned, each for those of its size: RGBA8 and RGBA32F.
constexpr std::size_t tuned_small = 3;
constexpr std::size_t tuned_large = 5;
constexpr auto word_bytes = static_cast<std::size_t>(word_texel_bytes);

/// An image, and the key of what it holds.
struct Painted {
    Image image;
    std::uint32_t key = 0;
};

/// A walk through an image, painted for it.
struct Scene {
    Painted painted;
    Tile tile;
    Walk walk;
};

/// Groups of a launch, and the work-items of each: a power of two.
struct Grid {
    std::size_t groups = 1;
    std::size_t work_items = 1;

    [[nodiscard]] std::size_t size() const { return groups * work_items; }
    [[nodiscard]] NdRange range() const { return NdRange::linear(groups, work_items); }
    /// Texels that all of them read in a trip.
    [[nodiscard]] double texels() const { return static_cast<double>(size() * reads); }
};

/// As many small groups as fill the device: enough work-items to hide latency with sixteen reads
/// each, and few enough to be there at once whatever registers they take. Or one group a unit, so
/// that no other group finds in the unit's cache what this one brought. The workers of a processor
/// share out more of them either way.
Grid grid_for(const Bench &bench, const Program &program, bool one_a_unit) {
    Grid grid{std::max<std::size_t>(64, 8 * units_of(bench)), 64};
    if (bench.tiny())
        grid = {2, 16};
    else if (one_a_unit && !is_cpu(bench))
        grid = {units_of(bench), 256};
    grid.work_items = group_size(bench, program,
                                 {"paint_words", "paint_values", "words4", "nearest1", "nearest2",
                                  "nearest4", "linear1", "linear2", "linear4"},
                                 grid.work_items);
    return grid;
}

/// What a byte counts in a colour: exact in the formats of floating point.
double unit_of(const ImageFormat &format) {
    return format.type == CL_UNORM_INT8 ? 1.0 / 255 : 1.0 / 256;
}

/// Launches of the kernels that paint images and read them, by such groups.
class Readers {
public:
    Readers(Bench &bench, const Program &program, bool one_group_a_unit)
        : bench_(bench), program_(program), grid_(grid_for(bench, program, one_group_a_unit)),
          sums_(bench.buffer(grid_.size() * sizeof(std::uint32_t))) {}

    [[nodiscard]] const Grid &grid() const { return grid_; }

    /// An image of random contents. Throws Unsupported where the device has none of that format.
    [[nodiscard]] Painted paint(const ImageShape &shape) {
        const Painted painted{bench_.image(shape), static_cast<std::uint32_t>(bench_.random()())};
        const bool words = shape.format.type == CL_UNSIGNED_INT32;
        BoundLaunch paint{program_.kernel(words ? "paint_words" : "paint_values"),
                          grid_.range(),
                          {painted.image, painted.key}};
        if (!words)
            paint.set(2, static_cast<float>(unit_of(shape.format)));
        bench_.launch(paint); // whoever reads it checks what it did
        return painted;
    }

    /// Reads of colours at texels, or between four of them: then one more row and column than the
    /// walk goes through are read.
    [[nodiscard]] BoundLaunch colours(const Scene &scene, Filter filter) {
        const auto &[image, key] = scene.painted;
        const ImageFormat &format = image.shape().format;
        const std::size_t channels = format.channels();
        Model model{fmt::format("{}{}", name(filter), channels), nearest_texel(key, channels),
                    1 / unit_of(format)};
        if (filter == Filter::linear) {
            model.texel = linear_texel(key, channels);
            model.scale *= 4;
            // A filter may round: by half a step of a byte in either direction, as llvmpipe does,
            // or in all four quarters of one.
            model.tolerance = static_cast<std::uint32_t>(reads * channels * 4);
        }
        return launch(model, scene);
    }

    /// Reads of an image of four words a texel.
    [[nodiscard]] BoundLaunch words(const Scene &scene) {
        return launch({"words4", word_texel(scene.painted.key)}, scene);
    }

private:
    /// The whole number that a texel is read as, times what, and how far a sum of them may be off.
    struct Model {
        std::string kernel;
        Texel texel;
        double scale = 1;
        std::uint32_t tolerance = 0; ///< a trip
    };

    [[nodiscard]] BoundLaunch launch(const Model &model, const Scene &scene) {
        const Buffer positions = bench_.buffer(grid_.work_items * sizeof(TexelAt));
        bench_.write<TexelAt>(positions, scene.tile.positions);
        // A launch goes on where the last one ended, or only a part of a large image would be read.
        const auto at = std::make_shared<Walk>(scene.walk);
        const auto check = [model, tile = scene.tile, grid = grid_,
                            at](const LaunchOutcome &outcome) {
            for (const std::size_t item : outcome.sample(grid.size())) {
                const std::uint32_t expected =
                    sum_of(*at, tile.positions[item % grid.work_items], item / grid.work_items,
                           outcome.trips(), model.texel);
                const auto off = std::abs(static_cast<std::int64_t>(static_cast<std::int32_t>(
                    static_cast<std::uint32_t>(outcome.word(item) - expected))));
                outcome.expect(off <= std::int64_t{model.tolerance} * outcome.trips(),
                               "a work-item read something else than the texels that were painted");
            }
            at->advance(outcome.trips());
        };
        return {program_.kernel(model.kernel),
                grid_.range(),
                {scene.painted.image, [at] { return *at; }, positions,
                 static_cast<float>(model.scale), output(sums_), trip_count},
                check};
    }

    Bench &bench_;
    Program program_;
    Grid grid_;
    Buffer sums_;
};

class Experiment {
public:
    explicit Experiment(Bench &bench)
        : bench_(bench), program_(bench.build("memory/image_bandwidth", "")),
          readers_(bench, program_, false), unit_readers_(bench, program_, true) {
        bench.data().number_attributes[texels_a_trip] = readers_.grid().texels();
        bench.data().number_attributes[curve_texels_a_trip] = unit_readers_.grid().texels();
    }

    void locality() {
        std::vector<Candidate> candidates;
        for (const std::size_t f : {tuned_small, tuned_large}) {
            for (const Pattern pattern :
                 {Pattern::row, Pattern::column, Pattern::block, Pattern::random, Pattern::same}) {
                const auto scene = small_scene(formats[f], pattern);
                if (!scene)
                    break;
                BoundLaunch launch = readers_.colours(*scene, Filter::nearest);
                if (candidates.empty())
                    bench_.warm_up(launch, bench_.calibrate(launch));
                candidates.push_back(candidate(std::move(launch), series::locality,
                                               coordinates(LocalityRow{f, pattern})));
            }
        }
        sample(std::move(candidates), 0.2, 2);
    }

    void rates() {
        std::vector<Candidate> candidates;
        for (std::size_t f = 0; f < formats.size(); ++f) {
            const Format &format = formats[f];
            const Pattern pattern = best_pattern(format.format);
            const auto scene = small_scene(format, pattern);
            if (!scene)
                continue;
            for (const Filter filter : {Filter::nearest, Filter::linear}) {
                if (filter == Filter::linear && !filters(format, *scene))
                    continue;
                candidates.push_back(candidate(readers_.colours(*scene, filter), series::rates,
                                               coordinates(RateRow{f, filter, pattern})));
            }
        }
        sample(std::move(candidates), 0.55, 6);
    }

    void footprints() {
        // As their images are tiled.
        const Pattern pattern = is_cpu(bench_) ? Pattern::row : Pattern::block;
        const ImageShape shape = large_shape();
        const Painted painted = unit_readers_.paint(shape);
        const Grid &grid = unit_readers_.grid();
        const Tile whole = tile_of(pattern, grid.work_items, shape.texels(), bench_.random());
        const auto columns_log2 =
            static_cast<std::uint32_t>(std::bit_width(shape.width >> whole.width_log2) - 1);
        std::vector<Candidate> candidates;
        const auto add = [&](const Tile &tile, std::size_t tiles) {
            const Walk walk = walk_through(tile, tiles, columns_log2, grid.groups);
            candidates.push_back(
                candidate(unit_readers_.words({painted, tile, walk}), series::footprint,
                          coordinates(FootprintRow{tiles * tile.texels() * word_bytes})));
        };
        const std::size_t tile_bytes = whole.texels() * word_bytes;
        for (std::size_t bytes = least_footprint; bytes < tile_bytes; bytes *= 2)
            add(tile_of(pattern, grid.work_items, bytes / word_bytes, bench_.random()), 1);
        std::size_t next = 0;
        for (const std::size_t bytes : coarse_footprints(tile_bytes, shape.bytes()))
            if (bench_.profile() != Profile::quick || bytes >= next) {
                add(whole, bytes / tile_bytes);
                next = bytes * 7 / 4;
            }
        sample(std::move(candidates), 0.88, 3);
    }

private:
    /// A scene of few bytes, read again and again. Nothing where the device has none of the format,
    /// which the data then says.
    std::optional<Scene> small_scene(const Format &format, Pattern pattern) {
        constexpr std::size_t whole = std::size_t{1} << 20;
        const Tile tile = tile_of(pattern, readers_.grid().work_items, whole, bench_.random());
        // A row and a column more, for the reads between texels.
        const ImageShape shape{format.format, (std::size_t{1} << tile.width_log2) + 1,
                               (std::size_t{1} << tile.height_log2) + 1};
        try {
            return Scene{readers_.paint(shape), tile,
                         walk_through(tile, 1, 0, readers_.grid().groups)};
        } catch (const Unsupported &error) {
            bench_.data().text_attributes[refusal(format.key)] = error.what();
            return std::nullopt;
        }
    }

    /// Whether reads of that scene between texels are what they should be: OpenCL's embedded
    /// profile leaves them out for floating point.
    bool filters(const Format &format, const Scene &scene) {
        try {
            bench_.launch(readers_.colours(scene, Filter::linear));
            return true;
        } catch (const VerificationError &) {
            if (format.format.type == CL_UNORM_INT8)
                throw;
            bench_.data().text_attributes[refusal(format.key, "linear")] =
                "a read between four texels is not their mean";
            return false;
        }
    }

    Pattern best_pattern(const ImageFormat &format) const {
        const std::size_t like = format.texel_bytes() > 4 ? tuned_large : tuned_small;
        const Series &series = bench_.series(series::locality);
        Pattern best = Pattern::block;
        std::optional<double> least;
        for (const Pattern pattern : {Pattern::block, Pattern::row, Pattern::column}) {
            const auto fit = fit_slope(times_of(&series, LocalityRow{like, pattern}));
            if (fit && fit->seconds_per_trip > 0 && (!least || fit->seconds_per_trip < *least)) {
                least = fit->seconds_per_trip;
                best = pattern;
            }
        }
        return best;
    }

    /// An image of as much as is to be read: several times what the last cache of most devices
    /// holds.
    ImageShape large_shape() const {
        const unsigned mib = bench_.tiny() ? 1 : is_cpu(bench_) ? 128 : 2048;
        const DeviceInfo &device = bench_.device();
        const std::size_t most_width = std::bit_floor(largest_image_width(device));
        const std::size_t most_height =
            std::min<std::size_t>(std::bit_floor(largest_image_height(device)), 8192);
        const std::size_t bytes = std::min(std::size_t{mib} << 20, bench_.most_bytes());
        const std::size_t texels =
            std::min(std::bit_floor(bytes) / word_bytes, most_height * most_width);
        // Rows long enough and columns tall enough for any tile.
        const std::size_t height = std::min(most_height, std::max<std::size_t>(256, texels / 512));
        return {{CL_RGBA, CL_UNSIGNED_INT32}, texels / height, height};
    }

    Candidate candidate(BoundLaunch launch, const char *into, std::vector<double> at) {
        const bool quick = bench_.profile() == Profile::quick;
        const double seconds = bench_.bounds().target / (quick ? 4 : 2);
        const std::uint32_t trips = bench_.tiny() ? 0 : bench_.calibrate(launch, seconds);
        return {std::move(launch), &bench_.series(into), std::move(at), trips};
    }
    /// Samples all of them in turns until `share` of the probe's time is used.
    void sample(std::vector<Candidate> candidates, double share, std::size_t least) {
        const double seconds = bench_.remaining() - (1 - share) * bench_.budget();
        bench_.sample(candidates,
                      {.relative_half_width = 0.003, .seconds = seconds, .least = least});
    }

    Bench &bench_;
    Program program_;
    Readers readers_;
    Readers unit_readers_;
};

} // namespace

void run_experiments(Bench &bench) {
    Experiment experiment(bench);
    experiment.locality();
    experiment.rates();
    experiment.footprints();
}

} // namespace clprobe::probes::image_bandwidth
