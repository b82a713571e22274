#include "compute/julia/julia.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <deque>
#include <utility>

namespace clprobe::probes::julia {
namespace {

/// What a work-item leaves: its count, and the bits of its last px.
constexpr std::size_t words_a_point = 2;

/// What the outputs that came back so far allow, and how many were looked at.
struct Verdict {
    bool fused = true;
    bool unfused = true;
    std::uint64_t points = 0;
};

/// Launches of the kernel with one body over a picture of `size` x `size` points, one work-item a
/// point. Before each launch the output is poisoned; after it, points chosen then are compared with
/// the host's model.
class Launcher {
public:
    Launcher(Bench &bench, Body body, std::uint32_t size)
        : bench_(bench), body_(body), size_(size),
          program_(bench.build(kernel_text, build_options(body))),
          output_(bench.buffer(points() * words_a_point * sizeof(std::uint32_t))) {}

    [[nodiscard]] Body body() const { return body_; }
    [[nodiscard]] const Verdict &verdict() const { return verdict_; }

    /// With that local size. The launcher has to outlive it.
    [[nodiscard]] BoundLaunch launch(Points points, const LocalSize &local_size) {
        const bool escaping = points == Points::escaping;
        const Operands &operands = escaping ? published : bounded;
        const auto check = [this, escaping](const LaunchOutcome &outcome) {
            const std::uint64_t iterations = std::uint64_t{outcome.trips()} * iterations_of(body_);
            if (escaping)
                check_escaping(outcome, iterations);
            else
                check_confined(outcome, iterations);
        };
        return {program_.kernel(kernel_function),
                with_local_size({{size_, size_, 1}, {1, 1, 1}, 2}, local_size),
                {output(output_), trip_count, spacing(size_),
                 std::array{operands.width, operands.height}, operands.c},
                check};
    }

    /// The counts of all points of the last launch, row after row, as letters.
    [[nodiscard]] std::string picture() {
        const auto words = bench_.read<std::uint32_t>(output_, 0, points() * words_a_point);
        std::string letters;
        for (std::size_t i = 0; i < words.size(); i += words_a_point)
            letters += letter_of(words[i]);
        return letters;
    }

private:
    [[nodiscard]] std::size_t points() const { return std::size_t{size_} * size_; }

    [[nodiscard]] std::vector<std::uint32_t> words_at(const LaunchOutcome &outcome,
                                                      std::size_t point) const {
        return outcome.read<std::uint32_t>(output_, point * words_a_point, words_a_point);
    }

    void expect(const LaunchOutcome &outcome, bool right, std::size_t point) {
        outcome.expect(
            right, fmt::format("{}: point {} is not what the host computes", name(body_), point));
        ++verdict_.points;
    }

    void check_escaping(const LaunchOutcome &outcome, std::uint64_t iterations) {
        // Most points are decided whatever the rounding; of the others another is taken.
        int decided = 0;
        for (const std::size_t point : outcome.sample(points(), 64)) {
            const auto expected =
                count_of(published, static_cast<std::uint32_t>(point % size_),
                         static_cast<std::uint32_t>(point / size_), size_, iterations);
            if (!expected)
                continue;
            expect(outcome, words_at(outcome, point)[0] == *expected, point);
            if (++decided == 4)
                return;
        }
        outcome.expect(decided > 0, "no point was found whose count the host can decide");
    }

    void check_confined(const LaunchOutcome &outcome, std::uint64_t iterations) {
        constexpr std::uint64_t long_chain = 50'000; // from which on the host takes its time
        for (const std::size_t point : outcome.sample(points(), iterations < long_chain ? 4 : 1)) {
            const auto column = static_cast<std::uint32_t>(point % size_);
            const auto words = words_at(outcome, point);
            const auto is = [&](Arithmetic arithmetic) {
                return words[1] == std::bit_cast<std::uint32_t>(
                                       last_of_bounded(arithmetic, column, size_, iterations));
            };
            verdict_.unfused = verdict_.unfused && is(Arithmetic::unfused);
            verdict_.fused = verdict_.fused && is(Arithmetic::fused);
            expect(outcome,
                   words[0] == static_cast<std::uint32_t>(iterations) &&
                       (verdict_.fused || verdict_.unfused),
                   point);
        }
    }

    Bench &bench_;
    Body body_;
    std::uint32_t size_;
    Program program_;
    Buffer output_;
    Verdict verdict_;
};

void take_picture(Bench &bench, Launcher &launcher, const SweptSize &swept) {
    constexpr std::uint32_t write_ups_iterations = 1000;
    bench.launch(launcher.launch(Points::escaping, swept.size),
                 std::min(write_ups_iterations / iterations_of(launcher.body()), swept.trips));
    bench.data().text_attributes[entry::picture] = launcher.picture();
}

/// Each body with its best size, and with both kinds of points, in turn.
void measure_anew(Bench &bench, std::deque<Launcher> &launchers,
                  const std::vector<std::optional<SweptSize>> &swept) {
    Series &rate = bench.series(series::rate);
    std::vector<Candidate> candidates;
    for (std::size_t i = 0; i < launchers.size(); ++i) {
        if (!swept[i])
            continue;
        for (const Points points : {Points::escaping, Points::confined}) {
            BoundLaunch launch = launchers[i].launch(points, swept[i]->size);
            const RateRow row{{launchers[i].body(), points}, swept[i]->size};
            const std::uint32_t trips = bench.calibrate(launch);
            candidates.push_back({std::move(launch), &rate, coordinates(row), trips});
        }
        if (i + 1 == launchers.size())
            take_picture(bench, launchers[i], *swept[i]);
    }
    bench.sample(candidates, {.relative_half_width = 0.003,
                              .seconds = std::max(0.9 * bench.remaining(), 0.1 * bench.budget()),
                              .least = bench.tiny() ? 2u : 8u});
}

} // namespace

void run_experiments(Bench &bench) {
    Dataset &data = bench.data();
    const std::uint32_t size = bench.tiny() ? 16 : 256;
    data.number_attributes[entry::size] = size;
    std::deque<Launcher> launchers;
    std::vector<SweptKernel> kernels;
    for (const Body body : all_bodies)
        kernels.push_back(
            {launchers.emplace_back(bench, body, size).launch(Points::confined, LocalSize{}),
             coordinates(GridKernel{body})});
    const auto swept =
        sweep_local_sizes(bench, bench.series(series::grid), kernels, 0.35 * bench.budget());
    measure_anew(bench, launchers, swept);
    std::uint64_t verified = 0;
    bool fused = true;
    for (const Launcher &launcher : launchers) {
        verified += launcher.verdict().points;
        fused = fused && !launcher.verdict().unfused;
    }
    data.number_attributes[entry::verified] = static_cast<double>(verified);
    data.text_attributes[entry::arithmetic] = fused ? "px^2 + c fused" : "px^2 + c not fused";
}

} // namespace clprobe::probes::julia
