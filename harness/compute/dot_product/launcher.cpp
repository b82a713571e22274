#include "compute/dot_product/launcher.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace clprobe::probes::dot_product {
namespace {

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

BoundLaunch launch_on(Arrays &arrays, const Program &program, const Variant &variant,
                      std::shared_ptr<std::uint64_t> verified) {
    const Extent extent = arrays.extent();
    const std::uint32_t mask = extent.height - 1;
    const auto first_row = std::make_shared<std::uint32_t>(0);
    const auto check = [&arrays, variant, extent, mask, first_row,
                        verified = std::move(verified)](const LaunchOutcome &outcome) {
        const std::uint64_t rows =
            std::min<std::uint64_t>(std::uint64_t{outcome.trips()} * extent.rows, extent.height);
        for (const std::size_t vector :
             outcome.sample(static_cast<std::size_t>(rows) * extent.width, 2)) {
            const auto column = static_cast<std::uint32_t>(vector % extent.width);
            const auto row =
                (*first_row + static_cast<std::uint32_t>(vector / extent.width)) & mask;
            outcome.expect(close(arrays.result(column, row), arrays.expected(variant, column, row)),
                           fmt::format("the result at ({}, {}) of {}s is not what the host "
                                       "computes",
                                       column, row, name(arrays.memory())));
            ++*verified;
        }
        *first_row = (*first_row + outcome.trips() * extent.rows) & mask;
    };
    std::vector<Argument> arguments = arrays.arguments();
    arguments.insert(arguments.end(), {[first_row] { return *first_row; }, mask, trip_count});
    return {program.kernel(function_of(arrays.memory())), extent.a_trip(), std::move(arguments),
            check, [&arrays] { arrays.poison(); }};
}

} // namespace clprobe::probes::dot_product
