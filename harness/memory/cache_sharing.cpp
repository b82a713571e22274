#include "common/launch_size.hpp"
#include "common/random.hpp"
#include "common/verdicts.hpp"

#include <clprobe/row.hpp>
#include <clprobe/statistics.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace clprobe::probes {
namespace {

/// What a part of a round goes through.
enum class Path { none, image, buffer };
constexpr std::array<std::string_view, 3> path_names{"none", "image", "buffer"};

/// The series of the rounds' times, and the text attribute that says why it shows nothing.
constexpr const char *times = "rounds";
constexpr const char *too_small = "too_small";

const FindingKey shared_key{"cache.l1.shared_with_image", Unit::one, Better::none,
                            "1 where image reads and buffer reads share their first cache, 0 where "
                            "each has its own"};

/// A round in which the victim is followed, and then the evictor.
struct RoundRow {
    Path victim = Path::none;
    Path evictor = Path::none;

    static auto columns() {
        return std::tuple{column("victim", &RoundRow::victim, path_names),
                          column("evictor", &RoundRow::evictor, path_names), trips()};
    }
};

ProbeInfo describe() {
    ProbeInfo info;
    info.name = "memory/cache_sharing";
    info.question = "Do image reads and buffer reads share their first cache?";
    info.method =
        "One work-item goes round a ring of half of the first level's size (the victim), then "
        "reads twice that level's size of other memory (the evictor), and round again, all "
        "in one launch, as caches are emptied between launches. Victim and evictor each go through "
        "an image or a buffer. The victim's part of a round's time is the slope over the rounds, "
        "less that of rounds with the evictor alone. Controls: with no evictor the victim stays, "
        "and an evictor through its own path drives it out; the slower rounds of the second "
        "control are what an eviction costs. The paths share their cache where each costs the "
        "other more than half of that, and have their own where each costs less than half.";
    info.pitfalls = {
        "The sizes are those that memory/image_latency and memory/buffer_latency find: without "
        "them there is no answer.",
        "Where only one path drives out the other (one of them passes the first level by, say), "
        "there is no answer either; the note has both shares.",
        "On a CPU images are read by software as buffers are, and share everything."};
    info.sources = {"Vanecek, Schulz et al., MT4G: a tool for reliable auto-discovery of NVIDIA "
                    "and AMD GPU compute and memory topologies, 2025 (sharing by eviction)"};
    info.needs = "Images.";
    info.depends_on = {"memory/buffer_latency", "memory/image_latency"};
    info.findings = {shared_key};
    info.series = {
        {times, axes<RoundRow>(), {"time", Unit::second, {}}, "time of a launch over its rounds"}};
    info.kernels = {"memory/cache_sharing"};
    info.seconds = 2;
    return info;
}

// As in the kernel.
constexpr std::size_t word = sizeof(std::uint32_t);
constexpr std::size_t width = 64; ///< texels of an image
constexpr std::size_t texel = 16; ///< B
constexpr std::size_t slot = 64;  ///< B: of rings, and between reads that evict
constexpr std::size_t slots_in_row = width * texel / slot;

/// What the kernel takes by value: the same fields in the same order.
struct Round {
    std::uint32_t image_hops = 0;
    std::uint32_t buffer_hops = 0;
    std::uint32_t image_reads = 0;
    std::uint32_t buffer_reads = 0;
};

ImageShape shape_for(std::size_t bytes) {
    return {{CL_RGBA, CL_UNSIGNED_INT32}, width, (bytes - 1) / (width * texel) + 1};
}

/// The texel of a slot: those of every other row are 32 B further on, so that lines narrower than a
/// slot are all visited.
std::array<std::uint32_t, 2> texel_of(std::size_t number) {
    const std::size_t row = number / slots_in_row;
    const std::size_t column = number % slots_in_row * (slot / texel) + row % 2 * 2;
    return {static_cast<std::uint32_t>(column), static_cast<std::uint32_t>(row)};
}

/// The first word of that texel in an image's words.
std::size_t word_of_texel(std::size_t number) {
    const auto [x, y] = texel_of(number);
    return (std::size_t{y} * width + x) * (texel / word);
}

/// The first word of a slot in a buffer's words.
std::uint32_t word_of_slot(std::size_t number) {
    return static_cast<std::uint32_t>(number * (slot / word));
}

/// A ring of slots 64 B apart in random order, and how many hops a round goes: all slots, and one
/// more, so that a round that was left out shows in where the chase ends.
struct SlotRing {
    std::vector<std::uint32_t> order; ///< numbers of slots

    /// Through about so many bytes.
    SlotRing(std::size_t bytes, std::mt19937_64 &random)
        : order(shuffled(std::max<std::size_t>(2, bytes / slot), random)) {}
    [[nodiscard]] std::size_t bytes() const { return order.size() * slot; }
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
           std::size_t evicting_bytes)
        : bench_(bench), program_(bench.build("memory/cache_sharing", "")),
          in_image_(image_bytes, bench.random()), in_buffer_(buffer_bytes, bench.random()),
          texels_(random_words(shape_for(evicting_bytes).bytes() / word, bench.random())),
          words_(random_words(texels_.size(), bench.random())),
          ring_image_(bench.image(shape_for(in_image_.bytes()))),
          other_image_(bench.image(shape_for(evicting_bytes))),
          ring_buffer_(bench.buffer(in_buffer_.bytes())),
          other_buffer_(bench.buffer(words_.size() * word)), start_(bench.buffer(4 * word)),
          results_(bench.buffer(4 * word)) {
        std::vector<std::uint32_t> image(ring_image_.shape().bytes() / word);
        std::vector<std::uint32_t> buffer(ring_buffer_.bytes() / word);
        for (std::size_t i = 0; i < in_image_.order.size(); ++i) {
            const auto next = texel_of(in_image_.order[(i + 1) % in_image_.order.size()]);
            std::ranges::copy(next, &image[word_of_texel(in_image_.order[i])]);
        }
        for (std::size_t i = 0; i < in_buffer_.order.size(); ++i)
            buffer[word_of_slot(in_buffer_.order[i])] =
                word_of_slot(in_buffer_.order[(i + 1) % in_buffer_.order.size()]);
        bench_.write_texels(ring_image_, image.data());
        bench_.write_texels(other_image_, texels_.data());
        bench_.write<std::uint32_t>(ring_buffer_, buffer);
        bench_.write<std::uint32_t>(other_buffer_, words_);
        const auto first = texel_of(in_image_.after(0));
        bench_.write<std::uint32_t>(
            start_,
            std::array<std::uint32_t, 4>{first[0], first[1], word_of_slot(in_buffer_.after(0)), 0});
    }

    [[nodiscard]] BoundLaunch launch(const RoundRow &round) {
        const auto hops = [&](Path path, const SlotRing &ring) {
            return round.victim == path ? static_cast<std::uint32_t>(ring.hops()) : 0;
        };
        const auto reads = [&](Path path) { return round.evictor == path ? evicting_reads() : 0; };
        return {program_.kernel("rounds"),
                NdRange::linear(1, 1),
                {ring_image_, ring_buffer_, other_image_, other_buffer_,
                 Round{hops(Path::image, in_image_), hops(Path::buffer, in_buffer_),
                       reads(Path::image), reads(Path::buffer)},
                 start_, output(results_), trip_count},
                [this, round](const LaunchOutcome &outcome) {
                    const auto left = outcome.read<std::uint32_t>(results_, 0, 4);
                    outcome.expect(
                        left == expected(round, outcome.trips()),
                        "the rounds did not end where they should, or did not read what there is");
                }};
    }

private:
    [[nodiscard]] std::uint32_t evicting_reads() const {
        return static_cast<std::uint32_t>(words_.size() * word / slot);
    }

    [[nodiscard]] std::uint32_t evicting_sum(Path evictor, std::uint32_t trips) const {
        const bool image = evictor == Path::image;
        std::uint32_t total = 0;
        for (std::uint32_t phase = 0; phase < 2; ++phase) {
            std::uint32_t sum = 0;
            for (std::size_t i = 0; i < evicting_reads(); ++i)
                sum += image ? texels_[word_of_texel(i) + phase * (texel / word)]
                             : words_[word_of_slot(i) + phase];
            total += sum * (trips / 2 + (phase < trips % 2 ? 1 : 0));
        }
        return total;
    }

    [[nodiscard]] std::vector<std::uint32_t> expected(const RoundRow &round,
                                                      std::uint32_t trips) const {
        const auto texel_at = texel_of(in_image_.after(round.victim == Path::image ? trips : 0));
        const auto slot_at = in_buffer_.after(round.victim == Path::buffer ? trips : 0);
        return {texel_at[0], texel_at[1], word_of_slot(slot_at),
                round.evictor == Path::none ? 0 : evicting_sum(round.evictor, trips)};
    }

    Bench &bench_;
    Program program_;
    SlotRing in_image_;
    SlotRing in_buffer_;
    std::vector<std::uint32_t> texels_; ///< of the other image, four words each
    std::vector<std::uint32_t> words_;  ///< of the other buffer
    Image ring_image_;
    Image other_image_;
    Buffer ring_buffer_;
    Buffer other_buffer_;
    Buffer start_;
    Buffer results_;
};

void measure_rounds(Bench &bench) {
    auto image = bench.facts().value("image.l1.size");
    auto buffer = bench.facts().value("buffer.l1.size");
    if (!image || !buffer)
        bench.data().text_attributes[too_small] = "the first levels' sizes were not found";
    if (bench.tiny())
        image = buffer = 4096;
    if (!image || !buffer)
        return;
    Rounds rounds(bench, static_cast<std::size_t>(*image / 2),
                  static_cast<std::size_t>(*buffer / 2),
                  static_cast<std::size_t>(2 * std::max(*image, *buffer)));
    Series &series = bench.series(times);
    std::vector<Candidate> candidates;
    for (const Path victim : {Path::none, Path::image, Path::buffer})
        for (const Path evictor : {Path::none, Path::image, Path::buffer})
            if (victim != Path::none || evictor != Path::none) {
                const RoundRow round{victim, evictor};
                BoundLaunch launch = rounds.launch(round);
                const std::uint32_t trips = bench.calibrate(launch, 2e-3);
                candidates.push_back({std::move(launch), &series, coordinates(round), trips});
            }
    // What disturbs a launch adds to its time: many short ones, of which the quietest count.
    constexpr int least_blocks = 4;
    for (int block = 0; block < least_blocks || bench.remaining() > 0.1 * bench.budget(); ++block) {
        for (Candidate &candidate : candidates)
            bench.sample_block(candidate, block);
        if (bench.tiny())
            return;
    }
}

/// Seconds of a round of each victim and evictor, from a stretch of the measurement.
using Turn = std::map<std::pair<Path, Path>, double>;

/// The measurement in a few stretches of consecutive blocks, in each of which the quietest of the
/// launches count: whatever disturbs one adds to its time.
std::vector<Turn> turns_of(const Series *series) {
    constexpr int most_turns = 6;
    const auto rounds = times_by_row<RoundRow>(series);
    int blocks = 0;
    for (const auto &[row, launches] : rounds)
        for (const TripTime &launch : launches)
            blocks = std::max(blocks, launch.block + 1);
    const int turns = std::min(most_turns, blocks / 2);
    std::vector<Turn> all;
    for (int turn = 0; turn < turns; ++turn) {
        Turn &times_of_turn = all.emplace_back();
        for (const auto &[row, launches] : rounds) {
            std::map<double, double> least;
            for (const auto &[trips, seconds, block] : launches)
                if (block * turns / blocks == turn) {
                    const auto [known, is_new] = least.try_emplace(trips, seconds);
                    known->second = std::min(known->second, seconds);
                }
            std::vector<TripTime> quietest;
            for (const auto &[trips, seconds] : least)
                quietest.push_back({trips, seconds, 0});
            if (const auto fit = fit_slope(quietest))
                times_of_turn[{row.victim, row.evictor}] = fit->seconds_per_trip;
        }
    }
    return all;
}

/// The victim's part of a round, once the evictor's is taken off.
std::optional<double> victim_time(const Turn &turn, Path victim, Path evictor) {
    const auto both = turn.find({victim, evictor});
    if (both == turn.end())
        return std::nullopt;
    if (evictor == Path::none)
        return both->second;
    const auto evicting = turn.find({Path::none, evictor});
    return evicting != turn.end() ? std::optional(both->second - evicting->second) : std::nullopt;
}

/// Which share of a victim the other path drives out, compared with what its own path does.
struct Eviction {
    double share = 0;
    Interval interval{}; ///< to expect of another turn
    std::string doubt;   ///< why there is none
};

Eviction eviction(const std::vector<Turn> &turns, Path victim, Path evictor) {
    constexpr double least_contrast = 1.08;
    std::vector<double> slower;
    std::vector<double> shares;
    for (const Turn &turn : turns) {
        const auto kept = victim_time(turn, victim, Path::none);
        const auto lost = victim_time(turn, victim, victim);
        const auto here = victim_time(turn, victim, evictor);
        if (!kept || !lost || !here || *kept <= 0 || *lost == *kept)
            continue;
        slower.push_back(*lost / *kept);
        shares.push_back((*here - *kept) / (*lost - *kept));
    }
    if (shares.size() < 2)
        return {0, {}, "too little was measured"};
    const double contrast = median(slower);
    const Interval contrasts = repeat_interval(slower);
    if (contrast < least_contrast || contrasts.low < 1)
        return {0,
                {},
                fmt::format("the {} path does not drive out what came through itself: it takes "
                            "{:.2f} times as long (from {:.2f} to {:.2f}), where a miss would show",
                            path_names[static_cast<std::size_t>(victim)], contrast, contrasts.low,
                            contrasts.high)};
    return {median(shares), repeat_interval(shares), ""};
}

std::string describe(const Eviction &image, const Eviction &buffer) {
    return fmt::format("of what an eviction through its own path costs, buffer reads cost the "
                       "image path {:.0f} %, and image reads the buffer path {:.0f} %",
                       100 * image.share, 100 * buffer.share);
}

/// Whether reads through either path drive out what came through the other.
Finding shared_finding(const Dataset &data) {
    if (const std::string reason = data.text_attribute(too_small); !reason.empty())
        return undecided(shared_key, reason);
    if (data.find(times) == nullptr)
        return undecided(shared_key, "nothing was measured");
    const std::vector<Turn> turns = turns_of(data.find(times));
    const Eviction of_image = eviction(turns, Path::image, Path::buffer);
    const Eviction of_buffer = eviction(turns, Path::buffer, Path::image);
    for (const Eviction &each : {of_image, of_buffer})
        if (!each.doubt.empty())
            return undecided(shared_key, each.doubt);
    const Interval &image = of_image.interval;
    const Interval &buffer = of_buffer.interval;
    const bool shared = image.low > 0.5 && buffer.low > 0.5;
    const std::string shares = describe(of_image, of_buffer);
    if (!shared && !(image.high < 0.5 && buffer.high < 0.5))
        return undecided(shared_key, "the two ways do not say the same, or too little: " + shares);
    Finding finding = decided(shared_key, shared ? 1 : 0, "eviction, both ways", {times});
    finding.note = shares;
    return finding;
}

class CacheSharing final : public Probe {
public:
    [[nodiscard]] const ProbeInfo &info() const override { return info_; }
    [[nodiscard]] std::optional<std::string> unsupported(const DeviceInfo &device) const override {
        return unsupported_without_images(device);
    }
    void measure(Bench &bench) const override { measure_rounds(bench); }
    [[nodiscard]] std::vector<Finding> interpret(const Dataset &data,
                                                 const Facts &) const override {
        return {shared_finding(data)};
    }

private:
    ProbeInfo info_ = describe();
};

} // namespace

std::unique_ptr<Probe> make_memory_cache_sharing() {
    return std::make_unique<CacheSharing>();
}

} // namespace clprobe::probes
