#include "compute/julia/launcher.hpp"

#include <clprobe/error.hpp>

#include <fmt/format.h>

#include <array>
#include <bit>

namespace clprobe::probes::julia {
namespace {

constexpr unsigned trips_argument = 1;

/// What a work-item leaves: its count, and the bits of its last px.
constexpr std::size_t words_a_point = 2;

[[noreturn]] void fail(Body body, std::uint32_t column, std::uint32_t row,
                       std::uint64_t iterations) {
    throw VerificationError(fmt::format("{}: point ({}, {}) after {} iterations is not what the "
                                        "host computes",
                                        name(body), column, row, iterations));
}

} // namespace

std::string build_options(Body body) {
    return fmt::format("-DUNROLL={}", iterations_of(body));
}

Launcher::Launcher(Bench &bench, Body body, std::uint32_t size)
    : bench_(bench), body_(body), size_(size),
      program_(bench.build(kernel_text, build_options(body))),
      output_(bench.buffer(std::size_t{size} * size * words_a_point * sizeof(std::uint32_t))) {}

Kernel Launcher::kernel(const Operands &operands) const {
    Kernel kernel = program_.kernel(kernel_function);
    kernel.set(0, output_);
    kernel.set(2, spacing(size_));
    kernel.set(3, std::array{operands.width, operands.height});
    kernel.set(4, operands.c);
    return kernel;
}

void Launcher::verify_published(std::uint64_t iterations) {
    // Most points are told by any rounding; of the others another is taken.
    int told = 0;
    for (const std::size_t point : bench_.sample_work_items(std::size_t{size_} * size_, 16)) {
        const auto column = static_cast<std::uint32_t>(point % size_);
        const auto row = static_cast<std::uint32_t>(point / size_);
        const auto expected = count_of(published, column, row, size_, iterations);
        if (!expected)
            continue;
        const auto words =
            bench_.read<std::uint32_t>(output_, point * words_a_point, words_a_point);
        if (words[0] != *expected)
            fail(body_, column, row, iterations);
        ++verdict_->points;
        if (++told == 4)
            return;
    }
}

void Launcher::verify_bounded(std::uint64_t iterations) {
    constexpr std::uint64_t long_chain = 50'000; // from which on the host takes its time
    const std::size_t points = iterations < long_chain ? 4 : 1;
    for (const std::size_t point : bench_.sample_work_items(std::size_t{size_} * size_, points)) {
        const auto column = static_cast<std::uint32_t>(point % size_);
        const auto row = static_cast<std::uint32_t>(point / size_);
        const auto words =
            bench_.read<std::uint32_t>(output_, point * words_a_point, words_a_point);
        const auto is = [&](Arithmetic arithmetic) {
            return words[1] == std::bit_cast<std::uint32_t>(
                                   last_of_bounded(arithmetic, column, size_, iterations));
        };
        verdict_->unfused = verdict_->unfused && is(Arithmetic::unfused);
        verdict_->fused = verdict_->fused && is(Arithmetic::fused);
        if (words[0] != static_cast<std::uint32_t>(iterations) ||
            (!verdict_->fused && !verdict_->unfused))
            fail(body_, column, row, iterations);
        ++verdict_->points;
    }
}

Work Launcher::work(const Operands &operands) {
    Work work{kernel(operands),
              {{size_, size_, 1}, {1, 1, 1}, 2},
              trips_argument,
              [this] { bench_.poison(output_); },
              {}};
    work.verify = [this, operands](std::uint32_t trips) {
        const std::uint64_t iterations = std::uint64_t{trips} * iterations_of(body_);
        if (operands == published)
            verify_published(iterations);
        else
            verify_bounded(iterations);
    };
    return work;
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
