#include "common/launch_size.hpp"
#include "compute/dot_product/dot_product.hpp"
#include "opencl/device_limits.hpp"

#include <clprobe/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <deque>
#include <iterator>
#include <memory>
#include <optional>
#include <utility>

namespace clprobe::probes::dot_product {
namespace {

constexpr std::size_t vector_bytes = 4 * sizeof(float);

/// Vectors of an array, by columns and rows, and the rows that one trip goes through: powers of
/// two.
struct Extent {
    std::uint32_t width = 0;
    std::uint32_t height = 0;
    std::uint32_t rows = 0;
    std::uint32_t group = 1; ///< work-items of the groups that fill the arrays

    /// Of a launch: more would go through rows again, which a cache may have kept.
    [[nodiscard]] std::uint32_t most_trips() const { return height / rows; }
    /// A work-item for each vector of so many rows.
    [[nodiscard]] NdRange range(std::uint32_t of_rows) const {
        return {{width, of_rows, 1}, {std::min(width, group), 1, 1}, 2};
    }
};

/// Arrays of which four, in either memory, are more than caches hold and not too much to ask for.
Extent extent_for(const Bench &bench, const Program &program) {
    const DeviceInfo &device = bench.device();
    std::vector<std::string> filling{"fill_buffer"};
    if (device.images)
        filling.insert(filling.end(), {"fill_image", "poison_image"});
    const auto group = static_cast<std::uint32_t>(group_size(bench, program, filling, 64));
    if (bench.tiny())
        return {16, 64, 16, group};
    const std::size_t wanted = std::size_t{is_cpu(bench) ? 16u : 512u} << 20;
    const auto memory = static_cast<std::size_t>(device.global_memory.value_or(1 << 30));
    const std::size_t bytes = std::min({wanted, bench.most_bytes(), memory / 64});
    // Trips enough for a slope, and work-items enough for a large device.
    constexpr std::size_t large = std::size_t{64} << 20;
    Extent extent{bytes < large ? 256u : 1024u, 256, 256, group};
    const std::size_t rows =
        std::min(bytes / (extent.width * vector_bytes), largest_image_height(device));
    extent.height = std::max(extent.rows, static_cast<std::uint32_t>(std::bit_floor(rows)));
    return extent;
}

bool close(const std::vector<float> &found, const Vector<double> &expected) {
    // All terms are positive, so that no order of sums and no fusing takes a result further from
    // the exact one than some ten roundings of 2^-24; a product that is left out, over a hundred
    // times.
    constexpr double tolerance = 4e-6;
    return std::ranges::equal(found, expected,
                              [](float a, double b) { return std::abs(a - b) <= tolerance * b; });
}

/// Three arrays of random vectors and one for the results, and launches of the programs over them.
class Arrays {
public:
    /// Throws Unsupported where the device has no such memory.
    Arrays(Bench &bench, const Program &program, Memory memory, const Extent &extent)
        : bench_(bench), memory_(memory), extent_(extent), texel_(bench.buffer(vector_bytes)) {
        const bool image = memory == Memory::image;
        const NdRange all = extent.range(extent.height);
        const NdRange in_a_row =
            NdRange::linear(std::size_t{extent.width} * extent.height / extent.group, extent.group);
        for (std::uint32_t &key : keys_) {
            key = static_cast<std::uint32_t>(bench.random()());
            // Whoever reads them checks what it did.
            bench.launch({program.kernel(image ? "fill_image" : "fill_buffer"),
                          image ? all : in_a_row,
                          {add(), key}});
        }
        Argument &results = add();
        if (image) {
            poison_ = BoundLaunch{program.kernel("poison_image"), all, {results}};
            read_ = BoundLaunch{
                program.kernel("read_texel"), NdRange::linear(1, 1), {results, Argument(), texel_}};
        } else {
            results = output(*results_);
        }
    }

    [[nodiscard]] Memory memory() const { return memory_; }

    /// Of one variant, with some local size, which the caller replaces. The results are poisoned
    /// before each launch; after it, some chosen then are compared with the host's, and `verified`
    /// is raised. Each launch goes on in the rows after the last one's. The arrays and `verified`
    /// have to outlive it.
    [[nodiscard]] BoundLaunch launch(const Program &program, const Variant &variant,
                                     std::uint64_t &verified) {
        const std::uint32_t mask = extent_.height - 1;
        const auto first_row = std::make_shared<std::uint32_t>(0);
        const auto check = [this, variant, mask, first_row,
                            &verified](const LaunchOutcome &outcome) {
            const std::uint64_t rows = std::min<std::uint64_t>(
                std::uint64_t{outcome.trips()} * extent_.rows, extent_.height);
            for (const std::size_t vector :
                 outcome.sample(static_cast<std::size_t>(rows) * extent_.width, 2)) {
                const auto column = static_cast<std::uint32_t>(vector % extent_.width);
                const auto row =
                    (*first_row + static_cast<std::uint32_t>(vector / extent_.width)) & mask;
                outcome.expect(close(result(column, row), expected(variant, column, row)),
                               fmt::format("the result at ({}, {}) of {}s is not what the host "
                                           "computes",
                                           column, row, name(memory_)));
                ++verified;
            }
            *first_row = (*first_row + outcome.trips() * extent_.rows) & mask;
        };
        std::vector<Argument> arguments = arrays_;
        arguments.insert(arguments.end(), {[first_row] { return *first_row; }, mask, trip_count});
        BoundLaunch launch{program.kernel(results_ ? "dot_buffers" : "dot_images"),
                           extent_.range(extent_.rows), std::move(arguments), check};
        if (poison_)
            launch.before = [this] { poison_->enqueue(bench_.context()); };
        return launch;
    }

private:
    Argument &add() {
        if (memory_ == Memory::image)
            return arrays_.emplace_back(
                bench_.image({{CL_RGBA, CL_FLOAT}, extent_.width, extent_.height}));
        results_ = bench_.buffer(vector_bytes * extent_.width * extent_.height);
        return arrays_.emplace_back(*results_);
    }

    [[nodiscard]] std::vector<float> result(std::uint32_t column, std::uint32_t row) {
        if (results_)
            return bench_.read<float>(*results_, 4 * (std::size_t{row} * extent_.width + column),
                                      4);
        read_->set(1, std::array{column, row}).enqueue(bench_.context());
        return bench_.read<float>(texel_, 0, 4);
    }

    /// What a work-item has to compute of the vectors there.
    [[nodiscard]] Vector<double> expected(const Variant &variant, std::uint32_t column,
                                          std::uint32_t row) const {
        const std::uint32_t element = row * extent_.width + column;
        return combined(variant, value(element, keys_[0]), value(element, keys_[1]),
                        value(element, keys_[2]));
    }

    Bench &bench_;
    Memory memory_;
    Extent extent_;
    std::array<std::uint32_t, 3> keys_{};
    std::vector<Argument> arrays_;      ///< the last one for the results
    std::optional<Buffer> results_;     ///< of buffers
    std::optional<BoundLaunch> poison_; ///< fills an image of results
    std::optional<BoundLaunch> read_;   ///< reads one of its texels into
    Buffer texel_;
};

/// Each kernel with its best size, in turn.
void measure_anew(Bench &bench, const std::vector<SweptKernel> &kernels,
                  const std::vector<std::optional<SweptSize>> &swept) {
    Series &rate = bench.series(series::rate);
    std::vector<Candidate> candidates;
    for (std::size_t i = 0; i < kernels.size(); ++i) {
        if (!swept[i])
            continue;
        SweptKernel kernel = kernels[i];
        kernel.launch.range = with_local_size(kernel.launch.range, swept[i]->size);
        std::ranges::copy(coordinates(swept[i]->size), std::back_inserter(kernel.at));
        // A slope wants a quarter, a half and the whole of them.
        const std::uint32_t trips = std::min(std::max(4u, swept[i]->trips), kernel.most_trips);
        candidates.push_back({kernel.launch, &rate, kernel.at, trips});
    }
    bench.sample(candidates, {.relative_half_width = 0.005,
                              .seconds = std::max(0.9 * bench.remaining(), 0.1 * bench.budget()),
                              .least = bench.tiny() ? 2u : 6u});
}

} // namespace

void run_experiments(Bench &bench) {
    std::vector<Program> programs;
    for (const Variant &variant : variants)
        programs.push_back(bench.build(kernel_text, variant.build_options()));
    const Extent extent = extent_for(bench, programs.front());
    std::deque<Arrays> arrays;
    arrays.emplace_back(bench, programs.front(), Memory::buffer, extent);
    try {
        arrays.emplace_back(bench, programs.front(), Memory::image, extent);
    } catch (const Unsupported &error) {
        bench.data().text_attributes[entry::no_images] = error.what();
    }
    bench.data().number_attributes[entry::vectors] =
        static_cast<double>(extent.width) * extent.rows;

    std::uint64_t verified = 0;
    std::vector<SweptKernel> kernels;
    for (std::size_t i = 0; i < variants.size(); ++i)
        for (Arrays &memory : arrays)
            kernels.push_back({memory.launch(programs[i], variants[i], verified),
                               coordinates(ProgramRow{memory.memory(), variants[i].published}),
                               extent.most_trips()});
    const auto swept =
        sweep_local_sizes(bench, bench.series(series::grid), kernels, 0.4 * bench.budget());
    verified = 0;
    measure_anew(bench, kernels, swept);
    bench.data().number_attributes[entry::verified] = static_cast<double>(verified);
}

} // namespace clprobe::probes::dot_product
