#include "common/build_log.hpp"
#include "common/launch_size.hpp"
#include "common/ptx.hpp"
#include "compute/matrix_rate/matrix_rate.hpp"
#include "measure/tuner.hpp"
#include "opencl/device_limits.hpp"

#include <clprobe/error.hpp>

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <utility>

namespace clprobe::probes::matrix_rate {
namespace {

/// A variant ready to be launched, and how many words of its launches were verified.
struct Launchable {
    Variant variant;
    BoundLaunch launch;
    std::shared_ptr<std::size_t> verified;
};

struct Tried {
    Launchable launchable;
    Candidate candidate;
};

class Experiment {
public:
    explicit Experiment(Bench &bench) : bench_(bench), units_(units_of(bench)) {}

    void run() {
        // Rates from registers first: where time is short, each type has one.
        double reserve = 0.6;
        for (const Aspect aspect : all_aspects) {
            for (const Type &type : all_types())
                choose(type, aspect, reserve * bench_.budget());
            reserve -= 0.1;
        }
        std::vector<Candidate> all;
        for (auto &[what, tried] : winners_) {
            *tried.launchable.verified = 0;
            all.push_back(tried.candidate);
        }
        bench_.sample(all, {.relative_half_width = 0.002,
                            .seconds = std::max(0.9 * bench_.remaining(), 0.1 * bench_.budget()),
                            .least = bench_.tiny() ? 2u : 8u});
        for (const auto &[what, tried] : winners_)
            bench_.data().number_attributes[what + entry::verified] =
                static_cast<double>(*tried.launchable.verified);
    }

private:
    [[nodiscard]] std::vector<Variant> variants_for(const Type &type, Aspect aspect) const {
        if (aspect == Aspect::latency)
            return {latency_variant(type)};
        const Source source = aspect == Aspect::local_rate ? Source::local : Source::registers;
        std::vector<Variant> variants =
            candidates_for(type, source, units_, largest_group(bench_.device()));
        if (bench_.tiny()) {
            variants.resize(1);
            variants.front().local_size = warp;
            variants.front().groups = 2;
        }
        return variants;
    }

    /// Finds the fastest for what is asked, or notes why there is none.
    void choose(const Type &type, Aspect aspect, double reserve) {
        const std::string what = what_of(type, aspect);
        const char *const name = aspect == Aspect::latency ? series::latency : series::rate;
        const double seconds = aspect == Aspect::latency ? 0.3e-3 : 2e-3;
        std::deque<Tried> tried;
        const auto sample = [&](const Variant &variant) {
            Candidate &timed = std::ranges::find(tried, variant, [](const Tried &one) {
                                   return one.launchable.variant;
                               })->candidate;
            bench_.sample_block(timed, blocks_++);
            const Point *const longest = timed.series->find(coordinates(variant, timed.trips));
            return std::ranges::min(longest->samples) / (variant.operations() * timed.trips);
        };
        Tuner<Variant> tuner({
            .time =
                [&](const Variant &variant) {
                    Launchable made = make(variant);
                    const std::uint32_t trips = bench_.calibrate(made.launch, seconds);
                    if (!std::exchange(warm_, true))
                        bench_.warm_up(made.launch, trips);
                    const Candidate candidate{made.launch, &bench_.series(series::race),
                                              coordinates(variant), trips};
                    tried.push_back({std::move(made), candidate});
                    return sample(variant);
                },
            .time_again = sample,
            .time_left = [&] { return bench_.remaining() > reserve; },
        });
        const std::vector<Variant> variants = variants_for(type, aspect);
        tuner.try_out(variants.front());
        tuner.try_all(variants);
        tuner.halve(2, [&] { return tuner.tries() > 1 && bench_.remaining() > reserve; });
        if (tuner.best() == nullptr)
            return note(what, tuner.failures().back());
        Tried &winner = *std::ranges::find(tried, *tuner.best(),
                                           [](const Tried &one) { return one.launchable.variant; });
        winner.candidate.series = &bench_.series(name);
        winners_.emplace_back(what, winner);
    }

    void note(const std::string &what, const Tuner<Variant>::Failure &failure) {
        auto &texts = bench_.data().text_attributes;
        try {
            std::rethrow_exception(failure.error);
        } catch (const BuildError &error) {
            texts[what + entry::unsupported] =
                "the compiler does not take the instruction: " + first_error(error.log());
        } catch (const Unsupported &error) {
            texts[what + entry::unsupported] = error.what();
        } catch (const Error &error) {
            texts[what + entry::failed] = error.what();
        }
    }

    /// Builds, launches once (some drivers compile only then) and verifies.
    Launchable make(const Variant &variant) {
        const std::string options = variant.build_options();
        auto found = programs_.find(options);
        if (found == programs_.end())
            found = programs_.emplace(options, bench_.build(kernel_text, options)).first;
        const Kernel kernel = found->second.kernel("multiply");
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
    std::map<std::string, Program> programs_; ///< by their options
    bool warm_ = false;
    int blocks_ = 0;
    std::deque<std::pair<std::string, Tried>> winners_;
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
                     : std::vector<Shape>{{2, 2, 256, 2}, {2, 4, 256, 1}};
    if (mma == Mma::fp64_k4)
        return local ? std::vector<Shape>{{4, 4, 256, 2}}
                     : std::vector<Shape>{{4, 2, 256, 4}, {4, 4, 256, 2}};
    // More accumulators take less from local memory for each.
    return local
               ? std::vector<Shape>{{4, 8, 256, 1}, {4, 8, 128, 2}}
               : std::vector<Shape>{{4, 2, 256, 4}, {4, 2, 256, 2}, {4, 4, 256, 2}, {4, 4, 128, 2}};
}

std::vector<Mma> instructions_of(const Type &type) {
    std::vector<Mma> all;
    for (std::size_t i = 0; i < mma_names.size(); ++i)
        if (const auto mma = static_cast<Mma>(i); instruction(mma).type == type)
            all.push_back(mma);
    return all;
}

} // namespace

std::vector<Variant> candidates_for(const Type &type, Source source, std::size_t units,
                                    std::size_t largest) {
    std::vector<Variant> variants;
    for (const Mma mma : instructions_of(type))
        for (const Shape &shape : shapes_for(mma, source)) {
            const std::size_t size = std::clamp(largest / warp * warp, warp, shape.local_size);
            const Variant variant{mma,         source, shape.left,
                                  shape.right, size,   units * shape.groups_a_unit};
            if (std::ranges::find(variants, variant) == variants.end())
                variants.push_back(variant);
        }
    return variants;
}

Variant latency_variant(const Type &type) {
    return {instructions_of(type).front(), Source::registers, 1, 1, warp, 1};
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
        for (const Mma mma : instructions_of(type))
            for (const Source source : {Source::registers, Source::local}) {
                const Shape shape = shapes_for(mma, source).back();
                add({mma, source, shape.left, shape.right});
            }
        add(latency_variant(type));
    }
    return variants;
}

void run_experiments(Bench &bench) {
    Experiment(bench).run();
}

} // namespace clprobe::probes::matrix_rate
