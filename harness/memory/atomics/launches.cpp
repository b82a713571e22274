#include "common/launch_size.hpp"
#include "memory/atomics/atomics.hpp"

#include <clprobe/error.hpp>

#include <algorithm>
#include <numeric>
#include <vector>

namespace clprobe::probes::atomics {
namespace {

constexpr std::size_t word_bytes = sizeof(std::uint32_t);
constexpr const char *text = "memory/atomics";
constexpr const char *extension = "cl_ext_float_atomics";
constexpr const char *ptx = "cl_nv_compiler_options"; ///< whoever has it takes PTX in a kernel
constexpr const char *float_add = "-cl-std=CL3.0 -DFLOAT_ADD";
constexpr const char *float_min = "-cl-std=CL3.0 -DFLOAT_MIN";

std::size_t group_size_for(const Bench &bench, const Program &program) {
    const std::size_t wanted = bench.tiny() ? 8 : is_cpu(bench) ? 64 : 256;
    return group_size(bench, program, {"many_global", "many_local"},
                      group_size(bench, wanted, word_bytes));
}

std::size_t groups_for(const Bench &bench) {
    if (bench.tiny())
        return 2;
    // A processor's workers share cores now and then: many small pieces.
    return units_of(bench) * (is_cpu(bench) ? 32 : 4);
}

std::size_t chain_bytes_for(const Bench &bench) {
    const std::size_t wanted = std::size_t{64} << (bench.tiny() ? 10 : 20);
    return std::min(wanted, bench.most_bytes()) / word_bytes * word_bytes;
}

Words random_words(const Atomic &atomic, Bench &bench) {
    const auto random = static_cast<std::uint32_t>(bench.random()());
    return words_for(atomic, random, static_cast<std::uint32_t>(bench.random()()));
}

std::string wrong(const Atomic &atomic, const char *what) {
    return atomic.name() + ": " + what + " did not leave what the operations leave";
}

} // namespace

std::vector<KernelVariant> programs_for(const DeviceInfo &device) {
    std::vector<KernelVariant> programs{{{}, text, {}, {}}};
    if (device.has_extension(extension) || device.has_extension(ptx))
        programs.push_back({"float add", text, float_add, {}});
    if (device.has_extension(extension))
        programs.push_back({"float min", text, float_min, {}});
    return programs;
}

Launcher::Launcher(Bench &bench)
    : bench_(bench), program_(bench.build(text, "")), group_size_(group_size_for(bench, program_)),
      groups_(groups_for(bench)), memory_(bench.buffer(groups_ * group_size_ * word_bytes)),
      seen_(bench.buffer(groups_ * group_size_ * word_bytes)),
      chain_seen_(bench.buffer(word_bytes)), chain_memory_(bench.buffer(chain_bytes_for(bench))) {
    build_extensions();
}

void Launcher::build_extensions() {
    const bool standard = bench_.device().has_extension(extension);
    if (!standard)
        no_extension_ = std::string("the device has no ") + extension;
    try {
        if (standard || as_ptx({Space::global, true, Operation::add}))
            extensions_.emplace(Operation::add, bench_.build(text, float_add));
        if (standard)
            extensions_.emplace(Operation::min, bench_.build(text, float_min));
        try_minimum();
    } catch (const BuildError &error) {
        no_extension_ = std::string(extension) + " does not build: " + error.what();
    }
}

bool Launcher::as_ptx(const Atomic &atomic) const {
    return atomic.real && atomic.operation == Operation::add &&
           !bench_.device().has_extension(extension) && bench_.device().has_extension(ptx);
}

std::optional<std::string> Launcher::lacks(const Atomic &atomic) const {
    if (atomic.space == Space::local && bench_.device().local_memory == 0)
        return "the device has no local memory";
    if (!atomic.extended())
        return std::nullopt;
    if (!extensions_.contains(atomic.operation))
        return no_extension_;
    try {
        (void)kernel(atomic, "chain");
        return std::nullopt;
    } catch (const Error &) {
        return std::string(extension) + " has this operation in other memory only, or not at all";
    }
}

Kernel Launcher::kernel(const Atomic &atomic, const char *function) const {
    const Program &program = atomic.extended() ? extensions_.at(atomic.operation) : program_;
    return program.kernel(std::string(function) +
                          (atomic.space == Space::local ? "_local" : "_global"));
}

void Launcher::move(std::size_t bytes) {
    offset_ = static_cast<std::uint32_t>(std::min(bytes, chain_bytes() - word_bytes) / word_bytes);
}

BoundLaunch Launcher::unchecked(const Atomic &atomic, Contention contention, bool used,
                                const Words &words) {
    BoundLaunch launch{kernel(atomic, "many"),
                       NdRange::linear(groups(atomic, contention), group_size_),
                       {output(memory_, words.start), output(seen_),
                        atomic.code() + (used ? 1u : 0u), words.start, words.by, words.apart,
                        contention == Contention::spread ? ~0u : 0u, trip_count}};
    if (atomic.space == Space::local)
        launch.arguments.push_back(LocalBytes{group_size_ * word_bytes});
    return launch;
}

// PoCL 5.0 takes the success of its compare-exchange for the value that this found, and tries again
// until the two agree: with most operands for ever. A minimum with 0 ends, and returns 0 as well.
void Launcher::try_minimum() {
    constexpr std::uint32_t five = 0x40a00000; // as a float
    const Atomic minimum{Space::global, true, Operation::min};
    if (!extensions_.contains(Operation::min) || lacks(minimum))
        return;
    BoundLaunch four_minima = unchecked(minimum, Contention::contended, true, {0, 0, 0});
    four_minima.range = NdRange::linear(1, 1);
    bench_.launch(four_minima.set(0, output(memory_, five)));
    if (bench_.read<std::uint32_t>(seen_, 0, 1).front() == five &&
        bench_.read<std::uint32_t>(memory_, 0, 1).front() == 0)
        return;
    extensions_.erase(Operation::min);
    no_extension_ = "the device's atomic minimum of floats does not return what the word held";
}

BoundLaunch Launcher::many(const Atomic &atomic, Contention contention, bool used) {
    const Words words = random_words(atomic, bench_);
    BoundLaunch launch = unchecked(atomic, contention, used, words);
    launch.check = [this, atomic, words, contention, used](const LaunchOutcome &outcome) {
        const auto check = [&](std::size_t first, std::size_t count, const char *what) {
            outcome.expect(possible(atomic, words, used, left_by(outcome, first, count)),
                           wrong(atomic, what));
        };
        if (contention == Contention::spread) {
            for (const std::size_t item : outcome.sample(work_items(atomic, contention), 2))
                check(item, 1, "a work-item");
        } else if (atomic.space == Space::global) {
            check(0, work_items(atomic, contention), "work-items on one word");
        } else {
            check(outcome.sample(groups_, 1).front() * group_size_, group_size_,
                  "work-items on one word");
        }
    };
    return launch;
}

// Work-items take turns on one word, and the more of a processor's units do, the longer: launches
// over all groups of one with many units would leave no time for another sample. A few a unit do.
std::size_t Launcher::groups(const Atomic &atomic, Contention contention) const {
    constexpr std::size_t least = 64;
    constexpr std::size_t a_unit = 4;
    const bool turns = atomic.space == Space::global && contention == Contention::contended;
    if (!turns || !is_cpu(bench_))
        return groups_;
    return std::min(groups_, std::max(least, a_unit * units_of(bench_)));
}

Outcome Launcher::left_by(const LaunchOutcome &outcome, std::size_t first,
                          std::size_t count) const {
    const auto seen = outcome.read<std::uint32_t>(seen_, first, count);
    return {static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(count),
            static_cast<std::uint64_t>(operations_a_trip) * outcome.trips(),
            outcome.word(memory_, first), std::accumulate(seen.begin(), seen.end(), 0u)};
}

BoundLaunch Launcher::chain(const Atomic &atomic) {
    const Words words = random_words(atomic, bench_);
    const bool local = atomic.space == Space::local;
    const auto offset = [this, local] {
        return local ? static_cast<std::uint32_t>(offset_ % group_size_) : offset_;
    };
    BoundLaunch launch{kernel(atomic, "chain"),
                       NdRange::linear(1, 1),
                       {chain_memory_, output(chain_seen_), atomic.code(), words.start, words.by,
                        0u, offset, trip_count}};
    if (local)
        launch.arguments.push_back(LocalBytes{group_size_ * word_bytes});
    launch.before = [this, words, offset] {
        bench_.context().write_bytes(chain_memory_, offset() * word_bytes, word_bytes,
                                     &words.start);
    };
    launch.check = [this, atomic, words, offset](const LaunchOutcome &outcome) {
        const auto operations = static_cast<std::uint64_t>(operations_a_trip) * outcome.trips();
        outcome.expect(possible_chain(atomic, words, operations,
                                      outcome.word(chain_memory_, offset()), outcome.word(0)),
                       wrong(atomic, "a chain"));
    };
    return launch;
}

} // namespace clprobe::probes::atomics
