#include <clprobe/device_lock.hpp>
#include <clprobe/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <string_view>
#include <sys/file.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

namespace clprobe {
namespace {

constexpr auto retry = std::chrono::milliseconds(100);

/// The lock file, -1 where it is not to be had. Reading suffices for a lock, so that users who do
/// not own the file can wait for each other; the system refuses O_CREAT on another's file in /tmp.
int open_lock_file(const std::string &path) {
    constexpr int flags = O_CLOEXEC | O_NOFOLLOW;
    for (const int mode : {O_RDWR, O_RDONLY, O_RDWR | O_CREAT})
        if (const int file = ::open(path.c_str(), mode | flags, 0644); file >= 0)
            return file;
    return -1;
}

std::string own_name() {
    std::ifstream file("/proc/self/cmdline", std::ios::binary);
    std::string command(std::istreambuf_iterator<char>(file), {});
    std::replace(command.begin(), command.end(), '\0', ' ');
    command.resize(std::min<std::size_t>(command.size(), 160));
    return fmt::format("{}(process {})", command, ::getpid());
}

std::string holder_of(int file) {
    std::array<char, 256> text{};
    const auto count = ::pread(file, text.data(), text.size(), 0);
    return count > 0 ? std::string(text.data(), static_cast<std::size_t>(count))
                     : "another process";
}

/// Leaves word of who holds the lock, for those that wait; where it cannot, they wait all the same.
void sign(int file) {
    const std::string name = own_name();
    if (::ftruncate(file, 0) == 0) [[maybe_unused]]
        const auto written = ::pwrite(file, name.data(), name.size(), 0);
}

} // namespace

DeviceLock::DeviceLock(const DeviceInfo &device,
                       const std::function<void(const std::string &)> &waiting,
                       const std::stop_token &stop)
    : file_(open_lock_file("/tmp/clprobe-" + device.slug + ".lock")) {
    if (file_ < 0)
        return;
    bool told = false;
    while (::flock(file_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
        if (stop.stop_requested()) {
            ::close(file_);
            throw Cancelled();
        }
        if (!told && waiting)
            waiting(holder_of(file_));
        told = true;
        std::this_thread::sleep_for(retry);
    }
    sign(file_);
}

DeviceLock::~DeviceLock() {
    if (file_ >= 0)
        ::close(file_);
}

} // namespace clprobe
