#include "analysis/refinement.hpp"
#include "memory/image_bandwidth/experiment.hpp"
#include "memory/image_bandwidth/readers.hpp"
#include "opencl/device_limits.hpp"

#include <clprobe/error.hpp>

#include <algorithm>
#include <bit>
#include <map>
#include <optional>

namespace clprobe::probes::image_bandwidth {
namespace {

constexpr std::size_t least_footprint = 4096; ///< B

/// A walk through an image, painted for it.
struct Scene {
    Painted painted;
    Tile tile;
    Walk walk;
};

class Experiment {
public:
    explicit Experiment(Bench &bench)
        : bench_(bench), program_(bench.build("memory/image_bandwidth", "")),
          readers_(bench, program_, full_grid(bench, program_)),
          unit_readers_(bench, program_, unit_grid(bench, program_)) {
        bench.data().number_attributes[texels_a_trip] = readers_.grid().texels();
        bench.data().number_attributes[curve_texels_a_trip] = unit_readers_.grid().texels();
    }

    void locality();
    void rates();
    void footprints();

private:
    /// A scene of few bytes, read again and again. Nothing where the device has none of the format,
    /// which the data then says.
    std::optional<Scene> small_scene(const Format &format, Pattern pattern);
    /// Whether reads of that scene between texels are what they should be: OpenCL's embedded
    /// profile leaves them out for floating point.
    bool filters(const Format &format, const Scene &scene);
    [[nodiscard]] Pattern best_pattern(const ImageFormat &format) const;
    [[nodiscard]] ImageShape large_shape() const;

    Candidate candidate(BoundLaunch launch, const char *into, std::vector<double> at) {
        const bool quick = bench_.profile() == Profile::quick;
        const double seconds = bench_.bounds().target / (quick ? 4 : 2);
        const std::uint32_t trips = bench_.tiny() ? 0 : bench_.calibrate(launch, seconds);
        return {std::move(launch), &bench_.series(into), std::move(at), trips};
    }
    /// Samples all of them in turns until `share` of the probe's time is used.
    void sample(std::vector<Candidate> candidates, double share, std::size_t least) {
        if (candidates.empty())
            return;
        const double seconds = bench_.remaining() - (1 - share) * bench_.budget();
        bench_.sample(candidates,
                      {.relative_half_width = 0.003, .seconds = seconds, .least = least});
    }

    Bench &bench_;
    Program program_;
    Readers readers_;
    Readers unit_readers_;
};

std::optional<Scene> Experiment::small_scene(const Format &format, Pattern pattern) {
    constexpr std::size_t whole = std::size_t{1} << 20;
    const Tile tile = tile_of(pattern, readers_.grid().work_items, whole, bench_.random());
    // A row and a column more, for the reads between texels.
    const ImageShape shape{format.format, (std::size_t{1} << tile.width_log2) + 1,
                           (std::size_t{1} << tile.height_log2) + 1};
    try {
        return Scene{readers_.paint(shape), tile, walk_through(tile, 1, 0, readers_.grid().groups)};
    } catch (const Unsupported &error) {
        bench_.data().text_attributes[refusal(format.key)] = error.what();
        return std::nullopt;
    }
}

void Experiment::locality() {
    std::vector<Candidate> candidates;
    for (std::size_t f = 0; f < formats().size(); ++f) {
        const Format &format = formats()[f];
        if (format.key != "rgba8" && format.key != "rgba32f")
            continue;
        for (const Pattern pattern :
             {Pattern::row, Pattern::column, Pattern::block, Pattern::random, Pattern::same}) {
            const auto scene = small_scene(format, pattern);
            if (!scene)
                break;
            BoundLaunch launch =
                readers_.colours(scene->painted, Filter::nearest, scene->tile, scene->walk);
            if (candidates.empty())
                bench_.warm_up(launch, bench_.calibrate(launch));
            candidates.push_back(candidate(std::move(launch), series::locality,
                                           coordinates(LocalityRow{f, pattern})));
        }
    }
    sample(std::move(candidates), 0.2, 2);
}

Pattern Experiment::best_pattern(const ImageFormat &format) const {
    const std::size_t like = format.texel_bytes() > 4 ? 5 : 3;
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

bool Experiment::filters(const Format &format, const Scene &scene) {
    try {
        bench_.launch(readers_.colours(scene.painted, Filter::linear, scene.tile, scene.walk));
        return true;
    } catch (const VerificationError &) {
        if (format.format.type == CL_UNORM_INT8)
            throw;
        bench_.data().text_attributes[refusal(format.key, "linear")] =
            "a read between four texels is not their mean";
        return false;
    }
}

void Experiment::rates() {
    std::vector<Candidate> candidates;
    for (std::size_t f = 0; f < formats().size(); ++f) {
        const Format &format = formats()[f];
        const Pattern pattern = best_pattern(format.format);
        const auto scene = small_scene(format, pattern);
        if (!scene)
            continue;
        for (const Filter filter : {Filter::nearest, Filter::linear}) {
            if (filter == Filter::linear && !filters(format, *scene))
                continue;
            candidates.push_back(
                candidate(readers_.colours(scene->painted, filter, scene->tile, scene->walk),
                          series::rates, coordinates(RateRow{f, filter, pattern})));
        }
    }
    sample(std::move(candidates), 0.55, 6);
}

/// An image of as much as is to be read: several times what the last cache of most devices holds.
ImageShape Experiment::large_shape() const {
    const bool cpu = bench_.device().type == DeviceType::cpu;
    std::size_t bytes = std::size_t{cpu ? 128u : 2048u} << 20;
    if (bench_.tiny())
        bytes = std::size_t{1} << 20;
    const auto texel = static_cast<std::size_t>(word_texel_bytes);
    const DeviceInfo &device = bench_.device();
    const std::size_t most_width = std::bit_floor(largest_image_width(device));
    const std::size_t most_height =
        std::min<std::size_t>(std::bit_floor(largest_image_height(device)), 8192);
    std::size_t texels = std::bit_floor(std::min(bytes, bench_.most_bytes())) / texel;
    texels = std::min(texels, most_height * most_width);
    // Rows long enough and columns tall enough for any tile.
    const std::size_t height = std::min(most_height, std::max<std::size_t>(256, texels / 512));
    return {{CL_RGBA, CL_UNSIGNED_INT32}, texels / height, height};
}

void Experiment::footprints() {
    const bool cpu = bench_.device().type == DeviceType::cpu;
    const Pattern pattern = cpu ? Pattern::row : Pattern::block; // as their images are tiled
    const ImageShape shape = large_shape();
    const Painted painted = unit_readers_.paint(shape);
    const auto texel = static_cast<std::size_t>(word_texel_bytes);
    const Grid &grid = unit_readers_.grid();
    const Tile whole = tile_of(pattern, grid.work_items, shape.texels(), bench_.random());
    const auto columns_log2 =
        static_cast<std::uint32_t>(std::bit_width(shape.width >> whole.width_log2) - 1);
    std::vector<Candidate> candidates;
    const auto add = [&](const Tile &tile, std::size_t tiles) {
        const Walk walk = walk_through(tile, tiles, columns_log2, grid.groups);
        candidates.push_back(candidate(unit_readers_.words(painted, tile, walk), series::footprint,
                                       coordinates(FootprintRow{tiles * tile.texels() * texel})));
    };
    const std::size_t tile_bytes = whole.texels() * texel;
    for (std::size_t bytes = least_footprint; bytes < tile_bytes; bytes *= 2)
        add(tile_of(pattern, grid.work_items, bytes / texel, bench_.random()), 1);
    std::size_t next = 0;
    for (const std::size_t bytes : coarse_footprints(tile_bytes, shape.bytes()))
        if (bench_.profile() != Profile::quick || bytes >= next) {
            add(whole, bytes / tile_bytes);
            next = bytes * 7 / 4;
        }
    sample(std::move(candidates), 0.88, 3);
}

} // namespace

std::string refusal(const std::string &format) {
    return "refused." + format;
}
std::string refusal(const std::string &format, const std::string &filter) {
    return refusal(format) + "." + filter;
}

void run_experiments(Bench &bench) {
    Experiment experiment(bench);
    experiment.locality();
    experiment.rates();
    experiment.footprints();
}

} // namespace clprobe::probes::image_bandwidth
