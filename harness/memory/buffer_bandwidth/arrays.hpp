#pragma once
#include "memory/buffer_bandwidth/content.hpp"

#include <clprobe/probe.hpp>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace clprobe::probes::buffer_bandwidth {

constexpr std::size_t word = sizeof(std::uint32_t);

/// The program for vectors of that width.
[[nodiscard]] KernelVariant program_of(unsigned width);

/// The probe's programs, one for each width of vectors, built when they are first asked for.
class Programs {
public:
    explicit Programs(Bench &bench) : bench_(bench) {}

    [[nodiscard]] Bench &bench() const { return bench_; }
    [[nodiscard]] Kernel kernel(const std::string &name, unsigned width);
    /// Work-items of that kernel's groups: as many as are wanted, as far as it may have them.
    [[nodiscard]] std::size_t group_size(const std::string &name, unsigned width,
                                         std::size_t wanted);

private:
    Bench &bench_;
    std::map<unsigned, Program> programs_;
};

/// How a launch is spread over an array, in elements (vectors): where each group and each of its
/// work-items begins, and which of the elements behind it takes.
struct Spread {
    NdRange range;
    std::uint32_t group_span = 0;
    std::uint32_t item_span = 0;
    std::uint32_t step = 0;  ///< from one of an item's elements to the next
    std::uint32_t count = 0; ///< of an item

    /// As many groups as cover the array once, each work-item taking `count` elements that lie a
    /// group's width apart.
    [[nodiscard]] static Spread one_shot(std::size_t elements, std::size_t local_size,
                                         std::uint32_t count);
    /// So many groups, which step over the array side by side.
    [[nodiscard]] static Spread strided(std::size_t elements, std::size_t local_size,
                                        std::size_t groups);
    /// So many groups, each work-item taking a stretch of the array of its own.
    [[nodiscard]] static Spread chunked(std::size_t elements, std::size_t local_size,
                                        std::size_t groups);
    /// Appends them as the kernel's next arguments.
    void add_to(std::vector<Argument> &arguments) const;
};

/// An array of random words on the device, `bytes` of them filled.
struct Source {
    Buffer buffer;
    Content content;
    std::size_t bytes = 0;
};

/// Of that size; of half of it, and so on, where the driver refuses.
[[nodiscard]] Buffer largest_buffer(Bench &bench, std::size_t bytes);
/// An array of at most `bytes`, as much of it filled as can be within `seconds`.
[[nodiscard]] Source make_source(Programs &programs, std::size_t bytes, double seconds);

/// The vectors to begin with: a processor's own, or what a GPU's lanes load at once at most.
[[nodiscard]] unsigned usual_width(const DeviceInfo &device);

} // namespace clprobe::probes::buffer_bandwidth
