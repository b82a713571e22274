#include "measure/device_lock.hpp"

#include <clprobe/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <sys/file.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

namespace clprobe {
namespace {

constexpr auto retry = std::chrono::milliseconds(100);
/// A holder may be stopped for a moment only: Ctrl-Z, then `bg`.
constexpr int patience = 30;

/// The lock file, -1 where it cannot be opened. Reading suffices for a lock, so that users who do
/// not own the file can wait for each other; the system refuses O_CREAT on another's file in /tmp.
int open_lock_file(const std::string &path) {
    constexpr int flags = O_CLOEXEC | O_NOFOLLOW;
    for (const int mode : {O_RDWR, O_RDONLY, O_RDWR | O_CREAT})
        if (const int file = ::open(path.c_str(), mode | flags, 0644); file >= 0)
            return file;
    return -1;
}

std::string contents_of(const std::string &path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

std::string name_of(int process) {
    std::string command = contents_of(fmt::format("/proc/{}/cmdline", process));
    std::ranges::replace(command, '\0', ' ');
    command.resize(std::min<std::size_t>(command.size(), 160));
    return fmt::format("{}(process {})", command, process);
}

/// Whether the process of that name is stopped, by Ctrl-Z or by a debugger. There may be none here:
/// it may have ended, or be in a container.
bool is_stopped(std::string_view name) {
    int process = 0;
    std::from_chars(name.data() + name.find_last_of(' ') + 1, name.data() + name.size(), process);
    if (process == 0 || name_of(process) != name)
        return false;
    const std::string status = contents_of(fmt::format("/proc/{}/stat", process));
    const auto name_end = std::min(status.rfind(')'), status.size());
    const std::string_view state = std::string_view(status).substr(name_end); // ") T", of proc(5)
    return state.starts_with(") T") || state.starts_with(") t");
}

} // namespace

FileLock::FileLock(std::string path) : path_(std::move(path)), file_(open_lock_file(path_)) {}

FileLock::~FileLock() {
    if (file_ >= 0)
        ::close(file_);
}

bool FileLock::try_lock() {
    while (file_ >= 0) {
        if (::flock(file_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
            return false;
        struct stat status {};
        if (::fstat(file_, &status) != 0 || status.st_nlink > 0)
            break;
        ::close(file_); // the last holder removed it since it was opened here
        file_ = open_lock_file(path_);
    }
    // For those that wait; where it cannot be written, they wait all the same.
    const std::string name = name_of(::getpid());
    if (file_ >= 0 && ::ftruncate(file_, 0) == 0) [[maybe_unused]]
        const auto written = ::pwrite(file_, name.data(), name.size(), 0);
    return true;
}

std::string FileLock::holder() const {
    std::array<char, 256> text{};
    const auto count = ::pread(file_, text.data(), text.size(), 0);
    return count > 0 ? std::string(text.data(), static_cast<std::size_t>(count))
                     : "another process";
}

void FileLock::remove() {
    if (file_ >= 0)
        ::unlink(path_.c_str());
}

DeviceLock::DeviceLock(const DeviceInfo &device,
                       const std::function<void(const std::string &)> &waiting,
                       const std::stop_token &stop)
    : lock_("/tmp/clprobe-" + device.slug + ".lock") {
    int stopped = 0;
    for (bool first = true; !lock_.try_lock(); first = false) {
        if (stop.stop_requested())
            throw Cancelled();
        if (first && waiting)
            waiting(lock_.holder());
        stopped = is_stopped(lock_.holder()) ? stopped + 1 : 0;
        if (stopped > patience)
            throw Error(fmt::format("{} is in use by {}, which is stopped: let that go on (kill "
                                    "-CONT) or end it",
                                    device.slug, lock_.holder()));
        std::this_thread::sleep_for(retry);
    }
}

} // namespace clprobe
