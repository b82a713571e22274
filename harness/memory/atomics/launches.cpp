#include "common/launch_size.hpp"
#include "memory/atomics/launches.hpp"

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

// The kernels' arguments, by index; `mask` or `zero`, `apart` or `place`.
enum Argument : unsigned { memory, seen, op, start, by, fifth, sixth, trips, shared };

std::size_t group_size_for(const Bench &bench) {
    return group_size(bench, bench.tiny() ? 8 : is_cpu(bench) ? 64 : 256);
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

void expect(bool right, const Atomic &atomic, const char *what) {
    if (!right)
        throw VerificationError(atomic.name() + ": " + what +
                                " did not leave what the operations leave");
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
    : bench_(bench), group_size_(group_size_for(bench)), groups_(groups_for(bench)),
      program_(bench.build(text, "")), memory_(bench.buffer(groups_ * group_size_ * word_bytes)),
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
    place_ = static_cast<std::uint32_t>(std::min(bytes, chain_bytes() - word_bytes) / word_bytes);
}

Kernel Launcher::many_kernel(const Atomic &atomic, Contention place, bool used,
                             const Words &words) {
    Kernel ready = kernel(atomic, "many");
    ready.set(Argument::memory, memory_);
    ready.set(Argument::seen, seen_);
    ready.set(Argument::op, atomic.code() + (used ? 1u : 0u));
    ready.set(Argument::start, words.start);
    ready.set(Argument::by, words.by);
    ready.set(Argument::fifth, words.apart);
    ready.set(Argument::sixth, place == Contention::spread ? ~0u : 0u);
    if (atomic.space == Space::local)
        ready.set_local(Argument::shared, group_size_ * word_bytes);
    return ready;
}

// PoCL 5.0 takes the success of its compare-exchange for the value that this found, and tries again
// until the two agree: with most operands for ever. A minimum with 0 ends, and returns 0 as well.
void Launcher::try_minimum() {
    constexpr std::uint32_t five = 0x40a00000; // as a float
    const Atomic minimum{Space::global, true, Operation::min};
    if (!extensions_.contains(Operation::min) || lacks(minimum))
        return;
    const Kernel four_minima = many_kernel(minimum, Contention::contended, true, {0, 0, 0});
    bench_.context().fill(memory_, five);
    bench_.poison(seen_);
    bench_.launch({four_minima, NdRange::linear(1, 1), Argument::trips, {}, {}});
    if (bench_.read<std::uint32_t>(seen_, 0, 1).front() == five &&
        bench_.read<std::uint32_t>(memory_, 0, 1).front() == 0)
        return;
    extensions_.erase(Operation::min);
    no_extension_ = "the device's atomic minimum of floats does not return what the word held";
}

Work Launcher::many(const Atomic &atomic, Contention place, bool used) {
    const Words words = words_for(atomic, static_cast<std::uint32_t>(bench_.random()()),
                                  static_cast<std::uint32_t>(bench_.random()()));
    const Kernel ready = many_kernel(atomic, place, used, words);
    const auto prepare = [this, words] {
        bench_.context().fill(memory_, words.start);
        bench_.poison(seen_);
    };
    const auto verify = [this, atomic, words, place, used](std::uint32_t trips) {
        verify_many(atomic, words, place, used, trips);
    };
    const NdRange range = NdRange::linear(groups(atomic, place), group_size_);
    return {ready, range, Argument::trips, prepare, verify};
}

// Work-items take turns on one word, and the more of a processor's units do, the longer: launches
// over all groups of one with many units would leave no time for another sample. A few a unit do.
std::size_t Launcher::groups(const Atomic &atomic, Contention place) const {
    constexpr std::size_t least = 64;
    constexpr std::size_t a_unit = 4;
    const bool turns = atomic.space == Space::global && place == Contention::contended;
    if (!turns || !is_cpu(bench_))
        return groups_;
    return std::min(groups_, std::max(least, a_unit * units_of(bench_)));
}

void Launcher::verify_many(const Atomic &atomic, const Words &words, Contention place, bool used,
                           std::uint32_t trips) {
    if (place == Contention::spread) {
        for (const std::size_t lane : bench_.sample_work_items(work_items(atomic, place), 2))
            expect(possible(atomic, words, used, outcome(lane, 1, trips)), atomic, "a work-item");
        return;
    }
    const bool everywhere = atomic.space == Space::global;
    const std::size_t first =
        everywhere ? 0 : bench_.sample_work_items(groups_, 1).front() * group_size_;
    const std::size_t count = everywhere ? work_items(atomic, place) : group_size_;
    expect(possible(atomic, words, used, outcome(first, count, trips)), atomic,
           "work-items on one word");
}

Outcome Launcher::outcome(std::size_t first, std::size_t count, std::uint32_t trips) {
    const auto seen = bench_.read<std::uint32_t>(seen_, first, count);
    return {static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(count),
            static_cast<std::uint64_t>(operations_a_trip) * trips,
            bench_.read<std::uint32_t>(memory_, first, 1).front(),
            std::accumulate(seen.begin(), seen.end(), 0u)};
}

Work Launcher::chain(const Atomic &atomic) {
    const Words words = words_for(atomic, static_cast<std::uint32_t>(bench_.random()()),
                                  static_cast<std::uint32_t>(bench_.random()()));
    Kernel ready = kernel(atomic, "chain");
    ready.set(Argument::memory, chain_memory_);
    ready.set(Argument::seen, chain_seen_);
    ready.set(Argument::op, atomic.code());
    ready.set(Argument::start, words.start);
    ready.set(Argument::by, words.by);
    ready.set(Argument::fifth, 0u);
    const bool local = atomic.space == Space::local;
    if (local)
        ready.set_local(Argument::shared, group_size_ * word_bytes);
    const auto place = [this, local] {
        return local ? static_cast<std::uint32_t>(place_ % group_size_) : place_;
    };
    const auto prepare = [this, ready, words, place]() mutable {
        ready.set(Argument::sixth, place());
        bench_.context().write_bytes(chain_memory_, place() * word_bytes, word_bytes, &words.start);
        bench_.poison(chain_seen_);
    };
    const auto verify = [this, atomic, words, place](std::uint32_t trips) {
        const auto operations = static_cast<std::uint64_t>(operations_a_trip) * trips;
        expect(possible_chain(atomic, words, operations,
                              bench_.read<std::uint32_t>(chain_memory_, place(), 1).front(),
                              bench_.read<std::uint32_t>(chain_seen_, 0, 1).front()),
               atomic, "a chain");
    };
    return {ready, NdRange::linear(1, 1), Argument::trips, prepare, verify};
}

} // namespace clprobe::probes::atomics
