#include "common/half.hpp"
#include "common/launch_size.hpp"
#include "common/programs.hpp"
#include "common/ptx.hpp"
#include "common/race.hpp"
#include "compute/instruction_rate/instruction_rate.hpp"

#include <clprobe/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <utility>

namespace clprobe::probes::instruction_rate {
namespace {

/// The option for a program of that operation alone.
std::string only(Op op) {
    return " -DONLY=LOOP_" + name(op);
}

constexpr const char *function_alone = "chain";

/// By which the kernel knows it.
std::uint32_t number_of(Op op) {
    return static_cast<std::uint32_t>(op);
}

std::size_t bytes_of(Type type) {
    return bits_of(type) / 8;
}

/// The numbers that so many bytes hold.
std::vector<Number> numbers_of(Type type, const std::vector<std::byte> &bytes) {
    std::vector<Number> numbers(bytes.size() / bytes_of(type));
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        std::uint64_t bits = 0;
        for (std::size_t k = bytes_of(type); k-- > 0;)
            bits = bits << 8 | std::to_integer<std::uint64_t>(bytes[i * bytes_of(type) + k]);
        numbers[i].whole = bits;
        if (type == Type::fp16)
            numbers[i].real = static_cast<double>(from_half_bits(static_cast<std::uint16_t>(bits)));
        else if (type == Type::fp32)
            numbers[i].real = std::bit_cast<float>(static_cast<std::uint32_t>(bits));
        else
            numbers[i].real = std::bit_cast<double>(bits);
    }
    return numbers;
}

/// How wide a type's vectors are, and how many chains of them a work-item has.
struct Shape {
    unsigned width = 1;
    unsigned chains = 4;
};

/// CPUs have vectors as wide as they claim, and registers for eight of them and what they are
/// computed with, or for four; the words of others may hold several narrow numbers.
std::vector<Shape> shapes_for(Type type, const DeviceInfo &device) {
    if (device.type == DeviceType::cpu) {
        const std::uint64_t bits = 32 * device.native_float_width.value_or(4);
        const auto width = static_cast<unsigned>(
            std::clamp<std::uint64_t>(std::bit_floor(bits / bits_of(type)), 1, 16));
        return {{width, 8}, {width, 4}};
    }
    const unsigned packed = 32 / std::min(32U, bits_of(type));
    return packed > 1 ? std::vector<Shape>{{1, 8}, {packed, 8}} : std::vector<Shape>{{1, 8}};
}

bool is_dot_product(Op op) {
    return op == Op::dot4 || op == Op::dot4_sat;
}

/// A variant ready to be launched, and how many results of its launches were verified.
struct Launchable {
    Variant variant;
    BoundLaunch launch;
    std::shared_ptr<std::size_t> verified;
};

class Experiment {
public:
    explicit Experiment(Bench &bench)
        : bench_(bench), cpu_(is_cpu(bench)), units_(units_of(bench)),
          programs_(bench, kernel_text) {}

    void run() {
        for (std::size_t i = 0; i < type_names.size(); ++i)
            prepare(static_cast<Type>(i));
        for (const Launchable &one : launchables_)
            *one.verified = 0;
        bench_.sample(candidates_, {.relative_half_width = 0.005,
                                    .seconds = std::max(bench_.remaining(), 0.75 * bench_.budget()),
                                    .least = bench_.tiny() ? 2U : 4U});
        for (std::size_t i = 0; i < launchables_.size(); ++i)
            bench_.data().number_attributes[verified_entry(launchables_[i].variant.instruction(),
                                                           candidates_[i].series->name)] =
                static_cast<double>(*launchables_[i].verified);
    }

private:
    /// All instructions of a type, and its functions' accuracy.
    void prepare(Type type) {
        std::vector<Instruction> wanted;
        for (const Instruction &one : all_instructions())
            if (one.type == type) {
                std::string reason = lacks(bench_.device(), type);
                if (reason.empty() && is_dot_product(one.op))
                    reason = lacks_dot_products(bench_.device(), one.op);
                if (reason.empty())
                    wanted.push_back(one);
                else
                    bench_.data().text_attributes[one.name() + entry::unsupported] = reason;
            }
        if (wanted.empty())
            return;
        const Shape shape = best_shape(type);
        for (const Instruction &one : wanted)
            attempt(one.name(), [&] {
                // Dot products are of scalars only.
                const unsigned width = is_dot_product(one.op) ? 1 : shape.width;
                enter(filling(one, {width, shape.chains}), series::rate, launch_seconds());
                enter({one.type, one.op}, series::latency, 0.3e-3);
            });
        for (const Instruction &one : wanted)
            if (is_function(one.type, one.op))
                attempt(one.name() + entry::ulp, [&] { try_accuracy(one); });
    }

    /// What a driver refuses of one instruction is no failure of the others.
    template <typename Work>
    void attempt(const std::string &what, const Work &work) {
        auto &texts = bench_.data().text_attributes;
        try {
            work();
        } catch (const Cancelled &) {
            throw;
        } catch (const Unsupported &error) {
            texts[what + entry::unsupported] = error.what();
        } catch (const Error &error) {
            if (bench_.tiny()) // whoever tries a device out wants to know at once
                throw;
            texts[what + entry::failed] = error.what();
        }
    }

    /// By multiply-adds, where there is a choice; of CPUs' registers those of the first type
    /// decide.
    Shape best_shape(Type type) {
        if (bench_.tiny() && type != Type::int32 && type != Type::fp32)
            return {1, 1};
        std::vector<Shape> shapes = shapes_for(type, bench_.device());
        if (chains_ != 0)
            std::erase_if(shapes, [&](const Shape &shape) { return shape.chains != chains_; });
        Shape best = shapes.front();
        if (shapes.size() > 1 && !bench_.tiny()) {
            Race<Launchable> race(
                bench_, {.series = series::race,
                         .seconds = launch_seconds(),
                         .warm_up = !std::exchange(warm_, true),
                         .make =
                             [&](const Variant &wanted) {
                                 return make(wanted,
                                             programs_.with(options_of(wanted) + only(wanted.op))
                                                 .kernel(function_alone));
                             },
                         .work = [](const Variant &variant) { return variant.operations(); },
                         .time_left = [] { return true; },
                         .leave_out_wrong = true});
            const Instruction one{type, Op::mad};
            for (const Shape &shape : shapes)
                race.tuner().try_out(filling(one, shape));
            race.tuner().halve(2, [] { return true; });
            if (const Variant *const fastest = race.tuner().best())
                best = {fastest->width, fastest->chains};
        }
        if (cpu_)
            chains_ = best.chains;
        return best;
    }

    [[nodiscard]] double launch_seconds() const { return cpu_ ? 2e-3 : 1e-3; }

    [[nodiscard]] Variant filling(Instruction one, const Shape &shape) const {
        const bool tiny = bench_.tiny();
        return {one.type,
                one.op,
                shape.width,
                shape.chains,
                tiny   ? 8U
                : cpu_ ? 64U
                       : 256U,
                tiny ? 2 : (cpu_ ? 8 : 4) * units_};
    }

    [[nodiscard]] std::string options_of(const Variant &variant) const {
        return build_options(bench_.device(), variant.type, variant.width, variant.chains);
    }

    void enter(const Variant &wanted, const char *series, double seconds) {
        Launchable made = make(wanted, kernel_for(wanted));
        const std::uint32_t trips = bench_.calibrate(made.launch, seconds);
        if (!std::exchange(warm_, true))
            bench_.warm_up(made.launch, trips);
        candidates_.push_back(
            {made.launch, &bench_.series(series), coordinates(made.variant), trips});
        launchables_.push_back(std::move(made));
    }

    Kernel kernel_for(const Variant &variant) {
        if (!is_dot_product(variant.op))
            if (const Program *const all = program_of_all(options_of(variant)))
                return all->kernel(function_of(variant.instruction(), variant.chains));
        const std::string options = options_of(variant) + only(variant.op);
        const bool is_ptx =
            is_dot_product(variant.op) && !bench_.device().has_extension(dot_extension);
        return (is_ptx ? programs_.with_ptx(options) : programs_.with(options))
            .kernel(function_alone);
    }

    /// Null where it does not build: then each operation is a program of its own.
    const Program *program_of_all(const std::string &options) {
        if (refused_.contains(options))
            return nullptr;
        try {
            return &programs_.with(options);
        } catch (const BuildError &) {
            refused_.insert(options);
            return nullptr;
        }
    }

    /// Launches once (some drivers compile only then) and verifies, in groups as large as the
    /// kernel and the device allow.
    Launchable make(Variant variant, const Kernel &kernel) {
        variant.local_size = group_size(bench_, kernel, variant.local_size);
        const Instruction one = variant.instruction();
        const auto verified = std::make_shared<std::size_t>(0);
        const std::size_t results = variant.work_items() * variant.chains * variant.width;
        const Buffer out = output_of(std::max<std::size_t>(4, results * bytes_of(one.type)));
        Launchable made{variant,
                        {kernel,
                         NdRange::linear(variant.groups, variant.local_size),
                         {output(out), written(operands_of(one).bytes(one.type)), number_of(one.op),
                          trip_count},
                         [variant, out, verified](const LaunchOutcome &outcome) {
                             *verified += check(variant, out, outcome);
                         }},
                        verified};
        bench_.launch(made.launch);
        return made;
    }

    /// All chains of two work-items, of each vector one element.
    static std::size_t check(const Variant &variant, const Buffer &out,
                             const LaunchOutcome &outcome) {
        const Instruction one = variant.instruction();
        std::size_t verified = 0;
        for (const std::size_t item : outcome.sample(variant.work_items(), 2))
            for (unsigned chain = 0; chain < variant.chains; ++chain, ++verified) {
                const std::size_t element = item * variant.width + chain % variant.width;
                const std::size_t elements = variant.work_items() * variant.width;
                const Number found = numbers_of(
                    one.type,
                    outcome.read<std::byte>(out, (chain * elements + element) * bytes_of(one.type),
                                            bytes_of(one.type)))[0];
                const Number right = expected(one, element, chain, outcome.trips());
                const bool equal = is_real(one.type)
                                       ? std::abs(found.real - right.real) <= tolerance(one)
                                       : found.whole == right.whole;
                outcome.expect(equal, one.name() + ": " + variant.describe() + ", element " +
                                          std::to_string(element) +
                                          " has not what the host computes");
            }
        return verified;
    }

    /// Launches take turns: those of one size leave their results in one place.
    Buffer output_of(std::size_t bytes) {
        const auto found = outputs_.find(bytes);
        return found != outputs_.end()
                   ? found->second
                   : outputs_.emplace(bytes, bench_.buffer(bytes)).first->second;
    }

    Buffer written(const std::vector<std::byte> &bytes) {
        Buffer buffer = bench_.buffer(bytes.size());
        bench_.write(buffer, std::span(bytes));
        return buffer;
    }

    void try_accuracy(Instruction one) {
        const Program *const program =
            program_of_all(build_options(bench_.device(), one.type, 1, 1));
        if (program == nullptr)
            throw Unsupported("not all functions build together");
        const Kernel kernel = program->kernel("accuracy");
        const std::size_t count = bench_.tiny() ? 64 : 16384;
        const std::vector<double> operands = operands_in(domain_of(one), one.type, count);
        std::vector<std::byte> bytes;
        for (const double operand : operands)
            append(bytes, one.type, operand);
        const Buffer out = bench_.buffer(bytes.size());
        const std::size_t local = group_size(bench_, kernel, 64);
        bench_.launch({kernel,
                       NdRange::linear(count / local, local),
                       {output(out), written(bytes), number_of(one.op)}});
        const auto found =
            numbers_of(one.type, bench_.read<std::byte>(out, 0, count * bytes_of(one.type)));
        std::pair worst{-1.0, 0.0};
        for (std::size_t i = 0; i < count; ++i) {
            const long double right = exact(one.op, operands[i ^ 1U], operands[i]);
            if (!(std::abs(found[i].real - right) <= std::abs(right) / 2 + 0x1p-7))
                throw VerificationError(
                    fmt::format("{} of {} is {}", one.name(), operands[i], found[i].real));
            const double ulps = ulps_between(one.type, found[i].real, right);
            worst = std::max(worst, std::pair(ulps, operands[i]));
        }
        auto &numbers = bench_.data().number_attributes;
        numbers[one.name() + entry::ulp] = worst.first;
        numbers[one.name() + entry::worst_at] = worst.second;
        numbers[one.name() + entry::tried] = static_cast<double>(count);
    }

    /// Exact in that type, and the same in every run: so is the worst error.
    static std::vector<double> operands_in(const Domain &domain, Type type, std::size_t count) {
        std::mt19937_64 random(1);
        std::vector<double> operands(count);
        const auto between = [&random](double low, double high) {
            return low + (high - low) * static_cast<double>(random() >> 11) * 0x1p-53;
        };
        for (double &operand : operands) {
            operand = domain.logarithmic
                          ? std::exp2(between(std::log2(domain.low), std::log2(domain.high)))
                          : between(domain.low, domain.high);
            if (domain.negative && (random() & 1U) != 0)
                operand = -operand;
            operand = rounded(type, operand);
        }
        return operands;
    }

    Bench &bench_;
    bool cpu_;
    std::size_t units_;
    bool warm_ = false;
    unsigned chains_ = 0; ///< of a work-item of a CPU, once decided
    Programs programs_;
    std::set<std::string> refused_;         ///< options of programs that do not build
    std::map<std::size_t, Buffer> outputs_; ///< by their bytes
    std::vector<Launchable> launchables_;
    std::vector<Candidate> candidates_;
};

} // namespace

std::string lacks(const DeviceInfo &device, Type type) {
    if (type == Type::fp64 && !device.fp64)
        return "the device has no double precision";
    if (type == Type::fp16 && !device.fp16)
        return "the device has no half precision";
    return {};
}

std::string lacks_dot_products(const DeviceInfo &device, Op op) {
    if (device.has_extension(dot_extension) ||
        (op == Op::dot4 && device.has_extension(ptx_extension)))
        return {};
    return std::string("the driver offers no dot products of bytes (") + dot_extension + ")";
}

std::string build_options(const DeviceInfo &device, Type type, unsigned width, unsigned chains) {
    const bool offered = device.has_extension(dot_extension);
    return fmt::format("-DTYPE={} -DWIDTH={} -DCHAINS={}{}", name(type), width, chains,
                       type != Type::int32                   ? ""
                       : offered                             ? " -DDOT=1"
                       : device.has_extension(ptx_extension) ? " -DDOT=2"
                                                             : "");
}

std::string function_of(Instruction instruction, unsigned chains) {
    const auto [type, op] = instruction;
    if (op < Op::divide)
        return "arithmetic";
    if (is_native(op))
        return "natives";
    return chains == 1 && is_real(type) ? "functions" : "chain_" + name(op);
}

std::vector<KernelVariant> inspected(const DeviceInfo &device) {
    std::vector<KernelVariant> variants;
    for (const Instruction &one : all_instructions()) {
        if (!lacks(device, one.type).empty() ||
            (is_dot_product(one.op) && !lacks_dot_products(device, one.op).empty()))
            continue;
        const Shape shape = shapes_for(one.type, device).back();
        const unsigned width = is_dot_product(one.op) ? 1 : shape.width;
        variants.push_back(
            {one.name() + (width > 1 ? " x " + std::to_string(width) : ""), kernel_text,
             build_options(device, one.type, width, shape.chains) + only(one.op), function_alone});
    }
    for (std::size_t i = 0; i < type_names.size(); ++i)
        if (const auto type = static_cast<Type>(i); lacks(device, type).empty())
            variants.push_back(
                {name(type) + ", one chain", kernel_text, build_options(device, type, 1, 1), {}});
    return variants;
}

void run_experiments(Bench &bench) {
    Experiment(bench).run();
}

} // namespace clprobe::probes::instruction_rate
