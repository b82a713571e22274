#include "compute/dot_product/launcher.hpp"

#include <clprobe/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace clprobe::probes::dot_product {
namespace {

constexpr unsigned first_row_argument = 4;
constexpr unsigned mask_argument = 5;
constexpr unsigned trips_argument = 6;

/// All terms are positive, so that no order of sums and no fusing takes a result further from the
/// exact one than some ten roundings of 2^-24; a product that is left out, over a hundred times.
constexpr double tolerance = 4e-6;

bool close(const Vector<float> &found, const Vector<double> &expected) {
    for (std::size_t i = 0; i < found.size(); ++i)
        if (!(std::abs(found[i] - expected[i]) <= tolerance * expected[i]))
            return false;
    return true;
}

} // namespace

const char *function_of(Memory memory) {
    return memory == Memory::buffer ? "dot_buffers" : "dot_images";
}

std::string build_options(const Variant &variant) {
    return fmt::format("-DMULTIPLICATIONS={}", variant.published);
}

Work work_on(Bench &bench, Arrays &arrays, const Program &program, const Variant &variant,
             std::shared_ptr<std::uint64_t> verified) {
    const Extent extent = arrays.extent();
    const std::uint32_t mask = extent.height - 1;
    Kernel kernel = program.kernel(function_of(arrays.memory()));
    arrays.set(kernel);
    kernel.set(mask_argument, mask);
    const auto first_row = std::make_shared<std::uint32_t>(0);
    const auto prepare = [&arrays, kernel, first_row]() mutable {
        kernel.set(first_row_argument, *first_row);
        arrays.poison();
    };
    const auto verify = [&bench, &arrays, variant, extent, mask, first_row,
                         verified = std::move(verified)](std::uint32_t trips) {
        const std::uint64_t rows =
            std::min<std::uint64_t>(std::uint64_t{trips} * extent.rows, extent.height);
        for (const std::size_t vector :
             bench.sample_work_items(static_cast<std::size_t>(rows) * extent.width, 2)) {
            const auto column = static_cast<std::uint32_t>(vector % extent.width);
            const auto row =
                (*first_row + static_cast<std::uint32_t>(vector / extent.width)) & mask;
            if (!close(arrays.result(column, row), arrays.expected(variant, column, row)))
                throw VerificationError(
                    fmt::format("{} multiplications over {}s: the result at ({}, {}) is not what "
                                "the host computes",
                                variant.published, name(arrays.memory()), column, row));
            ++*verified;
        }
        *first_row = (*first_row + trips * extent.rows) & mask;
    };
    return {kernel, extent.a_trip(), trips_argument, prepare, verify};
}

} // namespace clprobe::probes::dot_product
