#include "common/images.hpp"

namespace clprobe::probes {

std::optional<std::string> unsupported_without_images(const DeviceInfo &device) {
    return device.images ? std::nullopt : std::optional("the device has no images");
}

} // namespace clprobe::probes
