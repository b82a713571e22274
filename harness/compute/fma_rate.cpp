#include "common/launch_size.hpp"
#include "compute/fma_rate/interpret.hpp"
#include "compute/fma_rate/launch.hpp"
#include "compute/fma_rate/search_space.hpp"
#include "measure/tuner.hpp"

#include <algorithm>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace clprobe::probes {
namespace {

using namespace fma_rate;

/// What remains to be measured once a type's fastest variant is found.
struct Finalists {
    Real real;
    Launchable winner;
    Launchable chain; ///< a single one, for the latency
};

double launch_seconds(const DeviceInfo &device) {
    return device.type == DeviceType::cpu ? 10e-3 : 4e-3;
}

Series &series(Bench &bench, Real real, const char *what) {
    return bench.series(std::string(name(real)) + what);
}

/// The fastest variant, ready for launches; nothing where none works. Only `reserve` seconds of the
/// probe's budget are left over.
std::optional<Launchable> fastest(KernelCache &kernel_cache, const SearchSpace &space,
                                  double reserve) {
    Bench &bench = kernel_cache.bench();
    const std::string type(name(kernel_cache.real()));
    struct Tried {
        Variant wanted; ///< whose groups may be larger than those of the launchable
        Launchable launchable;
        Candidate candidate;
    };
    std::deque<Tried> tried;
    int block = 0;
    /// Of the best launch so far, an operation.
    const auto sample = [&](Tried &made) {
        bench.sample_block(made.candidate, block++);
        const Point *longest =
            made.candidate.series->find(coordinates(made.launchable.variant, made.candidate.trips));
        const double seconds = std::ranges::min(longest->samples);
        return seconds / (made.launchable.variant.per_trip() * made.candidate.trips);
    };
    const auto find = [&](const Variant &variant) {
        return std::ranges::find(tried, variant, &Tried::wanted);
    };
    Tuner<Variant> tuner({
        .time =
            [&](const Variant &variant) {
                const Launchable made = kernel_cache.make(variant);
                const std::uint32_t trips =
                    bench.calibrate(made.launch, launch_seconds(bench.device()));
                if (tried.empty())
                    bench.warm_up(made.launch, trips);
                tried.push_back({variant,
                                 made,
                                 {made.launch, &series(bench, kernel_cache.real(), ".race"),
                                  coordinates(made.variant), trips}});
                return sample(tried.back());
            },
        .time_again = [&](const Variant &variant) { return sample(*find(variant)); },
        .time_left = [&] { return bench.remaining() > reserve; },
        .leave_out_wrong = true,
    });
    tuner.try_out(space.start);
    if (tuner.best() == nullptr && tuner.failures().back().unsupported)
        for (Variant other = space.start; const Form form : {Form::expression, Form::mad}) {
            other.form = form;
            tuner.try_out(other);
        }
    tuner.descend(space.start, space.stages);
    tuner.halve(4, [] { return true; });
    if (tuner.best() == nullptr) {
        bench.data().text_attributes[type + entry::failed] = tuner.failures().back().reason;
        return std::nullopt;
    }
    record_failures(bench.data(), type, tuner);
    return find(*tuner.best())->launchable;
}

/// Chains beside the single one, in a few launches: they only check its latency.
void measure_knee(KernelCache &kernel_cache, const Variant &winner, double reserve) {
    Bench &bench = kernel_cache.bench();
    if (bench.profile() == Profile::tiny || bench.profile() == Profile::quick)
        return;
    for (const unsigned chains : {2U, 4U, 8U, 16U}) {
        if (bench.remaining() < reserve)
            return;
        const Launchable made = kernel_cache.make(latency_variant(winner.form, chains));
        Candidate candidate{made.launch, &series(bench, kernel_cache.real(), ".latency"),
                            coordinates(made.variant),
                            bench.calibrate(made.launch, launch_seconds(bench.device()) / 10)};
        for (int block = 0; block < 3; ++block)
            bench.sample_block(candidate, block);
    }
}

std::string arithmetic(const Verdict &verdict) {
    if (verdict.fused && verdict.unfused)
        return "rounded once or twice";
    return verdict.fused ? "rounded once" : "rounded twice";
}

class FmaRate final : public Probe {
public:
    [[nodiscard]] const ProbeInfo &info() const override { return info_; }

    void measure(Bench &bench) const override {
        std::vector<Finalists> all;
        std::optional<Variant> first_winner;
        double reserve = 0.6;
        for (const Real real : all_reals) {
            if (auto finalists = choose(bench, real, first_winner, reserve * bench.budget())) {
                if (!first_winner)
                    first_winner = finalists->winner.variant;
                all.push_back(std::move(*finalists));
            }
            reserve = std::max(0.35, reserve - 0.15);
        }
        measure_anew(bench, all);
    }

    [[nodiscard]] std::vector<Finding> interpret(const Dataset &data,
                                                 const Facts &facts) const override {
        return fma_rate::interpret(data, facts);
    }

    [[nodiscard]] std::vector<KernelVariant> kernels(const DeviceInfo &device) const override {
        return inspected(device);
    }

private:
    static std::optional<Finalists>
    choose(Bench &bench, Real real, const std::optional<Variant> &first_winner, double reserve) {
        const std::string type(name(real));
        if (const std::string reason = lacks(bench.device(), real); !reason.empty()) {
            bench.data().text_attributes[type + entry::unsupported] = reason;
            return std::nullopt;
        }
        KernelCache kernel_cache(bench, real);
        const auto winner = fastest(
            kernel_cache,
            search_space_for(real, bench.device(), units_of(bench), bench.profile(), first_winner),
            reserve);
        if (!winner)
            return std::nullopt;
        const Variant &variant = winner->variant;
        measure_knee(kernel_cache, variant, reserve);
        return Finalists{real, *winner, kernel_cache.make(latency_variant(variant.form, 1))};
    }

    /// All types' winners in turn, so that each is spread over the time that is left.
    static void measure_anew(Bench &bench, const std::vector<Finalists> &all) {
        const double seconds_a_launch = launch_seconds(bench.device());
        std::vector<Candidate> candidates;
        const auto enter = [&](const Launchable &launchable, Series &samples, double seconds) {
            launchable.verdict->words = 0;
            candidates.push_back({launchable.launch, &samples, coordinates(launchable.variant),
                                  bench.calibrate(launchable.launch, seconds)});
        };
        for (const Finalists &finalists : all) {
            enter(finalists.winner, series(bench, finalists.real, ".rate"), seconds_a_launch);
            enter(finalists.chain, series(bench, finalists.real, ".latency"),
                  seconds_a_launch / 10);
        }
        StoppingRule rule;
        rule.relative_half_width = 0.002;
        rule.seconds = std::max(0.9 * bench.remaining(), 0.1 * bench.budget());
        rule.least = bench.tiny() ? 2 : 8;
        bench.sample(candidates, rule);
        for (const Finalists &finalists : all) {
            const std::string type(name(finalists.real));
            bench.data().text_attributes[type + entry::arithmetic] =
                arithmetic(*finalists.winner.verdict);
            bench.data().number_attributes[type + entry::verified] =
                static_cast<double>(finalists.winner.verdict->words);
        }
    }

    static ProbeInfo make_info();

    ProbeInfo info_ = make_info();
};

ProbeInfo FmaRate::make_info() {
    ProbeInfo info;
    info.name = "compute/fma_rate";
    info.question = "How many multiply-adds does the device do in a second, and how long does one "
                    "take?";
    info.method =
        "No single shape of kernel is safe on every device, so shapes race: the way a multiply-add "
        "is written (fma(), mad(), a*b+c), what a chain of them computes (x*a+b, x+y*a, x*x+b), "
        "how many independent chains a work-item has, how wide its vectors are, how many "
        "operations the loop's body holds, and how many work-items there are in groups of what "
        "size. A coordinate descent tries one property after the other; the best four run again. "
        "The winner is then measured anew, in blocks spread over the probe's time, all types in "
        "turn: its rate is the slope of time over trips of the loop.\n\n"
        "The latency is the time a step of a single chain in a single work-item takes. Its cross-"
        "check are more chains beside it, which must not make the steps faster, and tell how many "
        "operations are in flight when the rate is reached.\n\n"
        "Operands come at run time and keep all values near one, no chain settles, and every "
        "vector element leaves a word made of the bits of all its chains: the host computes that "
        "word anew, step by step, for elements chosen after each launch.";
    info.pitfalls = {
        "A multiply-add counts two: what a device may issue beside it is not counted.",
        ("fma() is 26 to 100 times slower than a*b+c where the hardware has none, and Mesa's "
         "compiler for Midgard takes minutes for dozens of them; x*x+b runs at half rate on some "
         "GPUs."),
        ("A loop's body that is short pays for the loop; one that is long falls out of the "
         "instruction cache, at the cost of a fifth on one GPU."),
        ("Grids of several waves of groups end when the last wave does: slopes through them came "
         "out above what the device can do. All groups are resident at once here."),
        "a*b+c and mad() may round once or twice; which one was seen is part of the method. An "
        "fma() that rounds twice (llvmpipe's, in double and half) is left out.",
        ("PoCL's workers are not pinned unless POCL_AFFINITY=1 is set: the rate is then halved in "
         "some launches."),
        ("In half precision x*a+b settles after some thousand steps: an early end of the loop is "
         "seen in short launches only."),
    };
    info.sources = {
        "clpeak, mixbench and ArchProbe, for the shapes; each of them uses one",
        "HAKMEM (MIT AI Memo 239, 1972), item 149, for the rotation x+y*a, y-x*a",
    };
    info.depends_on = {"execution/compute_units"};
    info.findings = finding_keys();
    for (const Real real : all_reals) {
        const std::string type(name(real));
        const Axis time{"time", Unit::second, {}};
        info.series.push_back(
            {type + ".race", axes<Variant>(), time, "every variant that was tried"});
        info.series.push_back({type + ".rate", axes<Variant>(), time, "the winner, measured anew"});
        info.series.push_back(
            {type + ".latency", axes<Variant>(), time, "one work-item, by its chains"});
    }
    info.kernels = {kernel_text};
    info.seconds = 12;
    return info;
}

} // namespace

std::unique_ptr<Probe> make_compute_fma_rate() {
    return std::make_unique<FmaRate>();
}

} // namespace clprobe::probes
