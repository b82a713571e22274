#include "common/launch_size.hpp"
#include "memory/image_bandwidth/readers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <utility>

namespace clprobe::probes::image_bandwidth {
namespace {

constexpr std::size_t word = sizeof(std::uint32_t);

std::size_t grid_group_size(const Bench &bench, const Program &program, std::size_t wanted) {
    return group_size(bench, program,
                      {"paint_words", "paint_values", "words4", "nearest1", "nearest2", "nearest4",
                       "linear1", "linear2", "linear4"},
                      bench.tiny() ? 16 : wanted);
}

bool of_bytes(const ImageFormat &format) {
    return format.type == CL_UNORM_INT8;
}

/// What a byte counts in a colour: exact in the formats of floating point.
double unit_of(const ImageFormat &format) {
    return of_bytes(format) ? 1.0 / 255 : 1.0 / 256;
}

} // namespace

const std::vector<Format> &formats() {
    static const std::vector<Format> formats = {
        {"r8", {CL_R, CL_UNORM_INT8}},         {"r32f", {CL_R, CL_FLOAT}},
        {"rg32f", {CL_RG, CL_FLOAT}},          {"rgba8", {CL_RGBA, CL_UNORM_INT8}},
        {"rgba16f", {CL_RGBA, CL_HALF_FLOAT}}, {"rgba32f", {CL_RGBA, CL_FLOAT}}};
    return formats;
}

std::vector<std::string> format_keys() {
    std::vector<std::string> keys;
    for (const Format &format : formats())
        keys.push_back(format.key);
    return keys;
}

Grid full_grid(const Bench &bench, const Program &program) {
    if (bench.tiny())
        return {2, grid_group_size(bench, program, 64)};
    // Enough work-items to hide latency with sixteen reads each, and few enough to be there at once
    // whatever registers they take. The workers of a processor share them out.
    return {std::max<std::size_t>(64, 8 * units_of(bench)), grid_group_size(bench, program, 64)};
}

Grid unit_grid(const Bench &bench, const Program &program) {
    if (bench.tiny() || bench.device().type == DeviceType::cpu)
        return full_grid(bench, program);
    return {units_of(bench), grid_group_size(bench, program, 256)};
}

Readers::Readers(Bench &bench, Program program, const Grid &grid)
    : bench_(bench), program_(std::move(program)), grid_(grid),
      sums_(bench.buffer(grid.groups * grid.work_items * word)) {}

Painted Readers::paint(const ImageShape &shape) {
    const Painted painted{bench_.image(shape), static_cast<std::uint32_t>(bench_.random()())};
    const bool words = shape.format.type == CL_UNSIGNED_INT32;
    BoundLaunch paint{program_.kernel(words ? "paint_words" : "paint_values"),
                      NdRange::linear(grid_.groups, grid_.work_items),
                      {painted.image, painted.key}};
    if (!words)
        paint.set(2, static_cast<float>(unit_of(shape.format)));
    bench_.launch(paint); // whoever reads it checks what it did
    return painted;
}

BoundLaunch Readers::colours(const Painted &painted, Filter filter, const Tile &tile,
                             const Walk &walk) {
    const ImageFormat &format = painted.image.shape().format;
    const std::size_t channels = format.channels();
    const double scale = 1 / unit_of(format);
    if (filter == Filter::nearest)
        return launch(
            {fmt::format("nearest{}", channels), nearest_texel(painted.key, channels), scale, 0},
            painted, tile, walk);
    // A filter may round: by half a step of a byte in either direction, as llvmpipe does, or in all
    // four quarters of one.
    const auto tolerance = static_cast<std::uint32_t>(reads * channels * 4);
    return launch({fmt::format("linear{}", channels), linear_texel(painted.key, channels),
                   4 * scale, tolerance},
                  painted, tile, walk);
}

BoundLaunch Readers::words(const Painted &painted, const Tile &tile, const Walk &walk) {
    return launch({"words4", word_texel(painted.key), 1, 0}, painted, tile, walk);
}

BoundLaunch Readers::launch(const Model &model, const Painted &painted, const Tile &tile,
                            const Walk &walk) {
    const Buffer places = bench_.buffer(grid_.work_items * sizeof(TexelAt));
    bench_.write<TexelAt>(places, tile.places);
    // A launch goes on where the last one ended, or only a part of a large image would be read.
    const auto at = std::make_shared<Walk>(walk);
    const auto check = [model, tile, grid = grid_, at](const LaunchOutcome &outcome) {
        for (const std::size_t item : outcome.sample(grid.groups * grid.work_items)) {
            const std::uint32_t expected =
                sum_of(*at, tile.places[item % grid.work_items], item / grid.work_items,
                       outcome.trips(), model.texel);
            const auto off = std::abs(static_cast<std::int64_t>(static_cast<std::int32_t>(
                static_cast<std::uint32_t>(outcome.word(item) - expected))));
            outcome.expect(off <= std::int64_t{model.tolerance} * outcome.trips(),
                           "a work-item read something else than the texels that were painted");
        }
        at->advance(outcome.trips());
    };
    return {program_.kernel(model.kernel),
            NdRange::linear(grid_.groups, grid_.work_items),
            {painted.image, [at] { return *at; }, places, static_cast<float>(model.scale),
             output(sums_), trip_count},
            check};
}

} // namespace clprobe::probes::image_bandwidth
