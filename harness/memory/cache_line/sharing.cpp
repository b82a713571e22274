#include "memory/cache_line/findings.hpp"
#include "memory/cache_line/series.hpp"
#include "memory/cache_line/sharing.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace clprobe::probes::cache_line {
namespace {

constexpr std::uint32_t word_bytes = sizeof(std::uint32_t);
constexpr std::uint32_t increments = 4; ///< in one trip

/// Two words: `distance` bytes apart, the first `offset` bytes behind an aligned place.
struct Words {
    std::uint32_t offset = 0;
    std::uint32_t distance = 0;
};

/// Ever further apart from an aligned place, and side by side on either side of a border.
std::vector<Words> placements() {
    std::vector<Words> all;
    for (std::uint32_t size = 8; size <= 1024; size *= 2) {
        all.push_back({0, size - word_bytes});
        all.push_back({0, size});
        all.push_back({size - word_bytes, word_bytes});
    }
    return all;
}

class Sharing {
public:
    Sharing(Bench &bench, const Program &program)
        : bench_(bench), contend_(program.kernel("contend")), memory_(bench.buffer(16384)),
          arrived_(bench.buffer(word_bytes)), last_(bench.buffer(4 * word_bytes)) {
        bench.context().fill(memory_, 0);
    }

    [[nodiscard]] BoundLaunch launch(Words words) {
        const auto check = [this](const LaunchOutcome &outcome) {
            const auto last = outcome.read<std::uint32_t>(last_, 0, 4);
            for (std::uint32_t group = 0; group < 2; ++group)
                outcome.expect(last[group] == group + increments * outcome.trips() &&
                                   last[2 + group] <= 1,
                               "the increments were not all done");
            together_ = (last[2] & last[3]) != 0;
            bench_.data().number_attributes["launches_together"] += together_ ? 1 : 0;
            bench_.data().number_attributes["launches"] += 1;
        };
        return {contend_,
                NdRange::linear(2, 1),
                {memory_, static_cast<cl_uint>(words.offset / word_bytes),
                 static_cast<cl_uint>(words.distance / word_bytes), bench_.tiny() ? 16u : 1u << 16,
                 output(arrived_, 0), output(last_), trip_count},
                check};
    }

    /// One launch in which the two groups met; none where they did not in a few.
    void sample(const BoundLaunch &launch, Words words, std::uint32_t trips, int block) {
        double seconds = 0;
        together_ = false;
        for (int attempt = 0; attempt < 3 && !together_; ++attempt)
            seconds = bench_.launch(launch, trips);
        Point &point = bench_.series(series::false_sharing)
                           .point(coordinates(SharingRow{words.distance, words.offset}, trips));
        point.samples.push_back(seconds);
        point.block.push_back(block);
    }

private:
    Bench &bench_;
    Kernel contend_;
    Buffer memory_;
    Buffer arrived_;
    Buffer last_;
    bool together_ = false; ///< in the last launch
};

} // namespace

std::uint32_t steady_trips(Bench &bench, const BoundLaunch &launch, double seconds) {
    std::uint32_t trips = 0;
    for (int i = 0; i < 3; ++i)
        trips = std::max(trips, bench.calibrate(launch, seconds));
    return trips;
}

void measure_false_sharing(Bench &bench, const Program &program, double share) {
    constexpr int least_blocks = 8;
    constexpr int most_blocks = 40;
    Sharing sharing(bench, program);
    std::uint32_t trips = 0;
    for (int block = 0; block < most_blocks; ++block) {
        for (const Words words : placements()) {
            const BoundLaunch launch = sharing.launch(words);
            if (trips == 0)
                trips = std::max(4u, steady_trips(bench, launch, 1e-3));
            for (const std::uint32_t count : {trips / 4, trips})
                sharing.sample(launch, words, count, block);
        }
        if (bench.tiny() || bench.remaining() < (1 - share) * bench.budget())
            return;
        const SizeVerdict verdict =
            block + 1 < least_blocks ? SizeVerdict{} : sharing_verdict(bench.data());
        if (verdict.size && !verdict.neighbours)
            return;
    }
}

} // namespace clprobe::probes::cache_line
