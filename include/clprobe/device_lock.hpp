#pragma once
#include <clprobe/device_info.hpp>

#include <functional>
#include <stop_token>
#include <string>

namespace clprobe {

/// Keeps other processes of this machine off a device while it lives: two runs at once on one
/// device would spoil each other's figures. A lock on a file in /tmp named by the device's slug,
/// which the system lets go of however the process ends.
class DeviceLock {
public:
    /// Waits until no other process holds the device; where it has to, `waiting` is told once for
    /// whom ("clprobe run, process 4711"). Throws Cancelled where it is asked to stop meanwhile.
    /// Where no lock file can be made, nothing is locked.
    explicit DeviceLock(const DeviceInfo &device,
                        const std::function<void(const std::string &holder)> &waiting = {},
                        const std::stop_token &stop = {});
    ~DeviceLock();
    DeviceLock(const DeviceLock &) = delete;
    DeviceLock &operator=(const DeviceLock &) = delete;

private:
    int file_ = -1;
};

} // namespace clprobe
