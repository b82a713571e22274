#pragma once
#include <clprobe/probe.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace clprobe::probes::local_memory {

/// Widths of a load, in words.
inline constexpr std::array<unsigned, 5> widths{1, 2, 4, 8, 16};
/// The widest that is tried on the device: sixteen words for CPUs, whose registers hold as much. A
/// GPU would keep twice that of each work-item in registers, and half of the work-items wait.
[[nodiscard]] unsigned widest(const DeviceInfo &device);
/// The probe's program on the device.
[[nodiscard]] KernelVariant program_for(const DeviceInfo &device);
/// Loads that a work-item does in a trip of the bandwidth kernels.
inline constexpr unsigned loads = 16;
/// Distance of the slots of a chase's rings, B, and the hops of one turn.
inline constexpr std::size_t slot_bytes = 64;
inline constexpr std::size_t turn_hops = 16;

/// A ring of slots in random order.
struct Ring {
    std::vector<std::uint32_t> order; ///< slots in the order in which they are visited
    Buffer links;                     ///< what its slots hold

    [[nodiscard]] std::size_t bytes() const { return order.size() * slot_bytes; }
    /// The address in bytes after so many hops.
    [[nodiscard]] std::uint32_t address(std::uint64_t hops) const {
        return static_cast<std::uint32_t>(order[hops % order.size()] * slot_bytes);
    }
};

/// Where the slots of a ring are: in local memory, to which the kernel brings them, or in global.
enum class Where { local, global };

/// The kernels with their buffers, each launch verified against the host's model. Launches refer to
/// their launcher, which has to outlive them.
class Launcher {
public:
    /// Launches have `most_groups` groups at most.
    Launcher(Bench &bench, std::size_t most_groups);

    [[nodiscard]] std::shared_ptr<const Ring> ring(Where where, std::size_t bytes);
    /// One work-item; a trip follows the one ring for so many turns, and then the other.
    [[nodiscard]] BoundLaunch chase(const std::shared_ptr<const Ring> &local,
                                    std::size_t local_turns,
                                    const std::shared_ptr<const Ring> &global,
                                    std::size_t global_turns);
    /// Every work-item sums vectors of so many words; neighbours read neighbouring ones.
    [[nodiscard]] BoundLaunch read(unsigned width, std::size_t groups);
    /// Neighbouring work-items read words that are `stride` words apart.
    [[nodiscard]] BoundLaunch read_strided(std::uint32_t stride, std::size_t groups);

    /// Local memory that a chase has, B: what the device grants, up to some limit.
    [[nodiscard]] std::size_t chase_bytes() const { return chase_bytes_; }
    [[nodiscard]] std::size_t group_size() const { return group_size_; }
    /// Whether the device grants the local memory that these launches need.
    [[nodiscard]] bool can_read(unsigned width) const;
    [[nodiscard]] bool can_stride() const;

private:
    /// What a work-item's sum is, from its place in the group and the trips.
    using Expected = std::function<std::uint32_t(std::uint32_t item, std::uint32_t trips)>;
    [[nodiscard]] BoundLaunch summing(const std::string &kernel, std::size_t local_bytes,
                                      std::size_t groups, Expected expected);
    void find_chase_bytes();

    Bench &bench_;
    Program program_;
    std::size_t group_size_;
    std::size_t local_memory_;
    std::size_t chase_bytes_ = 0;
    std::uint32_t step_;
    std::vector<std::uint32_t> data_;
    Buffer data_buffer_;
    Buffer state_;
    Buffer out_;
};

} // namespace clprobe::probes::local_memory
