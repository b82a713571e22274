#include "common/launch_size.hpp"
#include "measure/sampler.hpp"
#include "memory/access_pattern/access_pattern.hpp"

#include <clprobe/probe.hpp>

#include <algorithm>
#include <bit>
#include <memory>
#include <string>
#include <utility>

namespace clprobe::probes {
namespace {

using namespace access_pattern;

constexpr const char *text = "memory/access_pattern";

ProbeInfo describe() {
    ProbeInfo info;
    info.name = text;
    info.question = "How many useful bytes a second go from and to memory where neighbouring "
                    "work-items access words apart, misaligned, or at random?";
    info.method =
        "All units read, or write, words of 4 bytes of an array in memory, each work-item eight "
        "that are on their way together. Strides: the words of neighbours are 1 to 64 words "
        "apart, as they are where a matrix is read along its columns; a launch accesses every n-th "
        "word only, so that of each line that comes the others are of no use. Misaligned: words in "
        "a row, that of a group's first work-item lying 1 to 31 words behind a multiple of the "
        "group's size. Random: within spans of 4 KiB to all of the array, a bijection of the words "
        "of each span, so that each is accessed once and the next span follows.\n\n"
        "Only the words that were asked for count, and each once. The rate is the slope of time "
        "over a quarter, a half and all of a launch's groups, patterns being taken in turn. Each "
        "launch goes on in the array where the one before ended: what it begins with is not in a "
        "cache for having been accessed just before.\n\n"
        "What is read is random, and each group leaves the sum of its words: those of groups "
        "chosen after the launch are computed anew. What is written changes with every launch; "
        "words chosen after it are checked, and that those between strided ones stay what they "
        "were.";
    info.pitfalls = {
        "A matrix of few columns, read along them, finds in the caches what its other words "
        "brought there: its strides cost less than these.",
        "Rows of a power of two bytes may meet in one set of a cache, or one bank of memory, on "
        "top of this.",
        "A processor's store reads the line first: a strided one moves it twice for one word.",
        "Where the array is not far larger than the last cache, random words are found there.",
        "Random words far apart need a page's address each: what they cost in the TLB is part of "
        "it.",
        "On a CPU, what neighbours on the same machine leave of memory changes from one minute to "
        "the next: intervals are never narrower than 50 % to either side."};
    info.sources = {"Harris, How to Access Global Memory Efficiently in CUDA C/C++ Kernels, 2013 "
                    "(strides and misaligned rows)"};
    info.needs = "local memory";
    info.depends_on = {"execution/compute_units"};
    info.cross_checks = {"memory/buffer_latency", "memory/buffer_bandwidth"};
    info.findings = finding_keys();
    info.series = {{entry::times,
                    axes<AccessRow>(),
                    {"time", Unit::second, {}},
                    "one launch over so many useful bytes; `words` are from one neighbour's to the "
                    "next, of the shift, or of a span"}};
    info.kernels = {text};
    info.seconds = 2;
    info.quick_seconds = 0.7;
    return info;
}

std::string options_on(const DeviceInfo &device) {
    return device.type == DeviceType::cpu ? "-DON_CPU" : "";
}

std::string kernel_of(const AccessRow &row) {
    const bool in_a_row = row.pattern == Pattern::strided && row.words == 1;
    const auto pattern = in_a_row ? Pattern::shifted : row.pattern;
    return name(row.operation) + "_" + pattern_names[static_cast<std::size_t>(pattern)];
}

class Experiment {
public:
    explicit Experiment(Bench &bench)
        : bench_(bench), program_(bench.build(text, options_on(bench.device()))),
          local_size_(group(bench, program_)), array_(granted_buffer(bench, wanted())),
          sums_(bench.buffer(array_.bytes() / tile_bytes() * word)),
          salt_(static_cast<std::uint32_t>(bench.random()())) {}

    void run() {
        fill();
        bench_.data().number_attributes[entry::array] = static_cast<double>(words_ * word);
        bench_.data().number_attributes[entry::work_items] = static_cast<double>(local_size_);
        // The words that are read are what was filled: they are written last.
        sample(Operation::read, std::max(least_seconds, bench_.remaining() / 2));
        sample(Operation::write, std::max(least_seconds, bench_.remaining()));
    }

private:
    static constexpr double least_seconds = 0.3; ///< a slow build is no reason for less

    static std::size_t group(const Bench &bench, const Program &program) {
        const std::size_t wanted = bench.tiny() ? 4 : is_cpu(bench) ? 1024 : 256;
        const std::size_t allowed = group_size(bench, wanted, word); // sums are in local memory
        std::vector<std::string> kernels{"fill"};
        for (const Operation operation : all_operations)
            for (const Pattern pattern : {Pattern::strided, Pattern::shifted, Pattern::random})
                kernels.push_back(kernel_of({operation, pattern, 2}));
        return group_size(bench, program, kernels, allowed);
    }

    [[nodiscard]] std::size_t tile() const { return each * local_size_; }
    [[nodiscard]] std::size_t tile_bytes() const { return tile() * word; }

    std::size_t wanted() const {
        if (bench_.tiny())
            return std::size_t{64} << 10;
        const bool quick = bench_.profile() <= Profile::quick;
        const std::uint64_t most = std::uint64_t{is_cpu(bench_) ? (quick ? 128u : 256u) : 4096u}
                                   << 20;
        const std::uint64_t memory = bench_.device().global_memory.value_or(most * 8);
        return std::bit_floor(static_cast<std::size_t>(
            std::min({most, std::uint64_t{bench_.most_bytes()}, memory / 8})));
    }

    /// As much of the array as can be within a part of the time, a power of two, is what is used.
    void fill() {
        constexpr std::size_t most_of_a_launch = std::size_t{16} << 20;
        const std::size_t once = std::min(most_of_a_launch, array_.bytes());
        BoundLaunch launch{program_.kernel("fill"),
                           NdRange::linear(once / tile_bytes(), local_size_),
                           {array_, salt_}};
        const double until = bench_.remaining() - 0.1 * bench_.budget();
        std::size_t filled = 0;
        for (; filled < array_.bytes() && (filled == 0 || bench_.remaining() > until);
             filled += once)
            bench_.launch(launch.set(2, static_cast<cl_uint>(filled / word)));
        words_ = std::bit_floor(filled) / word;
    }

    void sample(Operation operation, double seconds) {
        const std::vector<AccessRow> rows = rows_of(operation, words_);
        Series &series = bench_.series(entry::times);
        std::vector<Sampled> patterns;
        for (const AccessRow &row : rows) {
            if (words_in(words_, row, local_size_) < tile())
                continue;
            const TimeOf time_of = [this, row](std::uint32_t groups) { return time(row, groups); };
            const std::uint32_t groups = fitting_groups(row);
            patterns.push_back({[this, time_of, groups, &series, row](int block) {
                                    for (const auto &[part, taken, in_block] :
                                         sample_block(time_of, groups, block, bench_.random())) {
                                        const double bytes =
                                            part * static_cast<double>(tile_bytes());
                                        Point &point = series.point(coordinates(row, bytes));
                                        point.samples.push_back(taken);
                                        point.block.push_back(in_block);
                                    }
                                },
                                [&series, row] {
                                    return relative_half_width(slope_at(series, coordinates(row)));
                                }});
        }
        StoppingRule rule{.relative_half_width = 0.01, .seconds = seconds};
        if (bench_.tiny())
            rule.least = rule.most = 1;
        const double at_start = bench_.remaining();
        take_blocks(patterns, rule, [&] { return at_start - bench_.remaining(); });
    }

    /// Groups of a launch that takes about the time that launches should, or all that there are.
    [[nodiscard]] std::uint32_t fitting_groups(const AccessRow &row) {
        const auto most = static_cast<std::uint32_t>(words_in(words_, row, local_size_) / tile());
        if (bench_.tiny())
            return std::min(most, bench_.bounds().most_trips);
        const bool quick = bench_.profile() <= Profile::quick;
        const double target = is_cpu(bench_) ? (quick ? 2e-3 : 4e-3) : 1e-3;
        constexpr double part = 8; // a launch of that part of the time shows the rate
        auto groups = std::min(most, static_cast<std::uint32_t>(16 * units_of(bench_)));
        time(row, groups); // the first launch may compile
        for (;;) {
            const double seconds = time(row, groups);
            if (seconds > target / part)
                return static_cast<std::uint32_t>(
                    std::clamp<double>(groups * target / seconds, 1, most));
            if (groups == most)
                return most;
            groups = std::min<std::uint32_t>(most, 4 * groups);
        }
    }

    /// Seconds of a launch of so many groups. It goes on behind the last one.
    double time(const AccessRow &row, std::size_t groups) {
        const std::size_t all = words_in(words_, row, local_size_);
        const std::size_t count = groups * tile();
        auto start = static_cast<std::size_t>(share_ * static_cast<double>(all)) / tile() * tile();
        if (start + count > all)
            start = 0;
        share_ = static_cast<double>(start + count) / static_cast<double>(all);
        const Places places(row, static_cast<std::uint32_t>(bench_.random()()));
        return bench_.launch(row.operation == Operation::read
                                 ? read(row, places, static_cast<std::uint32_t>(start), groups)
                                 : write(row, places, static_cast<std::uint32_t>(start), groups));
    }

    [[nodiscard]] BoundLaunch launch(const AccessRow &row, const Places &places,
                                     std::uint32_t start, std::size_t groups,
                                     std::vector<Argument> arguments) const {
        arguments.emplace_back(start);
        for (const std::uint32_t argument : places.arguments())
            arguments.emplace_back(argument);
        return {program_.kernel(kernel_of(row)), NdRange::linear(groups, local_size_),
                std::move(arguments)};
    }

    [[nodiscard]] BoundLaunch read(const AccessRow &row, const Places &places, std::uint32_t start,
                                   std::size_t groups) const {
        BoundLaunch bound = launch(row, places, start, groups,
                                   {array_, LocalBytes{local_size_ * word}, output(sums_)});
        bound.check = [=, tile = static_cast<std::uint32_t>(tile()),
                       salt = salt_](const LaunchOutcome &outcome) {
            for (const std::size_t group : outcome.sample(groups, 2)) {
                const std::uint32_t first = start + static_cast<std::uint32_t>(group) * tile;
                std::uint32_t sum = 0;
                for (std::uint32_t i = 0; i < tile; ++i)
                    sum += word_at(places.of(first + i), salt);
                outcome.expect(outcome.word(group) == sum,
                               "a group's sum is not that of the words that it should read");
            }
        };
        return bound;
    }

    [[nodiscard]] BoundLaunch write(const AccessRow &row, const Places &places, std::uint32_t start,
                                    std::size_t groups) const {
        const auto nonce = static_cast<std::uint32_t>(bench_.random()());
        const std::size_t count = groups * tile();
        // Not poisoned, which would take longer: the nonce is another each time.
        BoundLaunch bound = launch(row, places, start, groups, {array_, nonce});
        // What is between strided words stays what it was.
        const std::size_t stretch = row.pattern == Pattern::strided ? row.words : 1;
        const auto watched = start + static_cast<std::uint32_t>(bench_.random()() % count);
        const auto old = std::make_shared<std::vector<std::uint32_t>>();
        bound.before = [this, old, stretch, from = places.of(watched)] {
            *old = bench_.read<std::uint32_t>(array_, from, stretch);
        };
        bound.check = [=, this](const LaunchOutcome &outcome) {
            for (const std::size_t i : outcome.sample(count, 4)) {
                const std::uint32_t number = start + static_cast<std::uint32_t>(i);
                outcome.expect(outcome.word(array_, places.of(number)) == written(number, nonce),
                               "a word was not written as it should be");
            }
            old->front() = written(watched, nonce);
            outcome.expect(outcome.read<std::uint32_t>(array_, places.of(watched), stretch) == *old,
                           "a word was written that should not be");
        };
        return bound;
    }

    Bench &bench_;
    Program program_;
    std::size_t local_size_;
    Buffer array_;
    Buffer sums_;
    std::uint32_t salt_;
    std::size_t words_ = 0; ///< of the array that are used
    double share_ = 0;      ///< of the array, that lies before the end of the last launch
};

class AccessPattern final : public Probe {
public:
    [[nodiscard]] const ProbeInfo &info() const override { return info_; }
    [[nodiscard]] std::optional<std::string> unsupported(const DeviceInfo &device) const override {
        return device.local_memory == 0 ? std::optional("the device has no local memory")
                                        : std::nullopt;
    }
    void measure(Bench &bench) const override {
        if (bench.tiny())
            bench.data().text_attributes[entry::too_small] =
                "the tiny profile's array lies in a cache";
        Experiment(bench).run();
    }
    [[nodiscard]] std::vector<Finding> interpret(const Dataset &data,
                                                 const Facts &facts) const override {
        return findings_of(data, facts);
    }
    [[nodiscard]] std::vector<KernelVariant> kernels(const DeviceInfo &device) const override {
        return {{{}, text, options_on(device), {}}};
    }
    [[nodiscard]] std::vector<Curve> curves(const Dataset &data) const override {
        return curves_of(data);
    }

private:
    ProbeInfo info_ = describe();
};

} // namespace

std::unique_ptr<Probe> make_memory_access_pattern() {
    return std::make_unique<AccessPattern>();
}

} // namespace clprobe::probes
