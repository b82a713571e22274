#pragma once
#include <clprobe/device.hpp>
#include <clprobe/kernel.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace clprobe {

/// What a driver's compiler says that it made of a kernel: its word, none of it measured. Sizes in
/// bytes, each a work-item's but for `local_memory`, which is a group's. What it does not say is
/// absent.
struct CompilerReport {
    std::optional<std::uint64_t> registers; ///< of 32 bits
    std::optional<std::uint64_t> spill_stores;
    std::optional<std::uint64_t> spill_loads;
    std::optional<std::uint64_t> stack;
    std::optional<std::uint64_t> private_memory;
    std::optional<std::uint64_t> local_memory;
    std::optional<std::uint64_t> max_group_size;

    bool operator==(const CompilerReport &) const = default;
};

/// The build option that makes the device's compiler say more; empty where none is known. A driver
/// that finds such a program in its cache says nothing: the text or its options must be new.
[[nodiscard]] std::string verbose_option(const DeviceInfo &device);

/// What a build log says of the kernel `function`. It understands the assembler of NVIDIA
/// ("Function properties for", "Used 32 registers").
[[nodiscard]] CompilerReport read_build_log(std::string_view log, std::string_view function);

/// The build log's words and the driver's answers for one kernel of a program.
[[nodiscard]] CompilerReport compiler_report(const Program &program, const Kernel &kernel);

} // namespace clprobe
