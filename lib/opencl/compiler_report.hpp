#pragma once
#include <clprobe/device.hpp>
#include <clprobe/kernel.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

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

/// The lines of the text, without their ends.
[[nodiscard]] inline std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        lines.push_back(text.substr(0, end));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    return lines;
}

/// The text without blanks at its ends.
[[nodiscard]] inline std::string_view trimmed(std::string_view text) {
    constexpr std::string_view blanks = " \t\r";
    const std::size_t first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos)
        return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

} // namespace clprobe
