#include "common/launch_size.hpp"
#include "memory/buffer_bandwidth/arrays.hpp"

#include <clprobe/error.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace clprobe::probes::buffer_bandwidth {
namespace {

constexpr std::size_t piece = std::size_t{16} << 20; ///< bytes that one launch fills

} // namespace

std::uint32_t hash(std::uint32_t place) {
    place *= 2654435761u;
    place ^= place >> 15;
    place *= 2246822519u;
    return place ^ (place >> 13);
}

KernelVariant program_of(unsigned width) {
    return {width == 1 ? "uint" : fmt::format("uint{}", width),
            "memory/buffer_bandwidth",
            fmt::format("-DWIDTH={}", width),
            {}};
}

Kernel Programs::kernel(const std::string &name, unsigned width) {
    auto program = programs_.find(width);
    if (program == programs_.end()) {
        const KernelVariant built = program_of(width);
        program = programs_.emplace(width, bench_.build(built.text, built.options)).first;
    }
    return program->second.kernel(name);
}

std::size_t Programs::group_size(const std::string &name, unsigned width, std::size_t wanted) {
    return probes::group_size(bench_, kernel(name, width),
                              probes::group_size(bench_, wanted, word)); // sums are in local memory
}

Spread Spread::one_shot(std::size_t elements, std::size_t local_size, std::uint32_t count) {
    const std::size_t group = local_size * count;
    return {NdRange::linear(elements / group, local_size), static_cast<std::uint32_t>(group), 1,
            static_cast<std::uint32_t>(local_size), count};
}

Spread Spread::strided(std::size_t elements, std::size_t local_size, std::size_t groups) {
    const std::size_t items = local_size * groups;
    return {NdRange::linear(groups, local_size), static_cast<std::uint32_t>(local_size), 1,
            static_cast<std::uint32_t>(items), static_cast<std::uint32_t>(elements / items)};
}

Spread Spread::chunked(std::size_t elements, std::size_t local_size, std::size_t groups) {
    const auto count = static_cast<std::uint32_t>(elements / (local_size * groups));
    return {NdRange::linear(groups, local_size), static_cast<std::uint32_t>(local_size) * count,
            count, 1, count};
}

void Spread::add_to(std::vector<Argument> &arguments) const {
    arguments.insert(arguments.end(), {group_span, item_span, step, count});
}

Buffer largest_buffer(Bench &bench, std::size_t bytes) {
    for (constexpr std::size_t least = std::size_t{1} << 20;; bytes /= 2)
        try {
            return bench.buffer(bytes);
        } catch (const Error &error) {
            if (!error.code() || bytes < 2 * least)
                throw;
        }
}

Source make_source(Programs &programs, std::size_t bytes, double seconds) {
    Bench &bench = programs.bench();
    const Buffer buffer = largest_buffer(bench, bytes);
    Source source{buffer, {static_cast<std::uint32_t>(bench.random()())}, 0};
    const unsigned width = usual_width(bench.device());
    const std::size_t local_size =
        bench.device().type == DeviceType::cpu ? 1 : programs.group_size("fill", width, 64);
    const std::size_t each = std::min(piece, buffer.bytes());
    const std::size_t elements = each / (width * word);
    const Spread spread = local_size == 1 ? Spread::chunked(elements, 1, 16)
                                          : Spread::one_shot(elements, local_size, 8);
    BoundLaunch fill{programs.kernel("fill", width), spread.range, {buffer, source.content.salt}};
    spread.add_to(fill.arguments);
    // What was not filled would be found by the sums of what is read.
    for (const double until = bench.remaining() - seconds;
         source.bytes + each <= buffer.bytes() && (source.bytes == 0 || bench.remaining() > until);
         source.bytes += each)
        bench.launch(fill.set(6, static_cast<cl_uint>(source.bytes / (width * word))));
    return source;
}

unsigned usual_width(const DeviceInfo &device) {
    return device.type == DeviceType::cpu ? 16 : 4;
}

} // namespace clprobe::probes::buffer_bandwidth
