#include "common/chase.hpp"
#include "common/launch_size.hpp"
#include "memory/local_memory/local_memory.hpp"
#include "opencl/device_limits.hpp"

#include <clprobe/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <numeric>

namespace clprobe::probes::local_memory {
namespace {

constexpr const char *text = "memory/local_memory";
constexpr std::size_t word = sizeof(std::uint32_t);

// As the kernels have it.
constexpr std::size_t vectors = 256;       // that a group reads
constexpr std::size_t first_vectors = 128; // at which a work-item may begin
constexpr std::size_t vectors_apart = 8;   // distance of a work-item's loads
constexpr std::size_t strided_items = 32;  // then strides begin anew
constexpr std::size_t strided_loads = 8;
constexpr std::size_t strided_apart = 37;
constexpr std::size_t strided_offsets = 4096;
constexpr std::size_t strided_words = strided_offsets + (strided_loads - 1) * strided_apart;

constexpr std::size_t most_words = std::max(vectors * widths.back(), strided_words);

std::vector<std::uint32_t> random_words(std::size_t count, std::mt19937_64 &random) {
    std::vector<std::uint32_t> words(count);
    for (std::uint32_t &value : words)
        value = static_cast<std::uint32_t>(random());
    return words;
}

/// The sum of so many words, at such a distance.
std::uint32_t sum_from(const std::uint32_t *first, std::size_t count, std::size_t apart) {
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < count; ++i)
        sum += first[i * apart];
    return sum;
}

/// How often a work-item begins at each of so many offsets (a power of two).
std::vector<std::uint32_t> visits(std::uint32_t offset, std::uint32_t step, std::uint32_t trips,
                                  std::size_t offsets) {
    std::vector<std::uint32_t> count(offsets);
    for (std::uint32_t trip = 0; trip < trips; ++trip, offset += step)
        ++count[offset & (offsets - 1)];
    return count;
}

/// The widest load that is tried: sixteen words for CPUs, whose registers hold as much. A GPU would
/// keep twice that of each work-item in registers, and half of the work-items wait.
unsigned widest(const DeviceInfo &device) {
    return device.type == DeviceType::cpu ? 16 : 8;
}

std::string options_for(const DeviceInfo &device) {
    return fmt::format("-DWIDEST={}", widest(device));
}

/// The kernels that are launched in whole groups.
std::vector<std::string> summing_kernels(const DeviceInfo &device) {
    std::vector<std::string> kernels{"read_strided"};
    for (const unsigned width : widths)
        if (width <= widest(device))
            kernels.push_back(fmt::format("read_{}", width));
    return kernels;
}

} // namespace

KernelVariant program_for(const DeviceInfo &device) {
    return {{}, text, options_for(device), {}};
}

Launcher::Launcher(Bench &bench, std::size_t most_groups)
    : bench_(bench), program_(bench.build(text, options_for(bench.device()))),
      group_size_(probes::group_size(bench, program_, summing_kernels(bench.device()),
                                     bench.tiny() ? 8 : 256)),
      local_memory_(largest_local_memory(bench.device())),
      step_(static_cast<std::uint32_t>(bench.random()()) | 1u),
      data_(random_words(most_words, bench.random())),
      data_buffer_(bench.buffer(data_.size() * word)), state_(bench.buffer(2 * word)),
      out_(bench.buffer(most_groups * group_size_ * word)) {
    bench.write<std::uint32_t>(data_buffer_, data_);
    find_chase_bytes();
}

/// Some drivers keep a part of what they report that a group may have.
void Launcher::find_chase_bytes() {
    chase_bytes_ = bench_.tiny() ? 1024 : std::min<std::size_t>(local_memory_, 256 << 10);
    for (;;) {
        chase_bytes_ = std::max(chase_bytes_ / slot_bytes, std::size_t{1}) * slot_bytes;
        try {
            const auto slot = ring(Where::local, slot_bytes);
            bench_.launch(chase(slot, 1, slot, 0), 1);
            return;
        } catch (const Error &error) {
            if (!error.code() || chase_bytes_ <= 1024)
                throw;
            chase_bytes_ = chase_bytes_ / 8 * 7;
        }
    }
}

bool Launcher::can_read(unsigned width) const {
    return width <= widest(bench_.device()) && vectors * width * word <= local_memory_;
}

bool Launcher::can_stride() const {
    return strided_words * word <= local_memory_;
}

std::shared_ptr<const Ring> Launcher::ring(Where where, std::size_t bytes) {
    // An odd number: a chase, whose hops are even, then ends elsewhere than it began.
    const std::size_t slots = (std::max<std::size_t>(2, bytes / slot_bytes) - 1) | 1;
    const std::size_t apart = where == Where::local ? 1 : slot_bytes / word;
    std::vector<std::uint32_t> order(slots);
    std::iota(order.begin(), order.end(), 0u);
    std::shuffle(order.begin(), order.end(), bench_.random());
    std::vector<std::uint32_t> links(slots * apart);
    for (std::size_t i = 0; i < slots; ++i)
        links[order[i] * apart] = static_cast<std::uint32_t>(order[(i + 1) % slots] * slot_bytes);
    Ring made{std::move(order), bench_.buffer(links.size() * word)};
    bench_.write<std::uint32_t>(made.links, links);
    return std::make_shared<const Ring>(std::move(made));
}

BoundLaunch Launcher::chase(const std::shared_ptr<const Ring> &local, std::size_t local_turns,
                            const std::shared_ptr<const Ring> &global, std::size_t global_turns) {
    BoundLaunch launch{program_.kernel("chase"),
                       NdRange::linear(1, 1),
                       {local->links, static_cast<cl_uint>(local->order.size()),
                        LocalBytes{chase_bytes_}, global->links, static_cast<cl_uint>(local_turns),
                        static_cast<cl_uint>(global_turns), state_, trip_count}};
    follow(launch, bench_, state_, state_, [=](std::uint64_t trips) {
        return std::vector{local->address(turn_hops * local_turns * trips),
                           global->address(turn_hops * global_turns * trips)};
    });
    return launch;
}

BoundLaunch Launcher::summing(const std::string &kernel, std::size_t local_bytes,
                              std::size_t groups, Expected expected) {
    const NdRange range = NdRange::linear(groups, group_size_);
    return {program_.kernel(kernel),
            range,
            {data_buffer_, LocalBytes{local_bytes}, output(out_), step_, trip_count},
            check_words(
                range.work_items(),
                [size = group_size_, expected = std::move(expected)](std::size_t item,
                                                                     std::uint32_t trips) {
                    return expected(static_cast<std::uint32_t>(item % size), trips);
                },
                2)};
}

BoundLaunch Launcher::read(unsigned width, std::size_t groups) {
    const auto expected = [this, width](std::uint32_t item, std::uint32_t trips) {
        const auto visited = visits(item, step_, trips, first_vectors);
        std::uint32_t folded = 0;
        for (unsigned element = 0; element < width; ++element) {
            std::uint32_t sum = 0;
            for (std::size_t offset = 0; offset < visited.size(); ++offset)
                sum += visited[offset] * sum_from(data_.data() + offset * width + element, loads,
                                                  vectors_apart * width);
            folded ^= sum;
        }
        return folded;
    };
    return summing(fmt::format("read_{}", width), vectors * width * word, groups, expected);
}

BoundLaunch Launcher::read_strided(std::uint32_t stride, std::size_t groups) {
    const auto expected = [this, stride](std::uint32_t item, std::uint32_t trips) {
        const auto visited = visits(item % strided_items * stride, step_, trips, strided_offsets);
        std::uint32_t sum = 0;
        for (std::size_t offset = 0; offset < visited.size(); ++offset)
            sum += visited[offset] * sum_from(data_.data() + offset, strided_loads, strided_apart);
        return sum;
    };
    return summing("read_strided", strided_words * word, groups, expected).set(5, stride);
}

} // namespace clprobe::probes::local_memory
