#include "compute/julia/launcher.hpp"

#include <clprobe/error.hpp>

#include <fmt/format.h>

#include <array>
#include <bit>

namespace clprobe::probes::julia {
namespace {

/// What a work-item leaves: its count, and the bits of its last px.
constexpr std::size_t words_a_point = 2;

std::string wrong(Body body, std::size_t point) {
    return fmt::format("{}: point {} is not what the host computes", name(body), point);
}

} // namespace

std::string build_options(Body body) {
    return fmt::format("-DUNROLL={}", iterations_of(body));
}

Launcher::Launcher(Bench &bench, Body body, std::uint32_t size)
    : bench_(bench), body_(body), size_(size),
      program_(bench.build(kernel_text, build_options(body))),
      output_(bench.buffer(std::size_t{size} * size * words_a_point * sizeof(std::uint32_t))) {}

void Launcher::check_published(const LaunchOutcome &outcome, std::uint64_t iterations) {
    // Most points are decided whatever the rounding; of the others another is taken.
    int decided = 0;
    for (const std::size_t point : outcome.sample(std::size_t{size_} * size_, 64)) {
        const auto column = static_cast<std::uint32_t>(point % size_);
        const auto row = static_cast<std::uint32_t>(point / size_);
        const auto expected = count_of(published, column, row, size_, iterations);
        if (!expected)
            continue;
        const auto words =
            outcome.read<std::uint32_t>(output_, point * words_a_point, words_a_point);
        outcome.expect(words[0] == *expected, wrong(body_, point));
        ++verdict_->points;
        if (++decided == 4)
            return;
    }
    outcome.expect(decided > 0, "no point was found whose count the host can decide");
}

void Launcher::check_bounded(const LaunchOutcome &outcome, std::uint64_t iterations) {
    constexpr std::uint64_t long_chain = 50'000; // from which on the host takes its time
    const std::size_t points = iterations < long_chain ? 4 : 1;
    for (const std::size_t point : outcome.sample(std::size_t{size_} * size_, points)) {
        const auto column = static_cast<std::uint32_t>(point % size_);
        const auto words =
            outcome.read<std::uint32_t>(output_, point * words_a_point, words_a_point);
        const auto is = [&](Arithmetic arithmetic) {
            return words[1] == std::bit_cast<std::uint32_t>(
                                   last_of_bounded(arithmetic, column, size_, iterations));
        };
        verdict_->unfused = verdict_->unfused && is(Arithmetic::unfused);
        verdict_->fused = verdict_->fused && is(Arithmetic::fused);
        outcome.expect(words[0] == static_cast<std::uint32_t>(iterations) &&
                           (verdict_->fused || verdict_->unfused),
                       wrong(body_, point));
        ++verdict_->points;
    }
}

BoundLaunch Launcher::launch(const Operands &operands) {
    const auto check = [this, operands](const LaunchOutcome &outcome) {
        const std::uint64_t iterations = std::uint64_t{outcome.trips()} * iterations_of(body_);
        if (operands == published)
            check_published(outcome, iterations);
        else
            check_bounded(outcome, iterations);
    };
    return {program_.kernel(kernel_function),
            {{size_, size_, 1}, {1, 1, 1}, 2},
            {output(output_), trip_count, spacing(size_),
             std::array{operands.width, operands.height}, operands.c},
            check};
}

std::vector<std::uint32_t> Launcher::counts() {
    const auto words =
        bench_.read<std::uint32_t>(output_, 0, std::size_t{size_} * size_ * words_a_point);
    std::vector<std::uint32_t> counts;
    for (std::size_t i = 0; i < words.size(); i += words_a_point)
        counts.push_back(words[i]);
    return counts;
}

} // namespace clprobe::probes::julia
