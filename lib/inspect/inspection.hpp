#pragma once
#include "opencl/compiler_report.hpp"

#include <clprobe/context.hpp>
#include <clprobe/json.hpp>
#include <clprobe/probe.hpp>
#include <clprobe/report.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace clprobe {

/// A number that a driver's compiler prints of a kernel, by the name that it prints.
struct Statistic {
    std::string name;
    double value = 0;
    bool operator==(const Statistic &) const = default;
};

/// Instructions of a piece of code. `slots` are the places where a multiply-add could stand: on
/// Bifrost the tuples, whose first half alone can hold one, elsewhere every instruction.
struct InstructionCount {
    std::uint64_t instructions = 0; ///< that do something
    std::uint64_t fma = 0;
    std::uint64_t slots = 0;
    /// That a work-item loads from memory, its own included; told of Bifrost and Valhall only,
    /// where it loads any.
    std::optional<std::uint64_t> loaded_bytes = {};

    /// The multiply-adds' share of the slots; 0 where there are none.
    [[nodiscard]] double share() const {
        return slots == 0 ? 0 : static_cast<double>(fma) / static_cast<double>(slots);
    }
    bool operator==(const InstructionCount &) const = default;
};

/// A kernel as the driver's compiler wrote it. The innermost loop is the one with most
/// multiply-adds, then most instructions, of those with no loop inside.
struct Disassembly {
    std::string language; ///< "bifrost", "valhall", "midgard", "ptx", "x86-64", ...
    std::string text;
    InstructionCount all;
    std::optional<InstructionCount> loop; ///< absent where no loop is found
    bool operator==(const Disassembly &) const = default;
};

/// A kernel launched once with arguments made up: what that took, or why it did not work.
struct FirstLaunch {
    std::optional<double> seconds;
    std::string error;
    bool operator==(const FirstLaunch &) const = default;
};

/// A kernel's name within its probe: "follow_ring", "8 live values: reside".
[[nodiscard]] inline std::string kernel_name(const std::string &variant,
                                             const std::string &function) {
    return variant.empty() || function.empty() ? variant + function : variant + ": " + function;
}

/// What a driver's compiler made of one kernel of a probe: its word, none of it measured but the
/// seconds. What it does not say is absent.
struct InspectedKernel {
    std::string probe;
    std::string variant;  ///< of the probe's build, by its name
    std::string function; ///< empty where the program did not build
    std::string text;     ///< the kernel text's name
    std::string sha256;   ///< of the kernel text
    std::string options;
    std::string error;                         ///< why there is no kernel, if so
    std::optional<double> build_seconds;       ///< of its program
    std::optional<std::uint64_t> binary_bytes; ///< of its program
    CompilerReport said;
    std::optional<std::uint64_t> preferred_multiple;
    std::vector<Statistic> statistics;
    std::vector<std::string> messages; ///< what else the compiler printed, each line once
    std::optional<Disassembly> disassembly;
    std::optional<FirstLaunch> launch;
    bool operator==(const InspectedKernel &) const = default;
};

/// The kernels of some probes on one device.
struct Inspection {
    std::string tool_version;
    DeviceInfo device;
    std::vector<InspectedKernel> kernels;
    bool operator==(const Inspection &) const = default;
};

/// What a compiler says of a kernel in numbers, by the members of the document; those of the
/// innermost loop begin with "loop_". Statistics have the compiler's own names, and are of no unit.
struct KernelNumber {
    std::string name;
    double value = 0;
    Unit unit = Unit::one;
};
[[nodiscard]] std::vector<KernelNumber> numbers_of(const InspectedKernel &kernel);

/// The inspection as a report, each number a finding
/// `inspect.<probe>[.<variant>].<function>.<name>`; with the multiply-adds' share of the slots,
/// "fma_share", and the size of the binary.
[[nodiscard]] Report report_of(const Inspection &inspection);

/// A number of a kernel that is not what it was; absent where only one of the two has it.
struct NumberChange {
    std::string name;
    std::optional<double> before;
    std::optional<double> after;
    bool operator==(const NumberChange &) const = default;
};

/// A kernel that a compiler, or a change of its text, made into something else.
struct KernelChange {
    std::string probe;
    std::string variant;
    std::string function;
    std::string what; ///< "new", "gone", "text or options", "error", or empty: the numbers alone
    std::vector<NumberChange> numbers;
    bool operator==(const KernelChange &) const = default;
};

/// The kernels of which the driver says something else than before, in the order of `after`, those
/// that are gone last. Seconds and the binary's size are not compared.
[[nodiscard]] std::vector<KernelChange> changed_kernels(const Inspection &before,
                                                        const Inspection &after);

/// The version of the inspection's format (docs/inspection.schema.json).
inline constexpr std::string_view inspection_version = "1.2.0";

/// As of reports: throw what the functions of <clprobe/json.hpp> throw.
[[nodiscard]] Json to_json(const InspectedKernel &kernel);
[[nodiscard]] Json to_json(const Inspection &inspection);
[[nodiscard]] InspectedKernel inspected_kernel_from_json(const Json &json);
[[nodiscard]] Inspection inspection_from_json(const Json &json);

/// What an inspection does beside building the kernels.
struct InspectOptions {
    bool disassemble = false; ///< keep the disassembly's text; it is counted in any case
    bool launch = false;      ///< launch each kernel once, with arguments made up
};

/// Sets those variables of the environment that make drivers tell what they compile, and compile
/// in place of taking code from a cache; what the user has set stays. To be called before the first
/// OpenCL call of the process.
void make_compilers_talk();

/// What is known of a probe's build before it is tried.
[[nodiscard]] InspectedKernel uninspected(const Probe &probe, const KernelText &text,
                                          const KernelVariant &variant);

/// Builds the variant and looks at its kernels; one that does not build is an answer too. While it
/// works, what the process prints is read as the driver's words.
[[nodiscard]] std::vector<InspectedKernel> inspect(const Context &context, const Probe &probe,
                                                   const KernelText &text,
                                                   const KernelVariant &variant,
                                                   const InspectOptions &options);

/// Launches the kernel once, by one small group, or the one that it demands, with arguments made up
/// from what they are: zeroed buffers, small images, numbers that are 0. Its program has to be
/// built with -cl-kernel-arg-info.
[[nodiscard]] FirstLaunch launch_once_made_up(const Context &context, Kernel kernel);

} // namespace clprobe
