#include "common/launch_size.hpp"
#include "common/programs.hpp"
#include "common/ptx.hpp"
#include "common/race.hpp"
#include "compute/fma_rate/fma_rate.hpp"
#include "opencl/device_limits.hpp"

#include <clprobe/error.hpp>

#include <algorithm>
#include <deque>
#include <initializer_list>
#include <limits>
#include <memory>
#include <set>
#include <type_traits>

namespace clprobe::probes::fma_rate {
namespace {

/// What the words that came back so far allow: none of the two is a failed verification. How many
/// were looked at.
struct Verdict {
    bool fused = true;
    bool unfused = true;
    std::uint64_t words = 0;
};

/// A variant ready to be launched: its outputs are poisoned before each launch, and a few of them,
/// chosen after it, are compared with the host's model.
struct Launchable {
    Variant variant;
    BoundLaunch launch;
    std::shared_ptr<Verdict> verdict;
};

/// How many words to check after a launch: few where recomputing one takes the host long.
std::size_t words_to_check(const Variant &variant, std::uint32_t trips) {
    constexpr double most_steps = 500e3; // about 0.2 ms
    const double steps = static_cast<double>(variant.body) * trips;
    return static_cast<std::size_t>(std::clamp(most_steps / steps, 1.0, 4.0));
}

Argument operand(Real real, double value) {
    if (real == Real::fp32)
        return static_cast<float>(value);
    return real == Real::fp64 ? Argument(value) : Argument(half_bits(value));
}

std::size_t elements(const Variant &variant) {
    return variant.local_size * variant.groups * variant.width;
}

void check(const LaunchOutcome &outcome, Real real, const Variant &variant, Verdict &verdict) {
    const std::uint32_t trips = outcome.trips();
    for (const std::size_t element :
         outcome.sample(elements(variant), words_to_check(variant, trips))) {
        const std::uint32_t word = outcome.word(element);
        const auto is = [&](Arithmetic arithmetic) {
            return word == expected_word(real, variant, arithmetic, element, trips);
        };
        verdict.fused = verdict.fused && is(Arithmetic::fused);
        verdict.unfused = verdict.unfused && is(Arithmetic::unfused);
        ++verdict.words;
        outcome.expect(verdict.fused || verdict.unfused, variant.describe(real) + ": element " +
                                                             std::to_string(element) +
                                                             " is not what the host computes");
    }
    if (!verdict.fused && (variant.form == Form::fma || variant.form == Form::ptx))
        throw Unsupported(variant.describe(real) + ": it rounds twice");
}

/// The variant with this one property changed as far as it may be, and of the loop's body what the
/// chains make of it.
template <typename Value>
Move to(Value Variant::*property, Value value) {
    return [property, value](Variant variant) {
        variant.*property = value;
        variant.chains = std::clamp(variant.chains, 1U, 16U);
        variant.width = std::clamp(variant.width, variant.form == Form::ptx ? 2U : 1U, 16U);
        return variant.with_body(variant.body);
    };
}

/// These values of one property.
template <typename Value>
Stage values(Value Variant::*property, std::initializer_list<std::type_identity_t<Value>> all) {
    Stage stage;
    for (const Value &value : all)
        stage.moves.push_back(to(property, value));
    return stage;
}

/// The same number of work-items in groups of another size.
Move to_local_size(std::size_t size) {
    return [size](Variant variant) {
        variant.groups = std::max<std::size_t>(1, variant.groups * variant.local_size / size);
        variant.local_size = size;
        return variant;
    };
}

/// Written as fma(), in as many work-items, and few of them: where that is a function in software,
/// some compilers take seconds for each.
Variant few_fmas(const Variant &from) {
    return Variant{.local_size = from.local_size, .groups = from.groups}.with_body(8);
}

/// What measures the latency of an operation: one work-item of scalars, or pairs where there are no
/// others.
Variant latency_variant(Form form, unsigned chains) {
    return {.form = form,
            .chains = chains,
            .width = form == Form::ptx ? 2U : 1U,
            .body = 64 * chains,
            .local_size = 1,
            .groups = 1};
}

/// A CPU's vectors are as wide as the kernel says, and its groups are tasks for its workers: many
/// of them, so that none waits long for the last.
SearchSpace cpu_search_space(std::size_t largest, std::size_t units) {
    const Variant start{.chains = 12,
                        .width = 16,
                        .local_size = std::min<std::size_t>(16, largest),
                        .groups = 64 * units};
    return {start.with_body(64),
            {
                // First of all: fma() is a call that takes a hundred times as long on some.
                values(&Variant::form, {Form::expression, Form::mad}),
                values(&Variant::width, {8, 4, 2}),
                values(&Variant::width, {1}), // best where the elements of a vector are work-items
                values(&Variant::chains, {8, 10, 6, 16, 4}),
                values(&Variant::body, {128, 256, 1024}),
                {{to(&Variant::local_size, std::min<std::size_t>(64, largest)), to_local_size(1)}},
                values(&Variant::recurrence, {Recurrence::quadratic, Recurrence::pair}),
            }};
}

/// A GPU has work-items enough for scalars, and what counts is how little of the loop is not a
/// multiply-add. All groups must be resident at once: the last of several waves ends when it likes.
SearchSpace gpu_search_space(std::size_t largest, std::size_t units, bool ptx) {
    constexpr std::size_t threads_a_unit = 1024;
    const std::size_t size = std::min<std::size_t>(256, largest);
    const std::size_t groups = units * std::max<std::size_t>(1, threads_a_unit / size);
    const Variant start{.form =
                            ptx ? Form::ptx : Form::expression, // which no compiler has to make up
                        .width = ptx ? 2U : 1U,
                        .local_size = size,
                        .groups = groups};
    return {start.with_body(64),
            {
                values(&Variant::body, {1024, 256, 2048}),
                values(&Variant::groups, {2 * groups, std::max<std::size_t>(1, groups / 2)}),
                values(&Variant::chains, {8, 2, 16, 1}),
                values(&Variant::width,
                       {2 * start.width, 4 * start.width}), // wider ones are further chains
                ptx ? Stage{} : Stage{{few_fmas, to(&Variant::form, Form::mad)}},
                values(&Variant::body, {1024, 256}), // of fma(), where that won
                {{to_local_size(std::min<std::size_t>(64, largest)),
                  to_local_size(std::min<std::size_t>(1024, largest))}},
                values(&Variant::recurrence, {Recurrence::quadratic, Recurrence::pair}),
            }};
}

/// Another type starts from what won for the first: only what its size changes is tried again.
SearchSpace narrower_search_space(Real real, const DeviceInfo &device, Variant start) {
    const bool cpu = device.type == DeviceType::cpu;
    if (cpu && real == Real::fp64)
        start.width = std::max(1U, start.width / 2);
    Move other = to(&Variant::form, Form::expression);
    if (start.form == Form::expression)
        other = cpu ? to(&Variant::form, Form::fma) : few_fmas;
    Stage widths = values(&Variant::width, {2, 4});
    if (cpu)
        widths = values(&Variant::width, {start.width * 2, start.width / 2});
    Stage forms{{other, to(&Variant::form, Form::mad)}};
    if (only_as_ptx(real, device)) {
        start = to(&Variant::form, Form::ptx)(start);
        widths = values(&Variant::width, {start.width * 2, start.width * 4});
        // Instructions of their own: which operands they take fastest may be another thing, too.
        forms = values(&Variant::recurrence,
                       {Recurrence::affine, Recurrence::quadratic, Recurrence::pair});
    }
    return {start,
            {widths, values(&Variant::chains, {start.chains * 2, start.chains / 2}), forms,
             values(&Variant::body, {start.body / 2, start.body * 2})}};
}

void add_type(Real real, const DeviceInfo &device, std::vector<KernelVariant> &variants) {
    const Variant start = search_space_for(real, device, 1, Profile::standard, std::nullopt).start;
    const auto add = [&](const Variant &variant, const char *more = "") {
        variants.push_back(
            {variant.label(real) + more, kernel_text, variant.build_options(real), {}});
    };
    const Variant scalar = to(&Variant::width, 1U)(start); // or a pair
    for (const unsigned width : std::set{scalar.width, 4u, start.width})
        add(to(&Variant::width, width)(start));
    for (const Form form : {Form::fma, Form::mad, Form::expression})
        if (start.form != Form::ptx && form != start.form)
            add(form == Form::fma ? few_fmas(scalar) : to(&Variant::form, form)(scalar));
    for (const Recurrence recurrence : {Recurrence::pair, Recurrence::quadratic})
        add(to(&Variant::recurrence, recurrence)(scalar));
    add(latency_variant(start.form, 1), ", one chain");
}

/// Why the device cannot be asked about that type; empty where it can.
std::string lacks(const DeviceInfo &device, Real real) {
    if (real == Real::fp64 && !device.fp64)
        return "the device has no double precision";
    if (real == Real::fp16 && !device.fp16 && !only_as_ptx(real, device))
        return "the driver offers no half precision";
    return {};
}

/// The experiments on one type.
class Experiment {
public:
    Experiment(Bench &bench, Real real)
        : bench_(bench), real_(real), type_(name(real)),
          seconds_a_launch_(is_cpu(bench) ? 10e-3 : 4e-3), programs_(bench, kernel_text) {}

    /// Finds the fastest variant of the type, until only `reserve` seconds of the probe's budget
    /// are left. Nothing where the device has no such type, or none works.
    std::optional<Variant> tune(const std::optional<Variant> &first_winner, double reserve) {
        if (const std::string reason = lacks(bench_.device(), real_); !reason.empty()) {
            bench_.data().text_attributes[type_ + entry::unsupported] = reason;
            return std::nullopt;
        }
        winner_ = fastest(search_space_for(real_, bench_.device(), units_of(bench_),
                                           bench_.profile(), first_winner),
                          reserve);
        if (!winner_)
            return std::nullopt;
        const Form form = winner_->variant.form;
        measure_knee(form, reserve);
        chain_ = make(latency_variant(form, 1));
        return winner_->variant;
    }

    /// What is to be measured anew: the winner, and a single chain for the latency.
    void add_finalists(std::vector<Candidate> &candidates) {
        winner_->verdict->words = 0;
        candidates.push_back(candidate(*winner_, ".rate", seconds_a_launch_));
        candidates.push_back(candidate(*chain_, ".latency", seconds_a_launch_ / 10));
    }

    void record_verification() {
        const Verdict &verdict = *winner_->verdict;
        bench_.data().text_attributes[type_ + entry::arithmetic] =
            verdict.fused && verdict.unfused ? "rounded once or twice"
            : verdict.fused                  ? "rounded once"
                                             : "rounded twice";
        bench_.data().number_attributes[type_ + entry::verified] =
            static_cast<double>(verdict.words);
    }

private:
    /// Builds, launches once (some drivers compile only then) and verifies, in groups as large as
    /// the kernel and the device allow. Throws BuildError, VerificationError, Unsupported where
    /// `fma` rounds twice, or Error.
    Launchable make(Variant variant) {
        const std::string options = variant.build_options(real_);
        const Program &program =
            variant.form == Form::ptx ? programs_.with_ptx(options) : programs_.with(options);
        const Kernel kernel = program.kernel("fma_rate");
        variant.local_size = group_size(bench_, kernel, variant.local_size);
        const auto verdict = std::make_shared<Verdict>();
        const Operands o = operands(real_, variant.recurrence);
        const Buffer words = bench_.buffer(elements(variant) * sizeof(std::uint32_t));
        Launchable made{variant,
                        {kernel,
                         NdRange::linear(variant.groups, variant.local_size),
                         {output(words), trip_count, operand(real_, o.a), operand(real_, o.b),
                          operand(real_, o.c), operand(real_, o.d)},
                         [real = real_, variant, verdict](const LaunchOutcome &outcome) {
                             check(outcome, real, variant, *verdict);
                         }},
                        verdict};
        bench_.launch(made.launch);
        return made;
    }

    Candidate candidate(const Launchable &of, const char *series, double seconds) {
        const std::uint32_t trips = bench_.calibrate(of.launch, seconds);
        return {of.launch, &bench_.series(type_ + series), coordinates(of.variant), trips};
    }

    std::optional<Launchable> fastest(const SearchSpace &space, double reserve) {
        Race<Launchable> race(bench_,
                              {.series = type_ + ".race",
                               .seconds = seconds_a_launch_,
                               .warm_up = true,
                               .make = [this](const Variant &variant) { return make(variant); },
                               .work = &Variant::per_trip,
                               .time_left = [&] { return bench_.remaining() > reserve; },
                               .leave_out_wrong = true});
        Tuner<Variant> &tuner = race.tuner();
        tuner.try_out(space.start);
        if (tuner.best() == nullptr && tuner.failures().back().unsupported &&
            space.start.form != Form::ptx)
            for (const Form form : {Form::expression, Form::mad})
                tuner.try_out(to(&Variant::form, form)(space.start));
        tuner.descend(space.start, space.stages);
        tuner.halve(4, [] { return true; });
        if (tuner.best() == nullptr) {
            race.note_failure(type_);
            return std::nullopt;
        }
        record_failures(bench_.data(), type_, tuner);
        return race.winner();
    }

    /// Chains beside the single one, in a few launches: they only check its latency.
    void measure_knee(Form form, double reserve) {
        if (bench_.profile() == Profile::tiny || bench_.profile() == Profile::quick)
            return;
        for (const unsigned chains : {2U, 4U, 8U, 16U}) {
            if (bench_.remaining() < reserve)
                return;
            Candidate several =
                candidate(make(latency_variant(form, chains)), ".latency", seconds_a_launch_ / 10);
            for (int block = 0; block < 3; ++block)
                bench_.sample_block(several, block);
        }
    }

    Bench &bench_;
    Real real_;
    std::string type_;
    double seconds_a_launch_;
    Programs programs_;
    std::optional<Launchable> winner_;
    std::optional<Launchable> chain_;
};

} // namespace

bool only_as_ptx(Real real, const DeviceInfo &device) {
    return real == Real::fp16 && !device.fp16 && device.type != DeviceType::cpu &&
           device.has_extension(ptx_extension);
}

SearchSpace search_space_for(Real real, const DeviceInfo &device, std::size_t units,
                             Profile profile, const std::optional<Variant> &first_winner) {
    const std::size_t largest = largest_group(device);
    SearchSpace search_space;
    if (first_winner)
        search_space = narrower_search_space(real, device, *first_winner);
    else if (device.type == DeviceType::cpu)
        search_space = cpu_search_space(largest, units);
    else
        search_space = gpu_search_space(largest, units, only_as_ptx(real, device));
    if (profile == Profile::tiny && !first_winner)
        search_space.start = Variant{.form = search_space.start.form,
                                     .chains = 2,
                                     .width = 2,
                                     .local_size = std::min<std::size_t>(4, largest),
                                     .groups = 2}
                                 .with_body(8);
    // Of a stage, by the profile.
    constexpr std::size_t most_moves[] = {0, 1, 2, std::numeric_limits<std::size_t>::max()};
    for (Stage &stage : search_space.stages)
        stage.moves.resize(
            std::min(stage.moves.size(), most_moves[static_cast<std::size_t>(profile)]));
    return search_space;
}

std::vector<KernelVariant> inspected(const DeviceInfo &device) {
    std::vector<KernelVariant> variants;
    for (const Real real : all_reals)
        if (lacks(device, real).empty())
            add_type(real, device, variants);
    return variants;
}

void run_experiments(Bench &bench) {
    std::deque<Experiment> all;
    std::optional<Variant> first_winner;
    double reserve = 0.6;
    for (const Real real : all_reals) {
        const auto winner =
            all.emplace_back(bench, real).tune(first_winner, reserve * bench.budget());
        if (!first_winner)
            first_winner = winner;
        if (!winner)
            all.pop_back();
        reserve = std::max(0.35, reserve - 0.15);
    }
    // All types' winners in turn, so that each is spread over the time that is left.
    std::vector<Candidate> candidates;
    for (Experiment &experiment : all)
        experiment.add_finalists(candidates);
    bench.sample(candidates, {.relative_half_width = 0.002,
                              .seconds = std::max(0.9 * bench.remaining(), 0.1 * bench.budget()),
                              .least = bench.tiny() ? 2u : 8u});
    for (Experiment &experiment : all)
        experiment.record_verification();
}

} // namespace clprobe::probes::fma_rate
