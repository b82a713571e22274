#include "common/launch_size.hpp"
#include "common/ptx.hpp"
#include "memory/atomics/atomics.hpp"

#include <clprobe/error.hpp>

#include <algorithm>
#include <limits>
#include <map>
#include <numeric>
#include <utility>
#include <vector>

namespace clprobe::probes {
namespace {

using namespace atomics;

ProbeInfo describe() {
    ProbeInfo info;
    info.name = "memory/atomics";
    info.question = "How many atomic operations does the device do in a second, on one word and on "
                    "many, and how long does one take?";
    info.method =
        "Rates: all compute units at once, every work-item on a word of its own (neighbours on "
        "neighbouring words) or all on one, in local memory one a group; once with results dropped "
        "and once with them used, as compilers have cheaper instructions for results that nobody "
        "wants; the faster of both is measured on, and is the finding. Latency: one work-item, "
        "each operation at an address that hangs on the result of the one before; every block of "
        "samples at another address.\n\n"
        "Partitions: that latency at some hundred addresses spread over 64 MiB. Where one level of "
        "latency is ruled out (Hartigan's dip test), the addresses fall into two by several per "
        "cent, and keep to their level from block to block, the memory's cache has a near and a "
        "far part.\n\n"
        "Verified by what is left: sums exactly; the least; after exchanges the first word and all "
        "that was written are all that was read and the last word; compare-exchanges that "
        "succeeded are as many as the word counts.";
    info.pitfalls = {
        "Compilers combine the operations of neighbours on one address where they can see that it "
        "is one: here it comes at run time. What the hardware combines counts.",
        "Contended compare-exchanges fail more often than not. All that are tried count.",
        "A minimum that is no longer the least may be dropped before it writes: contended, most "
        "are.",
        "Neighbouring words share a transaction: words spread over more lines are slower.",
        "Floating-point additions and minima are those of cl_ext_float_atomics, and additions "
        "inline PTX where a compiler has no such function but takes that. A loop around a "
        "compare-exchange is another thing, and a float's compare-exchange is an integer's.",
        "A driver's minimum of floats that returns the wrong value may never end: a minimum with 0 "
        "is tried first, and where it does not return what the word held the device lacks it.",
        "One work-item sees the near and far parts of a cache from where it runs; where launches "
        "move between units of different sides, addresses do not keep to their level.",
        "How fast a contended word goes from one of a CPU's processors to the other depends on "
        "where the system, or a hypervisor, has put them for this run: intervals of these rates "
        "are never narrower than 25 % to either side there."};
    info.sources = {"Hartigan and Hartigan, The Dip Test of Unimodality, 1985",
                    "Chips and Cheese, Microbenchmarks (latency of a contended compare-exchange)"};
    info.depends_on = {"execution/compute_units"};
    info.findings = finding_keys();
    const Axis time{"time", Unit::second, {}};
    info.series = {{series::rates, axes<RateRow>(), time,
                    "all work-items at once; 4 operations of each a trip"},
                   {series::latency, axes<LatencyRow>(), time,
                    "one work-item, one operation after the other; 4 a trip"},
                   {series::addresses, axes<AddressRow>(), time,
                    "one work-item, one addition after the other to the word there; 4 a trip"}};
    info.kernels = {"memory/atomics"};
    info.seconds = 4;
    return info;
}

constexpr std::size_t word_bytes = sizeof(std::uint32_t);
constexpr const char *text = "memory/atomics";
constexpr const char *extension = "cl_ext_float_atomics";
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

/// The kernels with their buffers, each launch verified by what it left. It has to outlive them.
class Launcher {
public:
    explicit Launcher(Bench &bench)
        : bench_(bench), program_(bench.build(text, "")),
          group_size_(group_size_for(bench, program_)), groups_(groups_for(bench)),
          memory_(bench.buffer(groups_ * group_size_ * word_bytes)),
          seen_(bench.buffer(groups_ * group_size_ * word_bytes)),
          chain_seen_(bench.buffer(word_bytes)),
          chain_memory_(bench.buffer(chain_bytes_for(bench))) {
        build_extensions();
    }

    /// Why the device does not have that operation; nothing where it does.
    [[nodiscard]] std::optional<std::string> lacks(const Atomic &atomic) const {
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
            return std::string(extension) +
                   " has this operation in other memory only, or not at all";
        }
    }

    /// Whether that is not a function of the language here, but inline PTX.
    [[nodiscard]] bool as_ptx(const Atomic &atomic) const {
        return atomic.real && atomic.operation == Operation::add &&
               !bench_.device().has_extension(extension) &&
               bench_.device().has_extension(ptx_extension);
    }

    /// All work-items at once, on one word (in local memory one a group) or each on its own.
    [[nodiscard]] BoundLaunch many(const Atomic &atomic, Contention contention, bool used) {
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

    /// One work-item, one operation after the other, at the address of the last `move`.
    [[nodiscard]] BoundLaunch chain(const Atomic &atomic) {
        const Words words = random_words(atomic, bench_);
        const bool local = atomic.space == Space::local;
        const auto offset = [this, local] {
            return local ? static_cast<std::uint32_t>(offset_ % group_size_) : offset_;
        };
        BoundLaunch launch{kernel(atomic, "chain"),
                           NdRange::linear(1, 1),
                           {chain_memory_, output(chain_seen_), atomic.code(), words.start,
                            words.by, 0u, offset, trip_count}};
        if (local)
            launch.arguments.emplace_back(LocalBytes{group_size_ * word_bytes});
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

    /// Of `many`.
    [[nodiscard]] std::size_t work_items(const Atomic &atomic, Contention contention) const {
        return groups(atomic, contention) * group_size_;
    }
    /// Memory that chains may use, B.
    [[nodiscard]] std::size_t chain_bytes() const { return chain_memory_.bytes(); }
    /// Chains of global memory from now on use the word at that many bytes.
    void move(std::size_t bytes) {
        offset_ =
            static_cast<std::uint32_t>(std::min(bytes, chain_bytes() - word_bytes) / word_bytes);
    }

private:
    // Work-items take turns on one word, and the more of a processor's units do, the longer:
    // launches over all groups of one with many units would leave no time for another sample. A few
    // a unit do.
    [[nodiscard]] std::size_t groups(const Atomic &atomic, Contention contention) const {
        constexpr std::size_t least = 64;
        constexpr std::size_t a_unit = 4;
        const bool turns = atomic.space == Space::global && contention == Contention::contended;
        if (!turns || !is_cpu(bench_))
            return groups_;
        return std::min(groups_, std::max(least, a_unit * units_of(bench_)));
    }

    void build_extensions() {
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

    /// Takes the minimum of floats for lacking where a first one returns the wrong value. PoCL 5.0
    /// takes the success of its compare-exchange for the value that this found, and tries again
    /// until the two agree: with most operands for ever. A minimum with 0 ends, and returns 0.
    void try_minimum() {
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

    [[nodiscard]] Kernel kernel(const Atomic &atomic, const char *function) const {
        const Program &program = atomic.extended() ? extensions_.at(atomic.operation) : program_;
        return program.kernel(std::string(function) +
                              (atomic.space == Space::local ? "_local" : "_global"));
    }

    /// All but the check.
    [[nodiscard]] BoundLaunch unchecked(const Atomic &atomic, Contention contention, bool used,
                                        const Words &words) {
        BoundLaunch launch{kernel(atomic, "many"),
                           NdRange::linear(groups(atomic, contention), group_size_),
                           {output(memory_, words.start), output(seen_),
                            atomic.code() + (used ? 1u : 0u), words.start, words.by, words.apart,
                            contention == Contention::spread ? ~0u : 0u, trip_count}};
        if (atomic.space == Space::local)
            launch.arguments.emplace_back(LocalBytes{group_size_ * word_bytes});
        return launch;
    }

    /// What those work-items left, having shared the word of the first.
    [[nodiscard]] Outcome left_by(const LaunchOutcome &outcome, std::size_t first,
                                  std::size_t count) const {
        const auto seen = outcome.read<std::uint32_t>(seen_, first, count);
        return {static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(count),
                static_cast<std::uint64_t>(operations_a_trip) * outcome.trips(),
                outcome.word(memory_, first), std::accumulate(seen.begin(), seen.end(), 0u)};
    }

    Bench &bench_;
    Program program_;
    std::size_t group_size_;
    std::size_t groups_;
    std::map<Operation, Program> extensions_;
    std::string no_extension_;
    Buffer memory_;
    Buffer seen_;
    Buffer chain_seen_;
    Buffer chain_memory_;
    std::uint32_t offset_ = 0; ///< of chains, in words
};

constexpr std::size_t line = 256; // no line of a cache is longer

class Experiment {
public:
    explicit Experiment(Bench &bench) : bench_(bench), launcher_(bench) {}

    void run() {
        enter_all();
        const int full_turns = bench_.profile() == Profile::quick ? 1 : 3;
        constexpr int least_turns = 4; // fewer blocks' interval reaches down to no time at all
        constexpr int least_address_turns = 2;
        constexpr int address_turns = 4;
        constexpr int most_turns = 40;
        double longest = 0;
        for (int turn = 0; turn < most_turns; ++turn) {
            if (turn == full_turns)
                choose();
            if (turn >= least_turns && bench_.remaining() < 1.2 * longest)
                return;
            const double before = bench_.remaining();
            sample_all(turn);
            longest = turn >= full_turns ? std::max(longest, before - bench_.remaining()) : 0;
            if (turn < least_address_turns ||
                (turn < address_turns && bench_.remaining() > 0.5 * bench_.budget()))
                sample_addresses(turn);
            if (bench_.tiny())
                return;
        }
    }

private:
    /// Calibrated by two launches of a part of the `guess` (0: none), which is the trips that works
    /// of this kind took before.
    Candidate candidate(const BoundLaunch &launch, const char *name, std::vector<double> at,
                        double seconds_on_gpu, std::uint32_t &guess) {
        const double seconds = seconds_on_gpu * (is_cpu(bench_) ? 3 : 1);
        if (guess < 16 || bench_.tiny()) {
            guess = bench_.calibrate(launch, seconds);
        } else {
            const std::uint32_t part = guess / 4;
            const double time =
                std::max(1e-9, std::min(bench_.launch(launch, part), bench_.launch(launch, part)));
            guess = std::clamp(static_cast<std::uint32_t>(part * seconds / time), 4u, 16 * guess);
        }
        return {launch, &bench_.series(name), std::move(at), guess};
    }

    /// Latencies first, as they take little, and results dropped before those used: where time is
    /// short, every key has one of both.
    void enter_all() {
        std::vector<Atomic> atomics;
        std::map<Space, std::uint32_t> chain_guess;
        for (const Atomic &atomic : all_atomics()) {
            if (const auto reason = launcher_.lacks(atomic)) {
                bench_.data().text_attributes[atomic.name() + lacking] = *reason;
                continue;
            }
            if (launcher_.as_ptx(atomic))
                bench_.data().text_attributes[atomic.name() + spelling] =
                    "inline PTX, for want of a function";
            atomics.push_back(atomic);
        }
        for (const Atomic &atomic : atomics)
            chains_.push_back(candidate(launcher_.chain(atomic), series::latency,
                                        coordinates(LatencyRow{atomic}), 0.2e-3,
                                        chain_guess[atomic.space]));
        for (const Atomic &atomic : atomics) // a kernel's first launch may compile it
            bench_.launch(launcher_.many(atomic, Contention::spread, false), 1);
        const double end = remaining_after(bench_, 0.6);
        std::map<std::pair<Space, Contention>, std::uint32_t> many_guess;
        for (const bool used : {false, true})
            for (const Atomic &atomic : atomics)
                for (const Contention contention : {Contention::contended, Contention::spread}) {
                    if (bench_.remaining() <= end)
                        return;
                    const RateRow row{atomic, contention, used,
                                      launcher_.work_items(atomic, contention)};
                    rates_.emplace_back(row, candidate(launcher_.many(atomic, contention, used),
                                                       series::rates, coordinates(row), 0.4e-3,
                                                       many_guess[{atomic.space, contention}]));
                }
    }

    /// Leaves of dropped and used results the faster.
    void choose() {
        const auto seconds = [](const Candidate &candidate) {
            const auto fit = slope_at(*candidate.series, candidate.at);
            return fit && fit->seconds_per_trip > 0 ? fit->seconds_per_trip
                                                    : std::numeric_limits<double>::infinity();
        };
        std::vector<std::pair<RateRow, Candidate>> chosen;
        for (const auto &[row, candidate] : rates_) {
            RateRow dropped = row; // those come first
            dropped.used = false;
            const auto rival =
                std::ranges::find(chosen, dropped, &decltype(rates_)::value_type::first);
            if (rival == chosen.end())
                chosen.emplace_back(row, candidate);
            else if (seconds(candidate) < seconds(rival->second))
                *rival = {row, candidate};
        }
        rates_ = std::move(chosen);
    }

    void sample_all(int block) {
        // Two addresses of a latency may be a near one and a far one, and show nothing of a third.
        constexpr int chains_a_turn = 3;
        for (int chain = 0; chain < chains_a_turn; ++chain) {
            launcher_.move(bench_.random()() % launcher_.chain_bytes() / line * line);
            for (Candidate &candidate : chains_)
                if (uncertain(candidate))
                    bench_.sample_block(candidate, chains_a_turn * block + chain);
        }
        for (auto &[row, candidate] : rates_)
            if (uncertain(candidate))
                bench_.sample_block(candidate, block);
    }

    void sample_addresses(int block) {
        if (!at_addresses_) {
            const std::size_t most = bench_.profile() == Profile::quick ? 160 : 256;
            const std::size_t count =
                std::min(bench_.tiny() ? 2 : most, launcher_.chain_bytes() / line);
            const std::size_t slice = launcher_.chain_bytes() / count / line;
            for (std::size_t i = 0; i < count; ++i)
                addresses_.push_back((i * slice + bench_.random()() % slice) * line);
            const BoundLaunch launch = launcher_.chain({Space::global, false, Operation::add});
            at_addresses_ = Candidate{
                launch, &bench_.series(series::addresses), {}, bench_.calibrate(launch, 0.2e-3)};
        }
        for (const std::size_t address : addresses_) {
            launcher_.move(address);
            at_addresses_->at = coordinates(AddressRow{address});
            bench_.sample_block(*at_addresses_, block);
        }
    }

    /// Whether it needs further samples.
    [[nodiscard]] static bool uncertain(const Candidate &candidate) {
        constexpr std::size_t least_blocks = 12; // fewer agree by chance
        constexpr double certain = 0.01;
        const auto fit = slope_at(*candidate.series, candidate.at);
        return !fit || fit->blocks < least_blocks ||
               fit->interval.half_width() > certain * fit->seconds_per_trip;
    }

    Bench &bench_;
    Launcher launcher_;
    std::vector<Candidate> chains_;
    std::vector<std::pair<RateRow, Candidate>> rates_;
    std::optional<Candidate> at_addresses_; ///< moved from one to the next
    std::vector<std::size_t> addresses_;    ///< B
};

std::vector<KernelVariant> programs_for(const DeviceInfo &device) {
    std::vector<KernelVariant> programs{{{}, text, {}, {}}};
    if (device.has_extension(extension) || device.has_extension(ptx_extension))
        programs.push_back({"float add", text, float_add, {}});
    if (device.has_extension(extension))
        programs.push_back({"float min", text, float_min, {}});
    return programs;
}

class Atomics final : public Probe {
public:
    [[nodiscard]] const ProbeInfo &info() const override { return info_; }
    void measure(Bench &bench) const override { Experiment(bench).run(); }
    [[nodiscard]] std::vector<Finding> interpret(const Dataset &data,
                                                 const Facts &facts) const override {
        return findings_of(data, facts);
    }
    [[nodiscard]] std::vector<KernelVariant> kernels(const DeviceInfo &device) const override {
        return programs_for(device);
    }

private:
    ProbeInfo info_ = describe();
};

} // namespace

std::unique_ptr<Probe> make_memory_atomics() {
    return std::make_unique<Atomics>();
}

} // namespace clprobe::probes
