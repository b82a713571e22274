#include "common/launch_size.hpp"
#include "common/programs.hpp"
#include "common/ptx.hpp"
#include "common/race.hpp"
#include "compute/matrix_rate/matrix_rate.hpp"
#include "opencl/device_limits.hpp"

#include <clprobe/error.hpp>

#include <algorithm>
#include <deque>
#include <memory>
#include <set>
#include <utility>

namespace clprobe::probes::matrix_rate {
namespace {

/// A variant ready to be launched, and how many words of its launches were verified.
struct Launchable {
    Variant variant;
    BoundLaunch launch;
    std::shared_ptr<std::size_t> verified;
};

/// The fastest, to be measured anew.
struct Winner {
    std::string what; ///< as `what_of` has it
    Launchable launchable;
    Candidate candidate;
};

class Experiment {
public:
    explicit Experiment(Bench &bench)
        : bench_(bench), units_(units_of(bench)), programs_(bench, kernel_text) {}

    void run() {
        // Rates from registers first: where time is short, each type has one.
        double reserve = 0.6;
        for (const Aspect aspect : all_aspects) {
            for (const Type &type : all_types())
                choose(type, aspect, reserve * bench_.budget());
            reserve -= 0.1;
        }
        std::vector<Candidate> all;
        for (const Winner &winner : winners_) {
            *winner.launchable.verified = 0;
            all.push_back(winner.candidate);
        }
        bench_.sample(all, {.relative_half_width = 0.002,
                            .seconds = std::max(0.9 * bench_.remaining(), 0.1 * bench_.budget()),
                            .least = bench_.tiny() ? 2u : 8u});
        for (const Winner &winner : winners_)
            bench_.data().number_attributes[winner.what + entry::verified] =
                static_cast<double>(*winner.launchable.verified);
    }

private:
    [[nodiscard]] std::vector<Variant> variants_for(const Type &type, Aspect aspect) const {
        if (aspect == Aspect::latency)
            return {latency_variant(best_instruction_for(type))};
        const Source source = aspect == Aspect::local_rate ? Source::local : Source::registers;
        std::vector<Variant> variants =
            candidates_for(type, source, units_, largest_group(bench_.device()));
        if (bench_.tiny())
            for (Variant &variant : variants) {
                variant.local_size = warp;
                variant.groups = 2;
            }
        return variants;
    }

    /// Finds the fastest for what is asked, or notes why there is none.
    void choose(const Type &type, Aspect aspect, double reserve) {
        const std::string what = what_of(type, aspect);
        const char *const name = aspect == Aspect::latency ? series::latency : series::rate;
        const double seconds = aspect == Aspect::latency ? 0.3e-3 : 2e-3;
        Race<Launchable> race(bench_,
                              {.series = series::race,
                               .seconds = seconds,
                               .warm_up = winners_.empty(),
                               .make = [this](const Variant &variant) { return make(variant); },
                               .work = &Variant::operations,
                               .time_left = [&] { return bench_.remaining() > reserve; }});
        Tuner<Variant> &tuner = race.tuner();
        const std::vector<Variant> variants = variants_for(type, aspect);
        // One of each instruction whatever the time, or until one runs.
        std::set<Mma> instructions;
        for (const Variant &variant : variants)
            if ((!bench_.tiny() || tuner.best() == nullptr) &&
                instructions.insert(variant.mma).second)
                tuner.try_out(variant);
        if (!bench_.tiny())
            tuner.try_all(variants);
        tuner.halve(2, [&] { return tuner.tries() > 1 && bench_.remaining() > reserve; });
        if (tuner.best() == nullptr)
            return race.note_failure(what);
        const Launchable &winner = race.winner();
        winners_.push_back(
            {what,
             winner,
             {winner.launch, &bench_.series(name), coordinates(winner.variant), race.trips()}});
        if (aspect != Aspect::latency)
            note_untried(what, type, instructions);
    }

    /// That of the highest rate, or the most promising one where none has a rate.
    [[nodiscard]] Mma best_instruction_for(const Type &type) const {
        const std::string rate = what_of(type, Aspect::rate);
        const auto winner = std::ranges::find(winners_, rate, &Winner::what);
        return winner == winners_.end() ? instructions_of(type).front()
                                        : winner->launchable.variant.mma;
    }

    void note_untried(const std::string &what, const Type &type, const std::set<Mma> &tried) {
        std::string names;
        for (const Mma mma : instructions_of(type))
            if (!tried.contains(mma))
                names += (names.empty() ? "" : ", ") + instruction(mma).name();
        if (!names.empty())
            bench_.data().text_attributes[what + entry::untried] = names;
    }

    /// Builds, launches once (some drivers compile only then) and verifies.
    Launchable make(const Variant &variant) {
        const Kernel kernel = programs_.with_ptx(variant.build_options()).kernel("multiply");
        if (group_size(bench_, kernel, variant.local_size) < variant.local_size)
            throw Unsupported("groups of " + std::to_string(variant.local_size) +
                              " take more registers than there are");
        const auto problem = std::make_shared<const Problem>(problem_for(variant, bench_.random()));
        const auto verified = std::make_shared<std::size_t>(0);
        BoundLaunch launch{kernel,
                           NdRange::linear(variant.groups, variant.local_size),
                           {output(bench_.buffer(variant.work_items() * sizeof(std::uint32_t))),
                            written(problem->left), written(problem->right),
                            written(problem->start), problem->turn, problem->sign, 0u, trip_count},
                           [variant, problem, verified](const LaunchOutcome &outcome) {
                               for (const std::size_t item : outcome.sample(variant.work_items())) {
                                   outcome.expect(
                                       outcome.word(item) ==
                                           expected_word(variant, *problem, item, outcome.trips()),
                                       variant.describe() + ": work-item " + std::to_string(item) +
                                           " has not the sums that the host computes");
                                   ++*verified;
                               }
                           }};
        if (variant.source == Source::local) {
            launch.arguments.emplace_back(LocalBytes{problem->left.size()});
            launch.arguments.emplace_back(LocalBytes{problem->right.size()});
        }
        bench_.launch(launch);
        return {variant, std::move(launch), verified};
    }

    Buffer written(const std::vector<std::byte> &bytes) {
        Buffer buffer = bench_.buffer(bytes.size());
        bench_.write(buffer, std::span(bytes));
        return buffer;
    }

    Bench &bench_;
    std::size_t units_;
    Programs programs_;
    std::deque<Winner> winners_;
};

/// How a warp's tile is shaped, and the threads of a unit: enough warps to hide what an instruction
/// takes, and as few as registers suffice for.
struct Shape {
    unsigned left = 4;
    unsigned right = 4;
    std::size_t local_size = 256;
    std::size_t groups_a_unit = 1;
};

std::vector<Shape> shapes_for(Mma mma, Source source) {
    const bool local = source == Source::local;
    if (mma == Mma::fp64_k16) // whose operands take four times as many registers
        return local ? std::vector<Shape>{{2, 2, 256, 2}}
                     : std::vector<Shape>{{2, 2, 256, 1}, {2, 4, 256, 1}};
    if (mma == Mma::fp64_k4)
        return local ? std::vector<Shape>{{4, 4, 256, 2}}
                     : std::vector<Shape>{{4, 2, 256, 4}, {4, 4, 256, 2}};
    // More accumulators take less from local memory for each.
    return local
               ? std::vector<Shape>{{4, 8, 256, 1}, {4, 8, 128, 2}}
               : std::vector<Shape>{{4, 2, 256, 4}, {4, 2, 256, 2}, {4, 4, 256, 2}, {4, 4, 128, 2}};
}

} // namespace

std::vector<Variant> candidates_for(const Type &type, Source source, std::size_t units,
                                    std::size_t largest) {
    std::vector<Variant> firsts;
    std::vector<Variant> others;
    for (const Mma mma : instructions_of(type)) {
        bool first = true;
        for (const Shape &shape : shapes_for(mma, source)) {
            const std::size_t size = std::clamp(largest / warp * warp, warp, shape.local_size);
            const Variant variant{mma,         source, shape.left,
                                  shape.right, size,   units * shape.groups_a_unit};
            if (std::exchange(first, false))
                firsts.push_back(variant);
            else if (std::ranges::count(firsts, variant) + std::ranges::count(others, variant) == 0)
                others.push_back(variant);
        }
    }
    firsts.insert(firsts.end(), others.begin(), others.end());
    return firsts;
}

Variant latency_variant(Mma mma) {
    return {mma, Source::registers, 1, 1, warp, 1};
}

std::vector<Mma> instructions_of(const Type &type) {
    std::vector<Mma> all;
    for (std::size_t i = 0; i < mma_names.size(); ++i)
        if (const auto mma = static_cast<Mma>(i); instruction(mma).type == type)
            all.push_back(mma);
    return all;
}

std::optional<std::string> lacks_instructions(const DeviceInfo &device) {
    if (device.has_extension(ptx_extension))
        return std::nullopt;
    return "no instruction of matrix units is known that OpenCL C reaches here";
}

std::vector<KernelVariant> inspected(const DeviceInfo &device) {
    std::vector<KernelVariant> variants;
    if (lacks_instructions(device))
        return variants;
    const auto add = [&](const Variant &variant) {
        variants.push_back({variant.label(), kernel_text, variant.build_options(), {}});
    };
    for (const Type &type : all_types()) {
        for (const Mma mma : instructions_of(type)) {
            for (const Source source : {Source::registers, Source::local}) {
                const Shape shape = shapes_for(mma, source).back();
                add({mma, source, shape.left, shape.right});
            }
            add(latency_variant(mma));
        }
    }
    return variants;
}

void run_experiments(Bench &bench) {
    Experiment(bench).run();
}

} // namespace clprobe::probes::matrix_rate
