#pragma once
#include <clprobe/probe.hpp>
#include <clprobe/row.hpp>

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace clprobe::probes::cache_sharing {

/// What a part of a round goes through.
enum class Path { none, image, buffer };
inline constexpr std::array<std::string_view, 3> path_names{"none", "image", "buffer"};

/// A round in which the victim is followed, and then the evictor.
struct RoundRow {
    Path victim = Path::none;
    Path evictor = Path::none;

    static auto columns() {
        return std::tuple{column("victim", &RoundRow::victim, path_names),
                          column("evictor", &RoundRow::evictor, path_names), trips()};
    }
};

/// A ring of slots 64 B apart in random order, and how many hops a round goes: all slots, and one
/// more, so that a round that was left out shows in where the chase ends.
struct Ring {
    std::vector<std::uint32_t> order; ///< numbers of slots

    [[nodiscard]] std::size_t hops() const { return order.size() + 1; }
    [[nodiscard]] std::uint32_t after(std::uint64_t rounds) const {
        return order[rounds * hops() % order.size()];
    }
};

/// Launches of rounds: a victim is followed, then as much read through the evictor as drives it out
/// of a cache that both use.
class Rounds {
public:
    /// Rings over so many bytes, and so many to read between.
    Rounds(Bench &bench, std::size_t image_bytes, std::size_t buffer_bytes,
           std::size_t evicting_bytes);

    [[nodiscard]] BoundLaunch launch(const RoundRow &round);

private:
    [[nodiscard]] std::uint32_t evicting_sum(Path evictor, std::uint32_t trips) const;
    [[nodiscard]] std::vector<std::uint32_t> expected(const RoundRow &round,
                                                      std::uint32_t trips) const;

    Bench &bench_;
    Program program_;
    Ring in_image_;
    Ring in_buffer_;
    std::vector<std::uint32_t> texels_; ///< of the other image, four words each
    std::vector<std::uint32_t> words_;  ///< of the other buffer
    Image ring_image_;
    Image other_image_;
    Buffer ring_buffer_;
    Buffer other_buffer_;
    Buffer start_;
    Buffer results_;
};

/// The series of their times, and the text attribute that says why it shows nothing.
inline constexpr const char *times = "rounds";
inline constexpr const char *too_small = "too_small";

[[nodiscard]] const FindingKey &shared_key();

/// Whether reads through either path drive out what came through the other.
[[nodiscard]] Finding shared_finding(const Dataset &data);

} // namespace clprobe::probes::cache_sharing
