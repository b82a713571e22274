#include "common/convolution_launches.hpp"
#include "common/device_tiles.hpp"
#include "common/launch_chain.hpp"
#include "common/operands.hpp"
#include "common/operator_plans.hpp"
#include "workloads/convolution/convolution.hpp"
#include "workloads/network/network.hpp"

#include <clprobe/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>
#include <deque>
#include <exception>
#include <map>
#include <utility>

namespace clprobe::probes::network {
namespace {

namespace entry = operators::entry;
using convolution::HostOperands;
using workloads::ActivationLayout;

/// Random weights that leave results as large as what they are made of (He et al. 2015).
std::vector<float> scaled_reals(std::size_t count, double products, double gain,
                                std::mt19937_64 &random) {
    std::vector<float> values = reals(count, random);
    const auto scale = static_cast<float>(std::sqrt(3 * gain / products));
    for (float &value : values)
        value *= scale;
    return values;
}

std::vector<float> biases_of(const Layer &layer, std::size_t count, std::mt19937_64 &random) {
    std::vector<float> biases = reals(count, random);
    for (float &bias : biases)
        bias *= layer.bias ? 0.1f : 0.0f;
    return biases;
}

/// What a buffer of that layout holds before the layer writes it: zeros in the halo, poison inside.
std::vector<float> poisoned(const ActivationLayout &layout) {
    std::vector<float> values(layout.elements());
    for (std::uint32_t channel = 0; channel < layout.blocks() * layout.block; ++channel)
        for (std::uint32_t y = 0; y < layout.height; ++y)
            for (std::uint32_t x = 0; x < layout.width; ++x)
                values[layout.index(channel, y, x)] = std::bit_cast<float>(poison);
    return values;
}

struct Place {
    std::uint32_t channel = 0;
    std::uint32_t y = 0;
    std::uint32_t x = 0;
};

/// All of a small image, else the corners of its first and last channel, and 64 others.
std::vector<Place> places_to_check(const ActivationLayout &layout, std::mt19937_64 &random) {
    const std::size_t all = std::size_t{layout.channels} * layout.height * layout.width;
    constexpr std::size_t few = 4096;
    constexpr std::size_t others = 64;
    const auto place = [&](std::size_t number) {
        const std::size_t pixel = number / layout.channels;
        return Place{static_cast<std::uint32_t>(number % layout.channels),
                     static_cast<std::uint32_t>(pixel / layout.width),
                     static_cast<std::uint32_t>(pixel % layout.width)};
    };
    std::vector<Place> places;
    for (std::size_t i = 0; i < (all <= few ? all : others); ++i)
        places.push_back(place(all <= few ? i : random() % all));
    for (const std::uint32_t channel : {0u, layout.channels - 1})
        for (const std::uint32_t y : {0u, layout.height - 1})
            for (const std::uint32_t x : {0u, layout.width - 1})
                places.push_back({channel, y, x});
    return places;
}

/// A layer that is ready to run.
struct Ready {
    LayerRow row;
    std::vector<BoundLaunch> launches; ///< without checks
    std::optional<LaunchChain> chain;
    std::size_t most = 1; ///< rounds in a row
};

/// A network on the device, each of its layers verified: its weights and activations lie where its
/// launches take them.
class Prepared {
public:
    /// The shapes are the network's, and the plans those that are chained for them.
    Prepared(Bench &bench, std::uint32_t number, const std::vector<ConvolutionShape> &shapes,
             const std::vector<ConvolutionPlan> &plans, const HeadTile &head)
        : bench_(bench), number_(number), network_(run_networks()[number]) {
        const std::vector<SizedLayer> layers = sized_layers(network_);
        std::vector<float> image = reals(layers.front().work.inputs, bench.random());
        std::optional<Buffer> input;
        for (std::size_t i = 0; i < shapes.size(); ++i)
            input = add_convolution(layers[i].layer, shapes[i], plans[i], input, image);
        const Program program = bench.build(kernel_text, head.build_options());
        const ActivationLayout last = Convolution(shapes.back(), plans.back()).output();
        const Buffer channels = add_pool(program, head, last, *input, image);
        add_dense(program, head, layers.back(), channels, image);
        result_ = std::move(image);
    }

    [[nodiscard]] std::vector<Ready> &layers() { return layers_; }
    [[nodiscard]] std::vector<BoundLaunch> launches() const {
        std::vector<BoundLaunch> all;
        for (const Ready &layer : layers_)
            all.insert(all.end(), layer.launches.begin(), layer.launches.end());
        return all;
    }
    [[nodiscard]] std::size_t bytes() const { return bytes_; }

    /// Throws VerificationError where the result is no longer what was verified: it is made by the
    /// same sums each time.
    void expect_same_result() const {
        if (bench_.read<float>(*output_, 0, result_.size()) != result_)
            throw VerificationError("a run of " + network_.name +
                                    " has left another result than the one that was verified");
    }

private:
    /// Of the network, and counted among what it needs.
    [[nodiscard]] Buffer buffer(std::size_t bytes) {
        bytes_ += bytes;
        return bench_.buffer(bytes);
    }
    [[nodiscard]] Buffer written(const std::vector<float> &values) {
        const Buffer made = buffer(values.size() * sizeof(float));
        bench_.write<float>(made, values);
        return made;
    }
    /// Only until it is packed.
    [[nodiscard]] Buffer passing(const std::vector<float> &values) const {
        const Buffer made = bench_.buffer(values.size() * sizeof(float));
        bench_.write<float>(made, values);
        return made;
    }

    /// Runs the launches of the next layer, verifies what the last one leaves, and keeps them.
    void add(const ConvolutionPlan &plan, std::vector<BoundLaunch> launches,
             const std::function<void(const LaunchOutcome &)> &check) {
        launches.back().check = check;
        for (const BoundLaunch &launch : launches)
            bench_.launch(launch);
        launches.back().check = {};
        ++bench_.data().number_attributes[entry::verified];
        const auto layer = static_cast<std::uint32_t>(layers_.size());
        layers_.push_back({{number_, layer, plan}, std::move(launches), std::nullopt, 1});
    }

    void note_error(const LaunchOutcome &outcome, float found, const ExactSum &sum) {
        double &error = bench_.data().number_attributes[entry::error];
        error = std::max(error, error_of(outcome, found, sum));
    }

    /// Packs the image where there is no `input` yet. Makes an image of the output of the image.
    Buffer add_convolution(const Layer &layer, const ConvolutionShape &shape,
                           const ConvolutionPlan &plan, const std::optional<Buffer> &input,
                           std::vector<float> &image) {
        const ConvolutionLaunches launches(built(Convolution(shape, plan).build_options()), shape,
                                           plan);
        const Convolution &convolution = launches.convolution();
        HostOperands operands;
        operands.weights =
            scaled_reals(static_cast<std::size_t>(shape.products()) * shape.output_channels,
                         shape.products(), 2, bench_.random());
        operands.biases = biases_of(layer, shape.output_channels, bench_.random());
        operands.input = std::exchange(image, {});
        const Buffer from = input ? *input : buffer(convolution.input().bytes());
        if (!input)
            bench_.launch(launches.pack_input(passing(operands.input), output(from)));
        const Buffer weights = buffer(convolution.weights_bytes());
        bench_.launch(launches.pack_weights(passing(operands.weights), passing(operands.biases),
                                            output(weights)));
        const ActivationLayout layout = convolution.output();
        const Buffer to = written(poisoned(layout));
        std::vector<BoundLaunch> run;
        if (launches.in_parts()) {
            const Buffer parts = buffer(convolution.parts_bytes());
            run = {launches.convolve(from, weights, parts, 0, convolution.panels()),
                   launches.add_parts(parts, weights, to)};
        } else {
            run = {launches.convolve(from, weights, to, 0, convolution.panels())};
        }
        add(plan, std::move(run), [&](const LaunchOutcome &outcome) {
            image = checked_output(outcome, to, shape, layout, operands);
        });
        return to;
    }

    /// The planes of the output. Throws VerificationError where it is not what the host makes of
    /// that input, as far as was compared, or the halo or a channel that only fills the last block
    /// is not zero.
    std::vector<float> checked_output(const LaunchOutcome &outcome, const Buffer &to,
                                      const ConvolutionShape &shape, const ActivationLayout &layout,
                                      const HostOperands &operands) {
        const auto found = outcome.read<float>(to, 0, layout.elements());
        for (const Place &place : places_to_check(layout, bench_.random())) {
            ExactSum sum = convolution::host_sum(shape, operands, place.channel, place.y, place.x);
            // What cuts both off brings them no further apart.
            if (shape.activation != Activation::none)
                sum.value = std::max(sum.value, 0.0);
            if (shape.activation == Activation::relu6)
                sum.value = std::min(sum.value, 6.0);
            note_error(outcome, found[layout.index(place.channel, place.y, place.x)], sum);
        }
        std::vector<float> planes;
        std::vector<bool> inside(layout.elements());
        for (std::uint32_t channel = 0; channel < layout.channels; ++channel)
            for (std::uint32_t y = 0; y < layout.height; ++y)
                for (std::uint32_t x = 0; x < layout.width; ++x) {
                    const std::size_t index = layout.index(channel, y, x);
                    inside[index] = true;
                    outcome.expect(std::bit_cast<std::uint32_t>(found[index]) != poison,
                                   "an output was not written");
                    planes.push_back(found[index]);
                }
        for (std::size_t i = 0; i < found.size(); ++i)
            outcome.expect(inside[i] || found[i] == 0,
                           "the halo, or a channel that the image does not have, is not zero");
        return planes;
    }

    /// The channels are filled up with zeros to whole vectors.
    Buffer add_pool(const Program &program, const HeadTile &head, const ActivationLayout &layout,
                    const Buffer &input, std::vector<float> &image) {
        const std::size_t padded = workloads::multiple_up(layout.channels, head.width);
        std::vector<float> before(padded);
        std::fill_n(before.begin(), layout.channels, std::bit_cast<float>(poison));
        const Buffer to = written(before);
        const std::size_t pixels = std::size_t{layout.height} * layout.width;
        add({},
            {{program.kernel("average_pool"),
              head.range(layout.channels),
              {input, to, layout.channels, layout.height, layout.width, layout.halo,
               layout.block}}},
            [&](const LaunchOutcome &outcome) {
                auto found = outcome.read<float>(to, 0, padded);
                for (std::size_t channel = 0; channel < layout.channels; ++channel) {
                    // A division may be off by two and a half units, more than an addition.
                    ExactSum sum{0, 0, static_cast<double>(pixels + 5)};
                    for (std::size_t pixel = 0; pixel < pixels; ++pixel) {
                        const double value = image[channel * pixels + pixel];
                        sum.value += value / static_cast<double>(pixels);
                        sum.magnitude += std::abs(value) / static_cast<double>(pixels);
                    }
                    note_error(outcome, found[channel], sum);
                }
                for (std::size_t i = layout.channels; i < padded; ++i)
                    outcome.expect(found[i] == 0, "a channel that the image does not have is not "
                                                  "zero");
                found.resize(layout.channels);
                image = std::move(found);
            });
        return to;
    }

    void add_dense(const Program &program, const HeadTile &head, const SizedLayer &sized,
                   const Buffer &input, std::vector<float> &image) {
        const auto outputs = static_cast<std::uint32_t>(sized.output.channels);
        const std::size_t inputs = image.size();
        const std::size_t pitch = workloads::multiple_up(inputs, head.width);
        const std::vector<float> weights =
            scaled_reals(outputs * inputs, static_cast<double>(inputs), 1, bench_.random());
        const std::vector<float> biases = biases_of(sized.layer, outputs, bench_.random());
        std::vector<float> rows(outputs * pitch);
        for (std::size_t row = 0; row < outputs; ++row)
            std::copy_n(weights.begin() + static_cast<std::ptrdiff_t>(row * inputs), inputs,
                        rows.begin() + static_cast<std::ptrdiff_t>(row * pitch));
        output_ = buffer(outputs * sizeof(float));
        bench_.context().fill(*output_, poison);
        add({},
            {{program.kernel("dense"),
              head.range(outputs),
              {input, written(rows), written(biases), *output_,
               static_cast<std::uint32_t>(pitch / head.width), outputs}}},
            [&](const LaunchOutcome &outcome) {
                auto found = outcome.read<float>(*output_, 0, outputs);
                for (std::size_t row = 0; row < outputs; ++row) {
                    const double bias = biases[row];
                    ExactSum sum{bias, std::abs(bias), static_cast<double>(inputs + 1)};
                    for (std::size_t i = 0; i < inputs; ++i) {
                        const double product = static_cast<double>(weights[row * inputs + i]) *
                                               static_cast<double>(image[i]);
                        sum.value += product;
                        sum.magnitude += std::abs(product);
                    }
                    note_error(outcome, found[row], sum);
                }
                image = std::move(found);
            });
    }

    /// Built once, since layers share programs.
    [[nodiscard]] const Program &built(const std::string &options) {
        auto program = programs_.find(options);
        if (program == programs_.end())
            program = programs_.emplace(options, bench_.build(convolution_text, options)).first;
        return program->second;
    }

    Bench &bench_;
    std::uint32_t number_;
    const Network &network_;
    std::map<std::string, Program> programs_; ///< by options
    std::vector<Ready> layers_;
    std::optional<Buffer> output_; ///< of the last layer
    std::vector<float> result_;
    std::size_t bytes_ = 0;
};

class Experiment {
public:
    explicit Experiment(Bench &bench) : bench_(bench), plain_(without_profiling(bench.context())) {}

    void run() {
        std::exception_ptr failure;
        for (std::uint32_t number = 0; number < run_networks().size(); ++number)
            prepare_unless_it_fails(number, failure);
        if (networks_.empty() && failure)
            std::rethrow_exception(failure);
        const auto end = Time::now() + std::chrono::duration<double>(std::max(
                                           0.9 * bench_.remaining(), 0.3 * bench_.budget()));
        constexpr int fewest = 3;
        const int most = bench_.tiny() ? fewest : 60;
        for (int block = 0; block < most && (block < fewest || Time::now() < end); ++block)
            for (Timed &network : networks_)
                time(network, block);
        for (const Timed &network : networks_)
            network.prepared.expect_same_result();
    }

private:
    using Time = std::chrono::steady_clock;

    struct Timed {
        std::uint32_t number = 0;
        Prepared prepared;
        LaunchChain chain;
        std::size_t most = 1; ///< runs in a row
    };

    /// A wrong result ends the probe; any other failure is noted.
    void prepare_unless_it_fails(std::uint32_t number, std::exception_ptr &failure) {
        std::string &reason =
            bench_.data().text_attributes[entry::unmeasured + network_names()[number]];
        try {
            reason = prepare(number);
        } catch (const Cancelled &) {
            throw;
        } catch (const VerificationError &) {
            throw;
        } catch (const Error &error) {
            failure = std::current_exception();
            reason = error.what();
        }
        if (reason.empty())
            bench_.data().text_attributes.erase(entry::unmeasured + network_names()[number]);
    }

    /// Why the network is not measured; empty where it is.
    [[nodiscard]] std::string prepare(std::uint32_t number) {
        const Network &network = run_networks()[number];
        const bool small = number == 0;
        if (bench_.tiny() && !small)
            return "the tiny profile has no time for it";
        if (!bench_.tiny() && small)
            return "it is for tests of the kernels, at the tiny profile";
        double kept = 0;
        const auto kept_plan = [&](const ConvolutionShape &shape,
                                   const std::vector<ConvolutionPlan> &plans) {
            return operators::kept_plan(bench_.choice(convolution_text, shape.name()), plans);
        };
        const std::vector<ConvolutionShape> shapes = convolutions_of(network);
        const auto plans = chained_plans(shapes, kept_plan, bench_.facts());
        if (!plans)
            return "no plans of its layers fit together";
        if (const std::string reason = too_long(network, *plans); !reason.empty())
            return reason;
        for (std::size_t i = 0; i < shapes.size(); ++i) {
            const auto *choice = bench_.choice(convolution_text, shapes[i].name());
            kept += choice != nullptr && coordinates((*plans)[i]) == *choice ? 1 : 0;
        }
        if (small) { // what the device itself would not take is verified too
            std::vector<ConvolutionShape> with_halo = shapes;
            with_halo.back().output_halo = 1;
            (void)Prepared(bench_, number, with_halo, *plans, {8, 2, 8});
        }
        Prepared prepared(bench_, number, shapes, *plans, head_tile(bench_.device()));
        const std::vector<BoundLaunch> launches = prepared.launches();
        auto &numbers = bench_.data().number_attributes;
        numbers[attribute::kept + network.name] = kept;
        numbers[attribute::launches + network.name] = static_cast<double>(launches.size());
        numbers[attribute::memory + network.name] = static_cast<double>(prepared.bytes());
        for (Ready &layer : prepared.layers()) {
            layer.chain.emplace(plain_, layer.launches);
            layer.most = rounds(*layer.chain, 4e-3);
        }
        LaunchChain chain(plain_, launches);
        const std::size_t most = rounds(chain, 20e-3);
        networks_.push_back({number, std::move(prepared), std::move(chain), most});
        return "";
    }

    [[nodiscard]] std::string too_long(const Network &network,
                                       const std::vector<ConvolutionPlan> &plans) const {
        if (bench_.tiny())
            return "";
        std::optional<double> seconds = predicted_seconds(network, plans, bench_.facts());
        // One that is suspect is good enough for this.
        const Finding *rate = bench_.facts().find("fma.fp32.rate");
        if (!seconds && rate != nullptr && rate->value.value_or(0) > 0)
            seconds = total_of(sized_layers(network)).flop() / *rate->value;
        if (!seconds)
            return "how long a run takes is not known: the rate of multiply-adds was not measured";
        if (*seconds > bench_.budget() / 20)
            return fmt::format("a run of some {} is too long for this profile",
                               format({*seconds, Unit::second}));
        return "";
    }

    /// That take so long in a row.
    [[nodiscard]] static std::size_t rounds(const LaunchChain &chain, double seconds) {
        (void)chain.seconds(1); // the driver compiles
        const double alone = chain.seconds(1);
        return static_cast<std::size_t>(std::clamp(seconds / std::max(alone, 1e-6), 4.0, 400.0));
    }

    void time(Timed &network, int block) {
        for (const Ready &layer : network.prepared.layers())
            time(*layer.chain, layer.most, block, [&](double rounds) -> Point & {
                return bench_.series(series::layer).point(coordinates(layer.row, rounds));
            });
        time(network.chain, network.most, block, [&](double runs) -> Point & {
            return bench_.series(series::network)
                .point(coordinates(NetworkRow{network.number}, runs));
        });
        Point &point = bench_.series(series::run).point(coordinates(RunRow{network.number}));
        constexpr int runs = 10;
        for (int i = 0; i < runs; ++i) {
            point.samples.push_back(network.chain.seconds(1));
            point.block.push_back(block);
        }
    }

    /// Half as many rounds in a row, and all.
    void time(const LaunchChain &chain, std::size_t most, int block,
              const std::function<Point &(double rounds)> &point_of) {
        (void)chain.seconds(1); // the host's threads wake up, and caches have the layer's weights
        for (const std::size_t rounds : {most / 2, most}) {
            Point &point = point_of(static_cast<double>(rounds));
            point.samples.push_back(chain.seconds(rounds));
            point.block.push_back(block);
        }
    }

    Bench &bench_;
    Context plain_; ///< on which launches follow one another
    std::vector<Timed> networks_;
};

} // namespace

void run_experiments(Bench &bench) {
    Experiment(bench).run();
}

} // namespace clprobe::probes::network
