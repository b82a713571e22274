#pragma once
#include <clprobe/device_info.hpp>
#include <clprobe/opencl.hpp>

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace clprobe {

/// An OpenCL device: what it says of itself, and its native handle, which the driver keeps for as
/// long as the process lives.
class Device {
public:
    Device(DeviceInfo info, cl_device_id native) : info_(std::move(info)), native_(native) {}

    [[nodiscard]] const DeviceInfo &info() const { return info_; }
    [[nodiscard]] cl_device_id native() const { return native_; }

private:
    DeviceInfo info_;
    cl_device_id native_;
};

/// Every device of every platform, in the loader's order. Empty where there is no loader, no
/// platform or no device: that is no error.
[[nodiscard]] std::vector<Device> enumerate();

/// The answers of one device, asked anew; `slug` is left empty. What the driver refuses to answer
/// is absent.
[[nodiscard]] DeviceInfo query(cl_device_id device);

/// Gives each device its slug, "<cpu|gpu|acc><n>-<model>" in [a-z0-9-], where n counts the devices
/// of its type.
void assign_slugs(std::span<DeviceInfo> devices);

/// Positions in `devices` that the selector names: "all", a slug, an index into the list, "cpu" or
/// "gpu", or a part of a name (any case); empty text selects the first GPU, else the first device.
/// Throws InputError, naming the devices there are, where nothing fits.
[[nodiscard]] std::vector<std::size_t> select(std::span<const DeviceInfo> devices,
                                              std::string_view selector);

} // namespace clprobe
