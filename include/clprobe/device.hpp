#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace clprobe {

/// What a device says that it is.
enum class DeviceType { cpu, gpu, accelerator };
/// As in reports; nothing where the text is no type.
[[nodiscard]] std::string_view name(DeviceType type);
[[nodiscard]] std::optional<DeviceType> parse_device_type(std::string_view text);

/// What a device says of itself: its answers, none of them a measurement. What it did not answer is
/// absent. Sizes in bytes.
struct DeviceInfo {
    std::string slug; ///< "<cpu|gpu|acc><n>-<model>", unique among the devices of one enumeration
    std::string name;
    std::string vendor;
    std::string platform;
    std::string platform_version;
    std::string version;
    std::string c_version;
    std::string driver_version;
    std::string uuid; ///< "8ebb71a3-...", lower case: which of all devices it is; empty if unknown
    DeviceType type = DeviceType::gpu;
    bool fp64 = false;
    bool fp16 = false;
    bool images = false;
    bool profiling_advertised = false;
    std::optional<std::uint64_t> compute_units;
    std::optional<std::uint64_t> max_clock_mhz;
    std::optional<std::uint64_t> max_work_group_size;
    std::optional<std::array<std::uint64_t, 3>> max_work_item_sizes;
    std::optional<std::uint64_t> global_memory;
    std::optional<std::uint64_t> max_allocation;
    std::optional<std::uint64_t> local_memory;
    bool local_memory_dedicated = false;
    std::optional<std::uint64_t> cache_size;
    std::optional<std::uint64_t> cache_line;
    std::optional<std::uint64_t> address_bits;
    std::optional<std::uint64_t> image2d_max_width;
    std::optional<std::uint64_t> image2d_max_height;
    std::optional<std::uint64_t> timer_resolution_ns;
    std::optional<std::uint64_t> native_float_width; ///< elements of the vectors that it has
    bool unified_memory = false;
    std::vector<std::string> extensions;

    [[nodiscard]] bool has_extension(std::string_view extension) const;
    bool operator==(const DeviceInfo &) const = default;
};

/// Whether two devices of one name are two, by their UUIDs; false where one of them has none.
[[nodiscard]] bool have_different_uuids(const DeviceInfo &one, const DeviceInfo &other);

/// Gives each device its slug, "<cpu|gpu|acc><n>-<model>" in [a-z0-9-], where n counts the devices
/// of its type.
void assign_slugs(std::span<DeviceInfo> devices);

/// Positions in `devices` that the selector names: "all", a slug, an index into the list, "cpu" or
/// "gpu", or a part of a name (any case); empty text selects the first GPU, else the first device.
/// Throws InputError, naming the devices there are, where nothing fits.
[[nodiscard]] std::vector<std::size_t> select(std::span<const DeviceInfo> devices,
                                              std::string_view selector);

} // namespace clprobe
