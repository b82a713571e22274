#pragma once
#include <clprobe/device.hpp>

#include <functional>
#include <stop_token>
#include <string>

namespace clprobe {

/// A file that one process of this machine at a time can hold; the system releases it however that
/// process ends.
class FileLock {
public:
    /// Opens the file, or makes it. Where neither is possible, nothing is locked.
    explicit FileLock(std::string path);
    ~FileLock();
    FileLock(const FileLock &) = delete;
    FileLock &operator=(const FileLock &) = delete;

    /// False where another process holds the file.
    [[nodiscard]] bool try_lock();
    /// The process that holds it: "clprobe run (process 4711)".
    [[nodiscard]] std::string holder() const;
    /// Removes the file, which this process must hold.
    void remove();

private:
    std::string path_;
    int file_; ///< its descriptor, negative where it cannot be opened
};

/// Keeps other processes of this machine off a device while it lives: two runs at once on one
/// device would spoil each other's figures. A lock on a file in /tmp named by the device's slug.
class DeviceLock {
public:
    /// Waits until no other process holds the device; where it has to, `waiting` is called once
    /// with the holder. Throws Cancelled where it is asked to stop meanwhile, and Error where the
    /// holder is stopped for some seconds: that wait might never end.
    explicit DeviceLock(const DeviceInfo &device,
                        const std::function<void(const std::string &holder)> &waiting = {},
                        const std::stop_token &stop = {});

private:
    FileLock lock_;
};

} // namespace clprobe
